"""Documents in the text of a split before they are taken apart, as columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from transforms.bundles.compression import Damaged
from transforms.bundles.extents import Extents
from transforms.bundles.text import Bytes, Int32s, Int64s

_NONE = np.empty(0, np.int64)


@dataclass(frozen=True)
class Rows:
    """Documents in input order.

    Attributes:
        start, end: int64[d], their bytes in the text, delimiter lines included.
        offset, length: int64[d], their bytes in the bundle.
        bundle: int32[d], the index into the split's ranges.
        closes: bool[d], whether a document ends with its bundle.
        encoding: d strings, what the bundle came in: UTF-8 if nothing else is known.
        width: uint8[d], see `Documents`.
        faults: what is known to be wrong with a document, by row.
    """

    start: Int64s
    end: Int64s
    offset: Int64s
    length: Int64s
    bundle: Int32s
    closes: npt.NDArray[np.bool_]
    encoding: list[str]
    width: Bytes
    faults: dict[int, Damaged]

    @classmethod
    def of(cls, gathered: Sequence[tuple[int, Extents]]) -> Self:
        """The documents of extents, each with the index of its range."""
        extents = [each for _, each in gathered]
        counts = np.array([len(each.edges) - 1 for each in extents], np.int64)
        last = np.cumsum(counts) - 1
        closing = [row for row, each, count in zip(last, extents, counts, strict=True) if each.ended and count]
        closes = np.zeros(int(counts.sum()), np.bool_)
        closes[closing] = True
        number = np.repeat(np.arange(len(extents)), counts).tolist()
        return cls(
            start=np.concatenate([_NONE, *(each.edges[:-1] for each in extents)]),
            end=np.concatenate([_NONE, *(each.edges[1:] for each in extents)]),
            offset=np.concatenate([_NONE, *(each.offsets[:-1] for each in extents)]),
            length=np.concatenate([_NONE, *(np.diff(each.offsets) for each in extents)]),
            bundle=np.repeat(np.array([index for index, _ in gathered], np.int32), counts),
            closes=closes,
            encoding=[extents[each].encoding or "utf-8" for each in number],
            width=np.repeat(np.array([2 if each.encoding else 0 for each in extents], np.uint8), counts),
            faults={int(row): each.fault for row, each in zip(last, extents, strict=True) if each.fault},
        )
