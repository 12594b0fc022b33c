"""Kernels of sets, beside plain-Python twins; the search itself is tested in test_matching."""

from itertools import pairwise
from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dedup.index.samples import Shingles, sets_of, splits
from transforms.dedup.index.kernels.sets import ask_filter, find_possible, sort_sets
from transforms.dedup.index.matching import sorted_sets, unsorted_sets


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
@given(splits, st.randoms(use_true_random=False))
def test_unsorted_sets_have_each_token_once_where_it_first_comes(split: list[Shingles], chance: Random) -> None:
    wanted = np.array([chance.random() < 0.7 for _ in split], np.uint8)
    tokens, bounds = unsorted_sets(sets_of(split), wanted)
    expected = [list(dict.fromkeys(each)) for each, chosen in zip(split, wanted, strict=True) if chosen]
    assert [tokens[a:b].tolist() for a, b in pairwise(bounds)] == expected


def test_a_set_of_many_tokens_that_lie_together_has_each_once() -> None:
    """The first bits of a token say where it is looked for: these have the same."""
    many = [*range(3000), *range(3000), 2**64 - 1, 0, 2**64 - 1]
    tokens, bounds = unsorted_sets(sets_of([[5, 5], many, [], [7]]), np.ones(4, np.uint8))
    assert [tokens[a:b].tolist() for a, b in pairwise(bounds)] == [[5], [*range(3000), 2**64 - 1], [], [7]]


@settings(deadline=None, max_examples=200)
@given(splits, splits, st.sampled_from([0.05, 0.3, 0.5, 0.7, 0.8, 1.0]), st.sampled_from([1, 8, 4096]))
def test_find_possible_passes_over_no_paragraph_that_the_filter_leaves(
    there: list[Shingles], asked: list[Shingles], threshold: float, places: int
) -> None:
    """With a place for each shingle it passes over all others but those that repeat some of theirs."""
    known, _ = sorted_sets(sets_of(there), np.ones(len(there), np.uint8))
    bits = np.zeros(4, np.uint64)
    for token in set(known.tolist()):
        place = (token >> 32) * 256 >> 32
        bits[place // 64] |= np.uint64(1 << place % 64)
    sets, wanted = sets_of(asked), np.full(len(asked), 7, np.uint8)
    find_possible(sets.shingles, sets.offsets, bits, threshold, np.zeros(places, np.int64), wanted)
    tokens, bounds = sorted_sets(sets, np.ones(len(asked), np.uint8))
    hits, possible = np.empty(len(tokens), np.uint8), np.empty(len(asked), np.int64)
    ask_filter(tokens, bounds, bits, hits, possible)
    for row, (size, each) in enumerate(zip(np.diff(bounds).tolist(), asked, strict=True)):
        left = size > 0 and possible[row] / size >= threshold
        assert wanted[row] in ((1,) if left else (0, 1))
        apart = len({token & (places - 1) for token in each}) == len(each)
        if apart and not left:
            assert not wanted[row]


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
