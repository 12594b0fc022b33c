"""The kernel decorator: machine code from Python source, compiled when its module is first imported, then cached.

A kernel has an explicit signature, so importing its module is all the warming it needs, and a run never compiles.
Kernels release the interpreter lock. They read outside the bounds of an array if told to: their callers check first.
"""

from collections.abc import Callable
from typing import Any

import numba
from numba import types
from numba.extending import is_jitted

from transforms.kernel_cache import KernelCache

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


def kernel(*signature: Any, returns: Any) -> Callable[[Function], Function]:
    """The decorated function as a compiled kernel.

    What it uses from outside are numbers, strings, arrays, tuples of these and `inline` functions, of its own file or
    of others: its cache notices when one of them changes.

    Args:
        signature: the numba type of each argument.
        returns: the numba type of the result; `numba.types.void` for none.

    Raises:
        TypeError: it uses something else.
    """

    def compiled(function: Function) -> Function:
        dispatcher: Any = numba.njit(nogil=True)(function)
        if is_jitted(dispatcher):  # NUMBA_DISABLE_JIT leaves the function as it is
            dispatcher._cache = KernelCache(dispatcher, returns(*signature))
            dispatcher.compile(returns(*signature))
            dispatcher.disable_compile()
        return dispatcher  # type: ignore[no-any-return]

    return compiled


def inline(function: Function) -> Function:
    """The decorated function as a helper that kernels call; it has no signature of its own; it is cached in them."""
    compiled: Function = numba.njit(inline="never", nogil=True)(function)
    return compiled
