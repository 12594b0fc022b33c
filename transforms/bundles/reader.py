"""Reads the documents of a split, as columns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from posixpath import dirname
from typing import Self

import pyarrow as pa

from transforms.bundles.boundaries import Table, opened, read_boundaries, rejected
from transforms.bundles.buffer import Text
from transforms.bundles.column_files import read_arrow, read_parquet, schema_of
from transforms.bundles.compression import HEAD_BYTES, Damaged
from transforms.bundles.documents import Documents, Reject
from transforms.bundles.errors import BundleChanged, BundleError, BundleReadError, RejectReason
from transforms.bundles.formats import ending_of
from transforms.bundles.lines import pieces_of, read_exactly, read_json_lines, sampled, with_offsets
from transforms.bundles.listing import Bundle
from transforms.bundles.parsing import parse_documents
from transforms.bundles.raw import Boundaries, RawDocuments, Rows
from transforms.bundles.separated import header_of, read_csv
from transforms.bundles.splits import ByteRange, Split
from transforms.bundles.stores import Source
from transforms.bundles.tables import (
    SAMPLE_BYTES,
    Asked,
    Columns,
    TableFormat,
    is_table_ending,
    sample_columns,
    string_columns,
    table_of,
    whole_file,
)
from transforms.parallel import Progress, unheard
from transforms.settings import ReadSettings

__all__ = ["BundleChanged", "BundleReadError", "Documents", "Reject", "read_again", "read_documents", "read_parts"]

_DEFAULTS = ReadSettings()
_LARGEST_START = 1 << 28


def read_parts(
    split: Split,
    settings: ReadSettings = _DEFAULTS,
    source: pa.DataType | None = None,
    progress: Progress = unheard,
) -> Iterator[tuple[Split, Documents]]:
    """The documents that begin in the split, part by part; the same whenever they are read.

    There is one part, except for tables, compressed bundles and UTF-16: their text is read in parts of about
    `settings.part_bytes`, so that memory does not grow with it. Time is linear in the bytes of the ranges, of their
    text and of their documents. A range in which no document begins costs its own bytes only.

    Args:
        split: what is read.
        settings: how.
        source: the type of the columns that are carried in the run, see `sources.united`; None: they are not read.
        progress: told of the share of the split's bytes that are read.

    Raises:
        BundleChanged: a bundle has changed since it was listed.
        BundleReadError: a bundle cannot be read.
    """
    text = Text(min(max(split.size, settings.part_bytes), _LARGEST_START), lenient=settings.lenient)
    for part, gathered in enumerate(_gather(split, text, settings, source, progress)):
        # No variable may keep the documents of a part in memory while the next is read.
        raw = RawDocuments.of(gathered)
        gathered.clear()
        yield (
            replace(split, part=part),
            parse_documents(split, text, raw, settings, bytes_read=0 if part else split.size, source=source),
        )
        del raw
        text.clear()


def read_again(
    parts: Sequence[Split], settings: ReadSettings = _DEFAULTS, source: pa.DataType | None = None
) -> Iterator[tuple[Split, Documents]]:
    """The documents of some parts of one split, in order, as `read_parts` gave them.

    Raises:
        BundleChanged: there is no such part; or see `read_parts`.
        BundleReadError: see `read_parts`.
    """
    wanted = set(parts)
    for part, documents in read_parts(replace(parts[0], part=0), settings, source):
        if part in wanted:
            wanted.remove(part)
            yield part, documents
        del documents
    if wanted:
        raise BundleChanged(f"split {wanted.pop().id}: its bundles are not what they were; run again")


def read_documents(split: Split, settings: ReadSettings = _DEFAULTS, source: pa.DataType | None = None) -> Documents:
    """The documents of one split, or of one part of it; `read_again` reads many parts in the time of one."""
    ((_, documents),) = read_again([split], settings, source)
    return documents


def check_tables(bundles: Sequence[Bundle], reading: ReadSettings) -> None:
    """Makes sure that a column is the text in the first table of each folder and ending; others may be rejected.

    Raises:
        BundleError: one has none.
    """
    firsts: dict[tuple[str, str], Bundle] = {}
    for bundle in bundles:
        ending = ending_of(bundle.name)
        if is_table_ending(ending) or reading.format not in ("auto", "bundle"):
            firsts.setdefault((dirname(bundle.url), ending), bundle)
    for bundle in firsts.values():
        why = why_no_text(bundle, reading) if bundle.size else ""
        if why:
            raise BundleError(f"input {bundle.url}: {why}")


def why_no_text(bundle: Bundle, settings: ReadSettings) -> str:
    """The reason why no column of a table is the text; empty if one is, and for what is no table that can be read.

    Raises:
        BundleChanged: the bundle has changed since it was listed.
        BundleReadError: it cannot be read.
    """
    with opened(bundle) as source:
        sample = read_exactly(source, 0, min(SAMPLE_BYTES, bundle.size))
        table = table_of(bundle.name, sample[:HEAD_BYTES], settings.format)
        try:
            if table == TableFormat.JSON_LINES:
                columns = sample_columns(sample.split(b"\n"))
            elif table == TableFormat.CSV:
                columns = header_of(sample, settings.encodings)
            elif table:
                columns = string_columns(schema_of(source, bundle, table))
        except Damaged:
            return ""
    try:
        if table and columns[0]:
            Columns.of(bundle, settings).text_among(*columns)
    except Damaged as damage:
        return damage.detail
    return ""


_Gathered = list[tuple[int, Boundaries | Rows]]


def _gather(
    split: Split, text: Text, settings: ReadSettings, source: pa.DataType | None, progress: Progress
) -> Iterator[_Gathered]:
    """The documents in `text` that are not parsed yet, part by part, with the index of their range.

    The caller clears the text after each part, and may clear what it was given.
    """
    gathered: _Gathered = []
    before = 0
    for number, each in enumerate(split.ranges):
        if text.size >= settings.part_bytes:
            yield gathered
            gathered = []
        told = _Told(progress, before, each, split.size)
        before += each.end - each.start
        for found in _read_range(text, each, settings, source, told):
            gathered.append((number, found))
            more = found.more
            del found
            if more:
                yield gathered
                gathered = []
    yield gathered


@dataclass(frozen=True)
class _Told:
    """The places of a range up to which it was read, as shares of a split.

    Attributes:
        progress: told of them.
        before: bytes of the split before the range.
        part: the range.
        size: bytes of the split.
    """

    progress: Progress
    before: int
    part: ByteRange
    size: int

    def __call__(self, place: int) -> None:
        """Tells that the bundle has been read up to a byte."""
        done = self.before + max(0, min(place, self.part.end) - self.part.start)
        self.progress(done / max(1, self.size))


class _Watched:
    """A source that tells how far it has been read."""

    def __init__(self, source: Source, told: _Told) -> None:
        self._source, self._told = source, told
        self.state = source.state

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Closes nothing: whoever opened the source does."""

    def read_into(self, target: memoryview, offset: int) -> int:
        """See `Source`."""
        count = self._source.read_into(target, offset)
        self._told(offset + count)
        return count


