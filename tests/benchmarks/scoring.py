"""Recall and precision of what a program removed, against the definition."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

Int64s = npt.NDArray[np.int64]


def removed_by_peer(output: Path, paragraphs: int) -> set[int]:
    """The numbers in the input of the paragraphs that are not in `kept.parquet`."""
    kept = pq.read_table(output / "kept.parquet", columns=["paragraph"]).column(0).to_pylist()
    return set(range(paragraphs)).difference(kept)


def removed_by_rafid(output: Path, bundles: Sequence[Path]) -> tuple[dict[int, int], int]:
    """The kept paragraph that stands for each removed one, by their numbers in the input; and how many there are.

    Paragraphs are numbered by bundle, then by offset, which is the order of the input.
    """
    documents = ds.dataset(output / "documents").to_table(columns=["bundle", "paragraph_offset"])
    owner = pc.list_parent_indices(documents.column(1)).to_numpy()
    kept = _places(documents.column(0).to_numpy()[owner], pc.list_flatten(documents.column(1)).to_numpy(), bundles)
    ledger = ds.dataset(output / "duplicates").to_table(columns=["bundle", "offset", "kept_bundle", "kept_offset"])
    columns = [column.to_numpy() for column in ledger.columns]
    removed, stands = (_places(columns[i], columns[i + 1], bundles) for i in (0, 2))
    order = np.sort(np.concatenate([kept, removed]))
    numbers = (np.searchsorted(order, places).tolist() for places in (removed, stands))
    return dict(zip(*numbers, strict=True)), len(order)


def _places(bundle: npt.NDArray[np.object_], offset: Int64s, bundles: Sequence[Path]) -> Int64s:
    """A number for each place in the input that rises with it."""
    index = {path.name: number for number, path in enumerate(bundles)}
    return np.array([index[name.rpartition("/")[2]] for name in bundle], np.int64) << 40 | offset


def score(removed: set[int], truth: Mapping[int, int]) -> tuple[float, float]:
    """Recall and precision of the paragraphs that a program removed.

    A kept paragraph and those it stands for are a family: of its n members n - 1 should go. Which one stays is the
    program's own affair: as many removals in a family as there should be are right, all others wrong.

    Args:
        removed: numbers of the paragraphs.
        truth: for each paragraph that the definition removes, the kept one that stands for it.
    """
    wanted = Counter(truth.values())
    found = Counter(truth.get(number, number) for number in removed)
    right = sum(min(count, wanted[family]) for family, count in found.items())
    return right / max(1, len(truth)), right / max(1, len(removed))
