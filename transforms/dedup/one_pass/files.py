"""The join of a run: from fingerprint files to verdict files."""

import json
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar, overload

import numpy as np
import pyarrow as pa

from transforms.bundles.splits import Split
from transforms.dedup.fingerprints import Fingerprint, read_fingerprint, read_sets
from transforms.dedup.index.building import open_index
from transforms.dedup.index.matching import IndexView, Matches
from transforms.dedup.one_pass.join import Decision, decide
from transforms.dedup.settings import DedupSettings
from transforms.dedup.shingles import ShingleSets
from transforms.dedup.verdicts import places_of, verdict_tables, write_verdicts
from transforms.runs.catalog import CommittedRun
from transforms.runs.run import RunPaths
from transforms.storage import is_local, join, read_whole, write_whole


@dataclass(frozen=True)
class FingerprintedSplit:
    """A split whose fingerprint file is written, its paragraphs, and the seconds that took."""

    split: Split
    seconds: float
    paragraphs: int


@dataclass(frozen=True)
class JoinFigures:
    """What the join of a run came to; seconds and memory are all that differs when it is run again."""

    join: str
    paragraphs: int
    contenders: int
    candidates: int
    duplicates: int
    exact: int
    near: int
    of_earlier_runs: int
    seconds: float
    cpu_seconds: float
    peak_memory_bytes: int
    fingerprint_seconds: float


def join_run(
    paths: RunPaths,
    fingerprinted: Sequence[FingerprintedSplit],
    settings: DedupSettings,
    earlier: Sequence[CommittedRun],
    threads: int,
) -> JoinFigures:
    """Decides every paragraph of the run and writes a verdict file for each split.

    Args:
        paths: where the run's files are.
        fingerprinted: all of the run's splits, in input order.
        settings: the definition of a duplicate.
        earlier: the committed runs whose kept paragraphs come before this run's.
        threads: how many work at a time.
    """
    wall, cpu = time.perf_counter(), time.process_time()
    urls = [join(paths.output, paths.fingerprint(each.split.id)) for each in fingerprinted]
    fingerprints = [read_fingerprint(url) for url in urls]
    sets: Sequence[ShingleSets] = [each.sets for each in fingerprints]
    if is_local(paths.output):  # mapped for the moment of use: what is mapped and touched counts as memory
        sets = Lazy(lambda number: read_sets(urls[number]), len(urls))
    index = open_index(paths.output, earlier, settings)
    matches = index.match(sets, settings.threshold, threads) if index else None
    decision = decide(sets, settings.threshold, threads, matches.similarity if matches else None)
    places = _kept_places(fingerprints, decision, paths.run, index, matches)
    for each, verdicts in zip(fingerprinted, verdict_tables(fingerprints, decision, places), strict=True):
        write_verdicts(paths.output, paths.verdicts(each.split.id), verdicts)
    exact = int((decision.similarity == 1.0).sum())
    figures = JoinFigures(
        join="one_pass",
        paragraphs=sum(len(each.offset) for each in fingerprints),
        contenders=decision.contenders,
        candidates=decision.candidates + (matches.candidates if matches else 0),
        duplicates=len(decision.removed),
        exact=exact,
        near=len(decision.removed) - exact,
        of_earlier_runs=int((decision.kept < 0).sum()),
        seconds=round(time.perf_counter() - wall, 3),
        cpu_seconds=round(time.process_time() - cpu, 3),
        peak_memory_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        fingerprint_seconds=round(sum(each.seconds for each in fingerprinted), 3),
    )
    write_whole(paths.output, paths.join_figures(), json.dumps(asdict(figures)).encode())
    return figures


def _kept_places(
    fingerprints: Sequence[Fingerprint],
    decision: Decision,
    run: str,
    index: IndexView | None,
    matches: Matches | None,
) -> pa.Table:
    """Where the paragraph that stands for each removed one is: in this run, or in the index."""
    if index is None or matches is None:
        return places_of(fingerprints, decision.kept, run)
    here, earlier = np.flatnonzero(decision.kept >= 0), np.flatnonzero(decision.kept < 0)
    removed = decision.removed[earlier]
    tables = [places_of(fingerprints, decision.kept[here], run)]
    if len(earlier):
        tables.append(index.places(matches.segment[removed], matches.row[removed]))
    order = np.argsort(np.concatenate([here, earlier]))
    return pa.concat_tables(tables).take(pa.array(order))


def read_figures(paths: RunPaths) -> dict[str, Any]:
    """The figures of the run's join, as they stand in its manifest."""
    figures: dict[str, Any] = json.loads(read_whole(join(paths.output, paths.join_figures())).to_pybytes())
    return figures


T = TypeVar("T")


class Lazy(Sequence[T]):
    """`count` members, each made by `make` from its place whenever it is asked for."""

    def __init__(self, make: Callable[[int], T], count: int) -> None:
        self._make, self._count = make, count

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, at: int) -> T: ...

    @overload
    def __getitem__(self, at: slice) -> "Lazy[T]": ...

    def __getitem__(self, at: "int | slice") -> "T | Lazy[T]":
        places = range(self._count)[at]
        if isinstance(places, int):
            return self._make(places)
        return Lazy(lambda number: self._make(places[number]), len(places))
