"""JoinPartitioned: the partitioned join as Beam transforms; what is grouped are columns by whole numbers."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import apache_beam as beam

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
_RUN = -1  # the key of what concerns the run as a whole; splits and partitions have the others


class JoinPartitioned(beam.PTransform):
    """The splits, one a batch, each with its verdict file written; the join's figures stand in a file of the run.

    The stages stand in one row, and what a later one needs passes through those between: a stage costs a cluster an
    exchange, branches and side inputs several.
    """

    def __init__(self, run: Run, settings: DedupSettings, partitions: int) -> None:
        super().__init__()
        self._work = _Work(run, settings, partitions)

    def expand(self, splits: beam.PCollection[Fingerprinted]) -> beam.PCollection[Batch]:
        """Equal sets, prefixes, candidates, verification, resolution, verdicts."""
        work = self._work
        return (
            splits
            | "Sets" >> beam.FlatMapTuple(work.sets).with_output_types(Keyed)
            | "Copies" >> _grouped(work.copies, work.order)
            | "Prefixes" >> _grouped(work.prefixes, _pass)
            | "Candidates" >> _grouped(work.candidates, _pass)
            | "Verify" >> _grouped(work.verified, _pass)
            | "Resolve" >> beam.GroupByKey()
            | "Decide" >> beam.FlatMapTuple(work.resolve).with_output_types(Split)
            | "Spread" >> beam.Reshuffle()
            | "Verdicts" >> beam.Map(work.verdicts).with_output_types(Batch)
        )


_OnGroup = Callable[[int, Iterable[Any]], Iterable[Keyed]]


def _grouped(of_group: _OnGroup, of_run: _OnGroup) -> beam.PTransform:
    """Groups by key and works on each group with `of_group`; with `of_run` on what concerns the run as a whole."""
    work = partial(_work_on_group, of_group, of_run)
    return "Group" >> beam.GroupByKey() | "Work" >> beam.FlatMapTuple(work).with_output_types(Keyed)


def _work_on_group(of_group: _OnGroup, of_run: _OnGroup, key: int, values: Iterable[Any]) -> Iterable[Keyed]:
    return of_run(key, values) if key == _RUN else of_group(key, values)


def _pass(key: int, values: Iterable[Any]) -> Iterator[Keyed]:
    return ((key, each) for each in values)


class _Work:
    """The functions of the graph: each works on files of the run."""

    def __init__(self, run: Run, settings: DedupSettings, partitions: int) -> None:
        self.run, self.settings, self.partitions = run, settings, partitions
        self.fingerprints = files.Fingerprints(run)

    def index(self) -> IndexView | None:
        opening = self.run.opening()
        return open_earlier(self.run, opening.earlier, opening.header.against, self.settings)

    def sets(self, _: str, each: FingerprintedSplit) -> Iterator[Keyed]:
        number = files.split_number(each.split)
        sets = self.fingerprints.sets(number)
        files.write_counts(self.run, each.split, stages.count_split(sets))
        yield _RUN, each
        yield from stages.equal_sets(number, sets, self.partitions)

    def order(self, _: int, splits: Iterable[FingerprintedSplit]) -> Iterator[Keyed]:
        every = list(splits)
        path = files.write_order(self.run, [each.split for each in every])
        for each in every:
            yield _RUN, each
            yield files.split_number(each.split), path
        yield _RUN, path

    def copies(self, _: int, blocks: Iterable[stages.EqualBlock]) -> Iterator[Keyed]:
        for number, copies in stages.find_copies(blocks):
            yield number, copies
            yield _RUN, copies

    def prefixes(self, number: int, parts: Iterable[Any]) -> Iterator[Keyed]:
        every = list(parts)
        copies = (each for each in every if isinstance(each, stages.CopyBlock))
        order = files.read_order(self.run, next(each for each in every if isinstance(each, str)))
        sets = self.fingerprints.sets(number)
        yield from stages.prefixes(number, sets, copies, order, self.settings.threshold, self.partitions)
        index = self.index()
        if index is not None:
            similarity = index.match([sets], self.settings.threshold, 1).similarity
            yield from _of_run(GivenBlock(files.given_positions(number, similarity), similarity[similarity > 0]))

    def candidates(self, _: int, blocks: Iterable[Any]) -> Iterator[Keyed]:
        pairs, dense = stages.candidates(blocks, self.settings.threshold)
        yield from stages.by_key(stages.split_of(pairs.later), pairs)
        yield from _of_run(dense)

    def verified(self, number: int, blocks: Iterable[Any]) -> Iterator[Keyed]:
        own, every = self.fingerprints.sets(number), stages.unique_pairs(blocks)
        for other, pairs in stages.by_key(stages.split_of(every.earlier), every):
            yield from _of_run(stages.verify(pairs, own, self.fingerprints.sets(other), self.settings.threshold))

    def resolve(self, _: int, parts: Iterable[object]) -> list[Split]:
        return files.resolve_run(self.fingerprints, list(parts), self.settings.threshold)

    def verdicts(self, split: Split) -> Batch:
        files.write_split_verdicts(self.fingerprints, split, self.index(), self.settings.threshold)
        return self.run.id, (split,)


def _of_run(block: stages.B) -> Iterator[tuple[int, stages.B]]:
    return ((_RUN, piece) for piece in stages.chunks(block))
