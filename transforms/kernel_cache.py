"""The cache of compiled kernels: where a kernel's machine code lies, and the name that changes with what made it."""

import contextlib
import functools
import hashlib
import os
import pickle
import stat
import sys
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

import numba
import numpy as np
from llvmlite.binding import parse_assembly
from numba import types
from numba.core.caching import NullCache
from numba.core.compiler import CompileResult
from numba.core.runtime import rtsys
from numba.core.serialize import dumps
from numba.extending import is_jitted

from transforms import console
from transforms.errors import command_line

_FORMAT = "3"  # of what is cached
_folders: dict[str, Path | None] = {}  # by the name of a kernel's file


def cache_folders() -> set[Path | None]:
    """The folders in which the kernels loaded so far are cached; None among them if some could be kept nowhere."""
    return set(_folders.values())


@dataclass(frozen=True)
class _Place:
    """A folder for cached kernels.

    What lies in it is run, so one that is not beside the source is in `private`, which only this user can write to.
    """

    folder: Path
    private: Path | None = None

    def read(self, name: str) -> bytes:
        """The content of a file.

        Raises:
            OSError: there is none, or another user may have written it.
        """
        self._check()
        return (self.folder / name).read_bytes()

    def write(self, name: str, data: bytes, stem: str) -> None:
        """Writes a file whole or not at all, and removes its predecessors: the others that begin with the stem.

        Raises:
            OSError: it could not be written.
        """
        if self.private:
            self.private.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._check()
        self.folder.mkdir(parents=True, exist_ok=True)
        unfinished = self.folder / f"{name}.{uuid.uuid4().hex}"
        try:
            unfinished.write_bytes(data)
            unfinished.replace(self.folder / name)
        finally:
            unfinished.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # another user's, which may stay
            for old in self.folder.glob(f"{stem}.*.nbc"):
                if old.name != name:
                    old.unlink(missing_ok=True)

    def _check(self) -> None:
        if self.private:
            found = self.private.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
                raise PermissionError(f"{self.private}: others can write to it")


def _places(source: Path) -> Iterator[_Place]:
    """The folders for its kernels, best first: beside the source file, the user's own, a temporary one."""
    name = f"{source.parent.name}-{_digest(str(source.parent.absolute()))[:16]}"
    if numba.config.CACHE_DIR:
        yield _Place(Path(numba.config.CACHE_DIR) / name)
        return
    yield _Place(source.parent / "__pycache__")
    with contextlib.suppress(RuntimeError):  # a user without a home
        private = Path.home() / ".cache" / "rafid"
        yield _Place(private / name, private)
    with contextlib.suppress(FileNotFoundError):  # no folder for temporary files
        private = Path(tempfile.gettempdir()) / f"rafid-{os.geteuid()}"
        yield _Place(private / name, private)


class KernelCache(NullCache):  # type: ignore[misc]
    """The cache of one kernel, as numba's dispatcher asks for it."""

    def __init__(self, dispatcher: Any, signature: Any) -> None:
        function = dispatcher.py_func
        self._source = Path(function.__code__.co_filename)
        target = _digest(repr(dispatcher.targetctx.codegen().magic_tuple()), str(numba.config.BOUNDSCHECK))
        kernel = f"{self._source.stem}.{function.__qualname__}".replace("<locals>.", "")
        self._stem = f"{kernel}.{sys.implementation.cache_tag}-{target[:8]}"  # other processors' may lie beside it
        self._name = f"{self._stem}.{_fingerprint(dispatcher, signature)}.nbc"

    def load_overload(self, sig: Any, target_context: Any) -> CompileResult | None:  # noqa: ARG002
        """The compiled kernel; None if no place has it, which makes numba compile it."""
        rtsys.initialize(target_context)  # all that compiled kernels need: to load what compiling needs takes 0.1 s
        for place in _places(self._source):
            with contextlib.suppress(OSError, EOFError, pickle.UnpicklingError):  # none, or one cut short
                compiled = pickle.loads(place.read(self._name))  # noqa: S301 - as trusted as the .pyc files beside it
                _folders[self._name] = place.folder
                return CompileResult._rebuild(target_context, *compiled)
        _say(
            "compiling kernels, which is done once and takes up to a minute; "
            f"`{command_line('kernels')}` does it beforehand"
        )
        return None

    def save_overload(self, sig: Any, result: CompileResult) -> None:  # noqa: ARG002
        """Keeps what numba has compiled, and says so if that is not beside the source."""
        if result.library.has_dynamic_globals:
            raise TypeError(f"{self._stem}: uses an array too large to be part of a kernel; make it an argument")
        place = self._write(dumps(_loadable(result)))
        _folders[self._name] = place.folder if place else None
        if place is None:
            _say("compiled kernels cannot be kept: neither the folder of their source nor another can be written")
        elif place.private:
            _say(f"compiled kernels are kept in {place.private}: the folder of their source cannot be written")

    def _write(self, compiled: bytes) -> _Place | None:
        for place in _places(self._source):
            with contextlib.suppress(OSError):
                place.write(self._name, compiled, self._stem)
                return place
        return None


