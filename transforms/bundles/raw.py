"""Documents as they came: the boundaries of those of bundles, and the rows of tables; they are parsed after that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa

from transforms.arrays import Bools, Bytes, Int32s, Int64s
from transforms.bundles.compression import Damaged

_NONE = np.empty(0, np.int64)


@dataclass(frozen=True)
class Boundaries:
    """The boundaries of the documents of one range.

    Attributes:
        edges: int64[n + 1], the places in the text of each document's first byte, and the end of the last.
        offsets: int64[n + 1], the offsets of these edges in the bundle.
        ended: true if the last document ends with the bundle.
        more: true if the same range gives more documents.
        encoding: `utf-16-le` or `utf-16-be` if the text was transcoded from it, else ''.
        fault: the reason why the last document cannot be read, if it is known already.
        verbatim: true if the text between the first and the last edge is that of the bundle, byte for byte.
    """

    edges: Int64s
    offsets: Int64s
    ended: bool
    more: bool = False
    encoding: str = ""
    fault: Damaged | None = None
    verbatim: bool = False

    @property
    def offset(self) -> Int64s:
        """int64[n], the offset of each document in the bundle."""
        return self.offsets[:-1]

    @property
    def length(self) -> Int64s:
        """int64[n], the bytes of each document in the bundle."""
        return np.diff(self.offsets)

    @property
    def faults(self) -> Mapping[int, Damaged]:
        """The reasons why documents cannot be read, by row."""
        return {len(self.edges) - 2: self.fault} if self.fault else {}

    @property
    def is_whole(self) -> bool:
        """True if the text between the first and the last edge is all of the bundle."""
        return self.verbatim and self.ended and int(self.offsets[0]) == 0

    @property
    def closes(self) -> Bools:
        """bool[n], true for a document that ends with the bundle."""
        found = np.zeros(len(self.edges) - 1, np.bool_)
        found[-1:] = self.ended
        return found


@dataclass(frozen=True)
class Rows:
    """Rows of a table: their texts stand one after the other in the text.

    Attributes:
        edges: int64[n + 1], the places in the text of each row's first byte, and the end of the last.
        offset: int64[n], the row's number, or the bytes from the start of the table to its line.
        length: int64[n], the bytes of its line, or of its text.
        name: n strings.
        faults: the reasons why rows cannot be read, by row; their `rest` is what the reject holds.
        source: struct[n], the carried columns, where they are asked for.
        source_type: the type of the carried columns, where it is to be found out.
        lost: rows whose carried columns cannot be read, while they are kept: for each stretch the first one's number
            in these rows, and one line for a person.
        more: true if the same range gives more rows.
    """

    edges: Int64s
    offset: Int64s
    length: Int64s
    name: Sequence[str]
    faults: Mapping[int, Damaged]
    source: pa.Array | None = None
    source_type: pa.DataType | None = None
    lost: Sequence[tuple[int, str]] = ()
    more: bool = False
    encoding: str = ""

    @property
    def closes(self) -> Bools:
        """bool[n], true: no row ends where a delimiter line begins."""
        return np.ones(len(self.offset), np.bool_)


@dataclass(frozen=True)
class RawDocuments:
    """Documents in input order, not parsed yet.

    Attributes:
        start, end: int64[d], their bytes in the text, delimiter lines included.
        offset, length: int64[d], their bytes in the bundle; for rows of tables see `Rows`.
        bundle: int32[d], the index into the split's ranges.
        closes: bool[d], true if a document ends with its bundle, and for rows of tables.
        encoding: d strings, the encoding of the bundle: `utf-8` unless another is known.
        width: uint8[d], see `Documents`.
        faults: the reasons why documents cannot be read, by row, as far as they are known.
        is_row: bool[d], true for rows of tables.
        row_name: the names of rows of tables, by row.
        lost: see `Rows`, by row.
        sources: the carried columns of all documents, in order: a struct array, or the number of documents without.
        source_types: the types of the carried columns of tables, in input order.
        whole: the places in the text of the first byte and the end of bundles that stand there as they are, by range.
    """

    start: Int64s
    end: Int64s
    offset: Int64s
    length: Int64s
    bundle: Int32s
    closes: Bools
    encoding: list[str]
    width: Bytes
    faults: dict[int, Damaged]
    is_row: Bools
    row_name: dict[int, str]
    lost: list[tuple[int, str]]
    sources: list[pa.Array | int]
    source_types: list[pa.DataType]
    whole: dict[int, tuple[int, int]]

    @classmethod
    def of(cls, gathered: Sequence[tuple[int, Boundaries | Rows]]) -> Self:
        """The documents between boundaries, and the rows, each of which comes with the index of its range."""
        parts = [each for _, each in gathered]
        counts = np.array([len(each.edges) - 1 for each in parts], np.int64)
        first = np.cumsum(counts) - counts
        number = np.repeat(np.arange(len(parts)), counts).tolist()
        rows = [(int(at), each) for at, each in zip(first, parts, strict=True) if isinstance(each, Rows)]
        return cls(
            start=np.concatenate([_NONE, *(each.edges[:-1] for each in parts)]),
            end=np.concatenate([_NONE, *(each.edges[1:] for each in parts)]),
            offset=np.concatenate([_NONE, *(each.offset for each in parts)]),
            length=np.concatenate([_NONE, *(each.length for each in parts)]),
            bundle=np.repeat(np.array([index for index, _ in gathered], np.int32), counts),
            closes=np.concatenate([_NONE.astype(np.bool_), *(each.closes for each in parts)]),
            encoding=[parts[each].encoding or "utf-8" for each in number],
            width=np.repeat(np.array([2 if each.encoding else 0 for each in parts], np.uint8), counts),
            faults={
                int(at + row): fault
                for at, each in zip(first, parts, strict=True)
                for row, fault in each.faults.items()
            },
            is_row=np.repeat(np.array([isinstance(each, Rows) for each in parts], np.bool_), counts),
            row_name={at + row: name for at, each in rows for row, name in enumerate(each.name)},
            lost=[(at + row, detail) for at, each in rows for row, detail in each.lost],
            sources=[
                int(count) if isinstance(each, Boundaries) or each.source is None else each.source
                for count, each in zip(counts, parts, strict=True)
            ],
            source_types=[each.source_type for _, each in rows if each.source_type is not None],
            whole={
                index: (int(each.edges[0]), int(each.edges[-1]))
                for index, each in gathered
                if isinstance(each, Boundaries) and each.is_whole
            },
        )
