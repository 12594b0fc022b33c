"""The ids of documents: a digest of where each stands and of what it says."""

import ctypes
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module

import numpy as np
import pyarrow as pa

from transforms.arrays import Int64s, UInt64s
from transforms.bundles.documents import Documents
from transforms.dedup.kernels import STATE_WORDS, identify_documents


@dataclass(frozen=True)
class DocumentIds:
    """The ids of documents: the first 128 bits of SHA-256 over the bundle's name, the offset and the text.

    What is hashed is the name, a NUL, the offset in decimal digits, another NUL, and the text.

    Attributes:
        ids: string[d], in hex.
        numbers: uint64[d], their first 64 bits.
    """

    ids: pa.StringArray
    numbers: UInt64s

    @classmethod
    def of(cls, documents: Documents, names: Sequence[str]) -> "DocumentIds":
        """The ids of all documents of a split.

        Args:
            documents: what they say.
            names: the name of each bundle of the split.
        """
        functions = _openssl()
        return _by_python(documents, names) if functions is None else _by_kernel(documents, names, functions)


def _by_kernel(documents: Documents, names: Sequence[str], functions: Int64s) -> DocumentIds:
    """In one call for all documents, which keeps the interpreter's lock for none of them."""
    encoded = [name.encode() + b"\0" for name in names]
    count = len(documents.offset)
    ids, numbers = np.empty(32 * count, np.uint8), np.empty(count, np.uint64)
    identify_documents(
        np.ascontiguousarray(documents.text), documents.text_start, documents.text_end,
        np.frombuffer(b"".join(encoded), np.uint8), np.cumsum([0, *map(len, encoded)]),
        documents.bundle, documents.offset, functions, np.empty(STATE_WORDS, np.uint64), ids, numbers,
    )  # fmt: skip
    edges = pa.py_buffer(32 * np.arange(count + 1, dtype=np.int32))
    return DocumentIds(pa.StringArray.from_buffers(count, edges, pa.py_buffer(ids)), numbers)


def _by_python(documents: Documents, names: Sequence[str]) -> DocumentIds:
    """By Python's own hashes, for one whose OpenSSL is out of reach."""
    text = np.ascontiguousarray(documents.text).data
    places = (documents.bundle, documents.offset, documents.text_start, documents.text_end)
    digests = []
    for bundle, offset, start, end in zip(*(column.tolist() for column in places), strict=True):
        digest = hashlib.sha256(b"%b\0%d\0" % (names[bundle].encode(), offset))
        digest.update(text[start:end])
        digests.append(digest.digest()[:16])
    numbers = np.frombuffer(b"".join(digests), ">u8")[::2].astype(np.uint64)
    return DocumentIds(pa.array([each.hex() for each in digests], pa.string()), numbers)


@cache
def _openssl() -> Int64s | None:
    """The places in memory of the functions that begin, continue and end a SHA-256, in OpenSSL as Python has loaded it.

    None where Python was built with a library that others cannot call, or without one.
    """
    try:
        library = ctypes.CDLL(import_module("_hashlib").__file__)
        found = [getattr(library, f"SHA256_{name}") for name in ("Init", "Update", "Final")]
    except (ImportError, AttributeError, OSError):
        return None
    return np.array([ctypes.cast(each, ctypes.c_void_p).value for each in found], np.int64)
