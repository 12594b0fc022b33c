"""Segments: the kept paragraphs of runs as mapped files that are searched, never loaded.

A segment is four Arrow files: `sets` (a row a kept paragraph: where it is, its set, sorted, and its numbers),
`postings` (a key for every token of every set, and the row), `buckets` (where the postings of tokens with the same
first bits begin) and `filter` (bits that say at once that a token is not there).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from transforms.arrays import Bytes, Int32s, Int64s, UInt32s, UInt64s
from transforms.dedup.index.kernels import fill_filter, sort_postings, spread_tokens
from transforms.dedup.numbers.sets import NumberSets
from transforms.filesystems import DamagedFileError
from transforms.storage import Folder

SETS = pa.schema(
    [
        pa.field("run", pa.dictionary(pa.int32(), pa.string()), nullable=False),
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("bundle", pa.string(), nullable=False),
        pa.field("offset", pa.int64(), nullable=False),
        pa.field("paragraph_index", pa.int32(), nullable=False),
        pa.field("length", pa.int64(), nullable=False),
        pa.field("set", pa.large_list(pa.uint64()), nullable=False),
        pa.field("numbers", pa.large_list(pa.uint64()), nullable=False),
    ]
)
PLACE_COLUMNS = ("run", "doc_id", "bundle", "offset", "paragraph_index", "length")
POSTINGS = pa.schema([pa.field("key", pa.uint32(), nullable=False), pa.field("row", pa.int32(), nullable=False)])
BUCKETS = pa.schema([pa.field("begin", pa.int32(), nullable=False)])
FILTER = pa.schema([pa.field("bits", pa.uint8(), nullable=False)])
_FILTER_BITS_A_TOKEN = 16
_COARSE_BITS = 11  # as many places to write to as stay in the cache


class Digests(NamedTuple):
    """The digests of the files of a segment, in hex."""

    sets: str
    postings: str
    buckets: str
    filter: str


@dataclass(frozen=True)
class Segment:
    """One segment, open for searching; its arrays are views of mapped files.

    Attributes:
        folder: its own.
        runs: the runs whose rows count.
        digests: of its files, by name.
        corpus: the other corpus that it is of, as the settings name it; None for this one.
    """

    folder: Folder
    runs: frozenset[str]
    digests: Digests
    corpus: str | None = None

    def opened(self) -> "Segment":
        """The same segment with its files mapped, until nobody holds it any more."""
        mapped = Segment(self.folder, self.runs, self.digests, self.corpus)
        _ = mapped.sets, mapped.numbers, mapped.postings, mapped.filter, mapped.live
        return mapped

    def _file(self, name: str, schema: pa.Schema) -> pa.Table:
        batch = self.folder.read_arrow(f"{name}.arrow", getattr(self.digests, name))
        if batch.schema.names != schema.names:
            raise DamagedFileError(f"{self.folder.at(f'{name}.arrow')}: is of another version of Rafid")
        return pa.Table.from_batches([batch]).cast(schema)

    def check(self) -> None:
        """Makes sure that the files are those that were written, and that no number in them leads outside.

        Raises:
            DamagedFileError: it is not so.
            StorageError: a file cannot be read.
        """
        tokens, bounds = self.sets
        numbers, number_bounds = self.numbers
        _, begins, keys, rows = self.postings
        inside = (
            len(bounds) == len(self.rows) + 1
            and _rises(bounds, len(tokens))
            and len(number_bounds) == len(bounds)
            and _rises(number_bounds, len(numbers))
            and _rises(begins, len(keys))
            and len(keys) == len(rows)
            and _is_power_of_two(len(begins) - 1)
            and _is_power_of_two(len(self.filter))
            and (not len(rows) or (rows.min() >= 0 and rows.max() < len(bounds) - 1))
        )
        if not inside:
            raise DamagedFileError(f"{self.folder.url}: is damaged: its files do not fit each other")

    @cached_property
    def rows(self) -> pa.Table:
        """A row a kept paragraph, with the columns of `SETS`."""
        return self._file("sets", SETS)

    @cached_property
    def sets(self) -> tuple[UInt64s, Int64s]:
        """Tokens, uint64[t], and where each row's begin, int64[r + 1]."""
        column = _single(self.rows.column("set"))
        return column.values.to_numpy(), column.offsets.to_numpy()

    @cached_property
    def numbers(self) -> tuple[UInt64s, Int64s]:
        """The numbers of the rows' paragraphs, uint64[n], and where each row's begin, int64[r + 1]."""
        column = _single(self.rows.column("numbers"))
        return column.values.to_numpy(), column.offsets.to_numpy()

    @cached_property
    def postings(self) -> tuple[np.uint64, Int32s, UInt32s, Int32s]:
        """The shift from a token to its bucket, the beginnings of buckets, keys and rows; see `sort_postings`."""
        begins, table = _numpy(self._file("buckets", BUCKETS), "begin"), self._file("postings", POSTINGS)
        return np.uint64(64 - _bits_of(len(begins) - 1)), begins, _numpy(table, "key"), _numpy(table, "row")

    @cached_property
    def filter(self) -> Bytes:
        """The bits of the tokens that are there."""
        bits: Bytes = _numpy(self._file("filter", FILTER), "bits")
        return bits

    @property
    def filter_shift(self) -> np.uint64:
        """The shift that makes a mixed token the number of its bit."""
        return np.uint64(64 - _bits_of(8 * len(self.filter)))

    @cached_property
    def live(self) -> Bytes:
        """uint8[r], 1 for rows that count."""
        column = _single(self.rows.column("run"))
        named = np.array([run in self.runs for run in column.dictionary.to_pylist()], np.uint8)
        live: Bytes = named[column.indices.to_numpy()] if len(named) else np.zeros(0, np.uint8)
        return live


