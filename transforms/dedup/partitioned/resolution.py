"""Resolution: the verdict on every paragraph that has a copy, a similar one, or near-copies too many to pair."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from transforms.arrays import Bytes, Float64s, Int32s, Int64s, UInt64s
from transforms.dedup.numbers.sets import NumberSets, join_numbers
from transforms.dedup.partitioned.kernels import resolve_rows
from transforms.dedup.partitioned.stages import (
    CopyBlock,
    DenseBlock,
    EdgeBlock,
    GivenBlock,
    joined,
    ordered_sets,
    paragraph_of,
    split_of,
)
from transforms.dedup.shingles import ShingleSets


@dataclass(frozen=True)
class Resolution:
    """The removed paragraphs of a run.

    Attributes:
        removed: int64[d], positions, ascending.
        kept: int64[d], the position of the kept paragraph that each repeats; -1 where it is one of an earlier run.
        similarity: float64[d], their exact Jaccard similarity.
        rows: paragraphs that had to be decided.
    """

    removed: Int64s
    kept: Int64s
    similarity: Float64s
    rows: int


@dataclass(frozen=True)
class Known:
    """The findings of the other stages on a run's sets."""

    copies: CopyBlock
    edges: EdgeBlock
    dense: DenseBlock
    given: GivenBlock

    @staticmethod
    def of(parts: Iterable[object]) -> "Known":
        """From blocks of the four kinds in any order; what is of no kind is passed over."""
        found = list(parts)
        return Known(
            joined(CopyBlock, (each for each in found if isinstance(each, CopyBlock))),
            joined(EdgeBlock, (each for each in found if isinstance(each, EdgeBlock))),
            joined(DenseBlock, (each for each in found if isinstance(each, DenseBlock))),
            joined(GivenBlock, (each for each in found if isinstance(each, GivenBlock))),
        )


def resolve(known: Known, sets_of_split: Callable[[int], ShingleSets], order: Bytes, threshold: float) -> Resolution:
    """The verdicts: the lexicographically first maximal independent set of similar sets, in input order.

    Args:
        known: what the other stages found.
        sets_of_split: the shingles of a split, by its index; asked only for splits with dense sets.
        order: the order table that prefixes were taken in.
        threshold: the least Jaccard similarity of a duplicate.
    """
    copies, edges, given = known.copies, known.edges, known.given
    first_of = dict(zip(copies.position.tolist(), copies.first.tolist(), strict=True))
    given_first = np.array([first_of.get(each, each) for each in given.position.tolist()], np.int64)
    named = [copies.first, edges.later, edges.earlier, known.dense.position, given_first]
    classes, number = np.unique(np.concatenate(named), return_inverse=True)
    first, later, earlier, dense, given_class = np.split(number, np.cumsum([len(each) for each in named])[:-1])
    rows = np.concatenate([classes, copies.position])
    row_class = np.concatenate([np.arange(len(classes)), first])
    in_order = np.argsort(rows, kind="stable")
    rows, row_class = rows[in_order], row_class[in_order]
    given_similarity = np.zeros(len(classes))
    given_similarity[given_class] = given.similarity
    adjacency = _adjacency(later, earlier, edges.similarity, len(classes))
    dense_sets = _dense_sets(known.dense, dense, len(classes), sets_of_split, order)
    match, similarity = _run(row_class, adjacency, given_similarity, dense_sets, threshold)
    removed = np.flatnonzero(match != -1)
    kept = np.where(match[removed] >= 0, rows[np.maximum(match[removed], 0)], -1)
    return Resolution(rows[removed], kept, similarity[removed], len(rows))


def _adjacency(later: Int64s, earlier: Int64s, similarity: Float64s, classes: int) -> tuple[Int64s, Int64s, Float64s]:
    """Every edge with both of its classes: where each class's begin, the other class, the similarity."""
    own, other = np.concatenate([later, earlier]), np.concatenate([earlier, later])
    order = np.argsort(own, kind="stable")
    first = np.concatenate([[0], np.cumsum(np.bincount(own, minlength=classes))]).astype(np.int64)
    return first, other[order], np.concatenate([similarity, similarity])[order]


@dataclass(frozen=True)
class _DenseSets:
    """The sets of dense classes, ordered, their numbers, and the slots of the tokens that made them so."""

    set_of_class: Int64s
    tokens: UInt64s
    bounds: Int64s
    numbers: NumberSets
    slot: Int32s
    places: Int64s


def _run(
    row_class: Int64s,
    adjacency: tuple[Int64s, Int64s, Float64s],
    given: Float64s,
    dense: _DenseSets,
    threshold: float,
) -> tuple[Int64s, Float64s]:
    """The row that stands for each row, and their similarity."""
    match, similarity = np.empty(len(row_class), np.int64), np.empty(len(row_class), np.float64)
    resolve_rows(
        row_class, *adjacency, given, threshold,
        dense.set_of_class, dense.tokens, dense.bounds, dense.numbers.numbers, dense.numbers.offsets,
        dense.slot, dense.places, np.zeros(len(dense.places), np.int64), np.zeros(len(dense.places), np.int64),
        np.empty(dense.places[-1], np.int64), np.empty(dense.places[-1], np.int32),
        np.empty(len(dense.bounds), np.uint64), np.full(len(given), -1, np.int64),
        np.full(len(given), -1, np.int64), match, similarity,
    )  # fmt: skip
    return match, similarity


def _dense_sets(
    dense: DenseBlock,
    dense_class: Int64s,
    classes: int,
    sets_of_split: Callable[[int], ShingleSets],
    order: Bytes,
) -> _DenseSets:
    members, at = np.unique(dense.position, return_index=True)
    splits = split_of(members)
    tokens, sizes, numbers = [np.empty(0, np.uint64)], [np.empty(0, np.int64)], [NumberSets.none(0)]
    for split in np.unique(splits).tolist():
        sets = sets_of_split(split)
        wanted = np.zeros(len(sets.offsets) - 1, np.uint8)
        paragraphs = paragraph_of(members[splits == split])
        wanted[paragraphs] = 1
        found, bounds = ordered_sets(sets, wanted, order)
        tokens.append(found)
        sizes.append(np.diff(bounds))
        numbers.append(sets.numbers.take(paragraphs))
    every = np.concatenate(tokens)
    set_of_class = np.full(classes, -1, np.int64)
    set_of_class[dense_class[at]] = np.arange(len(members))
    shared, uses = np.unique(dense.token, return_counts=True)
    slot = np.searchsorted(shared, every)
    known = slot < len(shared)
    known[known] = shared[slot[known]] == every[known]
    return _DenseSets(
        set_of_class,
        every,
        np.concatenate([[0], np.cumsum(np.concatenate(sizes))]).astype(np.int64),
        join_numbers(numbers),
        np.where(known, slot, -1).astype(np.int32),
        np.concatenate([[0], np.cumsum(uses)]).astype(np.int64),
    )
