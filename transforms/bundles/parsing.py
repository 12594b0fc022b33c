"""Parses the documents of a part: their names, encodings and texts, and the rejects."""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial, reduce

import numpy as np
import pyarrow as pa

from transforms.arrays import Bools, Int64s
from transforms.bundles.boundaries import SAMPLE_BYTES
from transforms.bundles.buffer import Text
from transforms.bundles.compression import Damaged
from transforms.bundles.documents import Documents, Reject
from transforms.bundles.encodings import Decoded, decode, decode_name, repair_utf16, utf16_bytes, why_not_text
from transforms.bundles.errors import RejectReason
from transforms.bundles.findings import EXCERPT_BYTES, Finding, Findings, Kind, excerpt_of, first_characters
from transforms.bundles.formats import LOOKED_AT, format_of_file, markup_of
from transforms.bundles.kernels import documents as kernels
from transforms.bundles.kernels import places
from transforms.bundles.lookalikes import find_lookalikes
from transforms.bundles.names import gather_names
from transforms.bundles.raw import RawDocuments
from transforms.bundles.sources import unite, written
from transforms.bundles.splits import Split
from transforms.characters.table import WHITE_SPACE
from transforms.settings import ReadSettings

# A flag beside those of `kernels.check_texts`: reading has found a fault already.
_FAULTY = 64
_UNREADABLE = kernels.INVALID | kernels.CONTROLS


def parse_documents(
    split: Split,
    text: Text,
    raw: RawDocuments,
    settings: ReadSettings,
    bytes_read: int,
    source: pa.DataType | None = None,
) -> Documents:
    """The readable documents of a part, and the others as rejects.

    Args:
        split: the part.
        text: its text, to which documents that are decoded are appended.
        raw: its documents.
        settings: how bundles are read.
        bytes_read: see `Documents`.
        source: the type of the carried columns of the run; None where they are not asked for.
    """
    return _Parser(split, text, raw, settings).documents(bytes_read, source)


