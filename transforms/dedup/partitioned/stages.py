"""The stages of the partitioned join on columns: what each worker does, without a runner.

A paragraph's position is its split's index << 32 | its number in the split: positions are in input order.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from transforms.arrays import Bytes, Float64s, Int32s, Int64s, UInt32s, UInt64s
from transforms.dedup.kernels import ORDER_BITS, identify_sets
from transforms.dedup.partitioned.kernels import (
    count_tokens,
    pair_groups,
    rank_sets,
    take_prefixes,
    verify_pairs,
)
from transforms.dedup.shingles import ShingleSets

POSITION_BITS = 32
MOST_IN_A_GROUP = 256  # entries of one token that are paired; larger groups are near-copies, decided by their sets
_ENTRIES_A_BLOCK = 1 << 18  # so that no element between workers is above 8 MB
_COUNT_BITS = 20
COUNTS = 1 << _COUNT_BITS
_UNORDERED = np.zeros(1 << ORDER_BITS, np.uint8)
_MIXER = np.uint64(0x9E3779B97F4A7C15)

B = TypeVar("B", bound="_Block")


DTYPES: dict[str, Any] = {
    **dict.fromkeys(("high", "low", "token"), np.uint64),
    **dict.fromkeys(("position", "first", "later", "earlier"), np.int64),
    "size": np.int32,
    "far": np.uint8,
    "similarity": np.float64,
}


class _Block:
    """Columns of equal length that pass from worker to worker; derived dataclasses name them."""

    def columns(self) -> list[npt.NDArray[np.generic]]:
        """The columns in order."""
        return [getattr(self, each.name) for each in fields(self)]  # type: ignore[arg-type]

    def __len__(self) -> int:
        return len(self.columns()[0])


@dataclass(frozen=True)
class EqualBlock(_Block):
    """Hashes of whole sets with the numbers of their paragraphs, and where they are."""

    high: UInt64s
    low: UInt64s
    position: Int64s


@dataclass(frozen=True)
class CopyBlock(_Block):
    """Paragraphs whose sets and numbers equal an earlier one's: the position of the copy and of the first."""

    position: Int64s
    first: Int64s


@dataclass(frozen=True)
class _PrefixBlock(_Block):
    """Prefix tokens, the positions of their sets, the sets' sizes, and 1 for tokens behind the middle prefix."""

    token: UInt64s
    position: Int64s
    size: Int32s
    far: Bytes


@dataclass(frozen=True)
class PairBlock(_Block):
    """Candidates: pairs of positions."""

    later: Int64s
    earlier: Int64s


@dataclass(frozen=True)
class EdgeBlock(_Block):
    """Pairs that are similar enough, with their similarity."""

    later: Int64s
    earlier: Int64s
    similarity: Float64s


@dataclass(frozen=True)
class DenseBlock(_Block):
    """Tokens that too many sets share to pair them, and the positions of those sets."""

    token: UInt64s
    position: Int64s


@dataclass(frozen=True)
class GivenBlock(_Block):
    """Paragraphs that repeat one of an earlier run, with their similarity to it."""

    position: Int64s
    similarity: Float64s


def joined(kind: type[B], blocks: Iterable[B]) -> B:
    """One block with the rows of all."""
    rows = list(blocks)
    empty = kind(*(np.zeros(0, DTYPES[each.name]) for each in fields(kind)))  # type: ignore[arg-type]
    return kind(
        *(np.concatenate(columns) for columns in zip(*(each.columns() for each in [empty, *rows]), strict=True))
    )


def chunks(block: B) -> Iterator[B]:
    """The block in pieces small enough to pass between workers."""
    for begin in range(0, len(block), _ENTRIES_A_BLOCK):
        yield type(block)(*(column[begin : begin + _ENTRIES_A_BLOCK] for column in block.columns()))


def by_key(keys: npt.NDArray[np.integer[Any]], block: B) -> Iterator[tuple[int, B]]:
    """The block's rows by key, in pieces; rows of one key stay in order."""
    order = np.argsort(keys, kind="stable")
    found, first = np.unique(keys[order], return_index=True)
    ends = [*first[1:].tolist(), len(order)]
    for key, begin, end in zip(found.tolist(), first.tolist(), ends, strict=False):
        rows = order[begin:end]
        for piece in chunks(type(block)(*(column[rows] for column in block.columns()))):
            yield int(key), piece


def positions(split: int, paragraphs: Int64s) -> Int64s:
    """The positions of a split's paragraphs."""
    return (np.int64(split) << POSITION_BITS) | paragraphs


def split_of(position: Int64s) -> Int64s:
    """The index of each position's split."""
    return position >> POSITION_BITS


def paragraph_of(position: Int64s) -> Int64s:
    """The number of each position's paragraph in its split."""
    return position & ((1 << POSITION_BITS) - 1)


def count_split(sets: ShingleSets) -> UInt32s:
    """The counts of shingles by the first bits of their hashes: uint32[2 ** 20], small enough to pass on."""
    frequencies = np.zeros(1 << ORDER_BITS, np.uint32)
    count_tokens(sets.shingles >> np.uint64(8), frequencies)
    counts: UInt32s = frequencies.reshape(1 << _COUNT_BITS, -1).sum(axis=1, dtype=np.uint32)
    return counts


def order_of(counts: UInt32s) -> Bytes:
    """The order table of counts: uint8[2 ** ORDER_BITS], 7 times the binary logarithm."""
    ranks = (7 * np.log2(np.maximum(counts, 1))).astype(np.uint8)
    return np.repeat(ranks, 1 << (ORDER_BITS - _COUNT_BITS))


