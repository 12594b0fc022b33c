"""Look-alikes of delimiters in the text of documents, where none is."""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from transforms.arrays import Bytes
from transforms.bundles.findings import MOST_PLACES, Kind
from transforms.bundles.kernels import delimiters

_LOOKALIKES = (Kind.INSIDE_LINE, Kind.INDENTED, Kind.MISSPELT, Kind.RECODED)  # by their numbers in the kernels


def find_lookalikes(
    text: Bytes, first: int, last: int, counts: Counter[Kind], *, in_line: bool
) -> Iterator[tuple[Kind, int]]:
    """The kinds and places of what looks like a delimiter in `text[first:last]`, where none is: the first of each kind.

    Args:
        text: uint8[m].
        first, last: a document's text, or its name.
        counts: the numbers of all of them are added to it.
        in_line: true for a name, which stands on a delimiter line.
    """
    numbers, size = np.zeros(len(_LOOKALIKES), np.int64), len(_LOOKALIKES) * MOST_PLACES
    place, kind = np.empty(size, np.int64), np.empty(size, np.uint8)
    filled = delimiters.find_lookalikes(text, first, last, in_line, MOST_PLACES, numbers, place, kind)
    counts.update(dict(zip(_LOOKALIKES, numbers.tolist(), strict=True)))
    yield from (
        (_LOOKALIKES[number], at) for number, at in zip(kind[:filled].tolist(), place[:filled].tolist(), strict=True)
    )