class _Parser:
    """Documents being parsed.

    `_raw` has the documents as they came. `_start` and `_end` have their bodies, which are what follows the delimiter
    lines, in UTF-8: those of decoded documents are at the end of the text.
    """

    def __init__(self, split: Split, text: Text, raw: RawDocuments, settings: ReadSettings) -> None:
        self._split, self._text, self._raw, self._settings = split, text, raw, settings
        self._data = text.bytes  # as long as nothing is appended; the next part has others
        count = len(raw.start)
        self._name_start, self._name_end, self._start = (np.empty(count, np.int64) for _ in range(3))
        self._text_start, self._text_end = (np.empty(count, np.int64) for _ in range(2))
        self._end, self._encoding, self._width = raw.end.copy(), list(raw.encoding), raw.width.copy()
        self._flags, self._named_brackets = (np.empty(count, np.uint8) for _ in range(2))
        self._decoded: dict[int, Decoded] = {}
        self._repaired = np.zeros(count, np.int32)

    def documents(self, bytes_read: int, source: pa.DataType | None) -> Documents:
        """The columns of `Documents`."""
        self._parse_delimiter_lines()
        self._body_offset = self._raw.offset + self._sizes(self._raw.start, self._start, self._raw.width)
        self._body_offset[self._raw.is_row] = 0  # offsets count in the text of a row
        self._check(np.arange(len(self._flags)))
        self._mark_faults()
        self._decode()
        shift = self._body_offset + self._sizes(self._start, self._text_start, self._width) - self._text_start
        preamble = self._name_start < 0
        good = (self._flags & (_UNREADABLE | _FAULTY | kernels.EMPTY)) == 0
        at = np.cumsum(good) - 1
        return Documents(
            text=self._text.content(),
            text_start=self._text_start[good],
            text_end=self._text_end[good],
            shift=shift[good],
            width=self._width[good],
            bundle=self._raw.bundle[good],
            offset=self._raw.offset[good],
            length=self._raw.length[good],
            names=partial(self._names, good),
            encoding=[self._encoding[row] for row in np.flatnonzero(good).tolist()],
            repaired=self._repaired[good],
            preamble=preamble[good],
            rejects=list(self._rejects(good)),
            bytes_read=bytes_read,
            findings=self._findings(),
            anchors={int(at[row]): self._anchors(row) for row in self._decoded if self._is_anchored(row) and good[row]},
            source=None if source is None else _joined(self._raw.sources, source).filter(pa.array(good)),
            source_type=reduce(unite, self._raw.source_types) if self._raw.source_types else None,
            whole={each: self._data[start:end] for each, (start, end) in self._raw.whole.items()},
        )

    def _parse_delimiter_lines(self) -> None:
        columns = self._name_start, self._name_end, self._start, self._named_brackets
        raw = self._raw
        kernels.parse_delimiter_lines(self._data, raw.start, raw.end, self._settings.lenient, *columns)
        for column in (self._name_start, self._name_end, self._named_brackets):
            column[raw.is_row] = 0  # they have no delimiter line
        self._start[raw.is_row] = raw.start[raw.is_row]

    def _sizes(self, start: Int64s, end: Int64s, width: np.ndarray) -> Int64s:
        """The bytes in the bundle of each `text[start:end]`, for the widths of `Documents`."""
        sizes = end - start
        rows = np.flatnonzero(width)
        units = np.empty(len(rows), np.int64)
        places.count_units(self._data, start[rows], end[rows], units)
        sizes[rows] = units * width[rows]
        return sizes

    def _check(self, rows: Int64s) -> None:
        """Fills in text and flags of some rows."""
        first, last = (np.empty(len(rows), np.int64) for _ in range(2))
        flags = np.empty(len(rows), np.uint8)
        bodies = self._start[rows], self._end[rows], (~self._raw.closes[rows]).astype(np.uint8)
        kernels.check_texts(self._data, *bodies, self._settings.lenient, first, last, flags)
        self._text_start[rows], self._text_end[rows], self._flags[rows] = first, last, flags

    def _mark_faults(self) -> None:
        """Marks the documents that are known to be unreadable, and those that are too long."""
        most = self._settings.document_bytes
        size = np.where(self._raw.is_row, self._raw.end - self._raw.start, self._raw.length)
        for row in np.flatnonzero(size > most).tolist():
            detail = f"more than {most:,} bytes in one document; delimit documents, or raise input.document_bytes"
            self._raw.faults.setdefault(row, Damaged(RejectReason.DOCUMENT_TOO_LARGE, detail))
        self._flags[list(self._raw.faults)] |= _FAULTY

    def _decode(self) -> None:
        """Decodes or repairs the documents that are no sound UTF-8, and appends them to the text."""
        wrong = (self._flags & _UNREADABLE != 0) & (self._flags & _FAULTY == 0)
        for row in np.flatnonzero(wrong).tolist():
            decoded = self._decoded_body(row)
            if decoded:
                self._decoded[row] = decoded
                self._start[row] = self._text.append(decoded.text)
                self._end[row], self._data = self._text.size, self._text.bytes
                self._encoding[row], self._width[row] = decoded.encoding, decoded.width
                self._repaired[row] = decoded.repaired
        self._check(np.array(list(self._decoded), np.int64))

    def _decoded_body(self, row: int) -> Decoded | None:
        body, repair = self._bytes(self._start[row], self._text_end[row]), self._settings.repair == "bytes"
        if not self._raw.width[row]:
            padding = self._bytes(self._text_end[row], self._end[row])
            return decode(body, padding, self._settings.encodings, repair=repair)
        if not (repair and self._flags[row] & kernels.INVALID):
            return None
        text, count = repair_utf16(body)
        return Decoded(text, self._encoding[row], int(self._width[row]), count)

    def _bytes(self, first: int, last: int) -> bytes:
        return self._data[first:last].tobytes()

    def _is_anchored(self, row: int) -> bool:
        """True for repaired UTF-8, in which places and offsets do not count alike."""
        return row in self._decoded and not self._decoded[row].width

    def _anchors(self, row: int) -> tuple[Int64s, Int64s]:
        decoded = self._decoded[row]
        return decoded.places + self._start[row], decoded.offsets + self._body_offset[row]

    def _names(self, good: Bools) -> pa.StringArray:
        """The names of documents that can be read."""
        first, last = self._name_start[good], self._name_end[good]
        plain = not self._raw.row_name and (first >= 0).all()
        if plain and (found := gather_names(self._data, first, last)) is not None:
            return found
        places = np.flatnonzero(good).tolist(), first.tolist(), last.tolist()
        return pa.array([self._name(*each) for each in zip(*places, strict=True)], pa.string())

    def _name(self, row: int, first: int, last: int) -> str:
        """A document's name: the rest of its delimiter line, at these places, or the name of its file."""
        if row in self._raw.row_name:
            return self._raw.row_name[row]
        if first < 0:
            return self._bundle(row).rpartition("/")[2]
        name = decode_name(self._bytes(first, last), self._encoding[row], self._settings.encodings)
        return name.strip(WHITE_SPACE)

    def _bundle(self, row: int) -> str:
        """The name of the document's bundle."""
        return self._split.ranges[int(self._raw.bundle[row])].bundle.name

    def _is_nothing(self) -> Bools:
        """bool[d], true for white space before the first delimiter, which is no document."""
        empty = self._flags & (kernels.EMPTY | kernels.PADDED | _FAULTY) == kernels.EMPTY
        nothing: Bools = empty & (self._name_start < 0) & ~self._raw.closes
        return nothing

    def _rejects(self, good: Bools) -> Iterator[Reject]:
        """A reject for each unreadable document, and for each that was repaired."""
        for row in np.flatnonzero(~self._is_nothing() & (~good | (self._repaired > 0))).tolist():
            if not good[row]:
                yield self._reject(row, self._raw.faults.get(row) or self._explain(row))
            else:
                count = int(self._repaired[row])
                what = "1 character was" if count == 1 else f"{count:,} characters were"
                detail = f"{what} not {self._encoding[row].upper()}; the document is kept, repaired"
                yield self._reject(row, Damaged(RejectReason.REPAIRED, detail))
        for row, detail in self._raw.lost:
            offset = int(self._raw.offset[row])
            yield Reject(self._bundle(row), offset, 0, "write", RejectReason.COLUMNS_LOST, detail, b"")

    def _reject(self, row: int, fault: Damaged) -> Reject:
        payload = self._bytes(self._raw.start[row], self._raw.end[row])
        if fault.reason == RejectReason.DOCUMENT_TOO_LARGE:
            payload = first_characters(payload, SAMPLE_BYTES)
        if self._raw.width[row]:
            payload = utf16_bytes(payload, self._raw.encoding[row])
        payload += fault.rest
        offset, length = int(self._raw.offset[row]), int(self._raw.length[row])
        if not self._raw.is_row[row]:  # the line of a row counts as its length already
            length += len(fault.rest)
        return Reject(self._bundle(row), offset, length, "read", fault.reason, fault.detail, payload)

    def _explain(self, row: int) -> Damaged:
        """The reason why a document cannot be read in which reading found no fault."""
        name = self._name(row, int(self._name_start[row]), int(self._name_end[row]))
        flags, what = self._flags[row], name or "a document without a name"
        if flags & kernels.EMPTY and flags & kernels.PADDED:
            return Damaged(RejectReason.NOT_TEXT, f"nothing but NULs in {what}")
        if flags & kernels.EMPTY:
            return Damaged(RejectReason.EMPTY_DOCUMENT, f"nothing but white space in {what}")
        text = self._bytes(self._text_start[row], self._text_end[row])
        offset = int(self._body_offset[row] + self._text_start[row] - self._start[row])
        detail = why_not_text(text, offset, self._encoding[row], self._settings.encodings)
        return Damaged(RejectReason.NOT_TEXT, detail)

    def _findings(self) -> Findings:
        """Look-alikes of delimiters, and markup and tables that are taken as text."""
        found: list[Finding] = []
        counts: Counter[Kind] = Counter()
        looked_at = (self._flags & (kernels.BRACKETS | kernels.MARKUP) != 0) | (self._named_brackets != 0)
        for row in np.flatnonzero((looked_at | (self._name_start < 0)) & ~self._is_nothing()).tolist():
            if not self._raw.is_row[row] and (self._flags[row] & kernels.BRACKETS or self._named_brackets[row]):
                found += self._lookalikes(row, counts)
            kind = self._format(row)
            if kind:
                counts[kind] += 1
                found.append(self._finding(row, kind, int(self._text_start[row]), int(self._text_end[row])))
        return Findings.of(counts, found)

    def _lookalikes(self, row: int, counts: Counter[Kind]) -> Iterator[Finding]:
        """The look-alikes of a delimiter in a document's name and text; adds the numbers to `counts`."""
        last = int(self._end[row])
        if row in self._raw.faults:  # which of its bytes are held may depend on how it was read; not so the first ones
            last = min(last, int(self._start[row]) + SAMPLE_BYTES)
        name = int(self._name_start[row]), int(self._name_end[row])
        for first, end, in_line in ((*name, True), (int(self._text_start[row]), last, False)):
            if 0 <= first < end:
                for kind, place in find_lookalikes(self._data, first, end, counts, in_line=in_line):
                    yield self._finding(row, kind, place, end)

    def _format(self, row: int) -> Kind | None:
        """The format of a document that is markup or a table."""
        if self._flags[row] & (_UNREADABLE | _FAULTY | kernels.EMPTY):
            return None
        first, last = int(self._text_start[row]), int(self._text_end[row])
        head = self._bytes(first, min(last, first + LOOKED_AT)).strip()
        found = markup_of(head) if self._flags[row] & kernels.MARKUP else None
        return found if found or self._name_start[row] >= 0 else format_of_file(self._bundle(row), head)

    def _finding(self, row: int, kind: Kind, place: int, end: int) -> Finding:
        excerpt = excerpt_of(self._bytes(place, min(end, place + EXCERPT_BYTES)))
        return Finding(kind, self._bundle(row), self._offset(row, place), excerpt)

    def _offset(self, row: int, place: int) -> int:
        """The offset in the bundle of a place in the document's name or body; that of a row for one in its text."""
        if self._raw.is_row[row]:
            return int(self._raw.offset[row])
        if row in self._decoded and place >= self._start[row]:
            if self._is_anchored(row):
                anchored, offsets = self._anchors(row)
                last = int(np.searchsorted(anchored, place, side="right")) - 1
                return int(place + offsets[last] - anchored[last])
            start, offset, width = self._start[row], self._body_offset[row], self._width[row]
        else:
            start, offset, width = self._raw.start[row], self._raw.offset[row], self._raw.width[row]
        size = self._sizes(np.array([start]), np.array([place]), np.array([width], np.uint8))
        return int(offset + size[0])


def _joined(parts: Sequence[pa.Array | int], source: pa.DataType) -> pa.StructArray:
    """The carried columns of all documents; a number stands for so many that have none."""
    kind = written(source)
    arrays = [pa.nulls(each, kind) if isinstance(each, int) else each for each in parts]
    return pa.concat_arrays([pa.nulls(0, kind), *arrays])
