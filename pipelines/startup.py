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
