"""Every way to compress a bundle that is read."""

import bz2
import gzip
import lzma
from collections.abc import Callable
from functools import partial

import zstandard

# As fast as they go: what is tested is how they are read.
COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": partial(gzip.compress, compresslevel=1, mtime=0),
    "bzip2": partial(bz2.compress, compresslevel=1),
    "xz": partial(lzma.compress, preset=0),
    "zstd": zstandard.compress,
}


def compress_in_members(kind: str, data: bytes, size: int) -> bytes:
    """Members, streams or frames of `size` bytes of the data each, one behind the other."""
    return b"".join(COMPRESSORS[kind](data[at : at + size]) for at in range(0, len(data), size))
