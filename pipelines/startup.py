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
# Beam imports it for files that it would fetch from the web, and it builds a grammar as it is loaded.
_LATER = ("httplib2",)
_ALGEBRA_THREADS = "OPENBLAS_NUM_THREADS"


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
        with _put_off(), _one_thread_of_algebra():
            yield
    finally:
        _share_the_memory_of_arrow()
        gc.freeze()  # nor need it look at them later, or when the process ends
        gc.enable()
        logging.disable(logging.NOTSET)


@contextmanager
def _put_off() -> Iterator[None]:
    """Lets nothing import the clients inside the block, and what is for later only where it is used."""
    hidden: dict[str, Any] = dict.fromkeys(_CLIENTS)  # None: as if it were not installed
    hidden |= {name: _stand_in(name) for name in _LATER}
    hidden = {name: module for name, module in hidden.items() if name not in sys.modules}
    sys.modules.update(hidden)
    try:
        yield
    finally:
        for name, module in hidden.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]


def _stand_in(name: str) -> ModuleType:
    """A module that loads the one of that name when something of it is looked at."""
    module = ModuleType(name)

    def look(attribute: str) -> Any:
        if sys.modules.get(name) is module:
            del sys.modules[name]
        return getattr(import_module(name), attribute)

    module.__dict__["__getattr__"] = look
    return module


@contextmanager
def _one_thread_of_algebra() -> Iterator[None]:
    """Lets NumPy start no threads for products of matrices, of which we have none; they spin when they are started."""
    given = os.environ.get(_ALGEBRA_THREADS)
    os.environ.setdefault(_ALGEBRA_THREADS, "1")
    try:
        yield
    finally:
        if given is None:  # other processes that we start may want them
            del os.environ[_ALGEBRA_THREADS]


def _share_the_memory_of_arrow() -> None:
    """Lets Arrow take memory from where NumPy has it: its own keeps what it was given, and clears it page by page."""
    if "pyarrow" in sys.modules:
        import pyarrow as pa  # noqa: PLC0415

        pa.set_memory_pool(pa.system_memory_pool())
