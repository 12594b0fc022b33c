"""A job: what a command asks for, as one run or several slices, each committed by its manifest."""

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version

from pipelines.config import IngestSettings, require_places
from transforms.bundles.listing import Bundle, Listing, PassedOver, digest_bundle, list_input
from transforms.bundles.splits import ByteRange, Split, plan_splits
from transforms.dedup.definition import check_definition
from transforms.dedup.index.building import keep_up, within_horizon
from transforms.errors import RafidError, UsageError
from transforms.runs.catalog import clean_up, committed_runs, prepare_output
from transforms.runs.inputs import Sorted, TakenInputs
from transforms.runs.lock import lock_output
from transforms.runs.manifest import Header, Manifest, Opening, PassedFile, RunKey, SlicePlace, WindowSpan
from transforms.runs.naming import RunNames, check_id, check_new, further_names, name_by_time, names_of_job
from transforms.runs.run import Run
from transforms.shards.checking import referring_runs
from transforms.shards.reindexing import kept_sets
from transforms.storage import Folder

_PACKAGES = ("apache-beam", "numba", "numpy", "pyarrow")


@dataclass(frozen=True)
class Slice:
    """A part of the input that is one run: its splits, and its place among the job's slices."""

    splits: Sequence[Split]
    index: int
    of: int

    @property
    def size(self) -> int:
        """The bytes of its splits."""
        return sum(split.size for split in self.splits)


RunSlice = Callable[[Run, Slice], None]


def listed_input(settings: IngestSettings) -> Listing:
    """The bundles that the settings name, in input order, and the files that are passed over.

    Raises:
        UsageError: no input or no output is named, or an input cannot be used.
    """
    require_places(settings)
    return list_input(settings.input.paths, settings.input.root, endings=settings.input.endings)


def plan_slices(bundles: Sequence[Bundle], settings: IngestSettings, *, in_process: bool) -> list[Slice]:
    """The slices of the input, in order: as many splits each as `run.max_bytes` allows, one at least."""
    return _sliced(plan_splits(bundles, settings.run.split_bytes), settings, in_process=in_process)


def _sliced(splits: Sequence[Split], settings: IngestSettings, *, in_process: bool) -> list[Slice]:
    limit = settings.run.max_bytes or (settings.run.local_max_bytes if in_process else 0)
    groups: list[list[Split]] = []
    taken = 0
    for split in splits:
        if not groups or (limit and taken + split.size > limit):
            groups.append([])
            taken = 0
        groups[-1].append(split)
        taken += split.size
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
) -> Iterator[Manifest]:
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
    output = settings.folder()
    check_id(settings.run.id)
    prepare_output(output)
    base = settings.run.id or name_by_time(datetime.now(UTC))
    with lock_output(output, base, wait=wait):
        clean_up(output)
        runs = committed_runs(output)
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
        for part, name in zip(slices, names.runs, strict=True):
            run = Run(output, name)
            if not run.is_committed():
                yield _run_one(run, part, plan, settings, run_slice, passed_over)


def _fresh_splits(
    bundles: Sequence[Bundle], runs: Sequence[Manifest], settings: IngestSettings, notice: Callable[[str], None]
) -> list[Split]:
    """The splits that no committed run has taken; of a bundle of which slices took a part, the rest."""
    taken = TakenInputs(taken for each in runs for taken in each.inputs)
    found = taken.sort_out(bundles, digest_bundle)
    _report(found, notice)
    splits = (_without_taken(split, taken) for split in plan_splits(found.fresh, settings.run.split_bytes))
    return [split for split in splits if split.ranges]


