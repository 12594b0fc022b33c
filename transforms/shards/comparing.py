"""Two sides of the same input compared, runs or corpora: paragraphs that one keeps and the other removed."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from transforms.shards.corpus import Corpus

_PLACE = ["bundle", "offset"]


@dataclass(frozen=True)
class Side:
    """Some runs of a corpus, or all of them.

    Attributes:
        name: as it was asked for.
        corpus: whose runs they are.
        runs: their names; None for all.
    """

    name: str
    corpus: Corpus
    runs: Sequence[str] | None = None

    def kept(self) -> pa.Table:
        """The places of the kept paragraphs: `bundle` and `offset`."""
        return _places(self.corpus, "documents", self.runs)

    def left_out(self) -> pa.Table:
        """The places of the paragraphs of documents that a rule left out."""
        return _places(self.corpus, "filtered", self.runs)

    def removed(self) -> pa.Table:
        """The places of the removed paragraphs."""
        return self.corpus.dataset("duplicates", self.runs).to_table(columns=_PLACE).combine_chunks()

    def removals(self, places: pa.Table, most: int) -> pa.Table:
        """Rows of the ledger of duplicates for some places, at most so many, in the order of their places."""
        chosen = places.sort_by([(name, "ascending") for name in _PLACE]).slice(0, most)
        near = [pc.field(name).isin(pc.unique(chosen.column(name))) for name in _PLACE]
        rows = self.corpus.dataset("duplicates", self.runs).to_table(filter=near[0] & near[1])
        wanted = set(zip(*(chosen.column(name).to_pylist() for name in _PLACE), strict=True))
        there = zip(*(rows.column(name).to_pylist() for name in _PLACE), strict=True)
        rows = rows.filter(pa.array([place in wanted for place in there], pa.bool_()))
        return rows.sort_by([(name, "ascending") for name in _PLACE])


def _places(corpus: Corpus, ledger: str, runs: Sequence[str] | None) -> pa.Table:
    """The places of the paragraphs of documents, which have a list of them each."""
    documents = corpus.dataset(ledger, runs).to_table(columns=["bundle", "paragraph_offset"]).combine_chunks()
    offsets = documents.column("paragraph_offset")
    owners = pc.list_parent_indices(offsets)
    return pa.table({"bundle": documents.column("bundle").take(owners), "offset": pc.list_flatten(offsets)})


@dataclass(frozen=True)
class OneWay:
    """The paragraphs that one side keeps and the other does not, as places.

    Attributes:
        removed: removed by the other as duplicates.
        left_out: of documents that a rule of the other left out.
        absent: nowhere in the other's input.
    """

    removed: pa.Table
    left_out: int
    absent: int


def kept_by_one(one: Side, other: Side) -> OneWay:
    """The paragraphs that `one` keeps and `other` does not; the same place in the same bundle is the same paragraph."""
    kept = _but(one.kept(), other.kept())
    removed = _both(kept, other.removed())
    rest = _but(kept, removed)
    left_out = _both(rest, other.left_out())
    return OneWay(removed, len(left_out), len(rest) - len(left_out))


def kept_by_both(one: Side, other: Side) -> int:
    """The number of paragraphs that both keep."""
    return len(_both(one.kept(), other.kept()))


def _both(places: pa.Table, others: pa.Table) -> pa.Table:
    return places.join(others, _PLACE, join_type="left semi")


def _but(places: pa.Table, others: pa.Table) -> pa.Table:
    return places.join(others, _PLACE, join_type="left anti")
