"""Counting, choosing and ordering sets: each kernel against plain Python."""

import random
from collections import Counter
from itertools import chain, combinations, pairwise

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dedup import oracle, twins
from tests.dedup.samples import sets_of, thresholds
from transforms.dedup.kernels import drop_repeats, identify_sets, least_overlap, prefix_length
from transforms.dedup.one_pass.kernels.order import (
    add_occurrences,
    count_frequencies,
    count_occurrences,
    find_firsts,
    occurrences,
    order_sets,
    rank_frequencies,
    select_contenders,
)
from transforms.dedup.one_pass.kernels.prefixes import find_keys, first_slot, measure_prefixes, place_prefixes
from transforms.settings import DedupSettings, ShingleSettings

# Some share a counter, some a token, some a bucket of the order table; the ends of the range are there.
hashes = st.sampled_from([0, 1, 255, 256, 2**64 - 1, 2**64 - 256, *range(1 << 42, 1 << 63, 3**37)]) | st.integers(
    0, 2**64 - 1
)
corpora = st.lists(st.lists(hashes, max_size=8), max_size=10).flatmap(
    lambda sets: st.permutations(sets + sets[::2]).map(lambda found: [list(each) for each in found])
)
shifts = st.sampled_from([54, 58, 60])
order_shifts = st.sampled_from([42, 52, 63])


def columns(sets: list[list[int]]) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    """Sets as one array, and where each begins."""
    return np.array(list(chain(*sets)), np.uint64), np.cumsum([0, *map(len, sets)]).astype(np.int64)


def counted(shingles: npt.NDArray[np.uint64], shift: int, parts: int = 1) -> npt.NDArray[np.uint8]:
    """The counters that `count_occurrences` fills, part by part, and adds up."""
    counters = np.zeros(1 << (64 - shift - 2), np.uint8)
    for first, last in pairwise(np.linspace(0, len(shingles), parts + 1).astype(np.int64)):
        others = np.zeros_like(counters)
        count_occurrences(
            shingles[first:last], np.array([0, last - first]), np.ones(1, np.uint8), np.uint64(shift), others
        )
        add_occurrences(counters, others)
    return counters


def order_table(seed: int, shift: int) -> npt.NDArray[np.uint8]:
    """Any order."""
    return np.random.default_rng(seed).integers(0, 256, 1 << (64 - shift), np.uint8)


@settings(deadline=None)
@given(st.integers(1, 300), thresholds)
def test_least_overlap_and_prefix_length(size: int, threshold: float) -> None:
    assert least_overlap(size, threshold) == twins.least_overlap(size, threshold)
    assert prefix_length(size, threshold) == twins.prefix_length(size, threshold)


def test_least_overlap_at_every_fraction() -> None:
    fractions = [(size, shared / size) for size in range(1, 60) for shared in range(1, size + 1)]
    assert [least_overlap(*each) for each in fractions] == [twins.least_overlap(*each) for each in fractions]


@settings(deadline=None)
@given(st.lists(hashes, max_size=60), shifts, st.integers(1, 5))
def test_counters_stop_at_two_and_parts_make_a_whole(shingles: list[int], shift: int, parts: int) -> None:
    found = counted(np.array(shingles, np.uint64), shift, parts)
    expected = twins.occurrences(shingles, shift)
    assert {each: int(occurrences(found, np.uint64(shift), np.uint64(each))) for each in shingles} == {
        each: min(expected[each >> shift], 2) for each in shingles
    }
    assert sum((int(byte) >> place) & 3 for byte in found for place in (0, 2, 4, 6)) == sum(
        min(count, 2) for count in expected.values()
    )


@settings(deadline=None)
@given(corpora, corpora, st.booleans())
def test_firsts_are_those_of_the_same_tokens_and_numbers(
    sets: list[list[int]], numbers: list[list[int]], collide: bool
) -> None:
    rows = [*zip(sets, numbers, strict=False)] * 2
    high, low = np.empty(len(rows), np.uint64), np.empty(len(rows), np.uint64)
    identify_sets(*columns([each for each, _ in rows]), *columns([each for _, each in rows]), high, low)
    if collide:
        high[:] = 5  # the half that places them
    compared = np.array([bool(each) for each, _ in rows], np.uint8)
    first = np.empty(len(rows), np.int64)
    repeated = find_firsts(high, low, compared, np.full(64, -1, np.int32), first)
    expected = [rows.index(each) if each[0] else row for row, each in enumerate(rows)]
    assert first.tolist() == expected
    assert repeated == sum(each != row for row, each in enumerate(expected))


