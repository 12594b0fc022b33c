"""The files that the stages of the partitioned join share: fingerprints by number, the order table, decisions."""

import json
import resource
import time
from collections.abc import Sequence
from dataclasses import asdict
from functools import lru_cache

import numpy as np
import pyarrow as pa

from transforms import storage
from transforms.arrays import Bytes, Float64s, Int64s
from transforms.bundles.splits import Split
from transforms.dedup.fingerprints import Fingerprint, read_fingerprint
from transforms.dedup.index.matching import IndexView
from transforms.dedup.one_pass.files import FingerprintedSplit, JoinFigures
from transforms.dedup.one_pass.join import Decision
from transforms.dedup.partitioned.resolution import Known, resolve
from transforms.dedup.partitioned.stages import paragraph_of, positions, split_of
from transforms.dedup.shingles import ShingleSets
from transforms.dedup.verdicts import PLACES, places_of, verdict_tables, write_verdicts
from transforms.runs.run import RunPaths

_PART_BITS = 12
DECISIONS = pa.schema([("paragraph", pa.int64()), ("kept", pa.int64()), ("similarity", pa.float64())])


def split_number(split: Split) -> int:
    """The number that positions carry: by the split's place in the input, parts of it behind each other."""
    return split.index << _PART_BITS | split.part


@lru_cache(maxsize=4)
def _names(output: str, folder: str) -> dict[int, str]:
    """The fingerprint files of a run, by their splits' numbers."""
    names = (name for name in storage.list_names(storage.join(output, folder)) if not name.startswith("."))
    return {_number(name): name for name in (each.removesuffix(".arrow") for each in names)}


def _number(name: str) -> int:
    index, _, *part = name.split("-")
    return int(index) << _PART_BITS | int(part[0] if part else 0)


def fingerprint_of(paths: RunPaths, number: int) -> Fingerprint:
    """The fingerprint of a split by its number."""
    folder = paths.fingerprint_folder()
    if number not in _names(paths.output, folder):  # listed before it was written
        _names.cache_clear()
    name = _names(paths.output, folder)[number]
    return read_fingerprint(storage.join(paths.output, paths.fingerprint(name)))


def sets_of(paths: RunPaths, number: int) -> ShingleSets:
    """The shingles of a split by its number."""
    return fingerprint_of(paths, number).sets


def write_order(paths: RunPaths, order: Bytes) -> str:
    """Where the run's order table lies, written."""
    path = f"{paths.scratch_folder()}/order.bin"
    storage.write_whole(paths.output, path, order.data)
    return path


def read_order(paths: RunPaths, path: str) -> Bytes:
    """The order table at that path."""
    return np.frombuffer(storage.read_whole(storage.join(paths.output, path)), np.uint8)


def resolve_run(paths: RunPaths, parts: Sequence[object], threshold: float) -> list[Split]:
    """The run's splits, a decision file written for each, and the join's figures.

    Args:
        paths: where the run's files are.
        parts: all blocks that the stages found, all FingerprintedSplits, and the order table's path.
        threshold: the least Jaccard similarity of a duplicate.
    """
    wall, cpu = time.perf_counter(), time.process_time()
    fingerprinted = sorted((e for e in parts if isinstance(e, FingerprintedSplit)), key=lambda each: each.split.place)
    order = read_order(paths, next(each for each in parts if isinstance(each, str)))
    known = Known.of(parts)
    found = resolve(known, lambda number: sets_of(paths, number), order, threshold)
    number = split_of(found.removed)
    for each in fingerprinted:
        rows = slice(*np.searchsorted(number, [split_number(each.split), split_number(each.split) + 1]))
        columns = [paragraph_of(found.removed[rows]), found.kept[rows], found.similarity[rows]]
        storage.write_arrow(paths.output, _decision_path(paths, each.split), pa.table(columns, schema=DECISIONS))
    exact = int((found.similarity == 1.0).sum())
    figures = JoinFigures(
        join="partitioned",
        paragraphs=sum(each.paragraphs for each in fingerprinted),
        contenders=found.rows,
        candidates=len(known.edges),
        duplicates=len(found.removed),
        exact=exact,
        near=len(found.removed) - exact,
        of_earlier_runs=int((found.kept < 0).sum()),
        seconds=round(time.perf_counter() - wall, 3),
        cpu_seconds=round(time.process_time() - cpu, 3),
        peak_memory_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        fingerprint_seconds=round(sum(each.seconds for each in fingerprinted), 3),
    )
    storage.write_whole(paths.output, paths.join_figures(), json.dumps(asdict(figures)).encode())
    return [each.split for each in fingerprinted]


def _decision_path(paths: RunPaths, split: Split) -> str:
    return f"{paths.scratch_folder()}/decisions/{split.id}.arrow"


def write_split_verdicts(paths: RunPaths, split: Split, index: IndexView | None, threshold: float) -> None:
    """Writes the verdict file of a split from its decision file."""
    table = storage.read_arrow(storage.join(paths.output, _decision_path(paths, split)))
    removed, kept, similarity = (table.column(name).to_numpy() for name in DECISIONS.names)
    fingerprint = fingerprint_of(paths, split_number(split))
    places = _places(paths, kept, removed, fingerprint, index, threshold)
    decision = Decision(removed, kept, similarity, 0, 0)
    (verdicts,) = verdict_tables([fingerprint], decision, places)
    write_verdicts(paths.output, paths.verdicts(split.id), verdicts)


def _places(
    paths: RunPaths,
    kept: Int64s,
    removed: Int64s,
    fingerprint: Fingerprint,
    index: IndexView | None,
    threshold: float,
) -> pa.Table:
    """Where the paragraphs that stand for the removed ones are, in their order."""
    tables, rows = [PLACES.empty_table()], [np.empty(0, np.int64)]
    for number in np.unique(split_of(kept[kept >= 0])).tolist():
        at = np.flatnonzero((kept >= 0) & (split_of(kept) == number))
        tables.append(places_of([fingerprint_of(paths, number)], paragraph_of(kept[at]), paths.run))
        rows.append(at)
    earlier = np.flatnonzero(kept < 0)
    if index is not None and len(earlier):
        matches = index.match([chosen_sets(fingerprint.sets, removed[earlier])], threshold, 1)
        tables.append(index.places(matches.segment, matches.row))
        rows.append(earlier)
    return pa.concat_tables(tables).take(pa.array(np.argsort(np.concatenate(rows))))


def chosen_sets(sets: ShingleSets, paragraphs: Int64s) -> ShingleSets:
    """The shingles of some paragraphs."""
    pieces = [sets.shingles[sets.offsets[each] : sets.offsets[each + 1]] for each in paragraphs.tolist()]
    sizes = [len(piece) for piece in pieces]
    return ShingleSets(np.concatenate(pieces), np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64))


def given_positions(number: int, similarity: Float64s) -> Int64s:
    """The positions of the paragraphs of a split that repeat one of an earlier run."""
    return positions(number, np.flatnonzero(similarity > 0))
