"""A job: what a command asks for, as one run or several slices, each committed by its manifest."""

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import takewhile

from pipelines.config import IngestSettings, require_places
from pipelines.opening import Facts, open_run
from transforms.bundles.listing import Bundle, Listing, PassedOver, digest_bundle, list_input
from transforms.bundles.reader import check_tables
from transforms.bundles.sequential import bundle_is_stream
from transforms.bundles.splits import ByteRange, Split, plan_splits
from transforms.dedup.definition import check_definition
from transforms.dedup.index.references import references_of
from transforms.errors import RafidError, UsageError, command_line
from transforms.filters.running import load_filters
from transforms.runs.catalog import committed_runs, prepare_output, waiting_runs
from transforms.runs.cleaning import clean_up
from transforms.runs.inputs import Sorted, TakenInputs
from transforms.runs.lock import lock_output
from transforms.runs.manifest import Manifest, PassedFile, Reference, SlicePlace
from transforms.runs.naming import free_name, further_names, names_of_job
from transforms.runs.run import Run, RunTaken
from transforms.runs.switch import Switch, begin_switch, finish_switch
from transforms.shards.checking import referring_runs
from transforms.storage import Folder


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
    asked = settings.input
    listing = list_input(asked.paths, asked.root, endings=asked.endings, config_name=asked.config_name)
    check_tables(listing.bundles, asked)
    return listing


def plan_slices(bundles: Sequence[Bundle], settings: IngestSettings, *, in_process: bool) -> list[Slice]:
    """The slices of the input, in order: as many splits each as `run.max_bytes` allows, one at least."""
    return _sliced(_planned(bundles, settings), settings, in_process=in_process)


def _planned(bundles: Sequence[Bundle], settings: IngestSettings) -> list[Split]:
    return plan_splits(bundles, settings.run.split_bytes, partial(bundle_is_stream, asked=settings.input.format))


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
    reports: bool = False,
    notice: Callable[[str], None] = _quiet,
    context: Callable[[], contextlib.AbstractContextManager[None]] = contextlib.nullcontext,
    passed_over: Sequence[PassedOver] = (),
    there: Sequence[Bundle] | None = None,
) -> Iterator[Manifest]:
    """The manifests of the job's runs, each as soon as it is committed; none where there is nothing new.

    What the job replaces stays until its last run is finished; then all of them are committed in one step.

    Args:
        bundles: what to read, in input order.
        settings: how.
        run_slice: runs the graph for one slice.
        in_process: whether memory is this machine's.
        new_only: take only what no committed run has taken.
        wait: wait while another run is writing to the output, instead of saying so.
        reports: note for each run that its report is due.
        notice: told of bundles that changed, vanished or are known.
        context: is entered as soon as the output is held, before anything is cleaned up or written.
        passed_over: files that are not taken; the manifest of the job's first run names them.
        there: all bundles that there are, where `bundles` are some of them.
    """
    load_filters(settings.filters)  # a wrong one is said before any work
    output = settings.folder()
    prepare_output(output)
    with lock_output(output, settings.run.id or "without a name", wait=wait) as lease, context():
        finish_switch(output)
        runs = committed_runs(output)
        splits = _planned(bundles, settings)
        if new_only:
            splits = _fresh_splits(bundles, runs, settings, notice, there)
        slices = _sliced(splits, settings, in_process=in_process)
        plan, base = _plan_digest(slices, settings), settings.run.id or free_name(runs)
        if new_only:
            names = further_names(runs, base, len(slices))
        else:
            names = names_of_job(runs, base, plan, len(slices), given=settings.run.id is not None)
        replaced = [each for each in runs if each.run in names.replaced]
        _check_replaced(output, runs, replaced, settings)
        passed = tuple(PassedFile(url=each.url, reason=each.reason) for each in passed_over)
        begun = [each for each in runs if each.run in names.runs and each not in replaced]
        begun += [each for each in waiting_runs(output) if each.plan == plan and replaced]
        against = references_of(settings.dedup, output, begun)
        job = Job(output, settings, plan, run_slice, replaced, reports, lease, passed, against)
        yield from job.work(slices, names.runs, notice)


