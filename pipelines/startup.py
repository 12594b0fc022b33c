"""The start of a process of ours: what it imports without pauses, what it puts off, and what libraries are told."""

import gc
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

# Beam does without them where they are not installed: its readers of MongoDB, BigQuery and Pub/Sub are then not there.
_CLIENTS = ("bson", "pymongo", "requests")
# What is imported for what a run never or rarely asks of it: by Beam ciphers, Avro, types that are no classes, dates as
# texts, files of the web, messages of Google's services; by us, what reads a corpus.
_LATER = (
    *("beartype", "beartype.door", "beartype.roar"),
    *("cryptography", "cryptography.fernet"),
    *("dateutil", "dateutil.parser"),
    *("fastavro", "fastavro.read", "fastavro.write"),
    *("httplib2", "proto", "pyarrow.dataset"),
)
# Arrow writes help for each of its functions as they are loaded, for which it parses what is told of their options.
_HELP = "pyarrow.vendored.docscrape"
# What libraries are told by their own environment variables, unless the user tells them. NumPy starts no threads for
# products of matrices, of which we have none: they spin when they are started. Arrow's usual pool gives back memory
# that it needs again soon, and the system clears it each time.
_TOLD = {"OPENBLAS_NUM_THREADS": "1"} | ({"ARROW_DEFAULT_MEMORY_POOL": "jemalloc"} if sys.platform == "linux" else {})


@contextmanager
def imports_at_rest() -> Iterator[None]:
    """Imports inside the block make no pauses: they make a million objects that stay, and none is looked at again.

    Looking for garbage among them takes a tenth of the start, and loading clients of stores that Beam would read
    another. What it warns of meanwhile, packages of a cloud that nobody asked for, is not printed. It is for processes
    that do nothing but Rafid's work: what libraries keep for all of a process is set as suits that.
    """
    gc.disable()
    logging.disable(logging.WARNING)
    try:
        with _put_off(), _told():
            yield
    finally:
        gc.freeze()  # nor need it look at them later, or when the process ends
        gc.enable()
        logging.disable(logging.NOTSET)


@contextmanager
def _put_off() -> Iterator[None]:
    """Lets nothing import the clients inside the block, and what is for later only where it is used."""
    hidden: dict[str, Any] = dict.fromkeys(_CLIENTS)  # None: as if it were not installed
    hidden |= {name: _StandIn(name) for name in _LATER} | {_HELP: _no_help()}
    hidden = {name: module for name, module in hidden.items() if name not in sys.modules}
    sys.modules.update(hidden)
    try:
        yield
    finally:
        for name, module in hidden.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]


def _no_help() -> ModuleType:
    """The module by which Arrow reads what is told of the options of its functions, for one that tells nothing."""
    module = ModuleType(_HELP)
    module.__dict__["NumpyDocString"] = lambda _: {"Parameters": ()}
    return module


class _StandIn(ModuleType):
    """A module that stands in for the one of its name, which is loaded when something of it is used."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__ = []  # it may have modules of its own

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        loaded = sys.modules.get(self.__name__, self)
        if loaded is not self:
            return getattr(loaded, name)
        inner = f"{self.__name__}.{name}"
        return import_module(inner) if inner in _LATER else _Later(self.__name__, name)


class _Later:
    """A function or a class that was imported from a stand-in, as long as nobody uses it."""

    def __init__(self, module: str, name: str) -> None:
        self._module = module
        self._name = name

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return self._load()(*arguments, **options)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._load(), name)

    def __instancecheck__(self, instance: Any) -> bool:
        return self.__subclasscheck__(type(instance))

    def __subclasscheck__(self, kind: type) -> bool:
        """False where it is not loaded: nothing can be of a class that is not there."""
        return self._module in sys.modules and issubclass(kind, self._load())

    def _load(self) -> Any:
        """The real one, which replaces this wherever a module has it; with it come the others of its package."""
        package = self._module.partition(".")[0]
        for module in [*sys.modules.values()]:
            for name, value in [*vars(module).items()] if isinstance(module, ModuleType) else ():
                if type(value) is _Later and value._module.partition(".")[0] == package:
                    setattr(module, name, value._real())
        return self._real()

    def _real(self) -> Any:
        return getattr(import_module(self._module), self._name)


@contextmanager
def _told() -> Iterator[None]:
    """Tells libraries that are loaded inside the block how to work; other processes that we start are told nothing."""
    new = {name: value for name, value in _TOLD.items() if name not in os.environ}
    os.environ.update(new)
    try:
        yield
        if "pyarrow" in sys.modules:  # it looks when it first needs memory
            sys.modules["pyarrow"].default_memory_pool()
    finally:
        for name in new:
            del os.environ[name]
