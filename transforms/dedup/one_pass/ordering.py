"""The sets that could have a partner at all, each in the order that makes rare shingles come first."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from transforms.arrays import Bytes, Int64s, UInt32s, UInt64s
from transforms.dedup.kernels import identify_sets
from transforms.dedup.numbers.sets import NumberSets, join_numbers
from transforms.dedup.one_pass.kernels.order import (
    add_occurrences,
    count_frequencies,
    count_occurrences,
    find_firsts,
    order_sets,
    rank_frequencies,
    select_contenders,
)
from transforms.dedup.shingles import ShingleSets
from transforms.errors import RunError
from transforms.parallel import all_in_order

# The rank of a frequency; from 2 ** 16 on all are the same.
_RANKS: Bytes = (16 * np.log2(np.maximum(np.arange(1 << 16), 1))).astype(np.uint8)
_MOST_TABLES = 4  # that are filled side by side and added up: each takes memory, and adding them time
_TABLE_BITS = 24  # the base-2 logarithm of the shingles that are worth another table
_COUNTER_BITS = 21  # the base-2 logarithm of the counters that stay in the processor's cache
_ORDER_BITS = (10, 22)  # the least and the most base-2 logarithm of the places in an order table


@dataclass(frozen=True)
class CountTable:
    """The counts of shingles by the leading bits of their hashes, and the shift that leaves these bits."""

    counts: Bytes
    shift: np.uint64


@dataclass(frozen=True)
class OrderedSets:
    """The contenders' sets, ordered; see `order_sets`; and their numbers. `paragraphs` are numbered through the run.

    Of paragraphs with the same shingles and numbers in the same order there is the first only.
    """

    paragraphs: Int64s
    tokens: UInt64s
    bounds: Int64s
    alone: Int64s
    identities: UInt64s
    numbers: NumberSets


def find_first_copies(splits: Sequence[ShingleSets], threads: int) -> Int64s:
    """The first paragraph with the same shingles and numbers in the same order, for each: int64[p].

    Paragraphs are numbered through the run; one without shingles is its own first.

    Raises:
        JoinMemoryError: this needs more memory than there is.
    """
    paragraphs = sum(len(split.offsets) - 1 for split in splits)
    check_memory(_COPY * paragraphs, f"comparing {paragraphs:,} paragraphs")
    parts = all_in_order(_identify, splits, threads)
    high, low, compared = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    first = np.empty(len(high), np.int64)
    find_firsts(high, low, compared, np.full(1 << (2 * len(high) + 2).bit_length(), -1, np.int32), first)
    return first


def _identify(split: ShingleSets) -> tuple[UInt64s, UInt64s, Bytes]:
    """The 128-bit hash of each paragraph's shingles and numbers, and whether it has shingles."""
    high, low = np.empty(len(split.offsets) - 1, np.uint64), np.empty(len(split.offsets) - 1, np.uint64)
    identify_sets(split.shingles, split.offsets, split.numbers.numbers, split.numbers.offsets, high, low)
    return high, low, (np.diff(split.offsets) > 0).astype(np.uint8)


def order_contenders(splits: Sequence[ShingleSets], first_copy: Int64s, threshold: float, threads: int) -> OrderedSets:
    """The ordered sets of all paragraphs that share enough shingles with others than their copies to be similar to one.

    Args:
        splits: the shingles of each split.
        first_copy: see `find_first_copies`; copies are passed over.
        threshold: the least Jaccard similarity of a duplicate.
        threads: how many work at a time.

    Raises:
        JoinMemoryError: this, or the join of them, needs more memory than there is.
    """
    sizes = [(len(split.offsets) - 1, len(split.shingles)) for split in splits]
    first = np.cumsum([0] + [paragraphs for paragraphs, _ in sizes])
    shingles = sum(count for _, count in sizes)
    tables = _tables(shingles, len(splits), threads)
    check_memory(tables * counting_bytes(shingles), f"counting {shingles:,} shingles")
    originals = (first_copy == np.arange(len(first_copy))).astype(np.uint8)
    counted = np.split(originals, first[1:-1])
    counters = _count(splits, counted, shingles, tables)

    def select(number: int) -> Bytes:
        return _select(splits[number], counted[number], counters, threshold)

    contenders = all_in_order(select, range(len(splits)), threads)
    contending = _contending_shingles(splits, contenders)
    sets = sum(int(contender.sum(dtype=np.int64)) for contender in contenders)
    total = sum(contending)
    check_memory(joining_bytes(total, sets, threshold, threads), f"joining {sets:,} sets of {total:,} shingles")
    return _order_all(splits, contenders, contending, first, counters, threads)


