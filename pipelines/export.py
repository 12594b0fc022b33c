"""Writes a corpus in another form: lines of text, JSON lines, or a Hugging Face dataset folder."""

import argparse
import sys
from collections.abc import Sequence

from pipelines.cli import Command, Parser, run
from transforms.errors import command_line

FORMS = ("text", "jsonl", "huggingface")
_EPILOG = "Exit codes: 0 done, or whoever read it has left; 1 it failed; 2 wrong use."


def parser() -> Parser:
    """The command line."""
    command = Parser(prog=command_line("export"), description=__doc__, epilog=_EPILOG)
    command.add_argument("output", metavar="OUTPUT", help="the corpus")
    command.add_argument("--to", choices=FORMS, required=True, help="text: documents parted by empty lines")
    command.add_argument("--columns", nargs="+", metavar="NAME", help="default: text; for huggingface all")
    command.add_argument("--run", action="append", metavar="ID", help="of this run only; may be repeated")
    command.add_argument(
        "--file", metavar="PATH", default="-", help="a new file, or folder for huggingface (default: standard output)"
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
        export(corpus, arguments.to, arguments.file, arguments.columns, arguments.run)
    return 0


if __name__ == "__main__":
    sys.exit(main())
