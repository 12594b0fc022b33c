"""The files that the stages of the partitioned join share: fingerprints by number, the order table, decisions."""

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa

from transforms.arrays import Bytes, Float64s, Int64s, UInt32s
from transforms.bundles.splits import Split
from transforms.dedup.fingerprints import Fingerprint, FingerprintedSplit, JoinClock, read_fingerprint, write_figures
from transforms.dedup.index.matching import IndexView
from transforms.dedup.partitioned.resolution import Known, resolve
from transforms.dedup.partitioned.stages import COUNTS, order_of, paragraph_of, positions, split_of
from transforms.dedup.shingles import ShingleSets
from transforms.dedup.verdicts import PLACES, Decision, places_of, verdict_tables, write_verdicts
from transforms.runs.run import Run

_PART_BITS = 12
DECISIONS = pa.schema([("paragraph", pa.int64()), ("kept", pa.int64()), ("similarity", pa.float64())])


def split_number(split: Split) -> int:
    """The number that positions carry: by the split's place in the input, then the part's."""
    return split.index << _PART_BITS | split.part


class Fingerprints:
    """The fingerprints of a run's splits by their numbers; it knows the files' names as long as it lives.

    A run that is opened anew may have other splits under the same numbers: it takes another of these.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self._names: dict[int, str] = {}

    def of(self, number: int) -> Fingerprint:
        """The fingerprint of a split."""
        if number not in self._names:  # listed before it was written
            names = self.run.folder.names(self.run.fingerprint_folder())
            splits = [name.removesuffix(".arrow") for name in names if not name.startswith(".")]
            self._names = {_number(split): split for split in splits}
        return read_fingerprint(self.run, self._names[number])

    def sets(self, number: int) -> ShingleSets:
        """The shingles of a split."""
        return self.of(number).sets


def _number(split: str) -> int:
    index, _, *part = split.split("-")
    return int(index) << _PART_BITS | int(part[0] if part else 0)


def write_counts(run: Run, split: Split, counts: UInt32s) -> None:
    """Writes the counts of a split's shingles, for `write_order`."""
    run.folder.write_arrow(_counts_path(run, split), pa.table({"count": counts}))


def write_order(run: Run, splits: Iterable[Split]) -> str:
    """Writes the run's order table, made of the counts of all its splits; returns its path."""
    total = np.zeros(COUNTS, np.uint32)
    for split in splits:
        total += run.folder.read_arrow(_counts_path(run, split)).column("count").to_numpy()
    path = f"{run.scratch_folder()}/order.arrow"
    run.folder.write_arrow(path, pa.table({"rank": order_of(total)}))
    return path


def _counts_path(run: Run, split: Split) -> str:
    return f"{run.scratch_folder()}/counts/{split.id}.arrow"


def read_order(run: Run, path: str) -> Bytes:
    """The order table at that path."""
    ranks: Bytes = run.folder.read_arrow(path).column("rank").to_numpy()
    return ranks


def resolve_run(fingerprints: Fingerprints, parts: Sequence[object], threshold: float) -> list[Split]:
    """The run's splits, a decision file written for each, and the join's figures.

    Args:
        fingerprints: of the run.
        parts: all blocks that the stages found, all FingerprintedSplits, and the order table's path.
        threshold: the least Jaccard similarity of a duplicate.
    """
    clock, run = JoinClock(), fingerprints.run
    fingerprinted = sorted((e for e in parts if isinstance(e, FingerprintedSplit)), key=lambda each: each.split.place)
    order = read_order(run, next(each for each in parts if isinstance(each, str)))
    known = Known.of(parts)
    found = resolve(known, fingerprints.sets, order, threshold)
    number = split_of(found.removed)
    for each in fingerprinted:
        rows = slice(*np.searchsorted(number, [split_number(each.split), split_number(each.split) + 1]))
        columns = [paragraph_of(found.removed[rows]), found.kept[rows], found.similarity[rows]]
        run.folder.write_arrow(_decision_path(run, each.split), pa.table(columns, schema=DECISIONS))
    figures = clock.figures(
        "partitioned",
        fingerprinted,
        found.kept,
        found.similarity,
        contenders=found.rows,
        candidates=len(known.edges),
    )
    write_figures(run, figures)
    return [each.split for each in fingerprinted]


def _decision_path(run: Run, split: Split) -> str:
    return f"{run.scratch_folder()}/decisions/{split.id}.arrow"


def write_split_verdicts(fingerprints: Fingerprints, split: Split, index: IndexView | None, threshold: float) -> None:
    """Writes the verdict file of a split from its decision file."""
    run = fingerprints.run
    table = run.folder.read_arrow(_decision_path(run, split))
    removed, kept, similarity = (table.column(name).to_numpy() for name in DECISIONS.names)
    fingerprint = fingerprints.of(split_number(split))
    places = _places(fingerprints, kept, removed, fingerprint, index, threshold)
    decision = Decision(removed, kept, similarity, 0, 0)
    (verdicts,) = verdict_tables([fingerprint], decision, places)
    write_verdicts(run, split.id, verdicts)


def _places(
    fingerprints: Fingerprints,
    kept: Int64s,
    removed: Int64s,
    fingerprint: Fingerprint,
    index: IndexView | None,
    threshold: float,
) -> pa.Table:
    """The places of the paragraphs that stand for the removed ones, in their order."""
    tables, rows = [PLACES.empty_table()], [np.empty(0, np.int64)]
    for number in np.unique(split_of(kept[kept >= 0])).tolist():
        at = np.flatnonzero((kept >= 0) & (split_of(kept) == number))
        tables.append(places_of([fingerprints.of(number)], paragraph_of(kept[at]), fingerprints.run.name))
        rows.append(at)
    earlier = np.flatnonzero(kept < 0)
    if index is not None and len(earlier):
        matches = index.match([_chosen_sets(fingerprint.sets, removed[earlier])], threshold, 1)
        tables.append(index.places(matches.segment, matches.row))
        rows.append(earlier)
    return pa.concat_tables(tables).take(pa.array(np.argsort(np.concatenate(rows))))


def _chosen_sets(sets: ShingleSets, paragraphs: Int64s) -> ShingleSets:
    """The shingles and numbers of some paragraphs."""
    pieces = [sets.shingles[sets.offsets[each] : sets.offsets[each + 1]] for each in paragraphs.tolist()]
    sizes = [len(piece) for piece in pieces]
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return ShingleSets(np.concatenate(pieces), offsets, sets.numbers.take(paragraphs), sets.wordless[paragraphs])


def given_positions(number: int, similarity: Float64s) -> Int64s:
    """The positions of the paragraphs of a split that repeat one of an earlier run."""
    return positions(number, np.flatnonzero(similarity > 0))
