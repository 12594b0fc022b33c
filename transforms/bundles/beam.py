"""ListSplits: the splits of a run, as Beam elements."""

from collections.abc import Sequence
from itertools import chain, groupby

import apache_beam as beam

from transforms.bundles.splits import Split

# A run, and the splits of it that a worker takes at once: what stages hand on is keyed by its run.
Batch = tuple[str, tuple[Split, ...]]


def parts_together(splits: Sequence[Split]) -> list[tuple[Split, ...]]:
    """The parts of each split, which are read in one go; `splits` are in order."""
    return [tuple(parts) for _, parts in groupby(splits, key=lambda split: split.index)]


def batches(run: str, splits: Sequence[Split], size: int) -> list[Batch]:
    """Consecutive splits, all parts of each, in groups of `size`: what a worker takes at once, with its threads."""
    whole = parts_together(splits)
    return [(run, tuple(chain.from_iterable(whole[at : at + size]))) for at in range(0, len(whole), size)]


@beam.typehints.with_output_types(Batch)
class ListSplits(beam.PTransform):
    """The splits of a run, spread over the workers in batches."""

    def __init__(self, run: str, splits: Sequence[Split], batch: int) -> None:
        super().__init__()
        self._batches = batches(run, splits, batch)

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection[Batch]:
        """One element a batch."""
        return begin | "CreateBatches" >> beam.Create(self._batches, reshuffle=False) | "Spread" >> beam.Reshuffle()
