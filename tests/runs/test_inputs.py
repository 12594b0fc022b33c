"""The ledger of inputs: which bundles are new, changed, known or gone, and which bytes of one are left."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.bundles.listing import Bundle
from transforms.runs.inputs import TakenInputs
from transforms.runs.manifest import TakenInput


def bundle(name: str, state: str = "s", size: int = 10, folder: str = "/in") -> Bundle:
    return Bundle(name, f"{folder}/{name}", size, "", state)


def taken(each: Bundle, digest: str, start: int = 0, end: int | None = None) -> TakenInput:
    end = each.size if end is None else end
    return TakenInput(
        url=each.url,
        name=each.name,
        size=each.size,
        modified=each.modified,
        state=each.state,
        sha256=digest,
        start=start,
        end=end,
    )


def never(each: Bundle) -> str:
    raise AssertionError(f"the digest of {each.name} was asked for")


A, B = bundle("أ.txt"), bundle("ب.txt", size=20)


def test_new_bundles_are_fresh_and_not_even_read() -> None:
    found = TakenInputs().sort_out([A, B], never)
    assert (found.fresh, found.changed, found.known, found.vanished) == ([A, B], [], [], [])


def test_taken_bundles_are_known() -> None:
    found = TakenInputs([taken(A, "1")]).sort_out([A, B], never)
    assert (found.fresh, found.known) == ([B], [A])


@pytest.mark.parametrize(
    "other", [bundle("أ.txt", "touched"), bundle("copy.txt", "c"), bundle("أ.txt", "s", folder="/x")]
)
def test_the_same_bytes_elsewhere_are_known(other: Bundle) -> None:
    found = TakenInputs([taken(A, "1")]).sort_out([other], lambda _: "1")
    assert (found.fresh, found.known) == ([], [other])


def test_other_bytes_in_the_same_place_are_changed() -> None:
    later = bundle("أ.txt", "later")
    found = TakenInputs([taken(A, "1")]).sort_out([later, B], lambda _: "2")
    assert (found.fresh, found.changed, found.known) == ([later, B], [later], [])


def test_the_same_name_in_another_folder_is_another_bundle() -> None:
    other = bundle("أ.txt", "s", folder="/days/2")
    found = TakenInputs([taken(A, "1")]).sort_out([other], lambda _: "2")
    assert (found.fresh, found.changed, found.vanished) == ([other], [], [])


def test_what_is_gone_from_a_listed_folder_has_vanished() -> None:
    elsewhere = bundle("ج.txt", folder="/other")
    found = TakenInputs([taken(B, "2"), taken(A, "1"), taken(elsewhere, "3")]).sort_out(
        [bundle("د.txt")], lambda _: "4"
    )
    assert found.vanished == sorted([A.url, B.url])


def test_what_is_there_and_was_not_listed_has_not_vanished() -> None:
    found = TakenInputs([taken(A, "1"), taken(B, "2")]).sort_out([bundle("د.txt")], lambda _: "4", there=[A])
    assert found.vanished == [B.url]


def test_empty_bundles_are_taken_once() -> None:
    empty = bundle("فارغ.txt", size=0)
    assert TakenInputs().missing(empty, 0, 0) == [(0, 0)]
    ledger = TakenInputs([taken(empty, "0")])
    assert ledger.missing(empty, 0, 0) == []
    assert ledger.sort_out([empty], never).known == [empty]


def test_two_jobs_that_took_the_same_part_did_not_take_the_whole() -> None:
    ledger = TakenInputs([taken(A, "1", 0, 6), taken(A, "1", 0, 6)])
    assert ledger.sort_out([A], never).fresh == [A]
    assert ledger.missing(A, 0, 10) == [(6, 10)]
    ledger.add(taken(A, "1", 6, 10))
    assert ledger.sort_out([A], never).known == [A]


intervals = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 12)).map(lambda pair: (min(pair), max(pair))), max_size=6
)


@settings(deadline=None)
@given(intervals, st.integers(0, 12), st.integers(0, 12))
def test_missing_is_what_no_run_took(parts: list[tuple[int, int]], one: int, other: int) -> None:
    start, end = min(one, other), max(one, other)
    mine = bundle("x", size=12)
    ledger = TakenInputs(taken(mine, "1", *part) for part in parts)
    bytes_taken = {at for first, behind in parts for at in range(first, behind)}
    rest = ledger.missing(mine, start, end)
    assert [at for first, behind in rest for at in range(first, behind)] == [
        at for at in range(start, end) if at not in bytes_taken
    ]
    assert all(first < behind for first, behind in rest)
    assert (ledger.sort_out([mine], lambda _: "2").known == [mine]) == (bytes_taken == set(range(12)))
    assert ledger.missing(bundle("x", "other state", 12), start, end) == ([(start, end)] if start < end else [])
