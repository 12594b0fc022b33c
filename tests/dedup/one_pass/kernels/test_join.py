"""The join of ordered sets: its parts and the whole against brute force."""

from collections import Counter
from itertools import chain

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dedup import twins
from tests.dedup.samples import thresholds
from transforms.dedup.kernels import largest_partner, middle_length, pair_overlap, shared_tokens
from transforms.dedup.numbers.kernels import nested
from transforms.dedup.numbers.sets import NumberSets
from transforms.dedup.one_pass.kernels.rooms import equal_sets, mark_numbers
from transforms.dedup.one_pass.matching import Matching, place
from transforms.dedup.one_pass.ordering import OrderedSets

sizes = st.integers(1, 200)
token_sets = st.lists(
    st.sets(st.sampled_from([0, 2**64 - 2, *range(1 << 56, (1 << 56) + 8)]), min_size=1, max_size=10).map(sorted),
    max_size=14,
)


def columns(sets: list[list[int]]) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    """Sets as one array, and where each begins."""
    return np.array(list(chain(*sets)), np.uint64), np.cumsum([0, *map(len, sets)]).astype(np.int64)


@settings(deadline=None, max_examples=300)
@given(sizes, sizes, thresholds)
def test_pair_overlap(left: int, right: int, similarity: float) -> None:
    assert pair_overlap(left, right, similarity) == twins.pair_overlap(left, right, similarity)


def test_pair_overlap_at_every_similarity() -> None:
    cases = [
        (left, right, shared / (left + right - shared))
        for left in range(1, 30) for right in range(1, 30) for shared in range(min(left, right) + 1)
    ]  # fmt: skip
    assert [pair_overlap(*each) for each in cases] == [twins.pair_overlap(*each) for each in cases]


def test_the_largest_partner_at_every_similarity() -> None:
    fractions = sorted({shared / size for size in range(1, 14) for shared in range(1, size + 1)})
    cases = [(size, shared, each) for size in range(1, 20) for shared in range(1, size + 1) for each in fractions]
    fits = [
        [other for other in range(1, 280) if shared / (size + other - shared) >= each] for size, shared, each in cases
    ]
    assert [largest_partner(*case) for case in cases] == [max(each, default=0) for each in fits]


def test_the_first_shared_token_of_the_smaller_set_is_in_its_middle_prefix() -> None:
    """Sets in order that share k tokens share the first of them before the k - 1 last of either."""
    fractions = sorted({shared / size for size in range(1, 20) for shared in range(1, size + 1)})
    cases = [(small, large, each) for small in range(1, 30) for large in range(small, 40) for each in fractions]
    possible = [case for case in cases if twins.pair_overlap(*case) <= case[0]]
    assert all(case[0] - twins.pair_overlap(*case) < middle_length(case[0], case[2]) for case in possible)
    assert [middle_length(4, 0.7), middle_length(10, 0.5), middle_length(3, 1.0)] == [1, 4, 1]


@settings(deadline=None)
@given(token_sets.filter(lambda sets: len(sets) > 1), st.integers(0, 11))
def test_shared_tokens_are_counted_unless_they_are_too_few(sets: list[list[int]], wanted: int) -> None:
    tokens, bounds = columns(sets[:2])
    both = len({*sets[0]} & {*sets[1]})
    found = shared_tokens(tokens, bounds[0], bounds[1], tokens, bounds[1], bounds[2], wanted)
    assert found == (both if both >= wanted else -1)


@settings(deadline=None)
@given(token_sets.filter(lambda sets: len(sets) > 1))
def test_equal_sets(sets: list[list[int]]) -> None:
    tokens, bounds = columns([*sets, sets[0]])
    assert equal_sets(tokens, bounds, 0, len(sets))
    assert equal_sets(tokens, bounds, 0, 1) == (sets[0] == sets[1])


@settings(deadline=None)
@given(*[st.sets(st.integers(0, 9), max_size=6)] * 2)
def test_nested(left: set[int], right: set[int]) -> None:
    tokens, bounds = columns([sorted(left), sorted(right)])
    assert nested(tokens, *bounds[:2], tokens, *bounds[1:]) != twins.apart(left, right)


