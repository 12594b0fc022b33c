"""Splits: byte ranges of bundles, the units of work, identity and output."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from transforms.bundles.errors import BundleError
from transforms.bundles.listing import Bundle
from transforms.bundles.sequential import bundle_is_stream


@dataclass(frozen=True)
class ByteRange:
    """Bytes `start` to `end` (exclusive) of a bundle.

    Attributes:
        unreadable: the reason why the bundle cannot be read, if it is known: then all of it is rejected.
    """

    bundle: Bundle
    start: int
    end: int
    unreadable: str = ""


@dataclass(frozen=True)
class Split:
    """Byte ranges that are read together.

    Attributes:
        index: the split's number in the input, from 0.
        ranges: the bytes to read.
        part: the number, from 0, of a part of the text; a compressed bundle may give more text than fits in memory.
    """

    index: int
    ranges: tuple[ByteRange, ...]
    part: int = 0

    @property
    def place(self) -> tuple[int, int]:
        """The key by which splits and their parts are ordered as their text is in the input."""
        return self.index, self.part

    @property
    def size(self) -> int:
        """The number of bytes in its ranges."""
        return sum(each.end - each.start for each in self.ranges)

    @property
    def id(self) -> str:
        """The name of the split's files, made of its index, its ranges and its part; the same in every run."""
        ranges = [f"{each.bundle.name}\0{each.start}\0{each.end}\0{each.bundle.size}\n" for each in self.ranges]
        digest = hashlib.sha256("".join(ranges).encode()).hexdigest()
        return f"{self.index:06d}-{digest[:12]}" + (f"-{self.part:04d}" if self.part else "")


def plan_splits(
    bundles: Sequence[Bundle], target_bytes: int, must_be_whole: Callable[[Bundle], bool] = bundle_is_stream
) -> list[Split]:
    """The splits of bundles, in input order; each byte is in one of them.

    No split is larger than `target_bytes`, except for a bundle that can only be read from its beginning. Other large
    bundles are cut into ranges of nearly equal size; small ones that follow each other share a split.

    Args:
        bundles: the input.
        target_bytes: the size of a split.
        must_be_whole: true for a bundle that must not be cut. It is called for bundles larger than a split only; the
            default reads their first bytes.

    Raises:
        BundleError: `target_bytes` is less than 1.
        BundleReadError: a bundle cannot be read.
    """
    if target_bytes < 1:
        raise BundleError(f"split size {target_bytes}: must be at least 1 byte")
    groups: list[list[ByteRange]] = []
    room = -1
    for part in (part for bundle in bundles for part in _cut(bundle, target_bytes, must_be_whole)):
        size = part.end - part.start
        if size > room:
            groups.append([])
            room = target_bytes
        groups[-1].append(part)
        room -= size
    return [Split(index, tuple(ranges)) for index, ranges in enumerate(groups)]


def _cut(bundle: Bundle, target_bytes: int, must_be_whole: Callable[[Bundle], bool]) -> Iterator[ByteRange]:
    """The ranges of one bundle."""
    pieces = max(1, -(-bundle.size // target_bytes))
    if pieces > 1 and must_be_whole(bundle):
        pieces = 1
    edges = [bundle.size * piece // pieces for piece in range(pieces + 1)]
    for start, end in pairwise(edges):
        yield ByteRange(bundle, start, end)