def _tables(shingles: int, splits: int, threads: int) -> int:
    """The tables that shingles are counted in side by side."""
    return min(threads, _MOST_TABLES, splits, 1 + (shingles >> _TABLE_BITS))


def _count(splits: Sequence[ShingleSets], counted: Sequence[Bytes], shingles: int, tables: int) -> CountTable:
    """Counts the shingles of some paragraphs in one to two counters for each shingle, or four to eight of few.

    More would part chance encounters better, but fewer stay in the processor's cache, and that weighs more.
    """
    bits = max(10, min((8 * shingles).bit_length() - 1, _COUNTER_BITS), (2 * shingles).bit_length() - 1)
    shift = np.uint64(64 - bits)

    def fill(table: int) -> Bytes:
        counters = np.zeros(1 << (bits - 2), np.uint8)
        for number in range(table, len(splits), tables):
            split = splits[number]
            count_occurrences(split.shingles, split.offsets, counted[number], shift, counters)
        return counters

    total, *others = all_in_order(fill, range(tables), tables)
    for counters in others:
        add_occurrences(total, counters)
    return CountTable(total, shift)


def _select(split: ShingleSets, counted: Bytes, counters: CountTable, threshold: float) -> Bytes:
    contender = np.empty(len(split.offsets) - 1, np.uint8)
    select_contenders(split.shingles, split.offsets, counted, counters.counts, counters.shift, threshold, contender)
    return contender


def _contending_shingles(splits: Sequence[ShingleSets], contenders: Sequence[Bytes]) -> list[int]:
    """The shingles of the contenders of each split."""
    return [
        int(np.diff(split.offsets) @ contender.astype(np.int64))
        for split, contender in zip(splits, contenders, strict=True)
    ]


def order_table(
    splits: Sequence[ShingleSets], contenders: Sequence[Bytes], shingles: int, tables: int = 1
) -> CountTable:
    """The order table of the contenders' shingles: about a place for each, as far as they stay in the cache.

    Any total order of shingles gives the right answer; one by rising frequency gives few candidates. Its counts are
    ranks: 16 times the base-2 logarithm of the frequency, below 256.

    Args:
        splits: the shingles of each split.
        contenders: for each split, uint8[p], 1 for the paragraphs whose shingles are counted.
        shingles: how many these are.
        tables: how many are counted side by side, and added up.
    """
    bits = int(np.clip(shingles.bit_length(), *_ORDER_BITS))
    shift = np.uint64(64 - bits)

    def count(table: int) -> UInt32s:
        frequencies = np.zeros(1 << bits, np.uint32)
        for number in range(table, len(splits), tables):
            split = splits[number]
            count_frequencies(split.shingles, split.offsets, contenders[number], shift, frequencies)
        return frequencies

    frequencies, *others = all_in_order(count, range(tables), tables)
    for each in others:
        frequencies += each
    ranks = np.empty(1 << bits, np.uint8)
    rank_frequencies(frequencies, _RANKS, ranks)
    return CountTable(ranks, shift)


def _order_all(
    splits: Sequence[ShingleSets],
    contenders: Sequence[Bytes],
    contending: Sequence[int],
    first: Int64s,
    counters: CountTable,
    threads: int,
) -> OrderedSets:
    """The ordered sets of all splits; each split's tokens are written where they stay but for a shift."""
    tables = _tables(sum(contending), len(splits), threads)
    order = order_table(splits, contenders, sum(contending), tables)
    tokens = np.empty(sum(contending), np.uint64)
    begins = np.cumsum([0, *contending])

    def work(number: int) -> OrderedSets:
        room = tokens[begins[number] : begins[number + 1]]
        return _order(splits[number], contenders[number], int(first[number]), counters, order, room)

    parts = all_in_order(work, range(len(splits)), threads)
    ends = np.cumsum([0] + [len(part.tokens) for part in parts])
    for part, begin, end in zip(parts, ends, ends[1:], strict=False):
        tokens[begin:end] = part.tokens  # what a paragraph repeats within itself has left gaps
    return _concatenate(parts, tokens[: ends[-1]])


