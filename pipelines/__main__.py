"""The command `rafid`: every tool of this package by its name."""

import argparse
import difflib
import sys
from collections.abc import Sequence
from importlib import import_module

from pipelines.cli import Command, Parser, run
from transforms.errors import UsageError

COMMANDS = {
    "ingest": "bundles in, a corpus out",
    "explain": "why a paragraph went, and what stands for it",
    "report": "what came in and where it went, as a page",
    "export": "a corpus as text, JSON lines or a Hugging Face dataset",
    "runs": "lists, checks and removes runs",
    "index": "builds, compacts and shows the index",
    "watch": "takes bundles as they arrive in a folder",
    "farasa": "fetches Farasa's data; segments lines",
    "kernels": "compiles the kernels",
}


def parser() -> Parser:
    """The command line."""
    listed = "\n".join(f"  {name:<10}{purpose}" for name, purpose in COMMANDS.items())
    command = Parser(prog="rafid", usage="rafid COMMAND ...", description=f"commands:\n{listed}")
    command.add_argument("command", nargs="?", help=argparse.SUPPRESS)
    command.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return command


def main(argv: Sequence[str] | None = None) -> int:
    """Runs `rafid COMMAND ...`; returns the exit code."""
    return run(Command(parser, _dispatch), argv)


def _dispatch(arguments: argparse.Namespace) -> int:
    name = arguments.command
    if name is None:
        parser().print_help()
        return 0
    if name not in COMMANDS:
        near = difflib.get_close_matches(name, COMMANDS, 1)
        remedy = f"did you mean {near[0]}?" if near else f"there are {', '.join(COMMANDS)}"
        raise UsageError(f"{name}: unknown command; {remedy}")
    code: int = import_module(f"pipelines.{name}").main(arguments.rest)
    return code


if __name__ == "__main__":
    sys.exit(main())
