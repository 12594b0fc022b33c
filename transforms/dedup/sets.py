"""The sets that paragraphs are compared by."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class ShingleSets:
    """The shingles of the paragraphs of one split.

    Attributes:
        shingles: uint64[s], in text order, repeats within a paragraph allowed.
        offsets: int64[p + 1], where each paragraph's shingles begin.
    """

    shingles: npt.NDArray[np.uint64]
    offsets: npt.NDArray[np.int64]
