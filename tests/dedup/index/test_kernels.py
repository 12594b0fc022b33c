"""Kernels of the search, beside plain-Python twins; the search itself is tested in test_matching."""

from itertools import pairwise
from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dedup.index.samples import Shingles, sets_of, splits
from transforms.dedup.index.kernels.search import ask_filter, sort_sets
from transforms.dedup.index.matching import sorted_sets


@settings(deadline=None, max_examples=60)
@given(splits, st.randoms(use_true_random=False))
def test_sort_sets_sorts_each_wanted_set(split: list[Shingles], chance: Random) -> None:
    wanted = np.array([chance.random() < 0.7 for _ in split], np.uint8)
    sets = sets_of(split)
    tokens = np.empty(len(sets.shingles), np.uint64)
    bounds = np.empty(int(wanted.sum()) + 1, np.int64)
    used = sort_sets(sets.shingles, sets.offsets, wanted, tokens, bounds)
    expected = [sorted(set(each)) for each, chosen in zip(split, wanted, strict=True) if chosen]
    assert [tokens[a:b].tolist() for a, b in pairwise(bounds)] == expected
    assert used == bounds[-1] == sum(map(len, expected))


@settings(deadline=None, max_examples=60)
@given(splits, splits, st.integers(1, 5))
def test_ask_filter_is_asking_bit_by_bit(there: list[Shingles], asked: list[Shingles], words: int) -> None:
    """A token's bit is its first half as a fraction of all bits."""
    known, _ = sorted_sets(sets_of(there), np.ones(len(there), np.uint8))
    bits = np.zeros(words, np.uint64)
    for token in set(known.tolist()):
        place = (token >> 32) * 64 * words >> 32
        bits[place // 64] |= np.uint64(1 << place % 64)
    tokens, bounds = sorted_sets(sets_of(asked), np.ones(len(asked), np.uint8))
    hits, possible = np.empty(len(tokens), np.uint8), np.empty(len(asked), np.int64)
    ask_filter(tokens, bounds, bits, hits, possible)
    places = {(token >> 32) * 64 * words >> 32 for token in known.tolist()}
    assert hits.tolist() == [int((token >> 32) * 64 * words >> 32 in places) for token in tokens.tolist()]
    assert possible.tolist() == [int(hits[a:b].sum()) for a, b in pairwise(bounds)]
