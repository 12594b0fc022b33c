"""The kernels of the index, each beside its plain-Python twin; the search is tested in test_matching."""

from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dedup.index.samples import Shingles, sets_of, splits
from transforms.dedup.index.kernels import ask_filter, fill_filter, sort_postings, sort_sets, spread_tokens
from transforms.dedup.index.matching import sorted_sets

FIBONACCI = 0x9E3779B97F4A7C15


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


@pytest.mark.parametrize("copies", [1, 40])
@settings(deadline=None, max_examples=60)
@given(splits, st.integers(1, 6), st.integers(1, 3))
def test_postings_hold_every_token_in_order(copies: int, split: list[Shingles], bits: int, coarse: int) -> None:
    """Forty rows with the same tokens fill buckets that another sort takes."""
    tokens, bounds = sorted_sets(sets_of(split * copies), np.ones(len(split) * copies, np.uint8))
    sizes = np.diff(bounds)
    spread, spread_rows = np.empty(len(tokens), np.uint64), np.empty(len(tokens), np.int32)
    coarse = min(coarse, bits)
    scratch = np.zeros((1 << coarse) + 1, np.int64)
    spread_tokens(
        tokens, bounds, np.argsort(sizes, kind="stable"), np.uint64(64 - coarse), scratch, spread, spread_rows
    )
    begins = np.zeros((1 << bits) + 1, np.int32)
    keys, rows = np.empty(len(tokens), np.uint32), np.empty(len(tokens), np.int32)
    sort_postings(spread, spread_rows, np.uint64(64 - bits), begins, keys, rows)
    owners = np.repeat(np.arange(len(sizes)), sizes)
    pairs = zip(tokens.tolist(), owners.tolist(), strict=True)
    wanted = sorted((token >> (64 - bits), token & 0xFFFFFFFF, int(sizes[row]), row) for token, row in pairs)
    buckets = np.repeat(np.arange(1 << bits), np.diff(begins)).tolist()
    found = zip(buckets, keys.tolist(), sizes[rows].tolist(), rows.tolist(), strict=True)
    assert list(found) == wanted


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 2**64 - 1), max_size=40), st.integers(3, 12))
def test_fill_filter_sets_the_bit_of_each_token(tokens: list[int], bits: int) -> None:
    found = np.zeros(1 << (bits - 3), np.uint8)
    fill_filter(np.array(tokens, np.uint64), np.uint64(64 - bits), found)
    wanted = {(token * FIBONACCI % 2**64) >> (64 - bits) for token in tokens}
    assert set(np.flatnonzero(np.unpackbits(found, bitorder="little")).tolist()) == wanted


@settings(deadline=None, max_examples=60)
@given(splits, splits, st.integers(3, 12))
def test_ask_filter_is_asking_bit_by_bit(there: list[Shingles], asked: list[Shingles], bits: int) -> None:
    filled = np.zeros(1 << (bits - 3), np.uint8)
    fill_filter(sets_of(there).shingles, np.uint64(64 - bits), filled)
    tokens, bounds = sorted_sets(sets_of(asked), np.ones(len(asked), np.uint8))
    hits, possible = np.empty(len(tokens), np.uint8), np.empty(len(asked), np.int64)
    ask_filter(tokens, bounds, np.uint64(64 - bits), filled, hits, possible)
    places = {each * FIBONACCI % 2**64 >> (64 - bits) for split in there for each in split}
    assert hits.tolist() == [int(each * FIBONACCI % 2**64 >> (64 - bits) in places) for each in tokens.tolist()]
    assert possible.tolist() == [int(hits[a:b].sum()) for a, b in pairwise(bounds)]