@dataclass(frozen=True)
class Job:
    """A job that holds the lock.

    Attributes:
        output: where it writes.
        settings: how.
        plan: the digest of what it does.
        run_slice: runs the graph for one slice.
        replaced: the committed runs whose place its own take, all of them at once.
        reports: whether to note for each run that its report is due.
        lease: the token of the lock.
        passed_over: files that it does not take.
        against: the corpora that `dedup.against` names.
    """

    output: Folder
    settings: IngestSettings
    plan: str
    run_slice: RunSlice
    replaced: Sequence[Manifest]
    reports: bool
    lease: str
    passed_over: tuple[PassedFile, ...] = ()
    against: tuple[Reference, ...] = ()

    def work(self, slices: Sequence[Slice], names: Sequence[str], notice: Callable[[str], None]) -> Iterator[Manifest]:
        """Runs what is still to be run of the slices; gives the manifests as they are committed."""
        generations = {each.run: each.generation + 1 for each in self.replaced}
        runs = [Run(self.output, name, generations.get(name, 0)) for name in names]
        clean_up(self.output, keep=self._waiting(runs))
        before = committed_runs(self.output)
        staying = {each.run for each in before} - generations.keys()
        for part, run in zip(slices, runs, strict=True):
            if run.name not in staying and not run.is_done():
                manifest = self._run(run, part)
                if not self.replaced:
                    yield manifest
        if self.replaced:
            yield from self._switch([run for run in runs if run.name not in staying], before, notice)

    def _waiting(self, runs: Sequence[Run]) -> list[Run]:
        """The first of `runs` that an earlier try of the same job has finished; they wait for the others."""
        done = {Run.of(self.output, each.id) for each in waiting_runs(self.output) if each.plan == self.plan}
        return list(takewhile(done.__contains__, runs)) if self.replaced else []

    def _earlier(self) -> list[Manifest]:
        """The runs that come before the next one, in order."""
        gone = {each.run for each in self.replaced}
        return [*(each for each in committed_runs(self.output) if each.run not in gone), *waiting_runs(self.output)]

    def _run(self, run: Run, part: Slice) -> Manifest:
        runs = self._earlier()
        place = SlicePlace(plan=self.plan, index=part.index, of=part.of)
        facts = Facts(
            len(part.splits),
            slice=place,
            digests=_known_digests(part, runs),
            replaced=self.replaced,
            passed_over=self.passed_over if part.index == 0 else (),
            against=self.against,
        )
        open_run(run, runs, self.settings, facts)
        try:
            if self.reports:
                run.folder.write(run.report_note(), b"")
            self.run_slice(run, part)
        except BaseException:
            if not run.is_done():
                with contextlib.suppress(RafidError):
                    run.remove()
            raise
        return run.manifest()

    def _switch(self, runs: list[Run], before: list[Manifest], notice: Callable[[str], None]) -> list[Manifest]:
        """The manifests of `runs`, which take the place of the replaced ones in one step."""
        manifests = [run.manifest() for run in runs]
        if [each.key for each in committed_runs(self.output)] != [each.key for each in before]:
            raise RunTaken(f"output {self.output.url}: another writer has committed runs in the meantime; run again")
        come, gone = tuple(run.id for run in runs), tuple(each.run for each in self.replaced)
        begin_switch(self.output, Switch(come=come, gone=gone), self.lease)
        try:
            clean_up(self.output)
        except RafidError as error:  # what has happened has happened
            notice(f"{error}; the next run with this output does what is left to do")
        return manifests


def _fresh_splits(
    bundles: Sequence[Bundle],
    runs: Sequence[Manifest],
    settings: IngestSettings,
    notice: Callable[[str], None],
    there: Sequence[Bundle] | None,
) -> list[Split]:
    """The splits that no committed run has taken; of a bundle of which slices took a part, the rest."""
    taken = TakenInputs(taken for each in runs for taken in each.inputs)
    found = taken.sort_out(bundles, digest_bundle, there)
    _report(found, notice)
    splits = (_without_taken(split, taken) for split in _planned(found.fresh, settings))
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


def _check_replaced(
    output: Folder, runs: Sequence[Manifest], replaced: Sequence[Manifest], settings: IngestSettings
) -> None:
    """Raises UsageError where something speaks against a job that replaces these runs."""
    staying = [each for each in runs if each not in replaced]
    check_definition(output.url, staying, settings.dedup)
    pointing = referring_runs(output, [each.run for each in replaced], staying) if replaced else {}
    if pointing:
        raise UsageError(
            f"run {settings.run.id}: cannot be replaced: {', '.join(pointing)} left out paragraphs that it keeps; "
            f"use another name, or remove those runs first with {command_line('runs')}"
        )


def _plan_digest(slices: Sequence[Slice], settings: IngestSettings) -> str:
    """A digest that two jobs share when they do the same: of their slices, and all settings but where and how fast."""
    facts = [[[split.id, [part.bundle.state for part in split.ranges]] for split in part.splits] for part in slices]
    asked = settings.model_dump(mode="json", exclude={"output": True, "run": True, "flink": True})
    return hashlib.sha256(json.dumps([facts, asked]).encode()).hexdigest()[:32]


def _known_digests(part: Slice, runs: Sequence[Manifest]) -> dict[str, str]:
    """The digests of bundles that an earlier slice began: they need not be read again from end to end."""
    begun = {each.bundle for split in part.splits for each in split.ranges if each.start > 0}
    states = {(bundle.url, bundle.state): bundle.name for bundle in begun}
    taken = (each for run in runs for each in run.inputs)
    return {name: each.sha256 for each in taken if (name := states.get((each.url, each.state)))}
