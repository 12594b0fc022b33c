"""Building and opening the index: segments from the fingerprints and verdicts of committed runs."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa

from transforms.dedup.fingerprints import Fingerprint, read_fingerprint
from transforms.dedup.index.groups import SegmentGroup, groups_of, segment_path, unindexed, write_group
from transforms.dedup.index.matching import IndexView, sorted_sets
from transforms.dedup.index.segment import Segment, count_tokens_of, parts, sets_table, write_segment
from transforms.dedup.index.settings import IndexSettings
from transforms.dedup.settings import DedupSettings
from transforms.dedup.verdicts import places_of, read_verdicts
from transforms.errors import RunError
from transforms.runs.manifest import Manifest, RunKey
from transforms.runs.run import INDEX, Run, run_folder
from transforms.storage import Folder

_TOKENS_A_SEGMENT = 1 << 24  # 128 MiB of sets: what building and merging hold at a time


class IndexMissingError(RunError):
    """A committed run whose kept paragraphs cannot be looked up."""


def within_horizon(runs: Sequence[RunKey], settings: IndexSettings, now: datetime) -> list[RunKey]:
    """The runs that are not older than the horizon, in order."""
    chosen = list(runs)
    if settings.horizon_days is not None:
        oldest = now - timedelta(days=settings.horizon_days)
        chosen = [each for each in chosen if datetime.fromisoformat(each.started) >= oldest]
    if settings.horizon_runs is not None:
        chosen = chosen[max(0, len(chosen) - settings.horizon_runs) :]
    return chosen


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
    return [Segment(output.below(path), live) for path in group.segment_paths()]


def index_runs(output: Folder, runs: Sequence[Manifest]) -> list[SegmentGroup]:
    """The groups of all committed runs, in order; indexes those that are not yet. Nobody else may be writing.

    Args:
        output: the output folder.
        runs: its committed runs, in order.

    Raises:
        IndexMissingError: the files that a run is indexed from are not there.
    """
    keys = [each.key for each in runs]
    groups = groups_of(output, keys)
    waiting = unindexed(groups, keys)
    for key in [each for each in keys if each not in waiting][-1:]:
        _remove_scratch(Run(output, key.run, key.generation))  # a crash may have left it after its group was written
    for key in waiting:
        _index_run(output, runs[keys.index(key)])
    return groups_of(output, keys)


def _index_run(output: Folder, manifest: Manifest) -> None:
    """Builds a run's segments; its fingerprint and verdict files, of no more use, go."""
    run = Run(output, manifest.run, manifest.generation)
    # A split's parts come after the split itself.
    splits = sorted(name.removesuffix(".arrow") for name in output.files(run.fingerprint_folder()))
    _check_whole(output, manifest, (_fingerprint(run, split) for split in splits))
    write_segments(output, run.index_folder(), (_kept_sets(run, split) for split in splits), (manifest.key,))
    _remove_scratch(run)


def _remove_scratch(run: Run) -> None:
    for used in (run.fingerprint_folder(), run.verdict_folder(), run.scratch_folder()):
        run.folder.remove(used)


def _fingerprint(run: Run, split: str) -> Fingerprint:
    return read_fingerprint(run.folder, run.fingerprint(split))


def _check_whole(output: Folder, manifest: Manifest, fingerprints: Iterable[Fingerprint]) -> None:
    found, all_of_it = sum(len(each.offset) for each in fingerprints), manifest.counts.paragraphs.total
    if found != all_of_it:
        raise _missing(output, manifest.key, f"has the fingerprints of {found:,} of its {all_of_it:,} paragraphs")


def _missing(output: Folder, run: RunKey, what: str) -> IndexMissingError:
    return IndexMissingError(
        f"index of {output.url}: run {run.run} {what}; restore {run_folder(INDEX, run.id)} from a backup, "
        "or remove the run and ingest its bundles again"
    )


def write_segments(output: Folder, folder: str, tables: Iterable[pa.Table], runs: tuple[RunKey, ...]) -> SegmentGroup:
    """Writes a group of segments that hold the rows of `tables`: its segments first, what makes it one last."""
    tokens: list[int] = []
    for part in parts(tables, _TOKENS_A_SEGMENT):
        write_segment(output.below(segment_path(folder, len(tokens))), part)
        tokens.append(sum(map(count_tokens_of, part)))
    group = SegmentGroup(folder, tuple(tokens), runs)
    write_group(output, group)
    return group


def _kept_sets(run: Run, split: str) -> pa.Table:
    """A row a kept paragraph of a split that has a set at all."""
    fingerprint = _fingerprint(run, split)
    kept = (np.diff(fingerprint.sets.offsets) > 0).astype(np.uint8)
    kept[read_verdicts(run.folder, run.verdicts(split)).column("paragraph").to_numpy()] = 0
    left_out = fingerprint.documents.column("filter_rule").is_valid().to_numpy()
    kept[left_out[fingerprint.paragraph_document()]] = 0
    tokens, bounds = sorted_sets(fingerprint.sets, kept)
    return sets_table(places_of([fingerprint], np.flatnonzero(kept), run.id), tokens, bounds)
