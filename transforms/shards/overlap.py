"""The overlap of sets: paragraphs of one that were removed because another keeps them, from the duplicates' ledgers."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import pyarrow as pa

from transforms.runs.names import job_of
from transforms.shards.corpus import Corpus

By = Literal["run", "bundle"]
_COLUMNS = {
    "run": ["run", "kept_corpus", "kept_run"],
    "bundle": ["run", "bundle", "kept_corpus", "kept_run", "kept_bundle"],
}


class SetName(NamedTuple):
    """The name of a set: a run, all slices of a job together, or a bundle; of this corpus, or of a reference."""

    name: str
    corpus: str | None = None

    def __str__(self) -> str:
        return self.name if self.corpus is None else f"{self.corpus}: {self.name}"


@dataclass(frozen=True)
class Overlap:
    """A matrix of paragraphs.

    Attributes:
        sets: all that have an entry, in order of trust: references, then those of this corpus, by their first run and,
            where they are bundles, by name.
        removed: the paragraphs of one set that were removed for one that another, or the same, keeps; pairs that have
            none are not there.
    """

    sets: Sequence[SetName]
    removed: Mapping[tuple[SetName, SetName], int]

    def of(self, one: SetName) -> int:
        """The paragraphs of a set that were removed."""
        return sum(count for (removed, _), count in self.removed.items() if removed == one)

    def because_of(self, one: SetName) -> int:
        """The paragraphs that were removed because a set keeps them."""
        return sum(count for (_, kept), count in self.removed.items() if kept == one)


def overlap_of(corpus: Corpus, by: By, runs: Sequence[str] | None = None) -> Overlap:
    """The overlap of the sets of a corpus with each other and with its references.

    Args:
        corpus: what is read, a part of one column set at a time.
        by: what a set is: a run, or a bundle.
        runs: only what was removed of these runs; None for all.
    """
    order = {manifest.run: number for number, manifest in enumerate(corpus.manifests)}
    counted: Counter[tuple[SetName, SetName]] = Counter()
    first: dict[SetName, tuple[int, str]] = {}
    for row in _counted(corpus, by, runs):
        removed = SetName(_name(row, by, ""))
        kept = SetName(_name(row, by, "kept_"), row["kept_corpus"])
        counted[removed, kept] += row["count_all"]
        for one, run in ((removed, row["run"]), (kept, row["kept_run"])):
            place = (-1 if one.corpus is not None else order.get(run, len(order)), str(one))
            first[one] = min(first.get(one, place), place)
    return Overlap(sorted(first, key=first.__getitem__), dict(counted))


def _name(row: Mapping[str, Any], by: By, prefix: str) -> str:
    return job_of(row[f"{prefix}run"]) if by == "run" else row[f"{prefix}bundle"]


def _counted(corpus: Corpus, by: By, runs: Sequence[str] | None) -> Iterable[dict[str, Any]]:
    """Rows of the ledger, counted by the columns that name their sets."""
    for batch in corpus.dataset("duplicates", runs).to_batches(columns=_COLUMNS[by]):
        yield from pa.Table.from_batches([batch]).group_by(_COLUMNS[by]).aggregate([([], "count_all")]).to_pylist()
