"""Memory that a thread uses again: the system clears new memory at its first touch, which takes as long as its use."""

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
    fitting = [store for store in kept if len(store) >= size]
    store = min(fitting, key=len, default=None)
    if store is None:
        store = np.empty(size, np.uint8)
    else:
        kept[:] = [each for each in kept if each is not store]
    loan = _Loan(store)
    weakref.finalize(loan, _take_back, kept, store)
    return np.asarray(loan)[:size].view(dtype)


def _take_back(kept: list[Bytes], store: Bytes) -> None:
    kept.append(store)
    if len(kept) > _MOST_KEPT:
        kept.pop(0)
