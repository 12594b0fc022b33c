"""Compiles all kernels into their cache, so that no run has to, and says where the cache lies."""

import argparse
import pkgutil
import sys
import time
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path

import transforms
from pipelines.cli import Command, Parser, run
from transforms import console
from transforms.errors import RunError, command_line

_EPILOG = "Exit codes: 0 done; 1 they could not be cached; 2 wrong use."


def kernel_modules() -> Iterator[str]:
    """The names of the modules that hold kernels."""
    for module in pkgutil.walk_packages(transforms.__path__, "transforms."):
        if "kernels" in module.name.split(".")[2:]:
            yield module.name


def parser() -> Parser:
    """The command line, which has no options."""
    return Parser(prog=command_line("kernels"), description=__doc__, epilog=_EPILOG)


def main(argv: Sequence[str] | None = None) -> int:
    """Compiles what is not compiled yet; returns the exit code."""
    return run(Command(parser, _kernels), argv)


def _kernels(_: argparse.Namespace) -> int:
    begun = time.perf_counter()
    folders = _compile()
    console.say(f"Kernels are compiled ({time.perf_counter() - begun:.1f} s). Cached in {', '.join(folders)}")
    return 0


def load_all() -> set[Path | None]:
    """Loads all kernels; returns the folders that they are cached in, None among them if some could be kept nowhere."""
    for name in kernel_modules():
        import_module(name)
    from transforms.kernels import load_kernels  # noqa: PLC0415 - it brings LLVM along, and --help needs none

    return load_kernels()


def _compile() -> list[str]:
    """The folders that all kernels are cached in, once they are compiled.

    Raises:
        RunError: some could not be cached.
    """
    folders = load_all()
    if None in folders:
        raise RunError(
            "kernels: not cached, so each process would compile them; make the folders of their source writable"
        )
    return sorted(map(str, folders))


if __name__ == "__main__":
    sys.exit(main())
