"""Text that grows at its end while a split is read."""

import numpy as np

from transforms.arrays import Bytes, Int64s
from transforms.bundles.kernels import documents as kernels
from transforms.bundles.stores import Source

# Bytes after a place that must be known to tell if a delimiter begins there.
AHEAD = len(kernels.DELIMITER) - 1
_SPARE = 1 << 22


class Text:
    """Bytes that grow at their end.

    Attributes:
        bytes: uint8[capacity], of which the first `size` are the text.
        size: bytes of text; callers set it back to drop bytes from the end.
    """

    def __init__(self, expected: int) -> None:
        self._expected = expected
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

    def append(self, piece: bytes) -> int:
        """Appends `piece`; returns the place of its first byte."""
        begin = self._grow(len(piece))
        self.bytes[begin : self.size] = np.frombuffer(piece, np.uint8)
        return begin

    def take(self, begin: int) -> bytes:
        """Removes the bytes from `begin` on, and returns them."""
        taken = self.bytes[begin : self.size].tobytes()
        self.size = begin
        return taken

    def find_delimiters(self, begin: int, limit: int) -> Int64s:
        """The places of the delimiters from `begin` to the end of the text, `limit` at most."""
        found = np.empty(max(0, min(limit, (self.size - begin) // len(kernels.DELIMITER) + 1)), np.int64)
        return found[: kernels.find_delimiters(self.bytes, begin, self.size, found)]

    def _grow(self, count: int) -> int:
        begin, self.size = self.size, self.size + count
        if self.size > len(self.bytes):
            # Memory that is not touched costs nothing.
            larger = np.empty(max(self.size, 2 * len(self.bytes), self._expected + _SPARE), np.uint8)
            larger[:begin] = self.bytes[:begin]
            self.bytes = larger
        return begin