def _rises(edges: Int64s | Int32s, last: int) -> bool:
    """True for edges from 0 to `last` that never fall."""
    return bool(len(edges) and edges[0] == 0 and edges[-1] == last and (edges[1:] >= edges[:-1]).all())


def _is_power_of_two(number: int) -> bool:
    return number > 0 and number & (number - 1) == 0


def _numpy(table: pa.Table, column: str) -> Any:
    return _single(table.column(column)).to_numpy()


def _single(column: pa.ChunkedArray) -> pa.Array:
    """The column in one piece; where it is one already, without a copy of what is mapped."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def sets_table(places: pa.Table, tokens: UInt64s, bounds: Int64s, numbers: NumberSets) -> pa.Table:
    """The table `SETS` from places, with the columns of `PLACE_COLUMNS`, ordered sets, and numbers."""
    sets = pa.LargeListArray.from_arrays(pa.array(bounds), pa.array(tokens))
    apart = pa.LargeListArray.from_arrays(pa.array(numbers.offsets), pa.array(numbers.numbers))
    columns = [_dictionary(places.column("run")), *(places.column(name) for name in PLACE_COLUMNS[1:]), sets, apart]
    return pa.table(columns, schema=SETS)


def _dictionary(column: pa.ChunkedArray) -> pa.ChunkedArray:
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    return encoded.unify_dictionaries()


def write_segment(folder: Folder, tables: Sequence[pa.Table]) -> Digests:
    """Writes a segment; returns the digests of its files.

    Args:
        folder: the segment's own.
        tables: consecutive rows, with the columns of `SETS`.
    """
    rows = pa.concat_tables(tables).unify_dictionaries().combine_chunks()
    column = _single(rows.column("set"))
    tokens, bounds = column.values.to_numpy(), column.offsets.to_numpy()
    bits = np.zeros(1 << max(0, _bits_of(_FILTER_BITS_A_TOKEN * len(tokens)) - 3), np.uint8)
    fill_filter(tokens, np.uint64(64 - _bits_of(8 * len(bits))), bits)
    filter_digest = folder.write_arrow("filter.arrow", pa.table([bits], schema=FILTER))
    begins, keys, owners = _postings(tokens, bounds)
    return Digests(
        filter=filter_digest,
        buckets=folder.write_arrow("buckets.arrow", pa.table([begins], schema=BUCKETS)),
        postings=folder.write_arrow("postings.arrow", pa.table([keys, owners], schema=POSTINGS)),
        sets=folder.write_arrow("sets.arrow", rows),
    )


def _bits_of(numbers: int) -> int:
    return (max(1, numbers) - 1).bit_length()


def _postings(tokens: UInt64s, bounds: Int64s) -> tuple[Int32s, UInt32s, Int32s]:
    """The beginnings of buckets, keys and rows, see `sort_postings`; two tokens a bucket on average."""
    bits = max(1, _bits_of(len(tokens)) - 1)
    coarse = min(_COARSE_BITS, bits)
    spread, spread_rows = np.empty(len(tokens), np.uint64), np.empty(len(tokens), np.int32)
    by_size = np.argsort(np.diff(bounds), kind="stable")
    spread_tokens(
        tokens, bounds, by_size, np.uint64(64 - coarse), np.zeros((1 << coarse) + 1, np.int64), spread, spread_rows
    )
    begins = np.zeros((1 << bits) + 1, np.int32)
    keys, rows = np.empty(len(tokens), np.uint32), np.empty(len(tokens), np.int32)
    sort_postings(spread, spread_rows, np.uint64(64 - bits), begins, keys, rows)
    return begins, keys, rows


def parts(tables: Iterable[pa.Table], tokens_a_part: int) -> Iterator[list[pa.Table]]:
    """Consecutive tables in groups of at most `tokens_a_part` tokens, but where one table alone has more."""
    group: list[pa.Table] = []
    size = 0
    for table in tables:
        added = count_tokens_of(table)
        if group and size + added > tokens_a_part:
            yield group
            group, size = [], 0
        group.append(table)
        size += added
    if group:
        yield group


def count_tokens_of(table: pa.Table) -> int:
    """The tokens of a table's sets."""
    return sum(len(chunk.flatten()) for chunk in table.column("set").chunks)
