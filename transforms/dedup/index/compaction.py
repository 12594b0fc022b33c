"""Compaction: many small segments become few large ones, of the same rows in the same order. Answers do not change.

Merges by levels keep the index small as runs add up: whenever the last notes are many of a size, they are merged, as
in log-structured merge trees (O'Neil et al., Acta Informatica 1996).
"""

from collections.abc import Sequence
from itertools import takewhile

import pyarrow as pa

from transforms.dedup.index.building import index_runs, open_segments, write_segments
from transforms.dedup.index.groups import SegmentGroup, compaction_folders, groups_of, next_compaction
from transforms.dedup.index.segment import Segment
from transforms.runs.catalog import in_order
from transforms.runs.manifest import Manifest, RunKey
from transforms.runs.run import INDEX, run_folder
from transforms.storage import Folder

FAN = 16  # groups of one level that become one of the next
_LEVEL_BITS = 20  # level 0: fewer than 2 ** 20 tokens, about 10 MB of text; each further level 16 times that


def keep_up(output: Folder, runs: Sequence[Manifest], replaced: Sequence[Manifest] = ()) -> None:
    """Indexes runs, and merges what has become many. Nobody else may be writing.

    Args:
        output: the output folder.
        runs: those that further ones are compared with, in order.
        replaced: committed ones whose place others are to take: what is indexed of them stays.
    """
    every = sorted([*replaced, *runs], key=in_order)
    while True:
        groups = index_runs(output, runs)
        tail = due(groups)
        if not tail:
            break
        _merge(output, tail, every)
    clean_index(output, every)  # also of what a crash left


def compact(output: Folder, runs: Sequence[Manifest]) -> SegmentGroup | None:
    """Merges the segments of all committed runs and drops the rows of removed ones; None where there are none.

    A crash leaves the old index, or the new one. Nobody else may be writing.
    """
    groups = index_runs(output, runs)
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
    return write_segments(output, next_compaction(output), map(_live_rows, segments), runs)


def _live_rows(segment: Segment) -> pa.Table:
    return segment.rows.filter(pa.array(segment.live.astype(bool)))


def clean_index(output: Folder, runs: Sequence[Manifest]) -> None:
    """Removes what compactions replaced, and what an unfinished one left. Nobody else may be writing."""
    keys = [each.key for each in runs]
    groups = groups_of(output, keys)
    unused = set(compaction_folders(output)) - {group.folder for group in groups}
    merged = set(keys).intersection(_merged_runs(groups))
    unused |= {run_folder(INDEX, run.id) for run in merged}
    for folder in unused:
        output.remove(folder)


def _merged_runs(groups: Sequence[SegmentGroup]) -> list[RunKey]:
    return [run for group in groups for run in group.runs if group.folder != run_folder(INDEX, run.id)]
