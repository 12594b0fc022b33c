"""Machine code in memory: what a compiled kernel is once it is loaded, which takes LLVM and no compiler."""

import ctypes
import functools
from typing import Any

from llvmlite import binding as llvm

from transforms.signatures import Signature


class KernelError(RuntimeError):
    """A kernel divided by zero, had no memory for an array or, where its bounds are checked, looked outside of one."""


class MachineCode:
    """A loaded kernel.

    Args:
        code: an object file in the format of this system.
        entry: the function in it that is the kernel: its name, a dot, and what no other that is loaded has there.
        signature: what it takes and gives.
    """

    def __init__(self, code: bytes, entry: str, signature: Signature) -> None:
        engine = _engine()
        engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        engine.finalize_object()
        self._name = entry.rpartition(".")[0]
        self._signature = signature
        # A function type of this kind lets go of the interpreter lock while the function runs.
        self._run = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p)(engine.get_function_address(entry))

    def __call__(self, *arguments: Any) -> Any:
        """Runs it; returns its result.

        Raises:
            TypeError: an argument is of another type.
            KernelError: it could not go on.
        """
        signature = self._signature
        try:
            words = signature.words(arguments)
        except TypeError as error:
            raise TypeError(f"{self._name}: {error}") from None
        passed = (ctypes.c_int64 * len(words))(*words)
        if self._run(ctypes.addressof(passed)):
            raise KernelError(f"{self._name}: it divided by zero, had no memory, or looked outside of an array")
        return signature.returns and signature.returns.value(passed[0])


@functools.cache
def _engine() -> Any:
    """LLVM's loader of this process, which keeps what it has loaded."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(jit=True)
    return llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
