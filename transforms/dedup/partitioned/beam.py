"""JoinPartitioned: the partitioned join as Beam transforms; what is grouped are columns by whole numbers."""

from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
import numpy as np

from transforms.arrays import UInt32s
from transforms.bundles.beam import Batch
from transforms.bundles.splits import Split
from transforms.dedup.beam import Fingerprinted
from transforms.dedup.fingerprints import FingerprintedSplit
from transforms.dedup.index.matching import IndexView
from transforms.dedup.index.references import open_earlier
from transforms.dedup.partitioned import files, stages
from transforms.dedup.partitioned.stages import GivenBlock
from transforms.runs.run import Run
from transforms.settings import DedupSettings

Keyed = tuple[int, Any]
_TO_RESOLUTION = -1  # the key of what goes past verification


class JoinPartitioned(beam.PTransform):
    """The splits, one a batch, each with its verdict file written; the join's figures stand in a file of the run."""

    def __init__(self, run: Run, settings: DedupSettings, partitions: int) -> None:
        super().__init__()
        self._work = _Work(run, settings, partitions)

    def expand(self, keyed: beam.PCollection[Fingerprinted]) -> beam.PCollection[Batch]:
        """Equal sets, prefixes, candidates, verification, resolution, verdicts."""
        work = self._work
        splits = keyed | "OfTheRun" >> beam.Values().with_output_types(FingerprintedSplit)
        order = splits | "Order" >> _Order(work)
        copies = splits | "EqualSets" >> _grouped(work.equal, work.copies)
        prefixes = {
            "split": splits | "ByNumber" >> beam.Map(_by_number),
            "copies": copies,
        } | "WithCopies" >> beam.CoGroupByKey()
        tokens = prefixes | "Prefixes" >> beam.FlatMap(work.prefixes, beam.pvalue.AsSingleton(order))
        found = tokens | "Candidates" >> _grouped(None, work.candidates)
        edges = found | "Verify" >> _grouped(None, work.verified)
        named = splits | "Splits" >> beam.Map(_to_one)
        parts = (named, order | "OrderPath" >> beam.Map(_to_one), copies | "Copies" >> beam.MapTuple(_past), edges)
        return parts | "Resolve" >> _Resolve(work)


def _grouped(before: Any, after: Any) -> beam.PTransform:
    """Groups the numbered blocks that `before` gives, and works on each group with `after`."""
    grouped = "Group" >> beam.GroupByKey() | "Work" >> beam.FlatMapTuple(after).with_output_types(Keyed)
    return grouped if before is None else "Spread" >> beam.FlatMap(before).with_output_types(Keyed) | grouped


class _Order(beam.PTransform):
    def __init__(self, work: "_Work") -> None:
        super().__init__()
        self._work = work

    def expand(self, splits: beam.PCollection[FingerprintedSplit]) -> beam.PCollection[str]:
        return (
            splits
            | "Count" >> beam.Map(self._work.count)
            | "Sum" >> beam.CombineGlobally(_sum)
            | "Write" >> beam.Map(self._work.write_order)
        )


class _Resolve(beam.PTransform):
    def __init__(self, work: "_Work") -> None:
        super().__init__()
        self._work = work

    def expand(self, parts: Any) -> beam.PCollection[Batch]:
        return (
            parts
            | "Together" >> beam.Flatten()
            | "ToOneWorker" >> beam.GroupByKey()
            | "Decide" >> beam.FlatMapTuple(self._work.resolve).with_output_types(Split)
            | "Spread" >> beam.Reshuffle()
            | "Verdicts" >> beam.Map(self._work.verdicts).with_output_types(Batch)
        )


def _by_number(each: FingerprintedSplit) -> tuple[int, FingerprintedSplit]:
    return files.split_number(each.split), each


def _to_one(each: Any) -> Keyed:
    return _TO_RESOLUTION, each


def _past(_: int, block: Any) -> Keyed:
    return _TO_RESOLUTION, block


def _sum(counts: Iterable[UInt32s | int]) -> UInt32s:
    """The sum of count columns; Beam begins with an empty one."""
    total = np.zeros(stages.COUNTS, np.uint32)
    for each in counts:
        total += each
    return total


class _Work:
    """The functions of the graph: each works on files of the run."""

    def __init__(self, run: Run, settings: DedupSettings, partitions: int) -> None:
        self.run, self.settings, self.partitions = run, settings, partitions
        self.fingerprints = files.Fingerprints(run)

    def index(self) -> IndexView | None:
        opening = self.run.opening()
        return open_earlier(self.run, opening.earlier, opening.header.against, self.settings)

    def count(self, each: FingerprintedSplit) -> UInt32s:
        return stages.count_split(self.fingerprints.sets(files.split_number(each.split)))

    def write_order(self, counts: UInt32s) -> str:
        return files.write_order(self.run, stages.order_of(counts))

    def equal(self, each: FingerprintedSplit) -> Iterator[Keyed]:
        number = files.split_number(each.split)
        return stages.equal_sets(number, self.fingerprints.sets(number), self.partitions)

    def copies(self, _: int, blocks: Iterable[stages.EqualBlock]) -> Iterator[Keyed]:
        return stages.find_copies(blocks)

    def prefixes(self, grouped: tuple[int, dict[str, Iterable[Any]]], order: str) -> Iterator[Keyed]:
        number, parts = grouped
        sets, table = self.fingerprints.sets(number), files.read_order(self.run, order)
        yield from stages.prefixes(number, sets, parts["copies"], table, self.settings.threshold, self.partitions)
        index = self.index()
        if index is not None:
            similarity = index.match([sets], self.settings.threshold, 1).similarity
            given = GivenBlock(files.given_positions(number, similarity), similarity[similarity > 0])
            yield from ((_TO_RESOLUTION, piece) for piece in stages.chunks(given))

    def candidates(self, key: int, blocks: Iterable[Any]) -> Iterator[Keyed]:
        if key == _TO_RESOLUTION:
            yield from ((_TO_RESOLUTION, block) for block in blocks)
            return
        pairs, dense = stages.candidates(blocks, self.settings.threshold)
        yield from stages.by_key(stages.split_of(pairs.later), pairs)
        yield from ((_TO_RESOLUTION, piece) for piece in stages.chunks(dense))

    def verified(self, key: int, blocks: Iterable[Any]) -> Iterator[Keyed]:
        if key == _TO_RESOLUTION:
            yield from ((_TO_RESOLUTION, block) for block in blocks)
            return
        own, every = self.fingerprints.sets(key), stages.unique_pairs(blocks)
        for other, pairs in stages.by_key(stages.split_of(every.earlier), every):
            edges = stages.verify(pairs, own, self.fingerprints.sets(other), self.settings.threshold)
            yield from ((_TO_RESOLUTION, piece) for piece in stages.chunks(edges))

    def resolve(self, _: int, parts: Iterable[object]) -> list[Split]:
        return files.resolve_run(self.fingerprints, list(parts), self.settings.threshold)

    def verdicts(self, split: Split) -> Batch:
        files.write_split_verdicts(self.fingerprints, split, self.index(), self.settings.threshold)
        return self.run.id, (split,)
