"""The one-pass join of a run: from fingerprint files to verdict files."""

from collections.abc import Callable, Sequence
from typing import TypeVar, overload

import numpy as np
import pyarrow as pa

from transforms.dedup.figures import JoinClock, write_figures
from transforms.dedup.fingerprints import Fingerprint, FingerprintedSplit, read_fingerprint, read_sets
from transforms.dedup.index.building import open_index
from transforms.dedup.index.matching import IndexView, Matches
from transforms.dedup.one_pass.join import decide
from transforms.dedup.settings import DedupSettings
from transforms.dedup.shingles import ShingleSets
from transforms.dedup.verdicts import Decision, places_of, verdict_tables, write_verdicts
from transforms.runs.manifest import JoinFigures, RunKey
from transforms.runs.run import Run

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


def join_run(
    run: Run,
    fingerprinted: Sequence[FingerprintedSplit],
    settings: DedupSettings,
    earlier: Sequence[RunKey],
    threads: int,
) -> JoinFigures:
    """Decides every paragraph of the run, writes a verdict file for each split, and returns the join's figures.

    Args:
        run: whose files they are.
        fingerprinted: all of the run's splits, in input order.
        settings: the definition of a duplicate.
        earlier: the committed runs whose kept paragraphs come before this run's.
        threads: how many work at a time.
    """
    clock = JoinClock()
    files = [run.fingerprint(each.split.id) for each in fingerprinted]
    fingerprints = [read_fingerprint(run.folder, file) for file in files]
    sets: Sequence[ShingleSets] = [each.sets for each in fingerprints]
    if run.folder.is_local:  # mapped for the moment of use: what is mapped and touched counts as memory
        sets = Lazy(lambda number: read_sets(run.folder, files[number]), len(files))
    index = open_index(run.folder, earlier, settings)
    matches = index.match(sets, settings.threshold, threads) if index else None
    decision = decide(sets, settings.threshold, threads, matches.similarity if matches else None)
    places = _kept_places(fingerprints, decision, run.name, index, matches)
    for each, verdicts in zip(fingerprinted, verdict_tables(fingerprints, decision, places), strict=True):
        write_verdicts(run.folder, run.verdicts(each.split.id), verdicts)
    figures = clock.figures(
        "one_pass",
        fingerprinted,
        decision.kept,
        decision.similarity,
        contenders=decision.contenders,
        candidates=decision.candidates + (matches.candidates if matches else 0),
    )
    write_figures(run, figures)
    return figures


def _kept_places(
    fingerprints: Sequence[Fingerprint],
    decision: Decision,
    run: str,
    index: IndexView | None,
    matches: Matches | None,
) -> pa.Table:
    """The place of the paragraph that stands for each removed one: in this run, or in the index."""
    if index is None or matches is None:
        return places_of(fingerprints, decision.kept, run)
    here, earlier = np.flatnonzero(decision.kept >= 0), np.flatnonzero(decision.kept < 0)
    removed = decision.removed[earlier]
    tables = [places_of(fingerprints, decision.kept[here], run)]
    if len(earlier):
        tables.append(index.places(matches.segment[removed], matches.row[removed]))
    order = np.argsort(np.concatenate([here, earlier]))
    return pa.concat_tables(tables).take(pa.array(order))
