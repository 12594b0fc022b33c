"""The names of a job's runs, those of them that are there already, and those that they replace."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from transforms.runs.manifest import Manifest
from transforms.runs.names import job_of, slice_name, slice_number


@dataclass(frozen=True)
class RunNames:
    """The names of a job's runs, in order, and of the committed runs whose place they take."""

    runs: list[str]
    replaced: list[str]


def free_name(runs: Sequence[Manifest]) -> str:
    """A name for a job that nobody has named: the time, or the next moment that none of `runs` is named after."""
    taken = {job_of(each.run) for each in runs}
    moment = datetime.now(UTC)
    while (name := moment.strftime("run-%Y%m%dT%H%M%S.%fZ")) in taken:
        moment += timedelta(microseconds=1)
    return name


def names_of_job(runs: Sequence[Manifest], base: str, plan: str, slices: int, *, given: bool) -> RunNames:
    """The runs of a job that takes all of its input.

    A job of the same plan whose slices are not all committed goes on: whichever there is, or, with a name, the one of
    that name. Otherwise what is committed under the name is replaced.

    Args:
        runs: the committed ones, in order.
        base: the job's name.
        plan: the digest of its plan.
        slices: how many it has.
        given: whether somebody gave the name.
    """
    there: dict[str, list[Manifest]] = {}
    for each in runs:
        there.setdefault(job_of(each.run), []).append(each)
    job = base
    for name in [base] if given else reversed(there):
        plans = [each.plan for each in there.get(name, [])]
        if 0 < plans.count(plan) < slices and (given or set(plans) == {plan}):
            job = name
            break
    names = [slice_name(job, number) for number in range(slices)] if slices > 1 else [job]
    places = set(enumerate(names))
    alike = [each for each in there.get(job, []) if each.slice and each.slice.plan == plan]
    done = {each.run for each in alike if each.slice and (each.slice.index, each.run) in places}
    staying = done if len(done) < slices else set()
    return RunNames(names, [each.run for each in there.get(job, []) if each.run not in staying])


def further_names(runs: Sequence[Manifest], base: str, slices: int) -> RunNames:
    """The runs of a job that takes what is new: they replace nothing, and are numbered after those of the same name."""
    there = [each.run for each in runs if job_of(each.run) == base]
    if not there and slices == 1:
        return RunNames([base], [])
    numbers = [number for run in there if (number := slice_number(run)) is not None]
    first = 1 + max(numbers, default=-1)
    return RunNames([slice_name(base, first + number) for number in range(slices)], [])
