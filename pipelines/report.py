"""Writes the reports of runs: what came in, where it went and why, a page each."""

import sys
from collections.abc import Sequence

from pipelines.cli import Parser, complain
from pipelines.views.report import write_report
from transforms.errors import RafidError
from transforms.shards.corpus import Corpus


def main(argv: Sequence[str] | None = None) -> int:
    """Writes the report of one run, or of all; returns the exit code."""
    command = Parser(prog="python -m pipelines.report", description=__doc__)
    command.add_argument("output", help="the corpus")
    command.add_argument("--run", metavar="ID", help="of this run only (default: all)")
    try:
        arguments = command.parse_args(argv)
        corpus = Corpus(arguments.output)
        runs = [corpus.manifest(arguments.run)] if arguments.run else corpus.manifests
        for run in runs:
            print(write_report(corpus, run.run))
    except RafidError as error:
        return complain(error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