def _read_range(
    text: Text, part: ByteRange, settings: ReadSettings, carried: pa.DataType | None, told: "_Told"
) -> Iterator[Boundaries | Rows]:
    """Appends the documents that begin in a range to `text`, whole; gives them in parts.

    Raises: see `read_parts`.
    """
    if part.unreadable:
        yield rejected(text, part.bundle, part.unreadable)
        return
    with opened(part.bundle) as file:
        source = _Watched(file, told)
        for found in read_boundaries(text, source, part, settings):
            if isinstance(found, Table):
                asked = Asked(part.bundle, Columns.of(part.bundle, settings), settings, carried)
                rows = _read_table(text, source, part, found, asked)
                yield from _or_rejected(rows, text, source, part, asked)
            else:
                yield found


def _or_rejected(rows: Iterator[Rows], text: Text, source: Source, part: ByteRange, asked: Asked) -> Iterator[Rows]:
    """The same rows; where a range is a whole table without any, one that rejects it, as with empty bundles."""
    empty = (part.start, part.end) == (0, part.bundle.size)
    for each in rows:
        empty = empty and not len(each.offset)
        if empty and not each.more:
            head = read_exactly(source, 0, min(HEAD_BYTES, part.bundle.size))
            yield whole_file(asked, Damaged(RejectReason.EMPTY_DOCUMENT, "the table has no rows"), text, head)
        else:
            yield each


def _read_table(text: Text, source: Source, part: ByteRange, table: Table, asked: Asked) -> Iterator[Rows]:
    """The rows of a table that begin in a range."""
    if table.format == TableFormat.PARQUET:
        return read_parquet(text, source, part, asked)
    if table.format == TableFormat.ARROW:
        return read_arrow(text, source, part, asked)
    stream = table.stream
    pieces = pieces_of(source, part) if stream is None else with_offsets(stream)

    def fault() -> Damaged | None:
        return stream.fault if stream else None

    if table.format == TableFormat.CSV:
        return read_csv(text, pieces, asked, fault)
    sample = b""
    if asked.columns.text is None:
        if stream is None:
            sample = read_exactly(source, 0, min(SAMPLE_BYTES, part.bundle.size))
        else:
            sample, pieces = sampled(pieces)
    return read_json_lines(text, pieces, asked, sample, fault, first=part.start == 0)
