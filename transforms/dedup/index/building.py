"""Building and opening the index: segments from the fingerprints and verdicts of committed runs."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa

from transforms import storage
from transforms.dedup.fingerprints import Fingerprint, read_fingerprint
from transforms.dedup.index.groups import IndexNote, notes_of, segment_path, unindexed, write_note
from transforms.dedup.index.matching import IndexView, sorted_sets
from transforms.dedup.index.segment import Segment, count_tokens_of, parts, sets_table, write_segment
from transforms.dedup.index.settings import IndexSettings
from transforms.dedup.settings import DedupSettings
from transforms.dedup.verdicts import places_of, read_verdicts
from transforms.errors import RunError
from transforms.runs.catalog import CommittedRun, RunFacts, committed
from transforms.runs.run import INDEX, RunPaths, run_folder

_TOKENS_A_SEGMENT = 1 << 24  # 128 MiB of sets: what building and merging hold at a time


class IndexMissingError(RunError):
    """A committed run whose kept paragraphs cannot be looked up."""


def within_horizon(runs: Sequence[CommittedRun], settings: IndexSettings, now: datetime) -> list[CommittedRun]:
    """The runs that are not older than the horizon, in order."""
    chosen = list(runs)
    if settings.horizon_days is not None:
        oldest = now - timedelta(days=settings.horizon_days)
        chosen = [each for each in chosen if datetime.fromisoformat(each.started) >= oldest]
    if settings.horizon_runs is not None:
        chosen = chosen[max(0, len(chosen) - settings.horizon_runs) :]
    return chosen


def open_index(output: str, runs: Sequence[CommittedRun], settings: DedupSettings) -> IndexView | None:
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
    notes = notes_of(output, runs)
    for run in unindexed(notes, runs):
        raise _missing(output, run.run, "has no segments")
    segments = [segment for note in notes for segment in open_segments(output, note, runs)]
    if not segments:
        return None
    return IndexView(segments)


def open_segments(output: str, note: IndexNote, runs: Iterable[CommittedRun]) -> list[Segment]:
    """The segments of a note, of whose rows those of `runs` count."""
    live = frozenset(run.run for run in set(runs).intersection(note.runs))
    return [Segment(storage.join(output, path), live) for path in note.segment_paths()]


def index_runs(output: str) -> list[IndexNote]:
    """The notes of all committed runs, in order; those that are not indexed yet are. Nobody else may be writing.

    Raises:
        IndexMissingError: the files that a run is indexed from are not there.
    """
    facts = committed(output)
    keys = [each.key for each in facts]
    notes = notes_of(output, keys)
    waiting = unindexed(notes, keys)
    for key in [each for each in keys if each not in waiting][-1:]:
        _remove_scratch(RunPaths(output, key.run))  # a crash may have left it behind the note
    for key in waiting:
        _index_run(output, facts[keys.index(key)])
    return notes_of(output, keys)


def _index_run(output: str, facts: RunFacts) -> None:
    """Builds a run's segments; its fingerprint and verdict files, of no more use, go."""
    paths = RunPaths(output, facts.run)
    files = storage.list_files(storage.join(output, paths.fingerprint_folder()))
    splits = sorted(name.removesuffix(".arrow") for name in files)  # a split's parts behind the split itself
    _check_whole(output, facts, (_fingerprint(paths, split) for split in splits))
    tables = (_kept_sets(paths, split) for split in splits)
    write_segments(output, run_folder(INDEX, facts.run), tables, (facts.key,))
    _remove_scratch(paths)


def _remove_scratch(paths: RunPaths) -> None:
    for used in (paths.fingerprint_folder(), paths.verdict_folder(), paths.scratch_folder()):
        storage.remove(storage.join(paths.output, used))


def _fingerprint(paths: RunPaths, split: str) -> Fingerprint:
    return read_fingerprint(storage.join(paths.output, paths.fingerprint(split)))


def _check_whole(output: str, facts: RunFacts, fingerprints: Iterable[Fingerprint]) -> None:
    found = sum(len(each.offset) for each in fingerprints)
    if found != facts.paragraphs:
        raise _missing(output, facts.run, f"has the fingerprints of {found:,} of its {facts.paragraphs:,} paragraphs")


def _missing(output: str, run: str, what: str) -> IndexMissingError:
    return IndexMissingError(
        f"index of {output}: run {run} {what}; "
        f"restore {run_folder(INDEX, run)} from a backup, or remove the run and ingest its bundles again"
    )


def write_segments(output: str, folder: str, tables: Iterable[pa.Table], runs: tuple[CommittedRun, ...]) -> IndexNote:
    """The note, written last, of a folder of segments that hold the rows of `tables`."""
    tokens: list[int] = []
    for group in parts(tables, _TOKENS_A_SEGMENT):
        write_segment(output, segment_path(folder, len(tokens)), group)
        tokens.append(sum(map(count_tokens_of, group)))
    note = IndexNote(folder, tuple(tokens), runs)
    write_note(output, note)
    return note


def _kept_sets(paths: RunPaths, split: str) -> pa.Table:
    """A row a kept paragraph of a split that has a set at all."""
    fingerprint = _fingerprint(paths, split)
    kept = (np.diff(fingerprint.sets.offsets) > 0).astype(np.uint8)
    kept[read_verdicts(storage.join(paths.output, paths.verdicts(split))).column("paragraph").to_numpy()] = 0
    left_out = fingerprint.documents.column("filter_rule").is_valid().to_numpy()
    kept[left_out[fingerprint.paragraph_document()]] = 0
    tokens, bounds = sorted_sets(fingerprint.sets, kept)
    return sets_table(places_of([fingerprint], np.flatnonzero(kept), paths.run), tokens, bounds)
