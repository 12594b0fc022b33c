"""The command `rafid`: every tool of this package by its name."""

import argparse
import difflib
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from pipelines.cli import Command, Parser, run
from pipelines.complaints import own_version
from pipelines.startup import imports_at_rest
from transforms import console
from transforms.errors import UsageError

COMMANDS = {
    "ingest": "bundles in, a corpus out",
    "explain": "why a paragraph went, and what stands for it",
    "report": "what came in and where it went, as a page",
    "export": "a corpus as text, JSON lines, a Hugging Face dataset or a Delta table",
    "runs": "lists, checks and removes runs",
    "index": "builds, compacts and shows the index",
    "watch": "takes bundles as they arrive in a folder",
    "farasa": "fetches Farasa's data; segments lines",
    "kernels": "compiles the kernels",
    "worker_pool": "starts workers for a cluster's tasks",
    "completion": "completes commands and options in a shell",
}


def parser() -> Parser:
    """The command line."""
    listed = "\n".join(f"  {name:<13}{purpose}" for name, purpose in COMMANDS.items())
    places = "\n".join(f"  {name:<13}{place}" for name, place in shipped().items())
    epilog = f"files that come with it, configurations and a DAG for Airflow:\n{places}"
    command = Parser(prog="rafid", usage="rafid COMMAND ...", description=f"commands:\n{listed}", epilog=epilog)
    command.add_argument("--version", action="store_true", help="print the version")
    command.add_argument("command", nargs="?", help=argparse.SUPPRESS)
    command.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return command


def shipped() -> dict[str, Path]:
    """The folders of configurations and of the DAG, where they were installed or lie beside the sources."""
    package = Path(__file__).parent
    configs = package.parent / "configs"
    with suppress(PackageNotFoundError):
        installed = [each for each in files("rafid") or () if each.match("share/rafid/configs/default.yaml")]
        configs = Path(str(installed[0].locate())).resolve().parent if installed else configs
    return {"configs": configs, "dags": package / "dags"}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs `rafid COMMAND ...`; returns the exit code."""
    return run(Command(parser, _dispatch), argv)


def _dispatch(arguments: argparse.Namespace) -> int:
    name = arguments.command
    if arguments.version:
        console.answer(f"rafid {own_version()}")
        return 0
    if name is None:
        parser().print_help()
        return 0
    if name not in COMMANDS:
        near = difflib.get_close_matches(name, COMMANDS, 1)
        remedy = f"did you mean {near[0]}?" if near else f"there are {', '.join(COMMANDS)}"
        raise UsageError(f"{name}: unknown command; {remedy}")
    with imports_at_rest():
        command = import_module(f"pipelines.{name}")
    code: int = command.main(arguments.rest)
    return code


if __name__ == "__main__":
    sys.exit(main())
