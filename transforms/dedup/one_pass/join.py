"""The exact one-pass join: which paragraphs repeat an earlier kept one, decided in input order."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from heapq import nlargest
from itertools import chain, pairwise
from typing import TypeVar, overload

import numpy as np
import pyarrow as pa

from transforms.arrays import Float64s, Int64s
from transforms.dedup.fingerprints import (
    Fingerprint,
    FingerprintedSplit,
    JoinClock,
    read_fingerprint,
    read_sets,
    write_figures,
)
from transforms.dedup.index.matching import IndexView, Matches
from transforms.dedup.index.references import open_earlier
from transforms.dedup.one_pass.matching import Matching, place
from transforms.dedup.one_pass.ordering import (
    check_memory,
    deciding_bytes,
    find_first_copies,
    order_contenders,
)
from transforms.dedup.shingles import ShingleSets
from transforms.dedup.verdicts import Decision, places_of, verdict_tables, write_verdicts
from transforms.parallel import Progress, map_in_order, unheard, watched
from transforms.runs.manifest import JoinFigures, Reference, RunKey
from transforms.runs.run import Run
from transforms.settings import DedupSettings


def decide(
    splits: Sequence[ShingleSets],
    threshold: float,
    threads: int = 1,
    given: Float64s | None = None,
    progress: Progress = unheard,
) -> Decision:
    """The paragraphs that repeat an earlier kept one, for splits in input order; the same for any number of threads.

    Args:
        splits: the shingles of each split; one at least. They are gone through several times and not held in between.
        threshold: the least Jaccard similarity of a duplicate, above 0 and at most 1.
        threads: how many splits, or parts of the tables, are worked on at a time.
        given: float64[p], the similarity to the paragraph of an earlier run that each repeats, or 0, the same where
            shingles and numbers are the same; None for none.
        progress: told of the share of the paragraphs that are decided.

    Raises:
        JoinMemoryError: the join needs more memory than there is.
    """
    known = np.zeros(sum(len(split.offsets) - 1 for split in splits)) if given is None else given
    first_copy = find_first_copies(splits, threads)
    found = _join(splits, first_copy, known, threshold, threads, progress)
    return _decision(*found, first_copy, known)


def _join(
    splits: Sequence[ShingleSets],
    first_copy: Int64s,
    given: Float64s,
    threshold: float,
    threads: int,
    progress: Progress,
) -> tuple[Int64s, Int64s, Float64s, int]:
    """The contenders, the match and the similarity of each, and the pairs verified; all else is free by then."""
    ordered = order_contenders(splits, first_copy, threshold, threads)
    prefixes = place(ordered, threshold, threads)
    set_of = np.full(len(first_copy), -1, np.int32)
    set_of[ordered.paragraphs] = np.arange(len(ordered.paragraphs), dtype=np.int32)
    set_of = set_of[first_copy]
    contenders = np.flatnonzero(set_of >= 0)
    matching = Matching(ordered, prefixes, given[ordered.paragraphs], threshold, threads)
    with watched(matching.share, progress):
        matching.decide()
        match, similarity = matching.follow(set_of[contenders])
    within = match >= 0
    match[within] = ordered.paragraphs[match[within]]
    return contenders, match, similarity, matching.candidates


def _decision(
    contenders: Int64s, match: Int64s, similarity: Float64s, candidates: int, first_copy: Int64s, given: Float64s
) -> Decision:
    """The matches of contenders and of copies, and those given, as one decision."""
    kept = np.full(len(given), -1, np.int64)
    found = given.copy()
    within = match >= 0
    kept[contenders[within]] = match[within]
    found[contenders[within]] = similarity[within]
    # A paragraph that does not contend is repeated by its copies only, and kept unless an earlier run has it.
    copies = np.flatnonzero(first_copy != np.arange(len(given)))
    others = np.setdiff1d(copies, contenders, assume_unique=True)
    others = others[given[others] == 0]
    kept[others] = first_copy[others]
    found[others] = 1.0
    removed = np.flatnonzero(found > 0)
    return Decision(removed, kept[removed], found[removed], len(contenders) + len(others), candidates)


_BLOCK = 1 << 19  # shingles of documents that are decided together: their tables stay in the processor's cache
_LARGE = 1 << 22  # shingles in a block that is worth all threads


@dataclass(frozen=True)
class _Block:
    """Some documents of a split.

    Attributes:
        split: its place.
        begin, end: their paragraphs in the split.
        first: the number of the first of these in the run.
        shingles: how many they have.
    """

    split: int
    begin: int
    end: int
    first: int
    shingles: int

    def __len__(self) -> int:
        return self.end - self.begin


def decide_documents(
    splits: Sequence[ShingleSets],
    documents: Sequence[Int64s],
    threshold: float,
    threads: int = 1,
    given: Float64s | None = None,
    progress: Progress = unheard,
    block: int = _BLOCK,
    large: int = _LARGE,
) -> Decision:
    """The same as `decide` finds, where documents have no shingle in common: each is decided with a few others.

    Args:
        splits, threshold, threads, given, progress: see `decide`.
        documents: for each split int64[d + 1], where the paragraphs of each of its documents begin.
        block: shingles of documents that are decided together.
        large: shingles of those for which all threads work together.

    Raises:
        JoinMemoryError: the join needs more memory than there is.
    """
    blocks = list(_blocks(splits, documents, block))
    paragraphs = sum(int(each[-1]) for each in documents)
    known = np.zeros(paragraphs) if given is None else given

    done = 0

    def work(part: _Block, inside: int = 1, told: Progress = unheard) -> Decision:
        sets = splits[part.split].part(part.begin, part.end)
        return decide([sets], threshold, inside, known[part.first : part.first + len(part)], told)

    def work_together(part: _Block) -> Decision:
        return work(part, threads, lambda share: progress((done + share * len(part)) / paragraphs))

    small = [each for each in blocks if each.shingles < large]
    needed = nlargest(threads, (deciding_bytes(each.shingles, len(each), threshold) for each in small))
    check_memory(sum(needed), f"joining {len(needed)} blocks of documents at a time")
    one_by_one = ((each, work_together(each)) for each in blocks if each.shingles >= large)
    side_by_side = zip(small, map_in_order(work, small, threads), strict=True)
    decided = {}
    for each, decision in chain(one_by_one, side_by_side):
        decided[each] = decision
        done += len(each)
        progress(done / paragraphs)
    return _numbered_through(blocks, [decided[each] for each in blocks])


def _blocks(splits: Sequence[ShingleSets], documents: Sequence[Int64s], block: int) -> Iterator[_Block]:
    """All documents, in order, in blocks of about `block` shingles, or of one document that has more."""
    first = 0
    for number, (split, starts) in enumerate(zip(splits, documents, strict=True)):
        before = split.offsets[starts]
        _, cuts = np.unique(before[:-1] // block, return_index=True)
        edges = starts[np.append(cuts, len(starts) - 1)].tolist()
        for begin, end in pairwise(edges):
            if begin < end:
                yield _Block(number, begin, end, first + begin, int(split.offsets[end] - split.offsets[begin]))
        first += int(starts[-1])


def _numbered_through(blocks: Sequence[_Block], decisions: Sequence[Decision]) -> Decision:
    """The decisions on all blocks as one."""
    parts = [
        (each.removed + block.first, np.where(each.kept < 0, each.kept, each.kept + block.first), each.similarity)
        for block, each in zip(blocks, decisions, strict=True)
    ]
    none = (np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    removed, kept, similarity = (np.concatenate(columns) for columns in zip(none, *parts, strict=True))
    contenders, candidates = sum(each.contenders for each in decisions), sum(each.candidates for each in decisions)
    return Decision(removed, kept, similarity, contenders, candidates)


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
    against: Sequence[Reference] = (),
    progress: Progress = unheard,
) -> JoinFigures:
    """Decides every paragraph of the run, writes a verdict file for each split, and returns the join's figures.

    Args:
        run: whose files they are.
        fingerprinted: all of the run's splits, in input order.
        settings: the definition of a duplicate.
        earlier: the committed runs whose kept paragraphs come before this run's.
        threads: how many work at a time.
        against: other corpora, whose kept paragraphs come before all of those.
        progress: told of the share of the paragraphs that are decided.
    """
    clock = JoinClock()
    splits = [each.split.id for each in fingerprinted]
    fingerprints = [read_fingerprint(run, split) for split in splits]
    sets: Sequence[ShingleSets] = [each.sets for each in fingerprints]
    if run.folder.is_local:  # mapped for the moment of use: what is mapped and touched counts as memory
        sets = Lazy(lambda number: read_sets(run, splits[number]), len(splits))
    index = open_earlier(run, earlier, against, settings)
    matches = index.match(sets, settings.threshold, threads) if index else None
    given = matches.similarity if matches else None
    if settings.scope == "document":
        documents = [each.first_paragraph for each in fingerprints]
        decision = decide_documents(sets, documents, settings.threshold, threads, given, progress)
    else:
        decision = decide(sets, settings.threshold, threads, given, progress)
    places = _kept_places(fingerprints, decision, run.name, index, matches)
    for each, verdicts in zip(fingerprinted, verdict_tables(fingerprints, decision, places), strict=True):
        write_verdicts(run, each.split.id, verdicts)
    figures = clock.figures(
        "one_pass",
        fingerprinted,
        decision.kept,
        decision.similarity,
        contenders=decision.contenders,
        candidates=decision.candidates + (matches.candidates if matches else 0),
    )
    write_figures(run, figures, fingerprinted)
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