def rare_first(sets: list[list[int]]) -> tuple[list[list[int]], list[int]]:
    """The sets with tokens renamed so that those which only one set has come first, and how many those are in each."""
    owners = Counter(chain(*sets))
    rank = {token: place for place, token in enumerate(sorted(owners, key=lambda each: (owners[each] > 1, each)))}
    alone = [sum(owners[token] < 2 for token in each) for each in sets]
    return [sorted(rank[token] for token in each) for each in sets], alone


def ordered_sets(
    sets: list[list[int]], alone: list[int], numbers: list[set[int]], identities: list[int]
) -> OrderedSets:
    """Sets as the join takes them, of paragraphs that are numbered as they are."""
    return OrderedSets(
        np.arange(len(sets), dtype=np.int64),
        *columns(sets),
        np.array(alone, np.int64),
        np.array(identities, np.uint64),
        NumberSets(*columns([sorted(each) for each in numbers])),
    )


@settings(deadline=None, max_examples=500)
@given(
    token_sets.map(rare_first), thresholds, st.booleans(), st.integers(1, 6), st.integers(0, 3), st.integers(1, 4),
    st.sampled_from([0, 1 << 15]), st.data(),
)  # fmt: skip
def test_rows_are_decided_as_by_brute_force(
    ordered: tuple[list[list[int]], list[int]],
    threshold: float,
    same_identity: bool,
    block: int,
    many: int,
    threads: int,
    in_turn: int,
    data: st.DataObject,
) -> None:
    """One after the other or in blocks of any size, by any number of threads, by tokens and by numbers."""
    sets, alone = ordered
    # Of numbers whose marks are the same, too: they look at ten bits.
    few = st.sets(st.sampled_from([1, 2, 1 << 58, 5 << 58, (5 << 58) + 1]), max_size=3)
    numbers = [data.draw(few) for _ in sets]
    # Whatever the identities: equal sets have equal ones, and others may collide.
    identities = [0 if same_identity else twins.absorb_all(7, each) for each in sets]
    earlier = [data.draw(st.just(0.0) | st.floats(threshold, 1.0)) for _ in sets]
    copies = [data.draw(st.lists(st.integers(0, first), max_size=2)) for first in range(len(sets))]
    rows = list(chain(*([first, *more] for first, more in enumerate(copies))))

    columns = ordered_sets(sets, alone, numbers, identities)
    prefixes = place(columns, threshold, threads)
    matching = Matching(columns, prefixes, np.array(earlier), threshold, threads, block, many, in_turn)
    matching.decide()
    match, similarity = matching.follow(np.array(rows, np.int32))

    by_row = twins.join(
        [sets[each] for each in rows], [numbers[each] for each in rows], [earlier[each] for each in rows], threshold
    )
    expected = [rows[each] if each >= 0 else each for each in by_row[0]]
    assert (match.tolist(), similarity.tolist()) == (expected, by_row[1])
    near = {own for own, each, found in zip(rows, expected, by_row[1], strict=True) if each >= 0 and found < 1}
    assert matching.candidates >= len(near)
    assert matching.share() == (1.0 if sets else 0.0)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sets(st.integers(0, 2**64 - 1), max_size=4), min_size=2, max_size=8))
def test_marks_hold_those_of_fewer_numbers(numbers: list[set[int]]) -> None:
    held = [*numbers, numbers[0] | numbers[1]]
    marks = np.empty(len(held), np.uint32)
    mark_numbers(*columns([sorted(each) for each in held]), marks)
    expected = [sum({1 << bit for each in mine for bit in (each >> 59, each >> 54 & 31)}) for mine in held]
    assert marks.tolist() == expected
    assert marks[-1] == marks[0] | marks[1]


@pytest.mark.parametrize("few", [0, 1 << 15])
def test_lines_of_one_template_are_looked_up_by_their_numbers(few: int) -> None:
    """Each has the words of all others, and a pair of numbers of its own."""
    sets = [list(range(20)) for _ in range(900)]
    numbers = [{first << 40, 1000 + second << 40} for first in range(30) for second in range(30)]
    columns = ordered_sets(sets, [0] * 900, numbers, [0] * 900)
    found = {}
    for many in (256, 10**6):
        matching = Matching(columns, place(columns, 0.7, 1), np.zeros(900), 0.7, 1, many=many, few=few)
        matching.decide()
        match, _ = matching.follow(np.arange(900, dtype=np.int32))
        found[many] = match.tolist()
    assert found[256] == found[10**6] == [-1] * 900
