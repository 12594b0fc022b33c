"""The kernel decorator: machine code from Python source, compiled once and cached, loaded when it is first called.

A kernel has an explicit signature, so it can be compiled without being called: set-up does that, and a run does not.
Kernels release the interpreter lock. They read outside the bounds of an array if told to: their callers check first.
"""

import functools
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

import numba
from numba import types
from numba.extending import is_jitted

from transforms.kernel_cache import KernelCache, cache_folders

Function = Callable[..., Any]


def _column(dtype: Any, *, readonly: bool) -> Any:
    return types.Array(dtype, 1, "C", readonly=readonly)


# Argument types. `In` arrays are read only, so they also take arrays over bytes and memory-mapped files.
Bool, UInt8, Int32, Int64, UInt64, Float64 = (
    types.boolean, types.uint8, types.int32, types.int64, types.uint64, types.float64,
)  # fmt: skip
InBytes, InInt32, InInt64, InUInt32, InUInt64, InFloat64 = (
    _column(t, readonly=True)
    for t in (types.uint8, types.int32, types.int64, types.uint32, types.uint64, types.float64)
)
OutBytes, OutInt32, OutInt64, OutUInt32, OutUInt64, OutFloat64 = (
    _column(t, readonly=False)
    for t in (types.uint8, types.int32, types.int64, types.uint32, types.uint64, types.float64)
)


class Kernel:
    """A kernel, which is loaded, or compiled where the cache lacks it, when it is first called.

    Args:
        function: its source.
        signature: its types.
    """

    def __init__(self, function: Function, signature: Any) -> None:
        functools.update_wrapper(self, function)
        self.py_func = function
        self._signature = signature
        self._dispatcher: Any = None

    def __call__(self, *arguments: Any) -> Any:
        """Runs the kernel.

        Raises:
            TypeError: an argument is of another type.
        """
        return (self._dispatcher or self.load())(*arguments)

    def load(self) -> Any:
        """The compiled kernel.

        Raises:
            TypeError: it uses something whose change its cache would not notice.
        """
        with _loading:
            if self._dispatcher is None:
                self._dispatcher = self._compiled()
        return self._dispatcher

    def _compiled(self) -> Any:
        dispatcher: Any = numba.njit(nogil=True)(self.py_func)
        if is_jitted(dispatcher):  # NUMBA_DISABLE_JIT leaves the function as it is
            dispatcher._cache = KernelCache(dispatcher, self._signature)
            dispatcher.compile(self._signature)
            dispatcher.disable_compile()
        return dispatcher


_kernels: list[Kernel] = []
_loading = Lock()


def load_kernels() -> set[Path | None]:
    """Loads the kernels of all modules imported so far, or compiles them; returns the folders that they are cached in.

    None is among the folders if some could be kept nowhere.
    """
    for each in _kernels:
        each.load()
    return cache_folders()


def kernel(*signature: Any, returns: Any) -> Callable[[Function], Kernel]:
    """The decorated function as a kernel.

    What it uses from outside are numbers, strings, arrays, tuples of these and `inline` functions, of its own file or
    of others: its cache notices when one of them changes.

    Args:
        signature: the numba type of each argument.
        returns: the numba type of the result; `numba.types.void` for none.
    """

    def registered(function: Function) -> Kernel:
        _kernels.append(Kernel(function, returns(*signature)))
        return _kernels[-1]

    return registered


def inline(function: Function) -> Function:
    """The decorated function as a helper that kernels call; it has no signature of its own; it is cached in them."""
    compiled: Function = numba.njit(inline="never", nogil=True, _nrt=True)(function)
    return compiled


def always_inline(function: Function) -> Function:
    """As `inline`, but a part of the machine code of whoever calls it; it may not create arrays.

    A helper counts a reference to each array that it is given, and takes it back: atomic operations, of which threads
    that share the arrays wait for each other. One that creates none has no use for that, and is compiled without.
    """
    compiled: Function = numba.njit(inline="never", nogil=True, forceinline=True, _nrt=False)(function)
    return compiled
