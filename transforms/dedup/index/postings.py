"""The postings of a segment: for each token the rows that have it, and from them the rows' sets again."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from transforms.arrays import Bools, Int32s, Int64s, UInt64s
from transforms.dedup.index.kernels.postings import (
    add_part,
    count_parts,
    fill_filter,
    gather_tokens,
    lead_nowhere,
    restore_sets,
    spread_tokens,
)

_PART_BITS = 9  # a part and what it is sorted with stay in the cache
_BUCKET_BITS = 4  # 8 to 16 postings a bucket
_SPREAD_BITS = 6  # of a rank, by which tokens are spread before they are put into sets
_FILTER_BITS = 12  # a token: one in twelve that is not there passes


@dataclass(frozen=True)
class Postings:
    """The rows of each token of sets, as kernels read them.

    A row goes by its rank: its place when rows are sorted by the size of their sets. Tokens are sorted, and stand in
    buckets that their first bits name. What is packed takes as many bits as the largest number may need.

    Attributes:
        begins, starts: int32[2 ** k + 1], where each bucket's tokens and postings begin.
        rests: uint64[], packed: the bits of each different token that its bucket does not say.
        firsts: uint64[], a bit a posting, which is set for the first of each token.
        rows: uint64[], packed: the rank of each posting's row; those of a token rise.
        filter: uint64[], see `fill_filter`.
        order: int32[r], the row of each rank.
    """

    begins: Int32s
    starts: Int32s
    rests: UInt64s
    firsts: UInt64s
    rows: UInt64s
    filter: UInt64s
    order: Int32s

    @staticmethod
    def of(sets: Sequence[tuple[UInt64s, Int64s]]) -> "Postings":
        """Those of sets, which come in parts: uint64[t], different tokens within a set, and where each set begins."""
        built = _Building(np.concatenate([np.zeros(0, np.int64), *(np.diff(bounds) for _, bounds in sets)]))
        shift = np.uint64(64 - built.part_bits)
        counts = np.zeros(1 << built.part_bits, np.int64)
        for tokens, bounds in sets:
            count_parts(tokens[bounds[0] : bounds[-1]], shift, counts)
        edges = np.concatenate([[0], np.cumsum(counts)])
        ends, rank = edges[:-1].copy(), built.ranks()
        spread, ranks = np.empty(edges[-1], np.uint64), np.empty(edges[-1], np.int32)
        for (tokens, bounds), own in zip(sets, _split(rank, [len(bounds) - 1 for _, bounds in sets]), strict=True):
            spread_tokens(tokens, bounds, np.argsort(own, kind="stable"), own, shift, ends, spread, ranks)
        for begin, end in pairwise(edges.tolist()):
            built.add(spread[begin:end], ranks[begin:end])
        return built.finish()

    @staticmethod
    def merged(parts: Sequence["Postings"], sizes: Sequence[Int32s], chosen: Sequence[Bools]) -> "Postings":
        """Those of the chosen rows of several, as if they had been one after the other.

        Args:
            parts: the others.
            sizes: int32[r] of each, the sizes of its rows' sets.
            chosen: bool[r] of each.
        """
        kept = [each[some] for each, some in zip(sizes, chosen, strict=True)]
        built = _Building(np.concatenate(kept))
        new_ranks = []
        for some, ranks in zip(chosen, _split(built.ranks(), list(map(len, kept))), strict=True):
            new = np.full(len(some), -1, np.int32)
            new[some] = ranks
            new_ranks.append(new)
        new_ranks = [new[each.order] for new, each in zip(new_ranks, parts, strict=True)]
        span = 1 << (64 - built.part_bits)
        for least in range(0, 1 << 64, span):
            most = least + span - 1
            most_there = sum(each.count_from(least, most) for each in parts)
            spread, ranks = np.empty(most_there, np.uint64), np.empty(most_there, np.int32)
            end = 0
            for each, new in zip(parts, new_ranks, strict=True):
                end = gather_tokens(*each.search, new, np.uint64(least), np.uint64(most), end, spread, ranks)
            built.add(spread[:end], ranks[:end])
        return built.finish()

    def count_from(self, least: int, most: int) -> int:
        """At least as many as there are postings of the tokens from `least` to `most`."""
        return int(self.starts[(most >> int(self.shift)) + 1] - self.starts[least >> int(self.shift)])

    @property
    def search(self) -> tuple[Any, ...]:
        """The arguments of kernels that read postings: all but the filter and the order."""
        return self.begins, self.starts, self.rests, self.shift, self.firsts, self.width, self.rows

    @property
    def shift(self) -> np.uint64:
        """The shift from a token to its bucket, and the bits of what the bucket does not say."""
        return np.uint64(64 - _bits_of(len(self.begins) - 1))

    @property
    def width(self) -> np.uint64:
        """The bits of a rank."""
        return _width(len(self.order))

    def fit(self, sizes: Int32s) -> bool:
        """True if no number leads outside of these postings, or of rows with sets of those sizes."""
        rows, buckets = len(self.order), len(self.begins) - 1
        return (
            rows == len(sizes)
            and (not rows or bool(self.order.min() >= 0 and self.order.max() < rows))
            and bool((np.diff(sizes[self.order]) >= 0).all())
            and buckets > 1
            and buckets & (buckets - 1) == 0
            and _rises(self.begins)
            and len(self.starts) == len(self.begins)
            and _rises(self.starts)
            and int(self.starts[-1]) == int(sizes.sum(dtype=np.int64))
            and self._words_fit()
            and not lead_nowhere(self.begins, self.starts, self.firsts, self.width, self.rows, rows)
        )

    def _words_fit(self) -> bool:
        needed = (
            (self.rests, int(self.begins[-1]) * int(self.shift)),
            (self.firsts, int(self.starts[-1])),
            (self.rows, int(self.starts[-1]) * int(self.width)),
            (self.filter, 1),
        )
        return all(64 * len(words) >= bits for words, bits in needed)

    def sets(self, sizes: Int32s) -> tuple[UInt64s, Int64s] | None:
        """The sets of rows: tokens, uint64[t], and where each row's begin, int64[r + 1]; None if they do not fit.

        Args:
            sizes: int32[r], of the sets; `fit` is true for them.
        """
        bounds = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])
        tokens = np.empty(bounds[-1], np.uint64)
        spread, owners = np.empty(len(tokens), np.uint64), np.zeros(len(tokens), np.int32)
        apart = max(0, int(self.width) - _SPREAD_BITS)
        places = np.concatenate([[0], np.cumsum(sizes[self.order], dtype=np.int64)])[:-1][:: 1 << apart].copy()
        whole = restore_sets(
            *self.search, self.order, bounds, np.uint64(apart), places, spread, owners, bounds[:-1].copy(), tokens
        )
        return (tokens, bounds) if whole else None

    def table(self) -> pa.Table:
        """One row, with the columns of `POSTINGS`."""
        columns = [_list_of(getattr(self, each.name)) for each in fields(self)]
        return pa.table(columns, schema=POSTINGS)

    @staticmethod
    def read(batch: pa.RecordBatch) -> "Postings":
        """Views of such a row."""
        return Postings(**{each.name: batch.column(each.name).values.to_numpy() for each in fields(Postings)})


_TYPES = {"begins": pa.int32(), "starts": pa.int32(), "order": pa.int32()}
POSTINGS = pa.schema(
    [
        pa.field(each.name, pa.large_list(_TYPES.get(each.name, pa.uint64())), nullable=False)
        for each in fields(Postings)
    ]
)


class _Building:
    """Postings that are built part by part: parts hold the tokens with the same first bits, by rising bits."""

    def __init__(self, sizes: Int32s | Int64s) -> None:
        total = int(sizes.sum(dtype=np.int64))
        bits = max(1, _bits_of(total) - _BUCKET_BITS)
        self.part_bits = min(_PART_BITS, bits)
        self.order: Int64s = np.argsort(sizes, kind="stable")
        self._shift, self._width = np.uint64(64 - bits), _width(len(sizes))
        self._begins, self._starts = np.zeros((1 << bits) + 1, np.int32), np.zeros((1 << bits) + 1, np.int32)
        self._rests, self._firsts, self._rows = (_words(total * int(each)) for each in (self._shift, 1, self._width))
        fine = bits + _BUCKET_BITS - 1 - self.part_bits
        self._fine_shift, self._places = np.uint64(64 - self.part_bits - fine), np.empty((1 << fine) + 1, np.int64)
        self._tokens, self._owners = np.empty(0, np.uint64), np.empty(0, np.int32)
        self._added = self._distinct = 0

    def ranks(self) -> Int32s:
        """int32[r], the rank of each row."""
        rank = np.empty(len(self.order), np.int32)
        rank[self.order] = np.arange(len(rank), dtype=np.int32)
        return rank

    def add(self, tokens: UInt64s, ranks: Int32s) -> None:
        """Adds the next part: tokens, in any order, and the ranks of their rows."""
        if len(self._tokens) < len(tokens):
            self._tokens, self._owners = np.empty(len(tokens), np.uint64), np.empty(len(tokens), np.int32)
        self._distinct = add_part(
            tokens, ranks, self._fine_shift, self._places, self._tokens, self._owners, self._added, self._distinct,
            self._shift, self._width, self._begins, self._starts, self._rests, self._firsts, self._rows,
        )  # fmt: skip
        self._added += len(tokens)

    def finish(self) -> Postings:
        """The postings."""
        begins, starts = (np.cumsum(each, dtype=np.int32) for each in (self._begins, self._starts))
        bits = _words(max(1, _FILTER_BITS * self._distinct))
        fill_filter(begins, self._rests, self._shift, bits)
        rests = self._rests[: len(_words(self._distinct * int(self._shift)))]
        return Postings(begins, starts, rests, self._firsts, self._rows, bits, self.order.astype(np.int32))


def _split(values: Int32s, sizes: Sequence[int]) -> list[Int32s]:
    """Consecutive parts of so many values."""
    return np.split(values, np.cumsum(sizes)[:-1]) if len(sizes) else []


def _list_of(values: Any) -> pa.Array:
    return pa.LargeListArray.from_arrays(pa.array([0, len(values)], pa.int64()), pa.array(values))


def _bits_of(numbers: int) -> int:
    return (max(1, numbers) - 1).bit_length()


def _width(rows: int) -> np.uint64:
    return np.uint64(max(1, _bits_of(rows)))


def _words(bits: int) -> UInt64s:
    """Zeros for so many bits; what is not touched takes no memory."""
    return np.zeros(-(-bits // 64), np.uint64)


def _rises(edges: Int32s) -> bool:
    """True for edges from 0 that never fall."""
    return bool(edges[0] == 0 and (edges[1:] >= edges[:-1]).all())
