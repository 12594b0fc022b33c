"""ListSplits: the splits of a run, as Beam elements."""

from collections.abc import Sequence
from itertools import chain, groupby

import apache_beam as beam

from transforms.bundles.splits import Split

# A run and those of its splits that a worker takes at once; elements between stages are keyed by their run.
Batch = tuple[str, tuple[Split, ...]]


def parts_together(splits: Sequence[Split]) -> list[tuple[Split, ...]]:
    """The splits grouped by split: the parts of one are read in one go. `splits` are in order."""
    return [tuple(parts) for _, parts in groupby(splits, key=lambda split: split.index)]


def batches(run: str, splits: Sequence[Split], size: int) -> list[Batch]:
    """The splits in groups of `size` consecutive ones, with all their parts; a worker takes a group at once."""
    whole = parts_together(splits)
    return [(run, tuple(chain.from_iterable(whole[at : at + size]))) for at in range(0, len(whole), size)]


@beam.typehints.with_output_types(Batch)
class ListSplits(beam.PTransform):
    """The splits of a run in batches, which are spread over the workers where there are several."""

    def __init__(self, run: str, splits: Sequence[Split], batch: int) -> None:
        super().__init__()
        self._batches = batches(run, splits, batch)

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection[Batch]:
        """One element for each batch."""
        batches = self._batches  # and no more: what a step holds is sent to its workers
        created = begin | beam.Impulse() | "CreateBatches" >> beam.FlatMap(lambda _: batches).with_output_types(Batch)
        return created | "Spread" >> beam.Reshuffle() if len(self._batches) > 1 else created
