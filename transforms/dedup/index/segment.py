"""Segments: the kept paragraphs of runs as files that are searched, never loaded.

A segment is two Arrow files: `rows` (a row a kept paragraph: where it is, the size of its set, its numbers; compressed)
and `postings` (for each token of their sets the rows that have it; mapped). The sets are in the postings only.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TypeVar

import numpy as np
import pyarrow as pa

from transforms.arrays import Bools, Bytes, Int32s, Int64s, UInt64s
from transforms.dedup.index.postings import POSTINGS, Postings
from transforms.dedup.numbers.sets import NumberSets
from transforms.filesystems import DamagedFileError
from transforms.storage import Folder

SETS = pa.schema(
    [
        pa.field("run", pa.dictionary(pa.int32(), pa.string()), nullable=False),
        pa.field("doc_id", pa.dictionary(pa.int32(), pa.string()), nullable=False),
        pa.field("bundle", pa.dictionary(pa.int32(), pa.string()), nullable=False),
        pa.field("offset", pa.int64(), nullable=False),
        pa.field("paragraph_index", pa.int32(), nullable=False),
        pa.field("length", pa.int64(), nullable=False),
        pa.field("set", pa.large_list(pa.uint64()), nullable=False),
        pa.field("numbers", pa.large_list(pa.uint64()), nullable=False),
    ]
)
PLACE_COLUMNS = ("run", "doc_id", "bundle", "offset", "paragraph_index", "length")
_NAMES = PLACE_COLUMNS[:3]
_SET = SETS.get_field_index("set")
ROWS = SETS.set(_SET, pa.field("size", pa.int32(), nullable=False))
T = TypeVar("T")


class Digests(NamedTuple):
    """The digests of the files of a segment, in hex."""

    rows: str
    postings: str


class EarlierDigests(NamedTuple):
    """The digests of the files of a segment of the format before: `sets`, of which the others were made."""

    sets: str
    postings: str
    buckets: str
    filter: str


@dataclass(frozen=True)
class Segment:
    """One segment, open for searching; its postings are views of a mapped file.

    One of the format before has its rows with their sets, and nothing else.

    Attributes:
        folder: its own.
        runs: the runs whose rows count.
        digests: of its files, by name.
        corpus: the other corpus that it is of, as the settings name it; None for this one.
    """

    folder: Folder
    runs: frozenset[str]
    digests: Digests | EarlierDigests
    corpus: str | None = None

    def opened(self) -> "Segment":
        """The same segment with its files mapped, until nobody holds it any more."""
        mapped = Segment(self.folder, self.runs, self.digests, self.corpus)
        _ = mapped.postings, mapped.sizes, mapped.numbers, mapped.live
        return mapped

    def _file(self, name: str, schema: pa.Schema) -> pa.RecordBatch:
        if not hasattr(self.digests, name):
            raise DamagedFileError(f"{self.folder.url}: is of an earlier version of Rafid; run again")
        batch = self.folder.read_arrow(f"{name}.arrow", getattr(self.digests, name))
        if batch.schema.names != schema.names:
            raise DamagedFileError(f"{self.folder.at(f'{name}.arrow')}: is of another version of Rafid")
        return batch

    def check(self) -> None:
        """Makes sure that the files are those that were written, and that no number in them leads outside.

        Raises:
            DamagedFileError: it is not so.
            StorageError: a file cannot be read.
        """
        numbers, number_bounds = self.numbers
        rows = len(number_bounds) - 1
        inside = _rises(number_bounds, len(numbers)) and (
            isinstance(self.digests, EarlierDigests) or (len(self.sizes) == rows and self.postings.fit(self.sizes))
        )
        if not inside:
            raise self._misfit()

    def _misfit(self) -> DamagedFileError:
        return DamagedFileError(f"{self.folder.url}: is damaged: its files do not fit each other")

    @property
    def rows(self) -> pa.Table:
        """A row a kept paragraph, with the columns of `SETS`.

        Raises:
            DamagedFileError: the files are not what was written.
        """
        if isinstance(self.digests, EarlierDigests):
            return _encoded(self._places)
        sets = self.postings.sets(self.sizes)
        if sets is None:
            raise self._misfit()
        return self._places.set_column(_SET, SETS.field("set"), _lists(*sets))

    @cached_property
    def _places(self) -> pa.Table:
        """All that is known of the rows but their sets."""
        name, schema = ("sets", SETS) if isinstance(self.digests, EarlierDigests) else ("rows", ROWS)
        return pa.Table.from_batches([self._file(name, schema)])

    def described(self, chosen: Bools) -> pa.Table:
        """The chosen rows, with the columns of `ROWS`."""
        return self._places if chosen.all() else self._places.filter(pa.array(chosen))

    def places(self, rows: Int64s) -> pa.Table:
        """The places of some rows, with the columns of `PLACE_COLUMNS`."""
        return self._places.select(PLACE_COLUMNS).take(pa.array(rows))

    @property
    def sizes(self) -> Int32s:
        """int32[r], the size of each row's set."""
        sizes: Int32s = _single(self._places.column("size")).to_numpy()
        return sizes

    @property
    def numbers(self) -> tuple[UInt64s, Int64s]:
        """The numbers of the rows' paragraphs, uint64[n], and where each row's begin, int64[r + 1]."""
        column = _single(self._places.column("numbers"))
        return column.values.to_numpy(), column.offsets.to_numpy()

    @cached_property
    def postings(self) -> Postings:
        """The rows of each token."""
        return Postings.read(self._file("postings", POSTINGS))

    def count_tokens(self) -> int:
        """The tokens of the sets of the rows that count."""
        return int(self.sizes[self.live.astype(bool)].sum(dtype=np.int64))

    @cached_property
    def live(self) -> Bytes:
        """uint8[r], 1 for rows that count."""
        column = _single(self._places.column("run"))
        named = np.array([run in self.runs for run in column.dictionary.to_pylist()], np.uint8)
        live: Bytes = named[column.indices.to_numpy()] if len(named) else np.zeros(0, np.uint8)
        return live


