"""Building and opening the index: segments from the fingerprints and verdicts of committed runs."""

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import takewhile

import numpy as np
import pyarrow as pa

from transforms.dedup.fingerprints import Fingerprint, read_fingerprint
from transforms.dedup.index.groups import (
    OnDamage,
    SegmentGroup,
    compaction_folders,
    drop_group,
    groups_of,
    next_compaction,
    unindexed,
    write_merged,
    write_segments,
)
from transforms.dedup.index.matching import IndexView, unsorted_sets
from transforms.dedup.index.segment import Segment, sets_table
from transforms.dedup.verdicts import places_of, read_verdicts
from transforms.errors import RunError
from transforms.filesystems import DamagedFileError, OutputError, StorageError
from transforms.runs.catalog import in_order, runs_of
from transforms.runs.manifest import Manifest, RunKey
from transforms.runs.run import INDEX, Run, run_folder
from transforms.settings import DedupSettings, IndexSettings
from transforms.storage import Folder

# Makes the tables of a run's kept paragraphs, see `segment.SETS`, from its documents.
Remake = Callable[[Folder, Manifest], Iterable[pa.Table]]
_log = logging.getLogger("rafid.index")


class IndexMissingError(RunError):
    """A committed run whose kept paragraphs cannot be looked up."""


def within_horizon(runs: Sequence[RunKey], settings: IndexSettings, now: datetime) -> list[RunKey]:
    """The runs that are not older than the horizon, in order."""
    chosen = list(runs)
    if settings.horizon_days is not None:
        oldest = now - timedelta(days=settings.horizon_days)
        chosen = [each for each in chosen if _began(each) >= oldest]
    if settings.horizon_runs is not None:
        chosen = chosen[max(0, len(chosen) - settings.horizon_runs) :]
    return chosen


def _began(run: RunKey) -> datetime:
    try:
        return datetime.fromisoformat(run.started).astimezone(UTC)
    except ValueError as error:
        raise OutputError(
            f"manifest of run {run.run}: began at no time, {run.started!r}; restore it from a backup"
        ) from error


def open_index(output: Folder, runs: Sequence[RunKey], settings: DedupSettings) -> IndexView | None:
    """The index of committed runs, in their order; None where they kept nothing that can be compared.

    Args:
        output: the output folder.
        runs: the committed runs that count, in order; `index_runs` has built what they need.
        settings: the definition of a duplicate.

    Raises:
        IndexMissingError: a run is not indexed.
    """
    if not runs or settings.scope != "corpus":
        return None
    groups = groups_of(output, runs)
    for run in unindexed(groups, runs):
        raise _missing(output, run, "has no segments")
    segments = [segment for group in groups for segment in open_segments(output, group, runs)]
    if not segments:
        return None
    return IndexView(segments)


def open_segments(output: Folder, group: SegmentGroup, runs: Iterable[RunKey]) -> list[Segment]:
    """The segments of a group, of whose rows those of `runs` count."""
    live = frozenset(run.id for run in set(runs).intersection(group.runs))
    described = zip(group.segment_paths(), group.digests, strict=True)
    return [Segment(output.below(path), live, digests) for path, digests in described]


def index_runs(output: Folder, runs: Sequence[Manifest], remake: Remake) -> list[SegmentGroup]:
    """The groups of all committed runs, in order; indexes those that are not yet. Nobody else may be writing.

    What is damaged or missing is made again from what is committed, with a warning; what is of the format before is
    written anew.

    Args:
        output: the output folder.
        runs: its committed runs, in order.
        remake: makes the rows of a run's segments from its documents.

    Raises:
        IndexMissingError: the documents of such a run are not as they were either.
    """
    keys = [each.key for each in runs]
    groups = sound_groups(output, keys, partial(_drop, output))
    for group in filter(SegmentGroup.is_earlier, groups):
        rows = (segment.rows for segment in open_segments(output, group, ()))
        write_segments(output, next_compaction(output), rows, group.runs)
    waiting = unindexed(groups, keys)
    _remove_left(output, {key.id for key in keys}.difference(key.id for key in waiting))
    for key in waiting:
        _index_run(output, runs[keys.index(key)], remake)
    return groups_of(output, keys)


def _drop(output: Folder, folder: str, error: RunError) -> None:
    """Takes a damaged folder out of the index."""
    _log.warning("%s; it is made again from what is committed", error)
    drop_group(output, folder)


def sound_groups(output: Folder, keys: Sequence[RunKey], on_damage: OnDamage) -> list[SegmentGroup]:
    """The groups of runs, but for those that are damaged, of which `on_damage` is told."""
    return [group for group in groups_of(output, keys, on_damage) if _is_sound(output, group, on_damage)]


def _is_sound(output: Folder, group: SegmentGroup, on_damage: OnDamage) -> bool:
    try:
        for segment in open_segments(output, group, group.runs):
            segment.check()
    except StorageError as error:
        on_damage(group.folder, DamagedFileError(str(error)))
        return False
    return True


def _index_run(output: Folder, manifest: Manifest, remake: Remake) -> None:
    """Builds a run's segments; its fingerprint and verdict files, of no more use, go."""
    run = Run(output, manifest.run, manifest.generation)
    build_segments(output, run.index_folder(), run, manifest, remake)
    _remove_scratch(run)


def build_segments(output: Folder, folder: str, run: Run, manifest: Manifest, remake: Remake) -> None:
    """Writes the segments of a run, of whichever output, from its fingerprints, or else from its documents."""
    try:
        splits = _whole_splits(run, manifest)
        write_segments(output, folder, (_kept_sets(run, split) for split in splits), (manifest.key,))
    except StorageError as error:
        _log.warning("run %s: %s; it is indexed from its documents", run.name, error)
        write_segments(output, folder, remake(run.folder, manifest), (manifest.key,))


