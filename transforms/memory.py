"""Memory that a thread uses again: the system clears new memory at its first touch, which takes as long as its use."""

import ctypes
import threading
import weakref
from typing import Any

import numpy as np
import numpy.typing as npt

from transforms.arrays import Bytes

_LEAST = 1 << 20  # bytes; the allocator itself keeps what is smaller
_MOST_KEPT = 3  # a split's text, its shingles, and what is written of it


class _Kept(threading.local):
    """The memory that a thread has used before and may use again; it is freed when the thread ends."""

    def __init__(self) -> None:
        self.stores: list[Bytes] = []


_kept = _Kept()


class _Loan:
    """The owner of arrays over lent memory, as long as there is one of them."""

    def __init__(self, store: Bytes) -> None:
        self.__array_interface__ = store.__array_interface__


def scratch(count: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """An array of any content, dtype[count]; once it and all views of it are gone, its thread uses the memory again.

    Pages that are not touched take no memory.
    """
    size = count * np.dtype(dtype).itemsize
    if size < _LEAST:
        return np.empty(count, dtype)
    kept = _kept.stores
    store = _take(kept, size)
    loan = _Loan(store)
    weakref.finalize(loan, _take_back, kept, store)
    return np.asarray(loan)[:size].view(dtype)


def _take(kept: list[Bytes], size: int) -> Bytes:
    """The least of the kept stores that fits, or a new one, for which the largest of those that do not makes room."""
    fitting = [store for store in kept if len(store) >= size]
    best = min(fitting, key=len) if fitting else max(kept, key=len, default=None)
    kept[:] = [each for each in kept if each is not best]
    if best is not None and fitting:
        return best
    del best  # it is not in memory beside the new one
    step = 1 << max(0, size.bit_length() - 3)
    return np.empty(-(-size // step) * step, np.uint8)  # up to a quarter more, for what is about as large


def _take_back(kept: list[Bytes], store: Bytes) -> None:
    kept.append(store)
    if len(kept) > _MOST_KEPT:
        kept.pop(0)


def give_back() -> None:
    """Gives memory that is free, and was kept for later, back to the system, between two stages of other needs."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of the GNU C library
    if trim:
        trim(0)
