"""Looking a run's paragraphs up in the index: the best kept paragraph of earlier runs for each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.arrays import Bytes, Float64s, Int32s, Int64s, UInt64s
from transforms.dedup.index.kernels.search import search_segment
from transforms.dedup.index.kernels.sets import ask_filter, drop_repeated, find_possible, sort_sets
from transforms.dedup.index.segment import Segment
from transforms.dedup.shingles import ShingleSets
from transforms.dedup.verdicts import PLACES
from transforms.parallel import all_in_order

_MISSED = 1 << 12  # places for the tokens of a set that are not in a segment


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
        found = [_Search(len(split.offsets) - 1) for split in splits]
        for number, segment in enumerate(self.segments):
            mapped = segment.opened()  # for this turn only: what is mapped counts as memory of the process

            def search(split: int) -> None:
                found[split].search(splits[split], number, mapped, threshold)  # noqa: B023 - used at once

            all_in_order(search, range(len(splits)), threads)
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
    """The matches that are found for the paragraphs of a split so far."""

    def __init__(self, paragraphs: int) -> None:
        self.segment = np.full(paragraphs, -1, np.int32)
        self.row = np.full(paragraphs, -1, np.int64)
        self.similarity = np.zeros(paragraphs)
        self.candidates = 0

    def search(self, split: ShingleSets, number: int, segment: Segment, threshold: float) -> None:
        """Looks them up in a segment: their sets are sorted once most of them turn out not to be there."""
        postings, wanted = segment.postings, np.empty(len(self.row), np.uint8)
        find_possible(split.shingles, split.offsets, postings.filter, threshold, np.zeros(_MISSED, np.int64), wanted)
        rows = np.flatnonzero(wanted)
        if not len(rows):
            return
        tokens, bounds = sorted_sets(split, wanted)
        numbers, largest = split.numbers.take(rows), int(np.diff(bounds).max())
        hits, possible = np.empty(len(tokens), np.uint8), np.empty(len(rows), np.int64)
        ask_filter(tokens, bounds, postings.filter, hits, possible)
        best = self.segment[rows], self.row[rows], self.similarity[rows]
        self.candidates += search_segment(
            tokens, bounds, numbers.numbers, numbers.offsets, hits, possible, threshold,
            *postings.search, postings.order, segment.sizes[postings.order], *segment.numbers, segment.live, number,
            np.zeros(1, np.uint64), np.full(len(segment.live), -1, np.int32), np.empty(largest, np.int64),
            np.empty(largest, np.int64), *best,
        )  # fmt: skip
        self.segment[rows], self.row[rows], self.similarity[rows] = best


def sorted_sets(split: ShingleSets, wanted: Bytes) -> tuple[UInt64s, Int64s]:
    """The sets of the wanted paragraphs, each sorted: tokens, and where each set's begin."""
    return _sets(split, wanted, sort_sets)


def unsorted_sets(split: ShingleSets, wanted: Bytes) -> tuple[UInt64s, Int64s]:
    """The same, but that tokens stand as they first come in each paragraph."""
    longest = int(np.diff(split.offsets).max(initial=0))
    slots = np.empty(1 << max(2, (4 * longest).bit_length()), np.int32)
    return _sets(split, wanted, lambda *sets: drop_repeated(*sets, slots))


def _sets(split: ShingleSets, wanted: Bytes, fill: Callable[..., int]) -> tuple[UInt64s, Int64s]:
    sizes = np.diff(split.offsets)[wanted.astype(bool)]
    tokens = np.empty(int(sizes.sum()), np.uint64)
    bounds = np.empty(len(sizes) + 1, np.int64)
    used = fill(split.shingles, split.offsets, wanted, tokens, bounds)
    return tokens[:used], bounds