def _loadable(result: CompileResult) -> tuple[Any, ...]:
    """All that is needed to load a compiled kernel: its machine code, and the objects that it uses.

    Numba would keep what the code was made from, for others to be linked with, and the modules of all helpers, for
    objects of which there are hardly any; to load these takes most of the time.
    """
    library, *rest, environments = result._reduce()
    name, kind, (machine_code, _) = library
    entry = parse_assembly(f'define void @"{result.fndesc.llvm_cpython_wrapper_name}"() {{ ret void }}')
    used = tuple(each for each in environments if each.consts)
    return (name, kind, (machine_code, entry.as_bitcode())), *rest, used


@functools.cache
def _say(line: str) -> None:
    """Prints a line on standard error, once in a process."""
    console.tell(f"rafid: {line}")


def _fingerprint(kernel: Any, signature: Any) -> str:
    """A digest of all that a kernel is compiled from: its types, its code and its helpers', the values they use."""
    met = {kernel}
    functions = [kernel]
    for function in functions:  # grows as helpers are met
        new = [helper for helper in _uses(function)[1] if helper not in met]
        met.update(new)
        functions += new
    kinds = _text((*signature.args, signature.return_type))
    return _digest(_FORMAT, numba.__version__, kinds, *(_uses(function)[0] for function in functions))[:32]


@functools.cache
def _uses(function: Any) -> tuple[str, tuple[Any, ...]]:
    """A digest of a function's options and code and of the values it uses from outside; the helpers among these."""
    python = function.py_func
    code = python.__code__
    outside = {name: python.__globals__[name] for name in sorted(_names(code)) if name in python.__globals__}
    values = (*outside.values(), *(cell.cell_contents for cell in python.__closure__ or ()), python.__defaults__)
    helpers = dict.fromkeys(value for value in values if is_jitted(value))
    return _digest(_text(function), _text(code), *outside, *map(_text, values)), tuple(helpers)


def _names(code: CodeType) -> set[str]:
    """The names that code looks up outside of itself, with those of attributes."""
    return set(code.co_names).union(*(_names(inner) for inner in code.co_consts if isinstance(inner, CodeType)))


# Types whose `repr` tells values apart.
_PLAIN = frozenset({type(None), bool, int, float, complex, str, bytes})


def _text(value: Any) -> str:
    """A text of a value that a kernel uses: the same in every process, another for another value or type.

    Raises:
        TypeError: its changes would not be noticed.
    """
    kind = type(value)
    if kind in _PLAIN:
        return f"{kind.__name__} {value!r}"
    if kind in {tuple, frozenset}:
        texts = [*map(_text, value)]
        return f"{kind.__name__} {texts if kind is tuple else sorted(texts)}"
    if kind is CodeType:
        names = (value.co_names, value.co_varnames)
        return f"{value.co_code!r} {value.co_exceptiontable!r} {names} {_text(value.co_consts)}"
    if isinstance(value, (np.generic, np.ndarray)):
        array = np.asarray(value)
        return f"{kind.__name__} {array.dtype!r} {array.shape} {array.strides} {_digest(array.tobytes())}"
    return f"{kind.__name__} {_name(value)}"


def _name(value: Any) -> str:
    if isinstance(value, types.Type):  # a named tuple's own text lacks the names of its fields
        return f"{value} {getattr(value, 'fields', '')} {_text(tuple(getattr(value, 'types', ())))}"
    if is_jitted(value):
        return f"{value.__module__}.{value.__qualname__} {value.targetoptions}"
    if isinstance(value, (type, ModuleType, FunctionType, BuiltinFunctionType)):
        name = value.__name__ if isinstance(value, ModuleType) else f"{value.__module__}.{value.__qualname__}"
        if name.split(".")[0] in {"builtins", "math", "numba", "numpy"}:
            return name
    raise TypeError(f"a kernel uses {value!r}, and its cache would not notice a change of a {type(value).__name__}")


def _digest(*parts: str | bytes) -> str:
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        whole.update(b"%d:" % len(data) + data)
    return whole.hexdigest()
