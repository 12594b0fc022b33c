"""What the runs of a job are called: new ones, ones that go on, ones that are replaced."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.runs.samples import manifest
from transforms.errors import UsageError
from transforms.runs.manifest import Manifest, SlicePlace
from transforms.runs.naming import RunNames, check_id, check_new, further_names, job_of, name_by_time, names_of_job


def runs(*named: tuple[str, str]) -> list[Manifest]:
    """Committed runs: the name and the plan of each, in order."""
    return [
        manifest(run, sequence=at, started=f"2026-11-{at:02d}", slice=SlicePlace(plan=plan, index=0, of=1))
        for at, (run, plan) in enumerate(named, start=1)
    ]


def test_a_job_of_one_slice_has_its_name() -> None:
    assert names_of_job([], "x", "p", 1, given=True) == RunNames(["x"], [])
    assert names_of_job([], "x", "p", 2, given=True) == RunNames(["x-slice-0000", "x-slice-0001"], [])
    assert (job_of("x"), job_of("x-slice-0001"), job_of("x-slice-1")) == ("x", "x", "x-slice-1")


def test_a_committed_run_of_the_name_is_replaced() -> None:
    there = runs(("x", "p"), ("y", "p"))
    assert names_of_job(there, "x", "p", 1, given=True) == RunNames(["x"], ["x"])
    assert names_of_job(there, "z", "p", 1, given=False) == RunNames(["z"], [])


def test_a_job_of_the_same_plan_goes_on() -> None:
    there = runs(("x-slice-0000", "p"), ("y", "q"))
    wanted = RunNames(["x-slice-0000", "x-slice-0001"], [])
    assert names_of_job(there, "x", "p", 2, given=True) == wanted
    assert names_of_job(there, "now", "p", 2, given=False) == wanted
    assert names_of_job(there, "other", "p", 2, given=True).runs == ["other-slice-0000", "other-slice-0001"]


def test_a_job_of_another_plan_is_replaced_whole() -> None:
    """Else its slices would pass for those of this plan."""
    there = runs(("x-slice-0000", "p"), ("x-slice-0001", "p"), ("x", "o"), ("y", "q"))
    names = names_of_job(there, "x", "new", 2, given=True)
    assert names == RunNames(["x-slice-0000", "x-slice-0001"], ["x-slice-0000", "x-slice-0001", "x"])
    assert names_of_job(there, "now", "new", 2, given=False) == RunNames(["now-slice-0000", "now-slice-0001"], [])


def test_a_finished_job_begins_anew() -> None:
    there = runs(("x-slice-0000", "p"), ("x-slice-0001", "p"))
    assert names_of_job(there, "x", "p", 2, given=True).replaced == ["x-slice-0000", "x-slice-0001"]
    assert names_of_job(there, "now", "p", 2, given=False) == RunNames(["now-slice-0000", "now-slice-0001"], [])


def test_what_nobody_named_is_never_replaced() -> None:
    there = runs(("x-slice-0000", "p"), ("x-slice-0001", "later"))
    assert names_of_job(there, "now", "p", 3, given=False).replaced == []
    assert names_of_job(there, "x", "p", 3, given=True) == RunNames(
        ["x-slice-0000", "x-slice-0001", "x-slice-0002"], ["x-slice-0001"]
    )


def test_what_is_new_goes_behind_what_is_there() -> None:
    assert further_names([], "x", 1) == RunNames(["x"], [])
    assert further_names([], "x", 2) == RunNames(["x-slice-0000", "x-slice-0001"], [])
    assert further_names(runs(("x", "p")), "x", 1) == RunNames(["x-slice-0000"], [])
    assert further_names(runs(("x-slice-0003", "p")), "x", 2) == RunNames(["x-slice-0004", "x-slice-0005"], [])
    assert further_names(runs(("x", "p")), "x", 0) == RunNames([], [])


def test_names_of_slices_are_taken() -> None:
    check_id(None)
    check_id("x-slice")
    with pytest.raises(UsageError, match=r"run x-slice-0001: names like this are those of slices"):
        check_id("x-slice-0001")


NUMBERS = ["007", "1.10", "1e3", "1E-3", "1d", "0x1F", "0b11", "99999999999999999999"]
DATES = [
    "2026-11-27",
    "27.11.2026",
    "2026-11",
    "20261127T0000",
    "20261127T120000.123456Z",
    "2026-11-27T120000",
    "epoch",
]
CONSTANTS = ["NaN", "inf", "Infinity", "true", "FALSE", "null", "None"]


@pytest.mark.parametrize("name", NUMBERS + DATES + CONSTANTS)
def test_a_name_that_is_no_text_is_refused_with_a_remedy(name: str) -> None:
    with pytest.raises(UsageError, match=f"run {name}: .* for example run-{name}$"):
        check_id(name)
    check_id(f"run-{name}")


@given(
    st.one_of(
        st.integers(min_value=0), st.floats(min_value=0), st.decimals(min_value=0, allow_nan=False), st.booleans()
    )
)
def test_no_number_is_a_name(value: object) -> None:
    for written in {str(value), str(value).lower(), str(value).replace("+", "")}:
        with pytest.raises(UsageError):
            check_new(written.replace("+", ""))


@given(st.datetimes(), st.sampled_from(["%Y-%m-%d", "%Y%m%d", "%d.%m.%Y", "%Y-%m-%dT%H%M%S", "%Y%m%dT%H%M%S.%fZ"]))
def test_no_date_is_a_name(moment: datetime, form: str) -> None:
    with pytest.raises(UsageError):
        check_new(moment.strftime(form))


@given(st.from_regex(r"[A-Za-z][A-Za-z0-9]*[-_][A-Za-z0-9._-]*", fullmatch=True), st.dates())
def test_words_are_names_with_dates_and_numbers_too(word: str, day: date) -> None:
    for name in (word, f"{word}-{day}", f"{day}-news", f"{word}.10"):
        check_new(name)


def test_the_name_by_the_time_is_text_and_sorts_by_time() -> None:
    names = [name_by_time(datetime(2026, 11, day, 12, tzinfo=UTC)) for day in (9, 10, 27)]
    assert names[0] == "run-20261109T120000.000000Z"
    assert names == sorted(names)
    for name in names:
        check_id(name)
