"""Looking a run's paragraphs up in the index: the best kept paragraph of earlier runs for each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.arrays import Bytes, Float64s, Int32s, Int64s, UInt64s
from transforms.dedup.index.kernels.search import ask_filter, search_segment, sort_sets
from transforms.dedup.index.segment import Segment
from transforms.dedup.shingles import ShingleSets
from transforms.dedup.verdicts import PLACES
from transforms.parallel import map_in_order


@dataclass(frozen=True)
class Matches:
    """For each paragraph the earlier runs' kept one of highest similarity, then the earliest, if it is a duplicate.

    Attributes:
        segment: int32[p], the segment that has it, or -1.
        row: int64[p], its row there.
        similarity: float64[p], exact; 0 where there is none.
        candidates: pairs whose overlap was counted.
    """

    segment: Int32s
    row: Int64s
    similarity: Float64s
    candidates: int


@dataclass(frozen=True)
class IndexView:
    """The index as a run sees it: its segments, in the order of their runs."""

    segments: Sequence[Segment]

    def match(self, splits: Sequence[ShingleSets], threshold: float, threads: int) -> Matches:
        """The matches of all paragraphs of `splits`, in their order."""
        found = list(map_in_order(_Search, splits, threads))
        for number, segment in enumerate(self.segments):
            mapped = segment.opened()  # for this turn only: what is mapped counts as memory of the process
            list(map_in_order(lambda each: each.search(number, mapped, threshold), found, threads))  # noqa: B023
        return Matches(
            np.concatenate([each.segment for each in found]),
            np.concatenate([each.row for each in found]),
            np.concatenate([each.similarity for each in found]),
            sum(each.candidates for each in found),
        )

    def places(self, segment: Int32s, row: Int64s) -> pa.Table:
        """The places of those rows' paragraphs, with the columns of `PLACE_COLUMNS`."""
        parts = []
        for number in np.unique(segment):
            chosen = np.flatnonzero(segment == number)
            rows = self.segments[number].places(row[chosen])
            names = pc.replace_substring_regex(rows.column("run").cast(pa.string()), "~[0-9]+$", "")
            plain = rows.set_column(0, "run", names)  # the index tells generations apart, ledgers do not
            corpus = pa.repeat(pa.scalar(self.segments[number].corpus, pa.string()), len(chosen))
            parts.append(plain.append_column("corpus", corpus).append_column("at", pa.array(chosen)))
        return pa.concat_tables(parts).sort_by("at").drop_columns(["at"]).cast(PLACES)


class _Search:
    """The sets of a split, and what was found for them so far."""

    def __init__(self, split: ShingleSets) -> None:
        paragraphs = len(split.offsets) - 1
        self._tokens, self._bounds = sorted_sets(split, np.ones(paragraphs, np.uint8))
        self._numbers = split.numbers
        self._largest = int(np.diff(self._bounds).max(initial=0))
        self.segment = np.full(paragraphs, -1, np.int32)
        self.row = np.full(paragraphs, -1, np.int64)
        self.similarity = np.zeros(paragraphs)
        self.candidates = 0

    def search(self, number: int, segment: Segment, threshold: float) -> None:
        """Looks all of them up in a segment."""
        hits, possible = np.empty(len(self._tokens), np.uint8), np.empty(len(self._bounds) - 1, np.int64)
        postings = segment.postings
        ask_filter(self._tokens, self._bounds, postings.filter, hits, possible)
        self.candidates += search_segment(
            self._tokens, self._bounds, self._numbers.numbers, self._numbers.offsets, hits, possible, threshold,
            *postings.search, postings.order, segment.sizes[postings.order], *segment.numbers, segment.live, number,
            np.zeros(1, np.uint64), np.full(len(segment.live), -1, np.int32), np.empty(self._largest, np.int64),
            np.empty(self._largest, np.int64), self.segment, self.row, self.similarity,
        )  # fmt: skip


def sorted_sets(split: ShingleSets, wanted: Bytes) -> tuple[UInt64s, Int64s]:
    """The sets of the wanted paragraphs, each sorted: tokens, and where each set's begin."""
    sizes = np.diff(split.offsets)[wanted.astype(bool)]
    tokens = np.empty(int(sizes.sum()), np.uint64)
    bounds = np.empty(len(sizes) + 1, np.int64)
    used = sort_sets(split.shingles, split.offsets, wanted, tokens, bounds)
    return tokens[:used], bounds
