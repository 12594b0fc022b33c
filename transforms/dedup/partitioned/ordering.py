"""Sets in the order of a table."""

import numpy as np
import numpy.typing as npt

from transforms.dedup.kernels.prefixes import rank_sets
from transforms.dedup.sets import ShingleSets


def ordered_sets(
    split: ShingleSets, wanted: npt.NDArray[np.uint8], order: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    """The sets of the wanted paragraphs in the order of a table: tokens, and where each set's begin."""
    sizes = np.diff(split.offsets)[wanted.astype(bool)]
    tokens = np.empty(int(sizes.sum()), np.uint64)
    bounds = np.empty(len(sizes) + 1, np.int64)
    used = rank_sets(split.shingles, split.offsets, wanted, order, tokens, bounds)
    return tokens[:used], bounds
