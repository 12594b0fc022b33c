"""The files that the stages of the partitioned join share: fingerprints by number, the order table, decisions."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pyarrow as pa

from transforms.arrays import Bytes, Float64s, Int64s
from transforms.bundles.splits import Split
from transforms.dedup.fingerprints import Fingerprint, FingerprintedSplit, JoinClock, read_fingerprint, write_figures
from transforms.dedup.index.matching import IndexView
from transforms.dedup.partitioned.resolution import Known, resolve
from transforms.dedup.partitioned.stages import paragraph_of, positions, split_of
from transforms.dedup.shingles import ShingleSets
from transforms.dedup.verdicts import PLACES, Decision, places_of, verdict_tables, write_verdicts
from transforms.runs.run import Run
from transforms.storage import Folder

_PART_BITS = 12
DECISIONS = pa.schema([("paragraph", pa.int64()), ("kept", pa.int64()), ("similarity", pa.float64())])


def split_number(split: Split) -> int:
    """The number that positions carry: by the split's place in the input, then the part's."""
    return split.index << _PART_BITS | split.part


@lru_cache(maxsize=4)
def _names(output: Folder, folder: str) -> dict[int, str]:
    """The fingerprint files of a run, by their splits' numbers."""
    names = (name for name in output.names(folder) if not name.startswith("."))
    return {_number(name): name for name in (each.removesuffix(".arrow") for each in names)}


def _number(name: str) -> int:
    index, _, *part = name.split("-")
    return int(index) << _PART_BITS | int(part[0] if part else 0)


def fingerprint_of(run: Run, number: int) -> Fingerprint:
    """The fingerprint of a split by its number."""
    folder = run.fingerprint_folder()
    if number not in _names(run.folder, folder):  # listed before it was written
        _names.cache_clear()
    name = _names(run.folder, folder)[number]
    return read_fingerprint(run, name)


def sets_of(run: Run, number: int) -> ShingleSets:
    """The shingles of a split by its number."""
    return fingerprint_of(run, number).sets


def write_order(run: Run, order: Bytes) -> str:
    """Writes the run's order table; returns its path."""
    path = f"{run.scratch_folder()}/order.arrow"
    run.folder.write_arrow(path, pa.table({"rank": order}))
    return path


def read_order(run: Run, path: str) -> Bytes:
    """The order table at that path."""
    ranks: Bytes = run.folder.read_arrow(path).column("rank").to_numpy()
    return ranks


def resolve_run(run: Run, parts: Sequence[object], threshold: float) -> list[Split]:
    """The run's splits, a decision file written for each, and the join's figures.

    Args:
        run: whose files they are.
        parts: all blocks that the stages found, all FingerprintedSplits, and the order table's path.
        threshold: the least Jaccard similarity of a duplicate.
    """
    clock = JoinClock()
    fingerprinted = sorted((e for e in parts if isinstance(e, FingerprintedSplit)), key=lambda each: each.split.place)
    order = read_order(run, next(each for each in parts if isinstance(each, str)))
    known = Known.of(parts)
    found = resolve(known, lambda number: sets_of(run, number), order, threshold)
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


def write_split_verdicts(run: Run, split: Split, index: IndexView | None, threshold: float) -> None:
    """Writes the verdict file of a split from its decision file."""
    table = run.folder.read_arrow(_decision_path(run, split))
    removed, kept, similarity = (table.column(name).to_numpy() for name in DECISIONS.names)
    fingerprint = fingerprint_of(run, split_number(split))
    places = _places(run, kept, removed, fingerprint, index, threshold)
    decision = Decision(removed, kept, similarity, 0, 0)
    (verdicts,) = verdict_tables([fingerprint], decision, places)
    write_verdicts(run, split.id, verdicts)


def _places(
    run: Run,
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
        tables.append(places_of([fingerprint_of(run, number)], paragraph_of(kept[at]), run.name))
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