def _rises(edges: Int64s, last: int) -> bool:
    """True for edges from 0 to `last` that never fall."""
    return bool(len(edges) and edges[0] == 0 and edges[-1] == last and (edges[1:] >= edges[:-1]).all())


def _single(column: pa.ChunkedArray) -> pa.Array:
    """The column in one piece; where it is one already, without a copy of what is mapped."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _lists(values: UInt64s, offsets: Int64s) -> pa.Array:
    return pa.LargeListArray.from_arrays(pa.array(offsets), pa.array(values))


def sets_table(places: pa.Table, tokens: UInt64s, bounds: Int64s, numbers: NumberSets) -> pa.Table:
    """The table `SETS` from places, with the columns of `PLACE_COLUMNS`, ordered sets, and numbers."""
    columns = [*(places.column(name) for name in PLACE_COLUMNS), _lists(tokens, bounds)]
    return _encoded(pa.table([*columns, _lists(numbers.numbers, numbers.offsets)], names=SETS.names))


def _encoded(table: pa.Table) -> pa.Table:
    """The table with its names as dictionaries, of the schema `SETS`."""
    for at, name in enumerate(_NAMES):
        column = table.column(name)
        encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
        table = table.set_column(at, name, encoded)
    return table.cast(SETS).unify_dictionaries()


def write_segment(folder: Folder, tables: Sequence[pa.Table]) -> Digests:
    """Writes a segment; returns the digests of its files.

    Args:
        folder: the segment's own.
        tables: consecutive rows, with the columns of `SETS`.
    """
    sets = [chunk for table in tables for chunk in table.column("set").chunks]
    rows = pa.concat_tables([table.drop_columns("set") for table in tables])
    parts = [(chunk.values.to_numpy(), chunk.offsets.to_numpy()) for chunk in sets]
    sizes = pa.chunked_array([pa.array(np.diff(bounds).astype(np.int32)) for _, bounds in parts], pa.int32())
    return _write(folder, rows.add_column(_SET, ROWS.field("size"), sizes), Postings.of(parts))


def merge_segments(folder: Folder, segments: Sequence[Segment]) -> Digests:
    """Writes the rows that count of consecutive segments as one; returns the digests of its files."""
    chosen = [each.live.astype(bool) for each in segments]
    rows = pa.concat_tables([each.described(some) for each, some in zip(segments, chosen, strict=True)])
    return _write(
        folder, rows, Postings.merged([each.postings for each in segments], [each.sizes for each in segments], chosen)
    )


def _write(folder: Folder, rows: pa.Table, postings: Postings) -> Digests:
    digest = folder.write_arrow("postings.arrow", postings.table())
    return Digests(folder.write_arrow("rows.arrow", rows.unify_dictionaries(), compression="zstd"), digest)


def parts(items: Iterable[T], size: Callable[[T], int], most: int) -> Iterator[list[T]]:
    """Consecutive ones in groups of a `size` of at most so many in all, but where one alone has more."""
    group: list[T] = []
    total = 0
    for each in items:
        added = size(each)
        if group and total + added > most:
            yield group
            group, total = [], 0
        group.append(each)
        total += added
    if group:
        yield group


def count_tokens_of(table: pa.Table) -> int:
    """The tokens of a table's sets."""
    return sum(len(chunk.flatten()) for chunk in table.column("set").chunks)