def _remove_left(output: Folder, indexed: set[str]) -> None:
    """Removes what the index was built from where a crash, or a store that refused it, has left it."""
    if not indexed:
        return
    left = set()
    for path in output.files(INDEX):
        folder, _, rest = path.partition("/")
        if rest.partition("/")[0] in ("fingerprints", "verdicts", "scratch"):
            left.add(folder.removeprefix("run="))
    for run in runs_of(output, left & indexed):
        _remove_scratch(run)


def _whole_splits(run: Run, manifest: Manifest) -> list[str]:
    """The splits of a run whose fingerprints are all there, in order.

    Raises:
        StorageError: some are missing or damaged.
    """
    # A split's parts come after the split itself.
    splits = sorted(name.removesuffix(".arrow") for name in run.folder.files(run.fingerprint_folder()))
    found, wanted = sum(len(_fingerprint(run, split).offset) for split in splits), manifest.counts.paragraphs.total
    if found != wanted:
        raise StorageError(f"there are fingerprints of {found:,} of its {wanted:,} paragraphs")
    return splits


def _remove_scratch(run: Run) -> None:
    for used in (run.fingerprint_folder(), run.verdict_folder(), run.scratch_folder()):
        run.folder.tidy(used)


def _fingerprint(run: Run, split: str) -> Fingerprint:
    return read_fingerprint(run, split)


def _missing(output: Folder, run: RunKey, what: str) -> IndexMissingError:
    return IndexMissingError(
        f"index of {output.url}: run {run.run} {what}; restore {run_folder(INDEX, run.id)} from a backup, "
        "or remove the run and ingest its bundles again"
    )


def _kept_sets(run: Run, split: str) -> pa.Table:
    """A row a kept paragraph of a split that has a set at all."""
    fingerprint = _fingerprint(run, split)
    kept = (np.diff(fingerprint.sets.offsets) > 0).astype(np.uint8)
    kept[read_verdicts(run, split, len(kept)).column("paragraph").to_numpy()] = 0
    left_out = fingerprint.documents.column("filter_rule").is_valid().to_numpy()
    kept[left_out[fingerprint.paragraph_document()]] = 0
    tokens, bounds = unsorted_sets(fingerprint.sets, kept)
    rows = np.flatnonzero(kept)
    numbers = fingerprint.sets.numbers.take(rows)
    return sets_table(places_of([fingerprint], rows, run.id), tokens, bounds, numbers)


FAN = 16  # groups of one level that become one of the next
_LEVEL_BITS = 20  # level 0: fewer than 2 ** 20 tokens, about 10 MB of text; each further level 16 times that


def keep_up(output: Folder, runs: Sequence[Manifest], remake: Remake, replaced: Sequence[Manifest] = ()) -> None:
    """Indexes runs, and merges what has become many. Nobody else may be writing.

    Args:
        output: the output folder.
        runs: those that further ones are compared with, in order.
        remake: makes the rows of a run's segments from its documents.
        replaced: committed ones whose place others are to take: what is indexed of them stays.
    """
    every = sorted([*replaced, *runs], key=in_order)
    while True:
        groups = index_runs(output, runs, remake)
        tail = due(groups)
        if not tail:
            break
        _merge(output, tail, every)
    clean_index(output, every)  # also of what a crash left


def compact(output: Folder, runs: Sequence[Manifest], remake: Remake) -> SegmentGroup | None:
    """Merges the segments of all committed runs and drops the rows of removed ones; None where there are none.

    A crash leaves the old index, or the new one. Nobody else may be writing.
    """
    groups = index_runs(output, runs, remake)
    merged = _merge(output, groups, runs) if groups else None
    clean_index(output, runs)
    return merged


def due(groups: Sequence[SegmentGroup]) -> Sequence[SegmentGroup]:
    """The last groups that are to become one: `FAN` or more of a level, and what lies below it; nothing otherwise."""
    for level in range(1 + max(map(_level, groups), default=-1)):
        tail = list(takewhile(lambda group: _level(group) <= level, reversed(groups)))  # noqa: B023 - used at once
        if sum(_level(group) == level for group in tail) >= FAN:
            return groups[-len(tail) :]
    return []


def _level(group: SegmentGroup) -> int:
    return max(0, -(-(sum(group.tokens).bit_length() - _LEVEL_BITS) // 4))


def _merge(output: Folder, groups: Sequence[SegmentGroup], live: Sequence[Manifest]) -> SegmentGroup:
    keys = [each.key for each in live]
    segments = (segment for group in groups for segment in open_segments(output, group, keys))
    runs = tuple(run for group in groups for run in group.runs)
    return write_merged(output, next_compaction(output), segments, runs)


def clean_index(output: Folder, runs: Sequence[Manifest]) -> None:
    """Removes what compactions replaced, and what an unfinished one left. Nobody else may be writing."""
    keys = [each.key for each in runs]
    groups = groups_of(output, keys, partial(_drop, output))
    unused = set(compaction_folders(output)) - {group.folder for group in groups}
    merged = set(keys).intersection(_merged_runs(groups))
    unused |= {run_folder(INDEX, run.id) for run in merged}
    for folder in unused:
        output.tidy(folder)


def _merged_runs(groups: Sequence[SegmentGroup]) -> list[RunKey]:
    return [run for group in groups for run in group.runs if group.folder != run_folder(INDEX, run.id)]
