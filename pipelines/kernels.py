"""Compiles all kernels into numba's cache, so that no run has to, and says where the cache lies."""

import argparse
import pkgutil
import sys
import time
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path

import transforms
from pipelines import console
from pipelines.cli import Command, Parser, run

_EPILOG = "Exit codes: 0 done; 1 it failed; 2 wrong use."


def kernel_modules() -> Iterator[str]:
    """The names of the modules that hold kernels."""
    for module in pkgutil.walk_packages(transforms.__path__, "transforms."):
        if "kernels" in module.name.split(".")[2:]:
            yield module.name


def parser() -> Parser:
    """The command line, which has no options."""
    return Parser(prog="python -m pipelines.kernels", description=__doc__, epilog=_EPILOG)


def main(argv: Sequence[str] | None = None) -> int:
    """Compiles what is not compiled yet; returns the exit code."""
    return run(Command(parser, _compile), argv)


def _compile(_: argparse.Namespace) -> int:
    begun = time.perf_counter()
    folders = {folder for name in kernel_modules() for folder in _cache_folders(name)}
    console.say(f"Kernels are compiled ({time.perf_counter() - begun:.1f} s). Cached in {', '.join(sorted(folders))}")
    return 0


def _cache_folders(name: str) -> Iterator[str]:
    """Where the kernels of a module, compiled by its import, are cached."""
    for function in vars(import_module(name)).values():
        stats = getattr(function, "stats", None)
        if stats is not None and stats.cache_path:
            path = Path(stats.cache_path)
            yield str(path)


if __name__ == "__main__":
    sys.exit(main())
