"""Text that grows at its end while a split is read."""

import numpy as np

from transforms.arrays import Bytes, Int64s
from transforms.bundles.kernels import delimiters as kernels
from transforms.bundles.stores import Source
from transforms.memory import scratch

# Bytes after a place that must be known to tell if a delimiter begins there.
AHEAD = len(kernels.DELIMITER) - 1
_SPARE = 1 << 22
# Files are read in chunks of growing size; streams in the largest.
FIRST_CHUNK, LARGEST_CHUNK = 1 << 16, 1 << 22


class Text:
    """Bytes that grow at their end.

    Attributes:
        bytes: uint8[capacity], of which the first `size` are the text.
        size: bytes of text; callers set it back to drop bytes from the end.
    """

    def __init__(self, expected: int, *, lenient: bool = False) -> None:
        """An empty text; `expected` bytes are likely, and delimiters are searched for strictly or leniently."""
        self._expected, self._lenient = expected, lenient
        self.clear()

    def clear(self) -> None:
        """Drops all bytes; the next ones go into new memory, so arrays over the old text stay valid."""
        self.bytes: Bytes = np.empty(0, np.uint8)
        self.size = 0

    def content(self) -> Bytes:
        """A view of the text."""
        return self.bytes[: self.size]

    def read(self, source: Source, offset: int, count: int) -> None:
        """Appends `count` bytes of `source`, from `offset` on.

        Raises:
            EOFError: the source has fewer.
        """
        begin = self._grow(count)
        if count and source.read_into(self.bytes.data[begin : self.size], offset) != count:
            raise EOFError

    def append(self, piece: bytes | memoryview) -> int:
        """Appends `piece`, which is bytes; returns the place of its first byte."""
        begin = self._grow(len(piece))
        self.bytes[begin : self.size] = np.frombuffer(piece, np.uint8)
        return begin

    def take(self, begin: int) -> bytes:
        """Removes the bytes from `begin` on, and returns them."""
        taken = self.bytes[begin : self.size].tobytes()
        self.size = begin
        return taken

    def find_delimiters(self, begin: int, floor: int, at_floor: int, limit: int | None = None) -> Int64s:
        """The places of the delimiters from `begin` to the end of the text, `limit` at most.

        Args:
            begin: the first place to look at.
            floor: the first byte that belongs to the search, at most `begin`.
            at_floor: tells if a line begins at `floor`, see `kernels.delimiters.line_begins`. If that is not known, a
                place may come as ~place: it is a delimiter if a line begins there.
            limit: None for all.
        """
        most = max(0, (self.size - begin) // len(kernels.DELIMITER) + 1)
        found = np.empty(most if limit is None else min(limit, most), np.int64)
        count = kernels.find_delimiters(self.bytes, floor, begin, self.size, at_floor, self._lenient, found)
        return found[:count]

    def line_begins(self, place: int, floor: int, at_floor: int) -> int:
        """Tells if a line begins at a place, see `kernels.delimiters.line_begins`."""
        return int(kernels.line_begins(self.bytes, floor, place, at_floor, self._lenient))

    def _grow(self, count: int) -> int:
        begin, self.size = self.size, self.size + count
        if self.size > len(self.bytes):
            # Memory that is not touched costs nothing.
            larger = scratch(max(self.size, 2 * len(self.bytes), self._expected + _SPARE), np.uint8)
            larger[:begin] = self.bytes[:begin]
            self.bytes = larger
        return begin
