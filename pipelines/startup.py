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
_CLIENTS = ("bson", "pymongo", "requests", "apache_beam.io.gcp.bigquery")
# What is imported for what a run never or rarely asks of it, by whom and for what.
_LATER = (
    # Beam: types that are no classes, ciphers, dates as texts, Avro, files of the web, messages of Google's services.
    *("beartype", "beartype.door", "beartype.roar", "cryptography", "cryptography.fernet"),
    *("dateutil", "dateutil.parser", "fastavro", "fastavro.read", "fastavro.write"),
    *("httplib2", "urllib.request", "proto"),
    # Beam: workers of other processes, steps in other languages, other runners, what is sent to a cluster.
    *("grpc", "apache_beam.runners.worker.channel_factory", "apache_beam.runners.worker.worker_id_interceptor"),
    *("apache_beam.utils.subprocess_server", "apache_beam.utils.transform_service_launcher"),
    *("apache_beam.transforms.managed", "apache_beam.runners.portability.stager"),
    *("apache_beam.runners.dataflow.dataflow_runner", "apache_beam.runners.dataflow.test_dataflow_runner"),
    *("apache_beam.runners.direct.direct_runner", "apache_beam.runners.direct.test_direct_runner"),
    # fsspec and gRPC: calls that wait for the network together. Beam and the cards of data sets: YAML.
    *("asyncio", "asyncio.events", "yaml"),
    # We: what reads corpora.
    "pyarrow.dataset",
    # llvmlite: code that is still to be compiled. We: languages that their words and letters leave open.
    *("llvmlite.ir", "langdetect", "langdetect.detector_factory", "langdetect.lang_detect_exception"),
)
# Of these a run asks for classes only, to see whether something is of one: nothing is while they are not loaded.
_OF_CLASSES = ("numpy.ma", "proto")
# Arrow writes help for each of its functions as they are loaded, for which it parses what is told of their options.
_HELP = "pyarrow.vendored.docscrape"
# What libraries are told by their own environment variables, unless the user tells them. NumPy starts no threads for
# products of matrices, of which we have none: they spin when they are started. Arrow's usual pool gives back memory
# that it needs again soon, and the system clears it each time.
_TOLD = {"OPENBLAS_NUM_THREADS": "1"} | ({"ARROW_DEFAULT_MEMORY_POOL": "jemalloc"} if sys.platform == "linux" else {})
_DECAY = 20_000  # milliseconds after which that pool gives back what nobody uses: from one split to the next


@contextmanager
def imports_at_rest() -> Iterator[None]:
    """Imports inside the block make no pauses: they make a million objects that stay, and none is looked at again.

    Looking for garbage among them takes a tenth of the start, and loading clients of stores that Beam would read
    another. What it warns of meanwhile, packages of a cloud that nobody asked for, is not printed. It is for processes
    that do nothing but Rafid's work: what libraries keep for all of a process is set as suits that. Nothing but imports
    of ours stands in a block: of what else is imported there, nobody has seen whether stand-ins serve it.
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
    hidden["asyncio"].__dict__["TimeoutError"] = TimeoutError
    hidden = {name: module for name, module in hidden.items() if name not in sys.modules}
    sys.modules.update(hidden)
    try:
        yield
    finally:
        for name, module in hidden.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]
                package, _, inner = name.rpartition(".")
                if isinstance(module, _StandIn) and package in sys.modules:
                    vars(sys.modules[package]).setdefault(inner, module)  # as an import would have done
        if "numpy" in sys.modules:  # Arrow asks of every array whether it is one of NumPy's that may be masked
            vars(sys.modules["numpy"]).setdefault("ma", _StandIn("numpy.ma"))


def _no_help() -> ModuleType:
    """The module by which Arrow reads what is told of the options of its functions, for one that tells nothing."""
    module = ModuleType(_HELP)
    module.__dict__["NumpyDocString"] = lambda _: {"Parameters": ()}
    return module


class _StandIn(ModuleType):
    """A module that stands in for the one of its name, which is loaded when something of it is used.

    What is imported from it while it stands in is a `_Later`.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__ = _Path(name)  # it may have modules of its own

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        there, inner = sys.modules.get(self.__name__), f"{self.__name__}.{name}"
        if there is self and inner in _LATER:
            return import_module(inner)
        if there is self or (there is None and self.__name__ in _OF_CLASSES):
            return _Later(self.__name__, name)
        return getattr(import_module(self.__name__), name)


class _Path(list[str]):
    """The path of a package that a stand-in stands for; looking for another module of the package loads it."""

    def __init__(self, package: str) -> None:
        super().__init__()
        self._package = package

    def __iter__(self) -> Iterator[str]:
        return iter(_loaded(self._package).__path__)


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

    def __or__(self, other: Any) -> Any:
        """A type hint, as in `asyncio.Task | None`, of the class itself."""
        return self._load() | other

    def __ror__(self, other: Any) -> Any:
        """The same the other way round."""
        return other | self._load()

    def __mro_entries__(self, _: tuple[Any, ...]) -> tuple[type, ...]:
        """The class itself: what is derived from it needs it."""
        return (self._load(),)

    def __instancecheck__(self, instance: Any) -> bool:
        return self.__subclasscheck__(type(instance))

    def __subclasscheck__(self, kind: type) -> bool:
        """False where it is not loaded: nothing can be of a class that is not there."""
        return self._module in sys.modules and issubclass(kind, self._load())

    def _load(self) -> Any:
        """The real one, which replaces this wherever a module has it, as do others whose module has them by now."""
        real = getattr(_loaded(self._module), self._name)
        for module in [*sys.modules.values()]:
            for name, value in [*vars(module).items()] if isinstance(module, ModuleType) else ():
                there = sys.modules.get(value._module) if type(value) is _Later else None
                if there and type(there) is not _StandIn and hasattr(there, value._name):
                    setattr(module, name, getattr(there, value._name))
        return real


def _loaded(name: str) -> ModuleType:
    """The module of that name itself, which is loaded if only its stand-in was there; none stands in inside it."""
    for each, module in [*sys.modules.items()]:
        if type(module) is _StandIn and f"{each}.".startswith(f"{name}."):
            del sys.modules[each]
    return import_module(name)


@contextmanager
def _told() -> Iterator[None]:
    """Tells libraries that are loaded inside the block how to work; other processes that we start are told nothing."""
    new = {name: value for name, value in _TOLD.items() if name not in os.environ}
    os.environ.update(new)
    try:
        yield
        if "pyarrow" in sys.modules:  # it looks when it first needs memory
            arrow = sys.modules["pyarrow"]
            if arrow.default_memory_pool().backend_name == "jemalloc":
                arrow.jemalloc_set_decay_ms(_DECAY)
    finally:
        for name in new:
            del os.environ[name]
