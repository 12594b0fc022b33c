"""Writes the reports of runs, a page each, and the page of the corpus: what came in, where it went, how it grew."""

import argparse
import sys
from collections.abc import Sequence

from pipelines.cli import Command, Parser, add_language, run
from transforms import console
from transforms.errors import command_line

_EPILOG = "Exit codes: 0 done; 1 a report could not be written; 2 wrong use."


def parser() -> Parser:
    """The command line."""
    command = Parser(prog=command_line("report"), description=__doc__, epilog=_EPILOG)
    command.add_argument("output", metavar="OUTPUT", help="the corpus")
    command.add_argument("--run", metavar="ID", help="of this run only (default: all)")
    command.add_argument(
        "--tokenizer", metavar="FILE", help="count tokens too, by this tokenizer.json; needs rafid[tokens]"
    )
    add_language(command)
    return command


def main(argv: Sequence[str] | None = None) -> int:
    """Writes the report of one run, or of all; returns the exit code."""
    return run(Command(parser, _report), argv)


def _report(arguments: argparse.Namespace) -> int:
    from pipelines.views.corpus_page import write_page  # noqa: PLC0415
    from pipelines.views.report import token_counter, write_report  # noqa: PLC0415 - what it takes is imported where errors are caught
    from transforms.shards.corpus import Corpus, reading  # noqa: PLC0415

    tokens = token_counter(arguments.tokenizer) if arguments.tokenizer is not None else None
    corpus = Corpus(arguments.output)
    runs = [corpus.manifest(arguments.run)] if arguments.run is not None else corpus.manifests
    for each in runs:
        with reading(corpus):
            console.say(write_report(corpus, each.run, tokens))
    with reading(corpus):
        console.say(write_page(corpus))
    return 0


if __name__ == "__main__":
    sys.exit(main())
