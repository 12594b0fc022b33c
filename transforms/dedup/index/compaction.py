"""Compaction: many small segments become few large ones, of the same rows in the same order. Answers do not change.

Merges by levels keep the index small as runs add up: whenever the last notes are many of a size, they are merged, as
in log-structured merge trees (O'Neil et al., Acta Informatica 1996).
"""

from collections.abc import Sequence
from itertools import takewhile

import pyarrow as pa

from transforms import storage
from transforms.dedup.index.building import index_runs, open_segments, write_segments
from transforms.dedup.index.groups import IndexNote, compaction_folders, next_compaction, notes_of
from transforms.dedup.index.segment import Segment
from transforms.runs.catalog import CommittedRun, committed
from transforms.runs.run import INDEX, run_folder

FAN = 16  # notes of one level that become one of the next
_LEVEL_BITS = 20  # level 0: fewer than 2 ** 20 tokens, about 10 MB of text; each further level 16 times that


def keep_up(output: str) -> None:
    """Indexes all committed runs and merges what has become many. Nobody else may be writing."""
    while True:
        notes = index_runs(output)
        tail = due(notes)
        if not tail:
            break
        _merge(output, tail)
    clean_index(output)  # also of what a crash left


def compact(output: str) -> IndexNote | None:
    """Merges the segments of all committed runs and drops the rows of removed ones; None where there are none.

    A crash leaves the old index, or the new one. Nobody else may be writing.
    """
    notes = index_runs(output)
    merged = _merge(output, notes) if notes else None
    clean_index(output)
    return merged


def due(notes: Sequence[IndexNote]) -> Sequence[IndexNote]:
    """The last notes that are to become one: `FAN` or more of a level, and what lies below it; nothing otherwise."""
    for level in range(1 + max(map(_level, notes), default=-1)):
        tail = list(takewhile(lambda note: _level(note) <= level, reversed(notes)))  # noqa: B023 - used at once
        if sum(_level(note) == level for note in tail) >= FAN:
            return notes[-len(tail) :]
    return []


def _level(note: IndexNote) -> int:
    return max(0, -(-(sum(note.tokens).bit_length() - _LEVEL_BITS) // 4))


def _merge(output: str, notes: Sequence[IndexNote]) -> IndexNote:
    live = [each.key for each in committed(output)]
    segments = (segment for note in notes for segment in open_segments(output, note, live))
    runs = tuple(run for note in notes for run in note.runs)
    return write_segments(output, next_compaction(output), map(_live_rows, segments), runs)


def _live_rows(segment: Segment) -> pa.Table:
    return segment.rows.filter(pa.array(segment.live.astype(bool)))


def clean_index(output: str) -> None:
    """Removes what compactions replaced, and what an unfinished one left. Nobody else may be writing."""
    runs = [each.key for each in committed(output)]
    notes = notes_of(output, runs)
    unused = set(compaction_folders(output)) - {note.folder for note in notes}
    # A run that replaced a merged one has its name, not its key: its folder stays.
    unused |= {run_folder(INDEX, run.run) for run in set(runs).intersection(_merged_runs(notes))}
    for folder in unused:
        storage.remove(storage.join(output, folder))


def _merged_runs(notes: Sequence[IndexNote]) -> list[CommittedRun]:
    return [run for note in notes for run in note.runs if note.folder != run_folder(INDEX, run.run)]
