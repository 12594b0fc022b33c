"""What the runs of a job are called: new ones, ones that go on, ones that are replaced."""

from datetime import datetime, tzinfo

import pytest

from tests.runs.samples import manifest
from transforms.runs import naming
from transforms.runs.manifest import Manifest, SlicePlace
from transforms.runs.names import check_new_name, job_of, slice_number
from transforms.runs.naming import RunNames, free_name, further_names, names_of_job


def runs(*named: tuple[str, str]) -> list[Manifest]:
    """Committed runs: the name and the plan of each, in order."""
    return [
        manifest(
            run, sequence=at, started=f"2026-11-{at:02d}", slice=SlicePlace(plan=plan, index=number, of=number + 1)
        )
        for at, (run, plan) in enumerate(named, start=1)
        for number in [slice_number(run) or 0]
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


def test_a_slice_in_another_place_is_not_the_same_one() -> None:
    """A job that took what was new numbered its slices after those that were there."""
    there = [
        manifest(f"x-slice-{1 + index:04d}", sequence=1 + index, slice=SlicePlace(plan="p", index=index, of=3))
        for index in range(2)
    ]
    wanted = [f"x-slice-{number:04d}" for number in range(3)]
    assert names_of_job(there, "x", "p", 3, given=True) == RunNames(wanted, wanted[1:])


def test_a_name_that_nobody_gave_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stopped(datetime):
        """A clock that stands still."""

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Stopped":
            return cls(2026, 11, 28, 1, 2, 3, 999_999, tz)

    monkeypatch.setattr(naming, "datetime", Stopped)
    assert free_name([]) == check_new_name(free_name([])) == "run-20261128T010203.999999Z"
    there = [manifest(name) for name in ("run-20261128T010203.999999Z", "run-20261128T010204.000000Z-slice-0003")]
    assert free_name(there) == "run-20261128T010204.000001Z"
