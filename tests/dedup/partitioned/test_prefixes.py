"""The kernels that put sets in the order of a table and take their prefixes, each beside its plain-Python twin."""

from collections import Counter
from collections.abc import Sequence
from itertools import chain, pairwise
from math import log2
from random import Random

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dedup.index.samples import Shingles, sets_of, splits
from tests.dedup.samples import thresholds
from transforms.dedup.kernels import ORDER_BITS
from transforms.dedup.partitioned.kernels import count_tokens, rank_sets, take_prefixes
from transforms.dedup.partitioned.stages import ordered_sets


def order_of(split: Sequence[Shingles]) -> npt.NDArray[np.uint8]:
    """An order table made from these shingles."""
    order = np.zeros(1 << ORDER_BITS, np.uint8)
    for bucket, count in Counter(each >> (64 - ORDER_BITS) for each in chain.from_iterable(split)).items():
        order[bucket] = min(int(8 * log2(count)), 255)
    return order


def rank(order: Sequence[int], digits: int) -> int:
    return int(order[digits >> (56 - ORDER_BITS)])


def sorted_set(shingles: Sequence[int], order: Sequence[int]) -> list[int]:
    digits = {each >> 8 for each in shingles}
    return sorted(rank(order, each) << 56 | each for each in digits)


def prefix(tokens: Sequence[int], threshold: float) -> list[int]:
    overlap = next(count for count in range(1, len(tokens) + 1) if count / len(tokens) >= threshold)
    return list(tokens[: len(tokens) - overlap + 1])


def middle(size: int, threshold: float) -> int:
    """The tokens that are left when as many as a similar set of the same size shares are taken away, and one more."""
    overlap = next(count for count in range(1, size + 1) if count / (2 * size - count) >= threshold)
    return size - overlap + 1


@settings(deadline=None, max_examples=60)
@given(splits)
def test_count_tokens_counts_by_leading_bits(split: list[Shingles]) -> None:
    tokens = sets_of(split).shingles >> np.uint64(8)
    frequencies = np.zeros(1 << ORDER_BITS, np.uint32)
    count_tokens(tokens | np.uint64(7 << 56), frequencies)  # ranks do not count
    wanted = Counter(int(each) >> (56 - ORDER_BITS) for each in tokens)
    assert {int(at): int(frequencies[at]) for at in np.flatnonzero(frequencies)} == wanted


@settings(deadline=None, max_examples=60)
@given(splits, splits, st.randoms(use_true_random=False))
def test_rank_sets_orders_each_wanted_set(split: list[Shingles], other: list[Shingles], chance: Random) -> None:
    order = order_of(other + split)
    wanted = np.array([chance.random() < 0.7 for _ in split], np.uint8)
    sets = sets_of(split)
    tokens = np.empty(len(sets.shingles), np.uint64)
    bounds = np.empty(int(wanted.sum()) + 1, np.int64)
    used = rank_sets(sets.shingles, sets.offsets, wanted, order, tokens, bounds)
    expected = [sorted_set(each, order) for each, chosen in zip(split, wanted, strict=True) if chosen]
    assert [tokens[a:b].tolist() for a, b in pairwise(bounds)] == expected
    assert used == bounds[-1] == sum(map(len, expected))


@settings(deadline=None, max_examples=60)
@given(splits, thresholds)
def test_take_prefixes(split: list[Shingles], threshold: float) -> None:
    order = order_of(split)
    tokens, bounds = ordered_sets(sets_of(split), np.ones(len(split), np.uint8), order)
    prefixes, rows = np.empty(len(tokens), np.uint64), np.empty(len(tokens), np.int32)
    far = np.empty(len(tokens), np.uint8)
    used = take_prefixes(tokens, bounds, threshold, prefixes, rows, far)
    ordered = [sorted_set(each, order) for each in split]
    wanted = [(token, row) for row, each in enumerate(ordered) if each for token in prefix(each, threshold)]
    assert list(zip(prefixes[:used].tolist(), rows[:used].tolist(), strict=True)) == wanted
    beyond = [
        at >= middle(len(each), threshold) for each in ordered if each for at in range(len(prefix(each, threshold)))
    ]
    assert far[:used].astype(bool).tolist() == beyond
