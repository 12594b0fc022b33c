"""Postings: what is in them, the sets they give back, merging, and numbers that lead outside."""

from dataclasses import fields, replace
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dedup.index.samples import UNIVERSE
from transforms.arrays import Int32s, Int64s, UInt64s
from transforms.dedup.index.kernels.postings import find_one, pack, packed
from transforms.dedup.index.postings import Postings
from transforms.kernels import Int64, InUInt64, OutUInt64, UInt64, kernel

# Sets of tokens that are few, neighbours, and at both ends of 64 bits.
EDGES = [0, 1, 2, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 2, 2**64 - 1]
tokens = st.one_of(st.sampled_from(EDGES), st.sampled_from(UNIVERSE), st.integers(0, 2**64 - 1))
sets = st.lists(st.sets(tokens, max_size=12), max_size=14)


@kernel(InUInt64, UInt64, OutUInt64)
def pack_all(numbers, width, words):
    """Packs numbers."""
    for at in range(len(numbers)):
        pack(words, width, at, numbers[at])


@kernel(InUInt64, UInt64, Int64, returns=UInt64)
def packed_at(words, width, at):
    """One of packed numbers."""
    return packed(words, width, at)


@kernel(InUInt64, Int64, Int64, returns=Int64)
def one_at(words, begin, number):
    """The place of a set bit."""
    return find_one(words, begin, number)


def columns_of(sets: list[set[int]]) -> tuple[UInt64s, Int64s]:
    """Sets as tokens and where each set's begin."""
    flat = [token for each in sets for token in sorted(each)]
    return np.array(flat, np.uint64), np.cumsum([0, *map(len, sets)]).astype(np.int64)


def sizes_of(sets: list[set[int]]) -> Int32s:
    return np.array([len(each) for each in sets], np.int32)


def restored(postings: Postings, sizes: Int32s) -> list[set[int]]:
    """The sets that postings give back."""
    found = postings.sets(sizes)
    assert found is not None
    assert all((np.diff(found[0][a:b].astype(object)) > 0).all() for a, b in pairwise(found[1]))
    return [set(found[0][a:b].tolist()) for a, b in pairwise(found[1])]


def listed(postings: Postings, sizes: Int32s) -> dict[int, list[int]]:
    """The rows of each token, read as the format is described, in the order of the ranks."""
    numbers = {
        name: sum(int(word) << 64 * at for at, word in enumerate(getattr(postings, name).tolist()))
        for name in ("rests", "firsts", "rows")
    }
    shift, width = int(postings.shift), int(postings.width)
    found: dict[int, list[int]] = {}
    at = -1
    for bucket in range(len(postings.begins) - 1):
        assert at + 1 == postings.begins[bucket]
        for posting in range(postings.starts[bucket], postings.starts[bucket + 1]):
            at += numbers["firsts"] >> posting & 1
            token = bucket << shift | numbers["rests"] >> shift * at & 2**shift - 1
            found.setdefault(token, []).append(numbers["rows"] >> width * posting & 2**width - 1)
    assert list(found) == sorted(found)
    assert all(ranks == sorted(ranks) for ranks in found.values())
    assert (np.diff(sizes[postings.order]) >= 0).all()
    return {token: postings.order[ranks].tolist() for token, ranks in found.items()}


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 64), st.data())
def test_packed_numbers_are_read_as_they_were_written(width: int, data: st.DataObject) -> None:
    numbers = data.draw(st.lists(st.integers(0, 2**width - 1), max_size=20))
    words = np.zeros(-(-len(numbers) * width // 64), np.uint64)
    pack_all(np.array(numbers, np.uint64), np.uint64(width), words)
    assert [int(packed_at(words, np.uint64(width), at)) for at in range(len(numbers))] == numbers
    assert sum(int(word) << 64 * at for at, word in enumerate(words.tolist())) == sum(
        number << width * at for at, number in enumerate(numbers)
    )


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from([0, 1, 2**63, 2**64 - 1, 0x8000000180000001]), min_size=1, max_size=6), st.data())
def test_a_bit_is_found_by_its_number(words: list[int], data: st.DataObject) -> None:
    whole = sum(word << 64 * at for at, word in enumerate(words))
    begin = data.draw(st.integers(0, 64 * len(words) - 1))
    places = [at for at in range(begin, 64 * len(words)) if whole >> at & 1]
    assert [one_at(np.array(words, np.uint64), begin, number) for number in range(len(places))] == places


