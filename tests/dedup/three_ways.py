"""What is removed, found in all three ways: in one pass, partitioned, and against the index of an earlier run."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from tests.dedup.index.samples import build_segment, places
from tests.dedup.oracle import Removed
from tests.dedup.partitioned.plain import numbered, partitioned_join
from tests.dedup.samples import cut, removed, sets_of
from transforms.dedup.index.matching import IndexView, sorted_sets
from transforms.dedup.index.segment import sets_table
from transforms.dedup.one_pass.join import decide
from transforms.settings import DedupSettings


def decisions(paragraphs: Sequence[str], definition: DedupSettings, cuts: Sequence[int]) -> Iterator[Removed]:
    """The three decisions; `cuts` are where the input is cut into splits, one of them into runs."""
    splits = cut(sets_of(paragraphs, definition), cuts)
    yield removed(decide(splits, definition.threshold, 2))
    yield numbered(partitioned_join(splits, definition.threshold, 7), splits)
    middle = cuts[len(cuts) // 2]
    yield _in_two_runs(paragraphs[:middle], paragraphs[middle:], definition)


def _in_two_runs(earlier: Sequence[str], later: Sequence[str], definition: DedupSettings) -> Removed:
    first, second = sets_of(earlier, definition), sets_of(later, definition)
    found = removed(decide([first], definition.threshold))
    kept = np.array([each for each in range(len(earlier)) if each not in found], np.int64)
    wanted = np.isin(np.arange(len(earlier)), kept).astype(np.uint8)
    table = sets_table(places("a", len(kept)), *sorted_sets(first, wanted), first.numbers.take(kept))
    with TemporaryDirectory() as folder:
        index = IndexView([build_segment(Path(folder), "s", [table], frozenset("a"))])
        matches = index.match([second], definition.threshold, 2)
        decision = decide([second], definition.threshold, 2, matches.similarity)
    for number, (other, similarity) in removed(decision).items():
        stands = int(kept[matches.row[number]]) if other < 0 else other + len(earlier)
        found[number + len(earlier)] = (stands, similarity)
    return found