def _order(
    split: ShingleSets, contender: Bytes, first: int, counters: CountTable, order: CountTable, tokens: UInt64s
) -> OrderedSets:
    """The ordered sets of a split, at the head of `tokens`."""
    paragraphs = np.flatnonzero(contender).astype(np.int64)
    bounds = np.empty(len(paragraphs) + 1, np.int64)
    alone = np.empty(len(paragraphs), np.int64)
    identities = np.empty(len(paragraphs), np.uint64)
    used = order_sets(
        split.shingles, split.offsets, contender, order.counts, order.shift, counters.counts, counters.shift,
        tokens, bounds, alone, identities,
    )  # fmt: skip
    numbers = split.numbers.take(paragraphs)
    return OrderedSets(paragraphs + first, tokens[:used], bounds, alone, identities, numbers)


def _concatenate(parts: Sequence[OrderedSets], tokens: UInt64s) -> OrderedSets:
    """All parts as one; `tokens` holds theirs already."""
    shifts = np.cumsum([0] + [len(part.tokens) for part in parts])
    bounds = [part.bounds[:-1] + shift for part, shift in zip(parts, shifts, strict=False)]
    return OrderedSets(
        np.concatenate([part.paragraphs for part in parts]),
        tokens,
        np.concatenate([*bounds, shifts[-1:]]).astype(np.int64),
        np.concatenate([part.alone for part in parts]),
        np.concatenate([part.identities for part in parts]),
        join_numbers([part.numbers for part in parts]),
    )


_MEMINFO = Path("/proc/meminfo")
_CGROUP = Path("/sys/fs/cgroup")
_COPY = 64  # a paragraph's hash, by split and as one column, its place in the table of hashes, its first copy
_TOKEN = 8 + 1  # an ordered set's token; where they close up, a split's for a moment again
_SET = 144  # a set's row in the columns of the join, its place in the table of equal sets, and its decision
_SEEN = 4  # whether a thread has met a set
_PREFIX_TOKEN = 4 + 4  # slot, and where the token came before
_SLOT = 16  # a place in the table of prefix tokens, which is gone when rooms for the kept sets take less


class JoinMemoryError(RunError):
    """The join needs more memory than there is."""


def counting_bytes(shingles: int) -> int:
    """The most that counting `shingles` takes: two bits for each of one to two counters a shingle, or eight of few."""
    return max(shingles // 2, min(2 * shingles, 1 << (_COUNTER_BITS - 2)))


def joining_bytes(shingles: int, sets: int, threshold: float, threads: int = 1) -> int:
    """The most that ordering and joining `sets` with `shingles` in all takes, by some threads."""
    prefixes = min(shingles, int((1 - threshold) * shingles) + 2 * sets)
    tokens = _TOKEN * shingles + _PREFIX_TOKEN * prefixes + _SLOT * table_places(prefixes)
    return tokens + (_SET + _SEEN * threads) * sets


def table_places(prefixes: int) -> int:
    """The places in the table of so many prefix tokens: a third stays free, which is as fast as a half."""
    return prefixes + prefixes // 2 + 1024  # however few tokens fall, no piece of a table is full


def deciding_bytes(shingles: int, paragraphs: int, threshold: float) -> int:
    """The most that deciding `paragraphs` with `shingles` in all takes, by one thread."""
    return _COPY * paragraphs + counting_bytes(shingles) + joining_bytes(shingles, paragraphs, threshold)


def check_memory(needed: int, what: str) -> None:
    """Raises JoinMemoryError where `needed` bytes are more than can be had."""
    available = available_bytes()
    if needed > available:
        raise JoinMemoryError(
            f"{what} needs about {needed >> 20:,} MiB of memory and {available >> 20:,} MiB are free: "
            "set run.max_bytes to take the input in slices, or use a machine with more"
        )


def available_bytes() -> int:
    """Bytes that this process can still take, by the system and by its control group."""
    lines = _MEMINFO.read_text("ascii").splitlines()
    system = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    try:
        limit = (_CGROUP / "memory.max").read_text("ascii").strip()
        used = int((_CGROUP / "memory.current").read_text("ascii")) - _reclaimable()
    except OSError:
        return system
    return system if limit == "max" else min(system, int(limit) - used)


def _reclaimable() -> int:
    """Bytes of files that the control group holds only as long as nobody needs the room."""
    lines = (_CGROUP / "memory.stat").read_text("ascii").splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("inactive_file ")), 0)
