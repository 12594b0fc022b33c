"""Seals: the digest at the end of a file that is mapped and trusted, checked before the file is believed.

A sealed file is its content, the 128-bit XXH3 digest of that, and a mark. Whatever happened to the file since it was
written shows: a flipped bit, a lost end, zeros in the place of bytes that a disk has lost.
"""

import json
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import xxhash

MARK = b"rafid-1\n"
_SIZE = 16 + len(MARK)
_PIECE = 1 << 20


class Damaged(ValueError):  # noqa: N818 - says what is
    """Bytes that are not those that were sealed."""


def digest(*data: Any) -> str:
    """The XXH3 digest (128 bits, hex) of bytes-like objects, one after the other."""
    state = xxhash.xxh3_128()
    for each in data:
        state.update(each)
    return str(state.hexdigest())


class SealingSink:
    """A file that Arrow writes to, whose digest is known at the end; it hands everything on to `write`."""

    def __init__(self, write: Callable[[Any], Any]) -> None:
        self._write, self._state = write, xxhash.xxh3_128()
        self.closed = False

    def write(self, data: Any) -> int:
        """Takes what comes next; returns its size."""
        view = memoryview(data)
        self._state.update(view)
        self._write(view)
        return view.nbytes

    def flush(self) -> None:
        """Does nothing: nothing is held back."""

    def close(self) -> None:
        """Does nothing: `seal` ends the file."""
        self.closed = True

    def seal(self) -> str:
        """Writes the seal; returns the digest in hex."""
        self._write(memoryview(self._state.digest() + MARK))
        return str(self._state.hexdigest())


def unseal(sealed: pa.Buffer, *, check: bool = True) -> tuple[pa.Buffer, str]:
    """The content of a sealed file, without a copy, and its digest in hex.

    Args:
        sealed: the file.
        check: compute the digest; without it only the seal is looked at.

    Raises:
        Damaged: the content is not what was sealed.
    """
    size = sealed.size - _SIZE
    end = sealed.slice(max(0, size)).to_pybytes()
    if size < 0 or not end.endswith(MARK):
        raise Damaged("its end is missing")
    content = sealed.slice(0, size)
    if check and xxhash.xxh3_128(content).digest() != end[:16]:
        raise Damaged("its bytes are not those that were written")
    return content, end[:16].hex()


def check_file(path: str) -> None:
    """Reads a sealed file through a small buffer, and checks its seal: what is mapped for it would count as memory.

    Raises:
        Damaged: its content is not what was sealed.
        OSError: it cannot be read.
    """
    state, piece, end = xxhash.xxh3_128(), memoryview(bytearray(_PIECE + _SIZE)), 0
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - a path is a string here
        while count := file.readinto(piece[end:]):
            end += count
            if end > _SIZE:
                state.update(piece[: end - _SIZE])
                piece[:_SIZE] = piece[end - _SIZE : end]
                end = _SIZE
    if piece[: len(MARK) + 16] != state.digest() + MARK:
        raise Damaged("its bytes are not those that were written, or its end is missing")


def sealed_json(fields: Any) -> bytes:
    """A JSON file that holds `fields` and their digest."""
    return json.dumps({"content": fields, "digest": _digest_of(fields)}, ensure_ascii=False).encode()


def unsealed_json(text: bytes) -> Any:
    """The fields in such a file.

    Raises:
        Damaged: they are not what was sealed.
    """
    try:
        found = json.loads(text)
        fields, expected = found["content"], found["digest"]
    except (ValueError, KeyError, TypeError) as error:
        raise Damaged("it is not the JSON that was written") from error
    if _digest_of(fields) != expected:
        raise Damaged("its bytes are not those that were written")
    return fields


def _digest_of(fields: Any) -> str:
    return digest(json.dumps(fields, sort_keys=True).encode())
