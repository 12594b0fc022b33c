"""The kernel decorator: machine code from Python source, compiled once and cached, loaded when it is first called.

A kernel has an explicit signature, so it can be compiled without being called: set-up does that, and a run does not.
Kernels release the interpreter lock. They read outside the bounds of an array if told to: their callers check first.
"""

import functools
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from transforms.kernel_cache import CachedKernel, cache_folders, machine_code
from transforms.machine_code import MachineCode
from transforms.signatures import Argument, Column, Helper, Scalar, Signature

Function = Callable[..., Any]

# Types of arguments and results. `In` columns are read only, so they also take arrays over bytes and mapped files.
Bool, UInt8, Int32, Int64, UInt64, Float64 = map(
    Scalar, map(np.dtype, ("bool", "uint8", "int32", "int64", "uint64", "float64"))
)
_columns = ("uint8", "int32", "int64", "uint32", "uint64", "float64")
InBytes, InInt32, InInt64, InUInt32, InUInt64, InFloat64 = (Column(np.dtype(name), readonly=True) for name in _columns)
OutBytes, OutInt32, OutInt64, OutUInt32, OutUInt64, OutFloat64 = (
    Column(np.dtype(name), readonly=False) for name in _columns
)


class Kernel:
    """A kernel, which is loaded, or compiled where the cache lacks it, when it is first called.

    Args:
        function: its source.
        signature: its types.
    """

    def __init__(self, function: Function, signature: Signature) -> None:
        functools.update_wrapper(self, function)
        self.py_func = function
        self._signature = signature
        self._loaded: MachineCode | None = None

    def __call__(self, *arguments: Any) -> Any:
        """Runs the kernel.

        Raises:
            TypeError: an argument is of another type.
        """
        return (self._loaded or self.load())(*arguments)

    def load(self) -> MachineCode:
        """The machine code.

        Raises:
            TypeError: it uses something whose change its cache would not notice.
        """
        with _loading:
            if self._loaded is None:
                cached = CachedKernel.of(self.py_func, self._signature)
                entry = f"{self.py_func.__module__}.{self.py_func.__qualname__}.{cached.version}"
                code = machine_code(cached, functools.partial(self._compiled, entry))
                self._loaded = MachineCode(code, entry, self._signature)
        return self._loaded

    def _compiled(self, entry: str) -> bytes:
        from transforms.kernel_compiler import compile_kernel  # noqa: PLC0415 - it brings numba along

        code: bytes = compile_kernel(self.py_func, entry, self._signature)
        return code


class _CallableHelper(Helper):
    """A helper that can be called from Python too, for which it is compiled there and then."""

    def __call__(self, *arguments: Any) -> Any:
        from transforms.kernel_compiler import dispatcher  # noqa: PLC0415 - it brings numba along

        return dispatcher(self)(*arguments)


_kernels: list[Kernel] = []
_loading = Lock()


def load_kernels() -> set[Path | None]:
    """Loads the kernels of all modules imported so far, or compiles them; returns the folders that they are cached in.

    None is among the folders if some could be kept nowhere.
    """
    for each in _kernels:
        each.load()
    return cache_folders()


def kernel(*arguments: Argument, returns: Scalar | None = None) -> Callable[[Function], Kernel]:
    """The decorated function as a kernel.

    What it uses from outside are numbers, strings, arrays, tuples of these and `inline` functions, of its own file or
    of others: its cache notices when one of them changes. It may create arrays of numbers, but no lists or objects.

    Args:
        arguments: the type of each argument.
        returns: that of the result; None for none.
    """

    def registered(function: Function) -> Kernel:
        _kernels.append(Kernel(function, Signature(arguments, returns)))
        return _kernels[-1]

    return registered


def inline(function: Function) -> Any:
    """The decorated function as a helper that kernels call; it has no signature of its own; it is cached in them."""
    return _CallableHelper(function, inlined=False, counts=True)


def always_inline(function: Function) -> Any:
    """As `inline`, but a part of the machine code of whoever calls it; it may not create arrays."""
    return _CallableHelper(function, inlined=True, counts=False)


def called(function: Function) -> Any:
    """As `inline`, but it may not create arrays: then it need not count the references to those it is given."""
    return _CallableHelper(function, inlined=False, counts=False)
