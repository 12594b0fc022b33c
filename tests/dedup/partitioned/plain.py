"""The partitioned join in one process: its stages one behind the other, grouping by dictionaries."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from transforms.dedup.partitioned.resolution import Known, Resolution, resolve
from transforms.dedup.partitioned.stages import (
    DenseBlock,
    EdgeBlock,
    PairBlock,
    by_key,
    candidates,
    count_split,
    equal_sets,
    find_copies,
    order_of,
    paragraph_of,
    prefixes,
    split_of,
    unique_pairs,
    verify,
)
from transforms.dedup.shingles import ShingleSets


def group(items: Iterable[tuple[int, Any]]) -> dict[int, list[Any]]:
    """The values by their keys."""
    groups: dict[int, list[Any]] = defaultdict(list)
    for key, value in items:
        groups[key].append(value)
    return groups


def partitioned_join(splits: Sequence[ShingleSets], threshold: float, partitions: int) -> Resolution:
    """The resolution of a run, as the graph comes to it."""
    order = order_of(np.sum([count_split(each) for each in splits], axis=0))
    equal = group(item for n, each in enumerate(splits) for item in equal_sets(n, each, partitions))
    copies = group(item for blocks in equal.values() for item in find_copies(blocks))
    tokens = group(
        item for n, each in enumerate(splits) for item in prefixes(n, each, copies[n], order, threshold, partitions)
    )
    found = [candidates(blocks, threshold) for blocks in tokens.values()]
    pairs = group(item for pair, _ in found for item in by_key(split_of(pair.later), pair))
    known: list[object] = [block for blocks in copies.values() for block in blocks]
    known += [dense for _, dense in found if isinstance(dense, DenseBlock)]
    known += [edge for split, blocks in pairs.items() for edge in _verified(split, blocks, splits, threshold)]
    return resolve(Known.of(known), splits.__getitem__, order, threshold)


def _verified(
    split: int, blocks: list[PairBlock], splits: Sequence[ShingleSets], threshold: float
) -> Iterable[EdgeBlock]:
    every = unique_pairs(blocks)
    for other, pairs in by_key(split_of(every.earlier), every):
        yield verify(pairs, splits[split], splits[other], threshold)


def numbered(found: Resolution, splits: list[ShingleSets]) -> dict[int, tuple[int, float]]:
    """What stands for each removed paragraph, paragraphs numbered through the run."""
    edges = np.cumsum([0] + [len(each.offsets) - 1 for each in splits])
    removed, kept = (edges[split_of(p)] + paragraph_of(p) for p in (found.removed, found.kept))
    return dict(zip(removed.tolist(), zip(kept.tolist(), found.similarity.tolist(), strict=True), strict=True))
