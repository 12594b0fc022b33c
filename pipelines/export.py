"""Writes a corpus in another form: lines of text, JSON lines, a Hugging Face dataset folder, a Delta table's log."""

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipelines.cli import Command, Parser, run
from transforms import console
from transforms.errors import UsageError

if TYPE_CHECKING:
    from transforms.shards.corpus import Corpus

FORMS = ("text", "jsonl", "huggingface", "delta")
_EPILOG = "Exit codes: 0 done, or whoever read it has left; 1 it failed; 2 wrong use."


def parser() -> Parser:
    """The command line."""
    command = Parser(prog="python -m pipelines.export", description=__doc__, epilog=_EPILOG)
    command.add_argument("output", metavar="OUTPUT", help="the corpus")
    command.add_argument("--to", choices=FORMS, required=True, help="text: documents parted by empty lines")
    command.add_argument("--columns", nargs="+", metavar="NAME", help="default: text; for huggingface all")
    command.add_argument("--run", action="append", metavar="ID", help="of this run only; may be repeated")
    command.add_argument(
        "--file",
        metavar="PATH",
        default="-",
        help="a new file, or folder for huggingface; for delta OUTPUT/documents (default: standard output)",
    )
    return command


def main(argv: Sequence[str] | None = None) -> int:
    """Writes what is asked for; returns the exit code."""
    return run(Command(parser, _export), argv)


def _export(arguments: argparse.Namespace) -> int:
    from pipelines.views.forms import export  # noqa: PLC0415 - it brings Arrow along
    from transforms.shards.corpus import Corpus, reading  # noqa: PLC0415

    corpus = Corpus(arguments.output)
    with reading(corpus):
        if arguments.to == "delta":
            return _register(corpus, arguments)
        export(corpus, arguments.to, arguments.file, arguments.columns, arguments.run)
    return 0


def _register(corpus: "Corpus", arguments: argparse.Namespace) -> int:
    """Names the corpus's own files in the log of a Delta table; says which versions that made."""
    from pipelines.views.delta import register  # noqa: PLC0415 - only with the extra delta

    for option in ("columns", "run"):
        if getattr(arguments, option):
            raise UsageError(f"--{option}: not with --to delta, which copies nothing: it has all columns of all runs")
    versions = list(register(corpus, arguments.file))
    console.answer(*versions or ["nothing new"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
