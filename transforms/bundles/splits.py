"""Splits: byte ranges of bundles, the units of work, of identity and of output."""

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
        unreadable: why the bundle cannot be read, where that is known: it is rejected, all of it.
    """

    bundle: Bundle
    start: int
    end: int
    unreadable: str = ""


@dataclass(frozen=True)
class Split:
    """Byte ranges that are read together.

    Attributes:
        index: the split's place in the input.
        ranges: what is read.
        part: which part of what comes out of them: compressed bundles give more than fits one.
    """

    index: int
    ranges: tuple[ByteRange, ...]
    part: int = 0

    @property
    def place(self) -> tuple[int, int]:
        """Where it stands in the input, parts in the order of what comes out of their bundles."""
        return self.index, self.part

    @property
    def size(self) -> int:
        """The bytes of its ranges."""
        return sum(each.end - each.start for each in self.ranges)

    @property
    def id(self) -> str:
        """The name of the split's files: its index, a digest of its ranges and its part, the same in every run."""
        ranges = [f"{each.bundle.name}\0{each.start}\0{each.end}\0{each.bundle.size}\n" for each in self.ranges]
        digest = hashlib.sha256("".join(ranges).encode()).hexdigest()
        return f"{self.index:06d}-{digest[:12]}" + (f"-{self.part:04d}" if self.part else "")


def plan_splits(
    bundles: Sequence[Bundle], target_bytes: int, must_be_whole: Callable[[Bundle], bool] = bundle_is_stream
) -> list[Split]:
    """The splits of `bundles`, in input order, each byte in one, none larger than `target_bytes` but for streams.

    A larger bundle is cut into ranges of nearly equal size, unless it can only be read from its beginning; small ones
    that follow each other share a split.

    Args:
        bundles: the input.
        target_bytes: the size of a split.
        must_be_whole: asked of larger bundles only: by default their first bytes are looked at.

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
    pieces = max(1, -(-bundle.size // target_bytes))
    if pieces > 1 and must_be_whole(bundle):
        pieces = 1
    edges = [bundle.size * piece // pieces for piece in range(pieces + 1)]
    for start, end in pairwise(edges):
        yield ByteRange(bundle, start, end)
