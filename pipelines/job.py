"""A job: what a command asks for, as one run or several slices, each committed by its manifest."""

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from pipelines.config import IngestSettings, require_places
from transforms.bundles.listing import Bundle, Listing, PassedOver, digest_bundle, list_input
from transforms.bundles.splits import ByteRange, Split, plan_splits
from transforms.dedup.index.building import within_horizon
from transforms.dedup.index.compaction import keep_up
from transforms.errors import RafidError, UsageError
from transforms.runs.catalog import CommittedRun, RunFacts, check_settings, committed
from transforms.runs.inputs import InputLedger, Sorted
from transforms.runs.lock import lock_output
from transforms.runs.manifest import clean_up, is_committed, prepare_output, read_manifest, remove_run
from transforms.runs.naming import RunNames, check_id, further_names, names_of_job
from transforms.runs.opening import Opening, write_opening
from transforms.runs.run import RunPaths
from transforms.shards.checking import referring_runs

_PACKAGES = ("apache-beam", "numba", "numpy", "pyarrow")


@dataclass(frozen=True)
class Slice:
    """A part of the input that is one run: its splits, and its place among the job's slices."""

    splits: Sequence[Split]
    index: int
    of: int


RunSlice = Callable[[RunPaths, Slice], None]


def listed_input(settings: IngestSettings) -> Listing:
    """The bundles that the settings name, in input order, and the files that are passed over.

    Raises:
        UsageError: no input or no output is named, or an input cannot be used.
    """
    require_places(settings)
    return list_input(settings.input.paths, settings.input.root, endings=settings.input.endings)


def listed_bundles(settings: IngestSettings) -> list[Bundle]:
    """The bundles that the settings name, see `listed_input`."""
    return listed_input(settings).bundles


def plan_slices(bundles: Sequence[Bundle], settings: IngestSettings, *, in_process: bool) -> list[Slice]:
    """The slices of the input, in order: as many splits each as `run.max_bytes` allows, one at least."""
    return _sliced(plan_splits(bundles, settings.run.split_bytes), settings, in_process=in_process)


def _sliced(splits: Sequence[Split], settings: IngestSettings, *, in_process: bool) -> list[Slice]:
    limit = settings.run.max_bytes or (settings.run.local_max_bytes if in_process else 0)
    groups: list[list[Split]] = []
    taken = 0
    for split in splits:
        size = sum(part.end - part.start for part in split.ranges)
        if not groups or (limit and taken + size > limit):
            groups.append([])
            taken = 0
        groups[-1].append(split)
        taken += size
    return [Slice(group, index, len(groups)) for index, group in enumerate(groups)]


def _quiet(_: str) -> None:
    pass


def run_job(
    bundles: Sequence[Bundle],
    settings: IngestSettings,
    run_slice: RunSlice,
    *,
    in_process: bool,
    new_only: bool = False,
    wait: bool = False,
    notice: Callable[[str], None] = _quiet,
    passed_over: Sequence[PassedOver] = (),
) -> Iterator[dict[str, Any]]:
    """The manifests of the job's runs, each as soon as it is committed; none where there is nothing new.

    Args:
        bundles: what to read, in input order.
        settings: how.
        run_slice: runs the graph for one slice.
        in_process: whether memory is this machine's.
        new_only: take only what no committed run has taken.
        wait: wait while another run is writing to the output, instead of saying so.
        notice: told of bundles that changed, vanished or are known.
        passed_over: files that are not taken; the manifest of the job's first run names them.
    """
    output = str(settings.output)
    check_id(settings.run.id)
    prepare_output(output)
    base = settings.run.id or datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    with lock_output(output, base, wait=wait):
        clean_up(output)
        runs = committed(output)
        splits = plan_splits(bundles, settings.run.split_bytes)
        if new_only:
            splits = _fresh_splits(bundles, runs, settings, notice)
        slices = _sliced(splits, settings, in_process=in_process)
        plan = _plan_digest(slices, settings)
        if new_only:
            names = further_names(runs, base, len(slices))
        else:
            names = names_of_job(runs, base, plan, len(slices), given=settings.run.id is not None)
        _replace(output, runs, names, settings)
        for part, run in zip(slices, names.runs, strict=True):
            paths = RunPaths(output, run)
            if not is_committed(paths):
                yield _run_one(paths, part, plan, settings, run_slice, passed_over)


def _fresh_splits(
    bundles: Sequence[Bundle], runs: Sequence[RunFacts], settings: IngestSettings, notice: Callable[[str], None]
) -> list[Split]:
    """What no committed run has taken; of a bundle of which slices took a part, the rest."""
    ledger = InputLedger(taken for each in runs for taken in each.inputs)
    found = ledger.sort_out(bundles, digest_bundle)
    _report(found, notice)
    splits = (_without_taken(split, ledger) for split in plan_splits(found.fresh, settings.run.split_bytes))
    return [split for split in splits if split.ranges]


