"""The documents of a split and their paragraphs, as columns, and the rejects: bytes that could not be read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from transforms.arrays import Bools, Bytes, Int32s, Int64s
from transforms.bundles.errors import BundleError
from transforms.bundles.findings import Findings
from transforms.bundles.kernels import paragraphs as kernels
from transforms.bundles.kernels import places


@dataclass(frozen=True)
class Reject:
    """Bytes that could not be read as a document, or only after they had been repaired.

    Attributes:
        bundle: the bundle's name.
        offset: bytes from the start of the bundle, decompressed.
        length: bytes.
        stage: the stage that rejected it.
        reason: a `RejectReason`.
        detail: one line for a person.
        payload: the bytes themselves; only the first of a document that is too large, or of an archive.
    """

    bundle: str
    offset: int
    length: int
    stage: str
    reason: str
    detail: str
    payload: bytes


@dataclass(frozen=True)
class Documents:
    """The documents of a split, or of a part of one, in input order, as columns.

    Attributes:
        text: uint8[m], UTF-8 that holds all documents, with other bytes between them.
        text_start: int64[d], the place in `text` of each document's first byte, after its delimiter line and a mark.
        text_end: int64[d], one past its last byte; padding at its end is left out.
        shift: int64[d], the offset in the bundle of `text_start`, minus `text_start`; for a row of a table the offset
            counts in its text.
        width: uint8[d], bytes in the bundle for each UTF-16 code unit of the text: 2 in UTF-16, 1 in single-byte
            encodings; 0 for UTF-8, in which every place in `text` has the offset place + shift.
        bundle: int32[d], the index into the split's ranges.
        offset: int64[d], bytes from the start of the bundle, decompressed, to the delimiter line; 0 for text before the
            first one. For a row of a table: the bytes to its line, or its number from 0.
        length: int64[d], bytes to the next delimiter line or the end of the bundle; of a row's line, or of its text.
        names: gives `name`, which reading again does not ask for.
        encoding: d strings, the encoding of the document in its bundle.
        repaired: int32[d], the characters that were restored, or replaced by U+FFFD, because they were not UTF-8.
        preamble: bool[d], true for text before the first delimiter, and for a file without one.
        rejects: the documents that cannot be read, which have no row in the columns; and the bytes of those that were
            repaired.
        bytes_read: bytes of the split's ranges; 0 for all parts but the first.
        findings: what else a user should know of the documents, rejects among them.
        source: struct[d], the columns that are carried, see `sources`; null for documents of bundles; None where they
            were not asked for.
        source_type: the type of the columns that tables carry, where `source` was not asked for; None without tables.
        anchors: for rows of repaired UTF-8, int64[k] places in `text`, ascending, and their offsets in the bundle; from
            each on, up to the next, offsets count as places do.
        whole: the bytes of bundles that stand in `text` as they are, views of it, by the index of their range.
    """

    text: Bytes
    text_start: Int64s
    text_end: Int64s
    shift: Int64s
    width: Bytes
    bundle: Int32s
    offset: Int64s
    length: Int64s
    names: Callable[[], pa.StringArray]
    encoding: list[str]
    repaired: Int32s
    preamble: Bools
    rejects: list[Reject]
    bytes_read: int
    findings: Findings = field(default_factory=Findings)
    anchors: Mapping[int, tuple[Int64s, Int64s]] = field(default_factory=dict)
    source: pa.StructArray | None = None
    source_type: pa.DataType | None = None
    whole: Mapping[int, Bytes] = field(default_factory=dict)

    @cached_property
    def name(self) -> pa.StringArray:
        """string[d]: the rest of the delimiter line, trimmed; the file's name where there is no delimiter."""
        return self.names()

    def offsets_of(self, place: Int64s, document: npt.NDArray[np.integer[Any]]) -> Int64s:
        """The offset in its bundle, decompressed but not decoded, of each place in `text`, as int64[p].

        Args:
            place: int64[p], ascending in each document.
            document: integers[p], ascending, the row of each place.
        """
        found = self._convert(places.find_offsets, place, document)
        for row, (anchored, offsets) in self.anchors.items():
            own = np.flatnonzero(document == row)
            last = np.searchsorted(anchored, place[own], side="right") - 1
            found[own] = place[own] + (offsets - anchored)[last]
        return found

    def places_of(self, offset: Int64s, document: npt.NDArray[np.integer[Any]]) -> Int64s:
        """The place in `text` of each offset: the inverse of `offsets_of`."""
        found = self._convert(places.find_places, offset, document)
        for row, (anchored, offsets) in self.anchors.items():
            own = np.flatnonzero(document == row)
            last = np.searchsorted(offsets, offset[own], side="right") - 1
            found[own] = offset[own] + (anchored - offsets)[last]
        return found

    def _convert(self, kernel: Callable[..., None], given: Int64s, document: npt.NDArray[np.integer[Any]]) -> Int64s:
        found = np.empty(len(given), np.int64)
        document = np.ascontiguousarray(document, np.int32)
        kernel(self.text, self.text_start, self.shift, self.width, np.ascontiguousarray(given), document, found)
        return found


PARAGRAPH_MODES = ("line", "blank_line")


@dataclass(frozen=True)
class Paragraphs:
    """Paragraphs in input order, as columns.

    Attributes:
        start: int64[p], the place in `Documents.text` of each paragraph's first byte, white space trimmed.
        end: int64[p], one past its last byte.
        document: int32[p], ascending, its row in `Documents`.
    """

    start: Int64s
    end: Int64s
    document: Int32s


def find_paragraphs(documents: Documents, mode: str) -> Paragraphs:
    """The paragraphs of documents, trimmed of Unicode's White_Space and of NULs; empty ones are left out.

    Args:
        documents: the documents of a split.
        mode: `line`: a paragraph is a line, which LF, CR LF, CR, U+0085, U+2028 or U+2029 ends; `blank_line`: only a
            line of nothing but white space ends a paragraph, and line ends inside it stay as they are.

    Raises:
        BundleError: the mode is neither.
    """
    if mode not in PARAGRAPH_MODES:
        raise BundleError(f"paragraphs: {mode}: not a mode; use one of {', '.join(PARAGRAPH_MODES)}")
    text, first, last = documents.text, documents.text_start, documents.text_end
    rare = np.empty(len(first), np.uint8)
    bound = kernels.count_line_ends(text, first, last, rare) + len(first)
    start, end, document = np.empty(bound, np.int64), np.empty(bound, np.int64), np.empty(bound, np.int32)
    count = kernels.find_paragraphs(text, first, last, rare, mode == "blank_line", start, end, document)
    return Paragraphs(start[:count].copy(), end[:count].copy(), document[:count].copy())
