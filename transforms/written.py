"""Files that are being written: the digests of what goes into them, and the record of each that remains."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import xxhash

MARK = b"rafid-1\n"  # the end of a sealed file


@dataclass(frozen=True)
class WrittenFile:
    """A file as it was written.

    Attributes:
        path: relative to its folder, with `/`.
        rows: rows in the file; 0 where it has none.
        bytes: its size.
        sha256: the hex digest of its bytes.
    """

    path: str
    rows: int
    bytes: int
    sha256: str


def write_all(file: Any, view: memoryview) -> None:
    """Writes all of `view`; the system may take it in pieces."""
    while view.nbytes:
        view = view[file.write(view) :]


class DigestingSink:
    """A file that Arrow writes to, whose digest is known at the end; it hands everything on.

    Args:
        write: takes it.
        state: of the digest, as hashlib's are.

    Attributes:
        size: the bytes so far.
    """

    def __init__(self, write: Callable[[Any], Any], state: Any) -> None:
        self._write, self._state = write, state
        self.size = 0
        self.closed = False

    def write(self, data: Any) -> int:
        """Takes what comes next; returns its size."""
        view = memoryview(data)
        self._state.update(view)
        self._write(view)
        self.size += view.nbytes
        return view.nbytes

    def flush(self) -> None:
        """Does nothing: nothing is held back."""

    def close(self) -> None:
        """Closes nothing: whoever opened the file does."""
        self.closed = True

    def digest(self) -> str:
        """The digest of all of it, in hex."""
        return str(self._state.hexdigest())


class SealingSink(DigestingSink):
    """The same for a file that ends with a seal."""

    def __init__(self, write: Callable[[Any], Any]) -> None:
        super().__init__(write, xxhash.xxh3_128())

    def seal(self) -> str:
        """Writes the seal; returns the digest in hex."""
        self._write(memoryview(self._state.digest() + MARK))
        return self.digest()