@settings(deadline=None)
@given(corpora, shifts, thresholds, st.data())
def test_contenders(sets: list[list[int]], shift: int, threshold: float, data: st.DataObject) -> None:
    shingles, offsets = columns(sets)
    contender = np.full(len(sets), 7, np.uint8)
    chosen = np.array(data.draw(st.lists(st.booleans(), min_size=len(sets), max_size=len(sets))), np.uint8)
    counters = np.zeros(1 << (64 - shift - 2), np.uint8)
    count_occurrences(shingles, offsets, chosen, np.uint64(shift), counters)
    total = select_contenders(shingles, offsets, chosen, counters, np.uint64(shift), threshold, contender)
    counts = twins.occurrences([*chain(*(each for each, is_in in zip(sets, chosen, strict=True) if is_in))], shift)
    expected = [
        bool(is_in) and twins.contends(each, counts, shift, threshold) for each, is_in in zip(sets, chosen, strict=True)
    ]
    assert contender.tolist() == expected
    assert total == sum(len(each) for each, contends in zip(sets, expected, strict=True) if contends)


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 9), max_size=8), max_size=8), thresholds)
def test_both_of_a_similar_pair_contend(sets: list[list[int]], threshold: float) -> None:
    spread = [[(each * 0x9E3779B97F4A7C15) % 2**64 for each in one] for one in sets]
    shingles, offsets = columns(spread)
    contender = np.zeros(len(sets), np.uint8)
    every = np.ones(len(sets), np.uint8)
    select_contenders(shingles, offsets, every, counted(shingles, 44), np.uint64(44), threshold, contender)
    similar = {
        (left, right)
        for left, right in combinations(range(len(sets)), 2)
        if sets[left] and sets[right]
        and len({*sets[left]} & {*sets[right]}) / len({*sets[left]} | {*sets[right]}) >= threshold
    }  # fmt: skip
    assert all(contender[left] and contender[right] for left, right in similar)


@settings(deadline=None)
@given(corpora, order_shifts, st.data())
def test_frequencies_are_those_of_the_contenders(sets: list[list[int]], shift: int, data: st.DataObject) -> None:
    shingles, offsets = columns(sets)
    chosen = data.draw(st.lists(st.booleans(), min_size=len(sets), max_size=len(sets)))
    frequencies = np.zeros(1 << (64 - shift), np.uint32)
    count_frequencies(shingles, offsets, np.array(chosen, np.uint8), np.uint64(shift), frequencies)
    counted_ones = chain(*(each for each, is_in in zip(sets, chosen, strict=True) if is_in))
    expected = twins.occurrences(list(counted_ones), shift)
    assert {int(bucket): int(frequencies[bucket]) for bucket in np.flatnonzero(frequencies)} == dict(expected)


@given(st.lists(st.integers(0, 2**32 - 1)), st.lists(st.integers(0, 255), min_size=1, max_size=9))
def test_frequencies_beyond_the_ranks_have_the_last(frequencies: list[int], ranks: list[int]) -> None:
    order = np.empty(len(frequencies), np.uint8)
    rank_frequencies(np.array(frequencies, np.uint32), np.array(ranks, np.uint8), order)
    assert order.tolist() == [ranks[each] if each < len(ranks) else ranks[-1] for each in frequencies]