def _without_taken(split: Split, ledger: InputLedger) -> Split:
    rest = [
        ByteRange(part.bundle, start, end)
        for part in split.ranges
        for start, end in ledger.missing(part.bundle, part.start, part.end)
    ]
    return replace(split, ranges=tuple(rest))


def _report(found: Sorted, notice: Callable[[str], None]) -> None:
    changed = [f"{bundle.name}: has changed since it was taken; taken as new" for bundle in found.changed]
    vanished = [f"{url}: was taken and is no longer there; what was kept of it stays" for url in found.vanished]
    for lines in (changed, vanished):
        for line in lines[:10]:
            notice(line)
        if len(lines) > 10:
            notice(f"… and {len(lines) - 10:,} more")
    if found.known:
        notice(f"{len(found.known):,} bundles were taken before")


def _replace(output: str, runs: Sequence[RunFacts], names: RunNames, settings: IngestSettings) -> None:
    """Removes the runs that the job replaces, once nothing speaks against it any more."""
    staying = [each for each in runs if each.run not in names.replaced]
    check_settings(output, staying, settings.dedup.model_dump(mode="json"))
    pointing = referring_runs(output, names.replaced, [each.run for each in staying]) if names.replaced else {}
    if pointing:
        raise UsageError(
            f"run {settings.run.id}: cannot be replaced: {', '.join(pointing)} left out paragraphs that it keeps; "
            "use another name, or remove those runs first with python -m pipelines.runs"
        )
    for run in names.replaced:
        remove_run(output, run)


def _plan_digest(slices: Sequence[Slice], settings: IngestSettings) -> str:
    """What tells whether two jobs do the same: their slices, and all settings but where and how fast."""
    facts = [[[split.id, [part.bundle.state for part in split.ranges]] for split in part.splits] for part in slices]
    asked = settings.model_dump(mode="json", exclude={"output": True, "run": True, "flink": True})
    return hashlib.sha256(json.dumps([facts, asked]).encode()).hexdigest()[:32]


def _run_one(
    paths: RunPaths,
    part: Slice,
    plan: str,
    settings: IngestSettings,
    run_slice: RunSlice,
    passed_over: Sequence[PassedOver],
) -> dict[str, Any]:
    facts: dict[str, Any] = {"slice": {"plan": plan, "index": part.index, "of": part.of}}
    facts["passed_over"] = [{"url": each.url, "reason": each.reason.value} for each in passed_over if part.index == 0]
    facts["digests"] = _known_digests(part, committed(paths.output))
    open_run(paths, settings, len(part.splits), facts)
    try:
        run_slice(paths, part)
    except BaseException:
        if not is_committed(paths):
            with contextlib.suppress(RafidError):
                remove_run(paths.output, paths.run)
        raise
    return read_manifest(paths.output, paths.run)


def open_run(paths: RunPaths, settings: IngestSettings, splits: int, facts: dict[str, Any]) -> None:
    """Opens a run behind those that are committed, and brings the index up to them. Nobody else may be writing.

    Args:
        paths: where the run's files will be.
        settings: how it will be worked on.
        splits: how many it has.
        facts: what else its header holds.
    """
    started, runs = datetime.now(UTC), committed(paths.output)
    earlier: list[CommittedRun] = []
    if settings.dedup.scope == "corpus":
        # Here, where the lock is held: two attempts of a worker would get in each other's way.
        keep_up(paths.output)
        earlier = within_horizon([each.key for each in runs], settings.index, started)
    sequence = 1 + max((each.sequence for each in runs), default=0)
    write_opening(paths, Opening(_header(settings, started, sequence) | facts, splits, tuple(earlier)))


def _known_digests(part: Slice, runs: Sequence[RunFacts]) -> dict[str, str]:
    """The digests of bundles that an earlier slice began: they need not be read again from end to end."""
    begun = {each.bundle for split in part.splits for each in split.ranges if each.start > 0}
    states = {(bundle.url, bundle.state): bundle.name for bundle in begun}
    taken = (each for run in runs for each in run.inputs)
    return {name: each.sha256 for each in taken if (name := states.get((each.url, each.state)))}


def _header(settings: IngestSettings, started: datetime, sequence: int) -> dict[str, Any]:
    return {
        "sequence": sequence,
        "started": started.isoformat(timespec="microseconds"),
        "settings": json.loads(settings.model_dump_json()),
        "versions": {"rafid": version("rafid"), **{name: version(name) for name in _PACKAGES}},
    }