@settings(deadline=None, max_examples=100)
@given(sets)
def test_postings_hold_every_token_and_give_the_sets_back(sets: list[set[int]]) -> None:
    postings, sizes = Postings.of([columns_of(sets)]), sizes_of(sets)
    assert postings.fit(sizes)
    rows = listed(postings, sizes)
    assert {token: sorted(each) for token, each in rows.items()} == {
        token: [row for row, each in enumerate(sets) if token in each] for token in set().union(*sets)
    }
    assert restored(postings, sizes) == sets
    bits = 64 * len(postings.filter)
    assert bits >= max(1, 12 * len(rows))
    wanted = {(token >> 32) * bits >> 32 for token in rows}
    assert set(np.flatnonzero(np.unpackbits(postings.filter.view(np.uint8), bitorder="little")).tolist()) == wanted


@settings(deadline=None, max_examples=100)
@given(st.lists(sets, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_merging_is_building_from_all_sets_that_are_chosen(groups: list[list[set[int]]], chance: Random) -> None:
    """Groups of one row and of many, of which some or all rows stay."""
    share = chance.choice([0.5, 1.0])
    chosen = [np.array([chance.random() < share for _ in group], bool) for group in groups]
    merged = Postings.merged([Postings.of([columns_of(each)]) for each in groups], [*map(sizes_of, groups)], chosen)
    kept = [
        each
        for group, some in zip(groups, chosen, strict=True)
        for each, stays in zip(group, some, strict=True)
        if stays
    ]
    wanted = Postings.of([columns_of(kept)])
    for each in fields(Postings):
        assert getattr(merged, each.name).tolist() == getattr(wanted, each.name).tolist(), each.name


@pytest.mark.parametrize("rows", [300, 3000])
def test_tokens_of_many_rows_and_buckets_that_are_full(rows: int) -> None:
    """All rows share ten neighbouring tokens, which fall into one bucket; of a merge, too."""
    chance = Random(rows)
    sets = [{*range(10), *(chance.getrandbits(64) for _ in range(chance.randint(0, 9)))} for _ in range(rows)]
    postings, sizes = Postings.of([columns_of(sets)]), sizes_of(sets)
    assert postings.fit(sizes)
    assert restored(postings, sizes) == sets
    assert len(listed(postings, sizes)[7]) == rows
    halves = [sets[: rows // 3], sets[rows // 3 :]]
    merged = Postings.merged(
        [Postings.of([columns_of(each)]) for each in halves],
        [*map(sizes_of, halves)],
        [np.ones(len(each), bool) for each in halves],
    )
    assert restored(merged, sizes) == sets
    assert (merged.rows == postings.rows).all()


@settings(deadline=None, max_examples=100)
@given(st.lists(st.sets(tokens, min_size=1, max_size=12), min_size=1, max_size=14), st.data())
def test_what_leads_outside_is_found_out(sets: list[set[int]], data: st.DataObject) -> None:
    """A changed number leads outside, and is found out; or inside, and the sets are others or are none."""
    postings, sizes = Postings.of([columns_of(sets)]), sizes_of(sets)
    name = data.draw(st.sampled_from(["begins", "starts", "firsts", "rows", "order"]))
    changed = getattr(postings, name).copy()
    at = data.draw(st.integers(0, len(changed) - 1))
    changed[at] ^= changed.dtype.type(1 << data.draw(st.integers(0, 30)))
    damaged = replace(postings, **{name: changed})
    if damaged.fit(sizes):
        found = damaged.sets(sizes)
        assert found is None or (len(found[0]) == sizes.sum())
    shorter = replace(postings, **{name: getattr(postings, name)[:-1]})
    assert not shorter.fit(sizes)


def test_no_sets_have_postings() -> None:
    postings = Postings.of([columns_of([])])
    assert postings.fit(sizes_of([]))
    assert restored(postings, sizes_of([])) == []
    assert Postings.merged([postings], [sizes_of([])], [np.zeros(0, bool)]).fit(sizes_of([]))
