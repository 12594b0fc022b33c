"""Bundles as they come out of accidents: cut, flipped, mixed up, and not what their names say. Always the same ones."""

import random
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from tests.bundles.compressors import COMPRESSORS, compress_in_members

_SEED = 20_261_122
_WRAPPINGS = (*COMPRESSORS, "plain", "plain", "plain", "utf-16-le", "utf-16-be", "windows-1256", "iso-8859-6")
Damage = Callable[[random.Random, bytes], bytes]


class Damaged(NamedTuple):
    """A damaged bundle.

    Attributes:
        name: what was done to it.
        data: what is left.
        source: the text that it was made of.
        untouched: how many bytes of its beginning are as they were.
        wrapping: what it was put in before it was damaged.
    """

    name: str
    data: bytes
    source: bytes
    untouched: int
    wrapping: str


def damaged_bundles(sources: Sequence[bytes], count: int) -> Iterator[Damaged]:
    """`count` damaged bundles, the same whenever they are asked for.

    Args:
        sources: whole bundles in UTF-8.
        count: how many.
    """
    rng = random.Random(_SEED)
    for number in range(count):
        wrapping = rng.choice(_WRAPPINGS)
        source = b"\n".join(sources * 2) if wrapping in COMPRESSORS else rng.choice(sources)
        whole = _wrap(rng, source, wrapping)
        how = rng.choice(sorted(_DAMAGES))
        data = _DAMAGES[how](rng, whole)
        yield Damaged(f"{number:03d} {how} of {wrapping}", data, source, _common(whole, data), wrapping)


def _wrap(rng: random.Random, source: bytes, wrapping: str) -> bytes:
    if wrapping in COMPRESSORS:
        return compress_in_members(wrapping, source, rng.choice([9_000, 40_000, len(source)]))
    if wrapping == "plain":
        return source
    mark = "\ufeff" if "16" in wrapping and wrapping.startswith("utf") else ""
    return (mark + source.decode()).encode(wrapping, "ignore")


def _common(whole: bytes, data: bytes) -> int:
    """The length of the beginning that two byte strings share."""
    low, high = 0, min(len(whole), len(data))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if whole[:middle] == data[:middle] else (low, middle - 1)
    return low


def _cut_end(rng: random.Random, data: bytes) -> bytes:
    return data[: rng.randrange(len(data))]


def _cut_start(rng: random.Random, data: bytes) -> bytes:
    return data[rng.randrange(len(data)) :]


def _cut_middle(rng: random.Random, data: bytes) -> bytes:
    begin, end = sorted(rng.randrange(len(data)) for _ in range(2))
    return data[:begin] + data[end:]


def _flip(rng: random.Random, data: bytes) -> bytes:
    flipped = bytearray(data)
    for _ in range(rng.choice([1, 1, 3, 50])):
        flipped[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(flipped)


def _zeros(rng: random.Random, data: bytes) -> bytes:
    """What a file system leaves of a file that was being written in a power cut."""
    begin = rng.randrange(len(data))
    return data[:begin] + bytes(len(data) - begin)


def _garbage(rng: random.Random, data: bytes) -> bytes:
    begin = rng.randrange(len(data))
    return data[:begin] + rng.randbytes(rng.randrange(1, 2_000)) + data[begin:]


def _mix(rng: random.Random, data: bytes) -> bytes:
    """Two bundles, differently wrapped, one behind the other."""
    other = _wrap(rng, "<<<FILE>>> خليط\nنصّ من مصدر آخر جاء بعد غيره\n".encode() * 5, rng.choice(_WRAPPINGS))
    return data + rng.choice([b"", b"\n", b"\r\n"]) + other


def _repeat(rng: random.Random, data: bytes) -> bytes:
    """A block of a disk, written twice."""
    begin = rng.randrange(len(data))
    return data[:begin] + data[max(0, begin - 512) :]


def _lie(rng: random.Random, data: bytes) -> bytes:
    """Sizes and checksums in headers and trailers that are not true."""
    lied = bytearray(data)
    for at in (*range(4, min(24, len(data))), *range(max(0, len(data) - 12), len(data))):
        if rng.random() < 0.3:
            lied[at] = rng.randrange(256)
    return bytes(lied)


_DAMAGES: dict[str, Damage] = {
    "cut at the end": _cut_end,
    "cut at the start": _cut_start,
    "cut in the middle": _cut_middle,
    "bits flipped": _flip,
    "zeros": _zeros,
    "garbage": _garbage,
    "mixture": _mix,
    "repetition": _repeat,
    "lies": _lie,
}