def _without_taken(split: Split, taken: TakenInputs) -> Split:
    rest = [
        ByteRange(part.bundle, start, end)
        for part in split.ranges
        for start, end in taken.missing(part.bundle, part.start, part.end)
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


def _replace(output: Folder, runs: Sequence[Manifest], names: RunNames, settings: IngestSettings) -> None:
    """Removes the runs that the job replaces, once nothing speaks against it any more."""
    staying = [each for each in runs if each.run not in names.replaced]
    check_definition(output.url, staying, settings.dedup)
    pointing = referring_runs(output, names.replaced, staying) if names.replaced else {}
    if pointing:
        raise UsageError(
            f"run {settings.run.id}: cannot be replaced: {', '.join(pointing)} left out paragraphs that it keeps; "
            "use another name, or remove those runs first with python -m pipelines.runs"
        )
    for name in names.replaced:
        Run(output, name).remove()


def _plan_digest(slices: Sequence[Slice], settings: IngestSettings) -> str:
    """A digest that two jobs share when they do the same: of their slices, and all settings but where and how fast."""
    facts = [[[split.id, [part.bundle.state for part in split.ranges]] for split in part.splits] for part in slices]
    asked = settings.model_dump(mode="json", exclude={"output": True, "run": True, "flink": True})
    return hashlib.sha256(json.dumps([facts, asked]).encode()).hexdigest()[:32]


def _run_one(
    run: Run,
    part: Slice,
    plan: str,
    settings: IngestSettings,
    run_slice: RunSlice,
    passed_over: Sequence[PassedOver],
) -> Manifest:
    runs = committed_runs(run.folder)
    place = SlicePlace(plan=plan, index=part.index, of=part.of)
    passed = tuple(PassedFile(url=each.url, reason=each.reason) for each in passed_over if part.index == 0)
    facts = Facts(len(part.splits), slice=place, digests=_known_digests(part, runs), passed_over=passed)
    open_run(run, runs, settings, facts)
    try:
        run_slice(run, part)
    except BaseException:
        if not run.is_committed():
            with contextlib.suppress(RafidError):
                run.remove()
        raise
    return run.manifest()


@dataclass(frozen=True)
class Facts:
    """Facts of a run that whoever opens it knows.

    Attributes:
        splits: how many it has.
        slice: its place among the slices of a job.
        window: the window of a stream that it is.
        digests: SHA-256 of bundles that earlier slices began, by name.
        passed_over: files that its job does not take.
    """

    splits: int
    slice: SlicePlace | None = None
    window: WindowSpan | None = None
    digests: Mapping[str, str] = field(default_factory=dict)
    passed_over: tuple[PassedFile, ...] = ()


def open_run(run: Run, runs: Sequence[Manifest], settings: IngestSettings, facts: Facts) -> None:
    """Opens a run after those that are committed, and brings the index up to them. Nobody else may be writing.

    Args:
        run: what is opened.
        runs: the committed ones, in order.
        settings: how it will be worked on.
        facts: what is known of it.

    Raises:
        UsageError: readers would not take its name for text.
    """
    check_new(run.name)
    started = datetime.now(UTC)
    earlier: list[RunKey] = []
    if settings.dedup.scope == "corpus":
        # Here, where the lock is held: two attempts of a worker would get in each other's way.
        keep_up(run.folder, runs, kept_sets)
        earlier = within_horizon([each.key for each in runs], settings.index, started)
    header = Header(
        sequence=1 + max((each.sequence for each in runs), default=0),
        started=started.isoformat(timespec="microseconds"),
        settings=json.loads(settings.model_dump_json()),
        versions={"rafid": version("rafid"), **{name: version(name) for name in _PACKAGES}},
        slice=facts.slice,
        window=facts.window,
        passed_over=facts.passed_over,
    )
    run.open(Opening(header=header, splits=facts.splits, earlier=tuple(earlier), digests=dict(facts.digests)))


def _known_digests(part: Slice, runs: Sequence[Manifest]) -> dict[str, str]:
    """The digests of bundles that an earlier slice began: they need not be read again from end to end."""
    begun = {each.bundle for split in part.splits for each in split.ranges if each.start > 0}
    states = {(bundle.url, bundle.state): bundle.name for bundle in begun}
    taken = (each for run in runs for each in run.inputs)
    return {name: each.sha256 for each in taken if (name := states.get((each.url, each.state)))}