@settings(deadline=None, max_examples=60)
@given(corpora, shifts, order_shifts, st.data())
def test_sets_are_ordered(sets: list[list[int]], shift: int, order_shift: int, data: st.DataObject) -> None:
    shingles, offsets = columns(sets)
    order = order_table(data.draw(st.integers(0, 3)), order_shift)
    chosen = [bool(each) and data.draw(st.booleans()) for each in sets]  # an empty set never contends
    wanted = [each for each, is_in in zip(sets, chosen, strict=True) if is_in]
    tokens, bounds = np.empty(sum(map(len, wanted)), np.uint64), np.empty(len(wanted) + 1, np.int64)
    alone, identities = np.empty(len(wanted), np.int64), np.empty(len(wanted), np.uint64)
    used = order_sets(
        shingles, offsets, np.array(chosen, np.uint8), order, np.uint64(order_shift),
        counted(shingles, shift), np.uint64(shift), tokens, bounds, alone, identities,
    )  # fmt: skip
    counts = twins.occurrences(shingles.tolist(), shift)
    expected = [twins.ordered_set(each, counts, shift, order, order_shift) for each in wanted]
    assert [tokens[first:last].tolist() for first, last in pairwise(bounds)] == expected
    assert used == bounds[-1]
    assert alone.tolist() == [sum(counts[each >> shift] < 2 for each in one) for one in wanted]
    assert identities.tolist() == [twins.absorb_all(twins.SEED_SHINGLE, each) for each in expected]


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.sampled_from([1, 20, 21, 22, 100, 512, 513, 600]), min_size=1, max_size=3), st.integers(0, 99),
    st.sampled_from([50, 2**40]), st.sampled_from([None, 0, 16, 24, 25, 255]), shifts,
)  # fmt: skip
def test_sets_of_any_size_are_ordered(sizes: list[int], seed: int, distinct: int, rank: int | None, shift: int) -> None:
    """Those with many tokens of a rank too, with many that come again, and with few that are large."""
    choose = random.Random(seed)
    sets = [[choose.randrange(distinct) * (2**64 // distinct) for _ in range(size)] for size in sizes]
    shingles, offsets = columns(sets)
    order = order_table(seed, 52) if rank is None else np.full(1 << 12, rank, np.uint8)
    tokens, bounds = np.empty(len(shingles), np.uint64), np.empty(len(sets) + 1, np.int64)
    order_sets(
        shingles, offsets, np.ones(len(sets), np.uint8), order, np.uint64(52), counted(shingles, shift),
        np.uint64(shift), tokens, bounds, np.empty(len(sets), np.int64), np.empty(len(sets), np.uint64),
    )  # fmt: skip
    counts = twins.occurrences(shingles.tolist(), shift)
    expected = [twins.ordered_set(each, counts, shift, order, 52) for each in sets]
    assert [tokens[first:last].tolist() for first, last in pairwise(bounds)] == expected


@settings(deadline=None)
@given(st.lists(st.integers(0, 9)), st.data())
def test_repeats_are_dropped(values: list[int], data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(values)))
    end = data.draw(st.integers(begin, len(values)))
    expected = sorted(set(values[begin:end]))
    values[begin:end] = sorted(values[begin:end])
    tokens = np.array(values, np.uint64)
    last = drop_repeats(tokens, begin, end)
    assert tokens[begin:last].tolist() == expected
    assert (tokens[:begin].tolist(), tokens[end:].tolist()) == (values[:begin], values[end:])


def test_tokens_and_identities_are_frozen() -> None:
    text = "الحرارة ٢٥ درجة في مدينة عمّان"
    sets = sets_of([text, "درجة في مدينة عمّان"], DedupSettings(shingle=ShingleSettings(size=3)))
    tokens, bounds = np.empty(6, np.uint64), np.empty(3, np.int64)
    alone, identities = np.empty(2, np.int64), np.empty(2, np.uint64)
    order_sets(
        sets.shingles, sets.offsets, np.ones(2, np.uint8), np.full(4, 16, np.uint8), np.uint64(62),
        counted(sets.shingles, 44), np.uint64(44), tokens, bounds, alone, identities,
    )  # fmt: skip
    assert tokens[:4].tolist() == [0x004ABB4E7C19B494, 0x006CBCB34991830A, 0x106B943BEE6F9916, 0x10EC8F4085EF939E]
    assert identities.tolist() == [0x8B98B35D44B6BFDC, 0x258E6288324B92E9]
    assert alone.tolist() == [2, 0]


@st.composite
def ordered_sets(draw: st.DrawFn) -> list[list[int]]:
    """Sets of tokens in order; some tokens are 0 and the largest, some many sets have."""
    universe = st.sampled_from([0, 1, 5, 2**32, 2**62, 2**64 - 2, *range(1 << 56, (1 << 56) + 12)])
    return [sorted(each) for each in draw(st.lists(st.sets(universe, min_size=1, max_size=9), max_size=10))]


@settings(deadline=None)
@given(ordered_sets(), thresholds, st.integers(1, 3), st.data())
def test_prefix_tokens_have_a_slot_each(
    sets: list[list[int]], threshold: float, pieces: int, data: st.DataObject
) -> None:
    tokens, bounds = columns(sets)
    alone = [data.draw(st.integers(0, len(each))) for each in sets]
    places = 131  # no piece is full, many tokens collide
    table = np.zeros(2 * places, np.uint64)
    in_prefix = [
        each[skipped : max(skipped, twins.prefix_length(len(each), threshold))]
        for each, skipped in zip(sets, alone, strict=True)
    ]
    prefixes = np.empty(len(sets) + 1, np.int64)
    measure_prefixes(bounds, np.array(alone, np.int64), threshold, prefixes)
    assert np.diff(prefixes).tolist() == [len(each) for each in in_prefix]

    in_order = list(chain(*in_prefix))
    slots, previous = np.full(len(in_order), -7, np.int32), np.full(len(in_order), -7, np.int32)
    uses = np.zeros(pieces * (len(in_order) // 2 + 1), np.int32)
    shared = [
        place_prefixes(
            tokens, bounds, np.array(alone, np.int64), prefixes, places, *edge, piece, pieces,
            table, slots, previous, uses,
        )
        for piece, edge in enumerate(pairwise(np.linspace(0, places, pieces + 1).astype(np.int64)))
    ]  # fmt: skip
    counts = Counter(in_order)
    slot_of = dict(zip(in_order, slots.tolist(), strict=True))
    assert [slot_of[each] for each in in_order] == slots.tolist()
    assert [uses[slot] if slot >= 0 else 1 for slot in slots] == [counts[each] for each in in_order]
    assert len({*slots.tolist()} - {-1}) == np.count_nonzero(uses) == sum(shared)
    assert sum(shared) == sum(count > 1 for count in counts.values())
    assert sorted(table[::2][table[::2] > 0].tolist()) == sorted(token + 1 for token in counts)
    assert previous.tolist() == [
        max((before for before in range(at) if in_order[before] == token), default=-1)
        for at, token in enumerate(in_order)
    ]


@settings(deadline=None)
@given(st.lists(st.sets(st.integers(0, 4), max_size=4), max_size=8))
def test_the_key_of_a_set_is_its_rarest_number(sets: list[set[int]]) -> None:
    _, bounds = columns([sorted(each) for each in sets])
    numbers = list(chain(*map(sorted, sets)))
    counts = Counter(numbers)
    slots = np.array([each if counts[each] > 1 else -1 for each in numbers], np.int32)
    keys = np.empty(len(sets), np.int32)
    find_keys(bounds, slots, np.array([counts[each] for each in range(5)], np.int32), keys)
    for mine, key in zip(sets, keys.tolist(), strict=True):
        assert (counts[numbers[key]] if key >= 0 else None) == min((counts[each] for each in mine), default=None)


@settings(deadline=None)
@given(hashes, st.integers(1, 2**32 - 1))
def test_slots_lie_in_the_table(token: int, places: int) -> None:
    expected = (token * 0x9E3779B97F4A7C15 % 2**64 >> 32) * places >> 32
    assert first_slot(np.uint64(token), places) == expected
    assert 0 <= expected < places


def test_the_shingles_of_the_definition_have_as_many_hashes() -> None:
    text = "قال قال قال رسول الله قال قال قال"
    hashed = sets_of([text], DedupSettings()).shingles.tolist()
    assert len(set(hashed)) == len(oracle.shingles(text, DedupSettings())) < len(hashed)
