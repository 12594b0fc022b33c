"""The names of a job's runs, those of them that are there already, and those that they replace."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from transforms.errors import UsageError
from transforms.runs.manifest import Manifest

_SLICE = re.compile(r"-slice-(\d{4,})$")
# Numbers, dates and times as DuckDB, Polars, Spark and Arrow infer them from paths, and whatever looks like one. A
# number may end with its Java type, hexadecimal and binary ones count, and `epoch` is a date.
_NO_TEXT = re.compile(
    r"\d[\d._tz-]*(e[\d._-]*)?[dfl]?|0x[\da-f_]+|0b[01_]+|nan|inf|infinity|true|false|null|nil|none|na|epoch",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class RunNames:
    """The names of a job's runs, in order, and the committed runs that have to go before it begins."""

    runs: list[str]
    replaced: list[str]


def check_id(run: str | None) -> None:
    """Raises UsageError for a name that only a slice can have, and as `check_new`."""
    if run is not None and _SLICE.search(run):
        raise UsageError(f"run {run}: names like this are those of slices; choose one that does not end in -slice-NNNN")
    if run is not None:
        check_new(run)


def check_new(run: str) -> None:
    """Raises UsageError for the name of a new run that reads as a number, a date or a time, or as true, null or nan.

    Readers that make a column of `run=NAME` in paths would give it that type: 1.10 and 1.1 would be one run.
    """
    if _NO_TEXT.fullmatch(run):
        raise UsageError(
            f"run {run}: readers of Parquet take this name in a path for a number, a date or a constant; "
            f"choose one that is text, for example run-{run}"
        )


def name_by_time(moment: datetime) -> str:
    """The name of a run that nobody has named: the time of its beginning, in UTC."""
    return f"run-{moment.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}"


def job_of(run: str) -> str:
    """The name of the job that a run is of."""
    return _SLICE.sub("", run)


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
    names = [_slice(job, number) for number in range(slices)] if slices > 1 else [job]
    done = [each.run for each in there.get(job, []) if each.plan == plan]
    staying = set(names).intersection(done) if len(done) < slices else set()
    return RunNames(names, [each.run for each in there.get(job, []) if each.run not in staying])


def further_names(runs: Sequence[Manifest], base: str, slices: int) -> RunNames:
    """The runs of a job that takes what is new: they replace nothing, and are numbered after those of the same name."""
    there = [each.run for each in runs if job_of(each.run) == base]
    if not there and slices == 1:
        return RunNames([base], [])
    numbers = [int(found[1]) for run in there if (found := _SLICE.search(run))]
    first = 1 + max(numbers, default=-1)
    return RunNames([_slice(base, first + number) for number in range(slices)], [])


def _slice(job: str, number: int) -> str:
    return f"{job}-slice-{number:04d}"
