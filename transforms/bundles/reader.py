"""Reads the documents of a split, as columns."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from transforms.arrays import Int64s
from transforms.bundles.boundaries import SAMPLE_BYTES, Boundaries, RawDocuments, read_boundaries
from transforms.bundles.buffer import Text
from transforms.bundles.compression import Damaged
from transforms.bundles.documents import Documents, Reject
from transforms.bundles.encodings import recode, utf16_bytes, why_not_text
from transforms.bundles.errors import BundleChanged, BundleReadError, RejectReason
from transforms.bundles.kernels import documents as kernels
from transforms.bundles.kernels import places
from transforms.bundles.settings import ReadSettings
from transforms.bundles.splits import Split
from transforms.characters.table import WHITE_SPACE

__all__ = ["BundleChanged", "BundleReadError", "Documents", "Reject", "read_again", "read_documents", "read_parts"]

_DEFAULTS = ReadSettings()
_LARGEST_START = 1 << 28


def read_parts(split: Split, settings: ReadSettings = _DEFAULTS) -> Iterator[tuple[Split, Documents]]:
    """The documents whose delimiter lines begin in the split, part by part; the same whenever they are read.

    There is one part, except for compressed bundles and UTF-16: their text is read in parts of about
    `settings.part_bytes`, so that memory does not grow with it. Time is linear in the bytes of the ranges, of their
    text and of their documents. A range in which no document begins costs its own bytes only.

    Raises:
        BundleChanged: a bundle has changed since it was listed.
        BundleReadError: a bundle cannot be read.
    """
    size = sum(each.end - each.start for each in split.ranges)
    text = Text(min(max(size, settings.part_bytes), _LARGEST_START))
    for part, gathered in enumerate(_gather(split, text, settings)):
        # No variable may keep the documents of a part in memory while the next is read.
        yield (
            replace(split, part=part),
            _Parser(split, text, RawDocuments.of(gathered), settings).documents(bytes_read=0 if part else size),
        )
        text.clear()


def read_again(parts: Sequence[Split], settings: ReadSettings = _DEFAULTS) -> Iterator[tuple[Split, Documents]]:
    """The documents of some parts of one split, in order, as `read_parts` gave them.

    Raises:
        BundleChanged: there is no such part; or see `read_parts`.
        BundleReadError: see `read_parts`.
    """
    wanted = set(parts)
    for part, documents in read_parts(replace(parts[0], part=0), settings):
        if part in wanted:
            wanted.remove(part)
            yield part, documents
        del documents
    if wanted:
        raise BundleChanged(f"split {wanted.pop().id}: its bundles are not what they were; run again")


def read_documents(split: Split, settings: ReadSettings = _DEFAULTS) -> Documents:
    """The documents of one split, or of one part of it; `read_again` reads many parts in the time of one."""
    ((_, documents),) = read_again([split], settings)
    return documents


def _gather(split: Split, text: Text, settings: ReadSettings) -> Iterator[list[tuple[int, Boundaries]]]:
    """The boundaries of the documents in `text`, part by part, with the index of their range.

    The caller clears the text after each part.
    """
    gathered: list[tuple[int, Boundaries]] = []
    for number, each in enumerate(split.ranges):
        if text.size >= settings.part_bytes:
            yield gathered
            gathered = []
        for boundaries in read_boundaries(text, each, settings):
            gathered.append((number, boundaries))
            if boundaries.more:
                yield gathered
                gathered = []
    yield gathered


# A status beside those of `kernels.parse_documents`: reading has found a fault already.
_FAULTY = 3


class _Parser:
    """Parses the documents of a part.

    `_source` has the documents as they came. `_rows` has them in UTF-8, for which decoded documents are appended to the
    text.
    """

    def __init__(self, split: Split, text: Text, source: RawDocuments, settings: ReadSettings) -> None:
        self._split, self._text, self._source, self._settings = split, text, source, settings
        columns = ("start", "end", "encoding", "width")
        self._rows = replace(source, **{name: getattr(source, name).copy() for name in columns})
        self._name_start, self._name_end, self._text_start = (np.empty(len(source.start), np.int64) for _ in range(3))
        self._status = np.empty(len(source.start), np.uint8)
        self._before: dict[int, int] = {}

    def documents(self, bytes_read: int) -> Documents:
        """The readable documents, and the others as rejects."""
        self._parse(np.arange(len(self._status)))
        self._mark_faults()
        self._recode()
        shift = self._shift()
        preamble = self._name_start < 0
        good = self._status == kernels.READABLE
        # White space before the first delimiter is no document; a file of nothing else is an empty one.
        bad = ~good & ~((self._status == kernels.EMPTY) & preamble & ~self._rows.closes)
        rows = np.flatnonzero(good).tolist()
        return Documents(
            text=self._text.content(),
            text_start=self._text_start[good],
            text_end=self._rows.end[good],
            shift=shift[good],
            width=self._rows.width[good],
            bundle=self._rows.bundle[good],
            offset=self._rows.offset[good],
            length=self._rows.length[good],
            name=[self._name(row) for row in rows],
            encoding=[self._rows.encoding[row] for row in rows],
            preamble=preamble[good],
            rejects=[self._reject(row) for row in np.flatnonzero(bad).tolist()],
            bytes_read=bytes_read,
        )

    def _parse(self, rows: Int64s) -> None:
        """Fills in name, text and status of some rows."""
        found = [np.empty(len(rows), np.int64) for _ in range(3)]
        status = np.empty(len(rows), np.uint8)
        kernels.parse_documents(self._text.bytes, self._rows.start[rows], self._rows.end[rows], *found, status)
        self._name_start[rows], self._name_end[rows], self._text_start[rows] = found
        self._status[rows] = status

    def _mark_faults(self) -> None:
        """Marks the documents that are known to be unreadable, and those that are too long."""
        most = self._settings.document_bytes
        for row in np.flatnonzero(self._rows.length > most).tolist():
            detail = f"more than {most:,} bytes in one document; delimit documents, or raise input.document_bytes"
            self._rows.faults.setdefault(row, Damaged(RejectReason.DOCUMENT_TOO_LARGE, detail))
        self._status[list(self._rows.faults)] = _FAULTY

    def _recode(self) -> None:
        """Decodes documents in other encodings, appends their UTF-8 to the text, and parses that instead."""
        recoded = []
        for row in np.flatnonzero((self._status == kernels.NOT_TEXT) & (self._rows.width == 0)).tolist():
            text_start = int(self._text_start[row] - self._rows.start[row])
            found = recode(self._raw(row), text_start, self._settings.encodings)
            if found:
                self._rows.start[row] = self._text.append(found.text)
                self._rows.end[row] = self._text.size
                self._rows.encoding[row], self._rows.width[row] = found.encoding, found.width
                if found.width == 2:  # a delimiter line as it was, and a mark of two bytes
                    self._before[row] = text_start + 2
                recoded.append(row)
        self._parse(np.array(recoded, np.int64))

    def _shift(self) -> Int64s:
        """The column `shift` of `Documents`, for all rows."""
        shift = self._source.offset - self._rows.start
        rows = np.flatnonzero(self._rows.width)
        before = np.empty(len(rows), np.int64)
        places.count_units(self._text.bytes, self._rows.start[rows], self._text_start[rows], before)
        shift[rows] = self._rows.offset[rows] + before * self._rows.width[rows] - self._text_start[rows]
        for row, size in self._before.items():
            shift[row] = self._rows.offset[row] + size - self._text_start[row]
        return shift

    def _name(self, row: int) -> str:
        """The document's name: the rest of its delimiter line, or the name of its file."""
        first, last = int(self._name_start[row]), int(self._name_end[row])
        if first < 0:
            return self._bundle(row).rpartition("/")[2]
        return str(self._text.bytes.data[first:last], "utf-8").strip(WHITE_SPACE)

    def _bundle(self, row: int) -> str:
        """The name of the document's bundle."""
        return self._split.ranges[int(self._rows.bundle[row])].bundle.name

    def _raw(self, row: int) -> bytes:
        """The document's bytes as they stand in the text: transcoded, if the bundle is UTF-16."""
        return self._text.bytes[self._source.start[row] : self._source.end[row]].tobytes()

    def _reject(self, row: int) -> Reject:
        """The reject for an unreadable document."""
        fault = self._rows.faults.get(row) or self._explain(row)
        payload = self._raw(row)
        if fault.reason == RejectReason.DOCUMENT_TOO_LARGE:
            payload = _first_characters(payload, SAMPLE_BYTES)
        if self._source.width[row]:
            payload = utf16_bytes(payload, self._source.encoding[row])
        payload += fault.rest
        offset, length = int(self._rows.offset[row]), int(self._rows.length[row]) + len(fault.rest)
        return Reject(self._bundle(row), offset, length, "read", fault.reason, fault.detail, payload)

    def _explain(self, row: int) -> Damaged:
        """The reason why a document was not parsed."""
        if self._status[row] == kernels.EMPTY:
            what = self._name(row) or "a document without a name"
            return Damaged(RejectReason.EMPTY_DOCUMENT, f"nothing but white space in {what}")
        offset, encoding = int(self._rows.offset[row]), self._source.encoding[row]
        detail = why_not_text(self._raw(row), offset, encoding, self._settings.encodings)
        return Damaged(RejectReason.NOT_TEXT, detail)


def _first_characters(text: bytes, most: int) -> bytes:
    """The first bytes of UTF-8, `most` at most, without half a character at their end."""
    while 0 < most < len(text) and text[most] & 0xC0 == 0x80:
        most -= 1
    return text[:most]
