"""Ways in which a file is damaged: bits flip, ends are lost, blocks are zeroed, other files take its place."""

from collections.abc import Callable
from pathlib import Path
from random import Random


def flip(data: bytes, random: Random) -> bytes:
    """One bit is another."""
    at = random.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << random.randrange(8)]) + data[at + 1 :]


def cut(data: bytes, random: Random) -> bytes:
    """The end is lost."""
    return data[: random.randrange(len(data))]


def zero(data: bytes, random: Random) -> bytes:
    """A block is lost: its bytes are zeros, and were not before."""
    first = next(at for at in iter(lambda: random.randrange(len(data)), None) if data[at])
    size = min(512, len(data) - first)
    return data[:first] + bytes(size) + data[first + size :]


def extend(data: bytes, random: Random) -> bytes:
    """Something was appended."""
    return data + random.randbytes(random.randrange(1, 64))


def swap(data: bytes, random: Random) -> bytes:
    """Two halves change places; of what is the same both ways, a bit flips."""
    at = random.randrange(1, max(2, len(data)))
    swapped = data[at:] + data[:at]
    return swapped if swapped != data else flip(data, random)


DAMAGES: tuple[Callable[[bytes, Random], bytes], ...] = (flip, cut, zero, extend, swap)


def damage(path: Path, kind: Callable[[bytes, Random], bytes], seed: int) -> None:
    """Damages a file in place of what it was."""
    path.write_bytes(kind(path.read_bytes(), Random(seed)))