def equal_sets(split: int, sets: ShingleSets, partitions: int) -> Iterator[tuple[int, EqualBlock]]:
    """The hashes of a split's sets, by partition."""
    wanted = np.diff(sets.offsets) > 0
    tokens, bounds = ordered_sets(sets, wanted.astype(np.uint8), _UNORDERED)
    high, low = np.empty(len(bounds) - 1, np.uint64), np.empty(len(bounds) - 1, np.uint64)
    paragraphs = np.flatnonzero(wanted)
    numbers = sets.numbers.take(paragraphs)
    identify_sets(tokens, bounds, numbers.numbers, numbers.offsets, high, low)
    block = EqualBlock(high, low, positions(split, paragraphs))
    yield from by_key((high % np.uint64(partitions)).astype(np.int64), block)


def find_copies(blocks: Iterable[EqualBlock]) -> Iterator[tuple[int, CopyBlock]]:
    """The copies among the sets of one partition, by split."""
    every = joined(EqualBlock, blocks)
    order = np.lexsort((every.position, every.low, every.high))
    high, low, position = every.high[order], every.low[order], every.position[order]
    begins = np.ones(len(order), bool)
    begins[1:] = (high[1:] != high[:-1]) | (low[1:] != low[:-1])
    first = position[np.maximum.accumulate(np.where(begins, np.arange(len(order)), 0))]
    copies = CopyBlock(position[~begins], first[~begins])
    yield from by_key(split_of(copies.position), copies)


def prefixes(
    split: int,
    sets: ShingleSets,
    copies: Iterable[CopyBlock],
    order: Bytes,
    threshold: float,
    partitions: int,
) -> Iterator[tuple[int, _PrefixBlock]]:
    """The prefix tokens of a split's sets that are no copies, by partition."""
    wanted = np.diff(sets.offsets) > 0
    wanted[paragraph_of(joined(CopyBlock, copies).position)] = False
    tokens, bounds = ordered_sets(sets, wanted.astype(np.uint8), order)
    sizes = np.diff(bounds)
    room = int((sizes - np.floor(threshold * sizes) + 2).sum())
    token, row, far = np.empty(room, np.uint64), np.empty(room, np.int32), np.empty(room, np.uint8)
    used = take_prefixes(tokens, bounds, threshold, token, row, far)
    token, row, far = token[:used], row[:used], far[:used]
    block = _PrefixBlock(token, positions(split, np.flatnonzero(wanted))[row], sizes[row].astype(np.int32), far)
    yield from by_key(((token * _MIXER >> np.uint64(40)) % np.uint64(partitions)).astype(np.int64), block)


def candidates(blocks: Iterable[_PrefixBlock], threshold: float) -> tuple[PairBlock, DenseBlock]:
    """The pairs of one partition, each once, and the tokens that too many sets share."""
    every = joined(_PrefixBlock, blocks)
    order = np.lexsort((every.position, every.token))
    token, position, size, far = (column[order] for column in every.columns())
    nothing = np.empty(0, np.int64)
    count = pair_groups(token, position, size, far, MOST_IN_A_GROUP, threshold, nothing, nothing)
    later, earlier = np.empty(count, np.int64), np.empty(count, np.int64)
    pair_groups(token, position, size, far, MOST_IN_A_GROUP, threshold, later, earlier)
    _, group, sizes = np.unique(token, return_inverse=True, return_counts=True)
    dense = sizes[group] > MOST_IN_A_GROUP if len(token) else np.zeros(0, bool)
    return unique_pairs([PairBlock(later, earlier)]), DenseBlock(token[dense], position[dense])


def unique_pairs(blocks: Iterable[PairBlock]) -> PairBlock:
    """All pairs, each once, sorted."""
    every = joined(PairBlock, blocks)
    order = np.lexsort((every.earlier, every.later))
    later, earlier = every.later[order], every.earlier[order]
    new = np.ones(len(order), bool)
    new[1:] = (later[1:] != later[:-1]) | (earlier[1:] != earlier[:-1])
    return PairBlock(later[new], earlier[new])


def verify(pairs: PairBlock, later: ShingleSets, earlier: ShingleSets, threshold: float) -> EdgeBlock:
    """The similar ones of pairs whose later paragraphs are of one split, and the earlier ones of one split too."""
    lefts, rights = _sets_of(paragraph_of(pairs.later), later), _sets_of(paragraph_of(pairs.earlier), earlier)
    similarity = np.empty(len(pairs), np.float64)
    verify_pairs(*lefts, *rights, threshold, similarity)
    similar = similarity > 0
    return EdgeBlock(pairs.later[similar], pairs.earlier[similar], similarity[similar])


def _sets_of(paragraphs: Int64s, sets: ShingleSets) -> tuple[UInt64s, Int64s, UInt64s, Int64s, Int64s]:
    """The sets and numbers of paragraphs, each once, and which of them is each one's."""
    wanted = np.zeros(len(sets.offsets) - 1, np.uint8)
    wanted[paragraphs] = 1
    tokens, bounds = ordered_sets(sets, wanted, _UNORDERED)
    distinct = np.flatnonzero(wanted)
    numbers = sets.numbers.take(distinct)
    return tokens, bounds, numbers.numbers, numbers.offsets, np.searchsorted(distinct, paragraphs)


def ordered_sets(split: ShingleSets, wanted: Bytes, order: Bytes) -> tuple[UInt64s, Int64s]:
    """The sets of the wanted paragraphs in the order of a table: tokens, and where each set's begin."""
    sizes = np.diff(split.offsets)[wanted.astype(bool)]
    tokens = np.empty(int(sizes.sum()), np.uint64)
    bounds = np.empty(len(sizes) + 1, np.int64)
    used = rank_sets(split.shingles, split.offsets, wanted, order, tokens, bounds)
    return tokens[:used], bounds
