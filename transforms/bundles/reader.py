"""From a split to its documents, as columns."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from transforms.arrays import Int64s
from transforms.bundles.buffer import Text
from transforms.bundles.compression import Damaged
from transforms.bundles.documents import Documents, Reject
from transforms.bundles.encodings import recode, utf16_bytes, why_not_text
from transforms.bundles.errors import BundleChanged, BundleReadError, RejectReason
from transforms.bundles.extents import SAMPLE_BYTES, Extents, Rows, read_extents
from transforms.bundles.kernels import documents as kernels
from transforms.bundles.kernels import places
from transforms.bundles.settings import ReadSettings
from transforms.bundles.splits import Split
from transforms.characters.table import WHITE_SPACE

__all__ = ["BundleChanged", "BundleReadError", "Documents", "Reject", "read_again", "read_documents", "read_parts"]

_DEFAULTS = ReadSettings()
_LARGEST_START = 1 << 28


def read_parts(split: Split, settings: ReadSettings = _DEFAULTS) -> Iterator[tuple[Split, Documents]]:
    """The documents whose delimiter lines begin in the split, each in one part; the same whenever they are read.

    There is one part, but for compressed bundles and UTF-16: what comes out of them is taken in parts of about
    `settings.part_bytes`, so that memory does not grow with it. Time is linear in the bytes of the ranges, of what
    comes out of them and of their documents. A range without the beginning of a document costs its own bytes only.

    Raises:
        BundleChanged: a bundle is not what it was when it was listed.
        BundleReadError: a bundle cannot be read.
    """
    size = sum(each.end - each.start for each in split.ranges)
    text = Text(min(max(size, settings.part_bytes), _LARGEST_START))
    for part, gathered in enumerate(_gather(split, text, settings)):
        # Nothing here may hold on to the documents of a part while the next is read.
        yield (
            replace(split, part=part),
            Dissection(split, text, Rows.of(gathered), settings).documents(bytes_read=0 if part else size),
        )
        text.clear()


def read_again(parts: Sequence[Split], settings: ReadSettings = _DEFAULTS) -> Iterator[tuple[Split, Documents]]:
    """Parts of one split, in order, each with its documents, as `read_parts` gave them.

    Raises:
        BundleChanged: there is no such part; or as `read_parts`.
        BundleReadError: as `read_parts`.
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
    """The documents of a split, or of the part that it is; `read_again` reads many parts as fast as one."""
    ((_, documents),) = read_again([split], settings)
    return documents


def _gather(split: Split, text: Text, settings: ReadSettings) -> Iterator[list[tuple[int, Extents]]]:
    """The extents in `text`, part by part, with the index of their range; for each the text begins anew."""
    gathered: list[tuple[int, Extents]] = []
    for number, each in enumerate(split.ranges):
        if text.size >= settings.part_bytes:
            yield gathered
            gathered = []
        for extents in read_extents(text, each, settings):
            gathered.append((number, extents))
            if extents.more:
                yield gathered
                gathered = []
    yield gathered


# A status that `kernels.dissect` does not give: reading said what is wrong.
_FAULTY = 3


class Dissection:
    """Documents being taken apart: `source` is how they came, `rows` how they stand, transcoded, in `text`."""

    def __init__(self, split: Split, text: Text, source: Rows, settings: ReadSettings) -> None:
        self._split, self._text, self._source, self._settings = split, text, source, settings
        columns = ("start", "end", "encoding", "width")
        self._rows = replace(source, **{name: getattr(source, name).copy() for name in columns})
        self._name_start, self._name_end, self._text_start = (np.empty(len(source.start), np.int64) for _ in range(3))
        self._status = np.empty(len(source.start), np.uint8)
        self._before: dict[int, int] = {}

    def documents(self, bytes_read: int) -> Documents:
        """The readable documents, and the others as rejects."""
        self._dissect(np.arange(len(self._status)))
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

    def _dissect(self, rows: Int64s) -> None:
        found = [np.empty(len(rows), np.int64) for _ in range(3)]
        status = np.empty(len(rows), np.uint8)
        kernels.dissect(self._text.bytes, self._rows.start[rows], self._rows.end[rows], *found, status)
        self._name_start[rows], self._name_end[rows], self._text_start[rows] = found
        self._status[rows] = status

    def _mark_faults(self) -> None:
        most = self._settings.document_bytes
        for row in np.flatnonzero(self._rows.length > most).tolist():
            detail = f"more than {most:,} bytes in one document; delimit documents, or raise input.document_bytes"
            self._rows.faults.setdefault(row, Damaged(RejectReason.DOCUMENT_TOO_LARGE, detail))
        self._status[list(self._rows.faults)] = _FAULTY

    def _recode(self) -> None:
        """Puts UTF-8 of documents in other encodings behind the text, and takes it apart in their stead."""
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
        self._dissect(np.array(recoded, np.int64))

    def _shift(self) -> Int64s:
        """What makes an offset in the bundle of the place where a text begins."""
        shift = self._source.offset - self._rows.start
        rows = np.flatnonzero(self._rows.width)
        before = np.empty(len(rows), np.int64)
        places.count_units(self._text.bytes, self._rows.start[rows], self._text_start[rows], before)
        shift[rows] = self._rows.offset[rows] + before * self._rows.width[rows] - self._text_start[rows]
        for row, size in self._before.items():
            shift[row] = self._rows.offset[row] + size - self._text_start[row]
        return shift

    def _name(self, row: int) -> str:
        """A document's name: the rest of its delimiter line, or the name of its file."""
        first, last = int(self._name_start[row]), int(self._name_end[row])
        if first < 0:
            return self._bundle(row).rpartition("/")[2]
        return str(self._text.bytes.data[first:last], "utf-8").strip(WHITE_SPACE)

    def _bundle(self, row: int) -> str:
        return self._split.ranges[int(self._rows.bundle[row])].bundle.name

    def _raw(self, row: int) -> bytes:
        """The bytes that a document came in, as they stand in the text."""
        return self._text.bytes[self._source.start[row] : self._source.end[row]].tobytes()

    def _reject(self, row: int) -> Reject:
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
        """Why a document is unreadable that reading found no fault with."""
        if self._status[row] == kernels.EMPTY:
            what = self._name(row) or "a document without a name"
            return Damaged(RejectReason.EMPTY_DOCUMENT, f"nothing but white space in {what}")
        offset, encoding = int(self._rows.offset[row]), self._source.encoding[row]
        detail = why_not_text(self._raw(row), offset, encoding, self._settings.encodings)
        return Damaged(RejectReason.NOT_TEXT, detail)


def _first_characters(text: bytes, most: int) -> bytes:
    """At most so many bytes, and no character of UTF-8 cut in two."""
    while 0 < most < len(text) and text[most] & 0xC0 == 0x80:
        most -= 1
    return text[:most]
