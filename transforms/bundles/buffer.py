"""Text that grows at its end while a split is read."""

import numpy as np

from transforms.arrays import Bytes, Int64s
from transforms.bundles.kernels import documents as kernels
from transforms.bundles.stores import Source

# Bytes behind a place that tell whether a delimiter begins there.
AHEAD = len(kernels.DELIMITER) - 1
_SPARE = 1 << 22


class Text:
    """Bytes that grow at their end; what was read too far is read over."""

    def __init__(self, expected: int) -> None:
        self._expected = expected
        self.clear()

    def clear(self) -> None:
        """Begins anew, in other memory, which is asked for when it is needed."""
        self.bytes: Bytes = np.empty(0, np.uint8)
        self.size = 0

    def content(self) -> Bytes:
        """The bytes so far, without a copy."""
        return self.bytes[: self.size]

    def read(self, source: Source, offset: int, count: int) -> None:
        """Appends `count` bytes from `offset` on; EOFError where there are fewer."""
        begin = self._grow(count)
        if count and source.read_into(self.bytes.data[begin : self.size], offset) != count:
            raise EOFError

    def append(self, piece: bytes) -> int:
        """Where `piece` stands, now that it is appended."""
        begin = self._grow(len(piece))
        self.bytes[begin : self.size] = np.frombuffer(piece, np.uint8)
        return begin

    def take(self, begin: int) -> bytes:
        """The bytes from `begin` on, which are then gone."""
        taken = self.bytes[begin : self.size].tobytes()
        self.size = begin
        return taken

    def find_delimiters(self, begin: int, limit: int) -> Int64s:
        """The delimiters from `begin` to the end of the text, `limit` at most."""
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
