"""The cache of compiled kernels: where a kernel's machine code lies, and the name that changes with what made it."""

import contextlib
import functools
import hashlib
import os
import stat
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np
from llvmlite import binding as llvm

from transforms import console
from transforms.errors import command_line
from transforms.signatures import BUILT_IN, Helper, Signature
from transforms.versions import version_of

_FORMAT = "5"  # of what is cached
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
    if given := os.environ.get("NUMBA_CACHE_DIR"):
        yield _Place(Path(given) / name)
        return
    yield _Place(source.parent / "__pycache__")
    with contextlib.suppress(RuntimeError):  # a user without a home
        private = Path.home() / ".cache" / "rafid"
        yield _Place(private / name, private)
    with contextlib.suppress(FileNotFoundError):  # no folder for temporary files
        private = Path(tempfile.gettempdir()) / f"rafid-{os.geteuid()}"
        yield _Place(private / name, private)


@dataclass(frozen=True)
class CachedKernel:
    """The place of a kernel in the cache.

    Attributes:
        source: the file of its source.
        stem: what the names of all its versions for this processor begin with.
        version: a digest of all that it is compiled from.
    """

    source: Path
    stem: str
    version: str

    @classmethod
    def of(cls, function: Any, signature: Signature) -> "CachedKernel":
        """The place of a function with a signature.

        Raises:
            TypeError: it uses something whose change would not be noticed.
        """
        source = Path(function.__code__.co_filename)
        kernel = f"{source.stem}.{function.__qualname__}".replace("<locals>.", "")
        stem = f"{kernel}.{sys.implementation.cache_tag}-{_target()[:8]}"  # other processors' may lie beside it
        return cls(source, stem, _fingerprint(function, signature))

    @property
    def name(self) -> str:
        """The name of its file."""
        return f"{self.stem}.{self.version}.nbc"

    def load(self) -> bytes | None:
        """Its machine code; None if no place has it."""
        for place in _places(self.source):
            with contextlib.suppress(OSError):
                digest, code = _divided(place.read(self.name))
                if hashlib.sha256(code).digest() == digest:  # else it was cut short
                    _folders[self.name] = place.folder
                    return code
        return None

    def keep(self, code: bytes) -> None:
        """Keeps its machine code, and says so if that is not beside the source."""
        place = self._write(hashlib.sha256(code).digest() + code)
        _folders[self.name] = place.folder if place else None
        if place is None:
            _say("compiled kernels cannot be kept: neither the folder of their source nor another can be written")
        elif place.private:
            _say(f"compiled kernels are kept in {place.private}: the folder of their source cannot be written")

    def _write(self, compiled: bytes) -> _Place | None:
        for place in _places(self.source):
            with contextlib.suppress(OSError):
                place.write(self.name, compiled, self.stem)
                return place
        return None


def machine_code(kernel: CachedKernel, compiling: Callable[[], bytes]) -> bytes:
    """The machine code of a kernel: the cached one, or what is compiled now, and kept."""
    code = kernel.load()
    if code is None:
        _say(
            "compiling kernels, which is done once and takes up to a minute; "
            f"`{command_line('kernels')}` does it beforehand"
        )
        code = compiling()
        kernel.keep(code)
    return code


def _divided(data: bytes) -> tuple[bytes, bytes]:
    size = hashlib.sha256().digest_size
    return data[:size], data[size:]


@functools.cache
def _target() -> str:
    """A digest of what machine code is made for: the processor, and what numba is told by its own variables."""
    told = sorted(f"{name}={value}" for name, value in os.environ.items() if name.startswith("NUMBA_"))
    features = llvm.get_host_cpu_features().flatten()
    return _digest(llvm.get_process_triple(), llvm.get_host_cpu_name(), features, *told)


@functools.cache
def _say(line: str) -> None:
    """Prints a line on standard error, once in a process."""
    console.tell(f"rafid: {line}")


def _fingerprint(function: Any, signature: Signature) -> str:
    """A digest of all that a kernel is compiled from: its types, its code and its helpers', the values they use."""
    met = {function}
    functions = [function]
    for each in functions:  # grows as helpers are met
        new = [helper.py_func for helper in _uses(each)[1] if helper.py_func not in met]
        met.update(new)
        functions += new
    return _digest(_FORMAT, *_compiler(), repr(signature), *(_uses(each)[0] for each in functions))[:32]


@functools.cache
def _compiler() -> tuple[str, ...]:
    return tuple(map(version_of, ("numba", "llvmlite")))


@functools.cache
def _uses(function: Any) -> tuple[str, tuple[Helper, ...]]:
    """A digest of a function's code and of the values it uses from outside; the helpers among these."""
    code = function.__code__
    outside = {name: function.__globals__[name] for name in sorted(_names(code)) if name in function.__globals__}
    values = (*outside.values(), *(cell.cell_contents for cell in function.__closure__ or ()), function.__defaults__)
    helpers = dict.fromkeys(value for value in values if isinstance(value, Helper))
    return _digest(_text(code), *outside, *map(_text, values)), tuple(helpers)


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
    if isinstance(value, Helper):
        return f"{value.py_func.__module__}.{value.py_func.__qualname__} {value.inlined} {value.counts}"
    if isinstance(value, (type, ModuleType, FunctionType, BuiltinFunctionType)):
        name = value.__name__ if isinstance(value, ModuleType) else f"{value.__module__}.{value.__qualname__}"
        if name.split(".")[0] in {"builtins", "math", "numba", "numpy"} or value in BUILT_IN:
            return name
    raise TypeError(f"a kernel uses {value!r}, and its cache would not notice a change of a {type(value).__name__}")


def _digest(*parts: str | bytes) -> str:
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        whole.update(b"%d:" % len(data) + data)
    return whole.hexdigest()
