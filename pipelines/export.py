"""Writes a corpus in another form: lines of text, JSON lines, a Hugging Face dataset, or a Delta table's log."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pipelines.cli import Command, Parser, run
from transforms import console
from transforms.errors import UsageError, command_line

if TYPE_CHECKING:
    from transforms.shards.corpus import Corpus

FORMS = ("text", "jsonl", "huggingface", "delta")
_EPILOG = "Exit codes: 0 done, or whoever read it has left; 1 it failed; 2 wrong use."


def parser() -> Parser:
    """The command line."""
    command = Parser(prog=command_line("export"), description=__doc__, epilog=_EPILOG)
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
    needs = "with --to huggingface; needs the extra `huggingface`, and `hf auth login`"
    hub = command.add_argument_group("the hub", needs)
    hub.add_argument("--push", metavar="USER/NAME", help="upload it as this dataset; --file keeps the folder too")
    hub.add_argument("--private", action="store_true", help="a dataset that is made is private")
    hub.add_argument("--hub", metavar="ADDRESS", help="another hub (default: Hugging Face's)")
    return command


def main(argv: Sequence[str] | None = None) -> int:
    """Writes what is asked for; returns the exit code."""
    return run(Command(parser, _export), argv)


def _export(arguments: argparse.Namespace) -> int:
    from pipelines.views.forms import export  # noqa: PLC0415 - it brings Arrow along
    from transforms.shards.corpus import Corpus, reading  # noqa: PLC0415

    given = arguments.private or arguments.hub is not None
    if (arguments.push and arguments.to != "huggingface") or (given and not arguments.push):
        raise UsageError("--push, --private, --hub: go together, with --to huggingface")
    corpus = Corpus(arguments.output)
    if arguments.to == "delta":
        return _register(corpus, arguments)
    with TemporaryDirectory() as temporary, reading(corpus):
        own = arguments.push and arguments.file == "-"
        place = str(Path(temporary, "dataset")) if own else arguments.file
        export(corpus, arguments.to, place, arguments.columns, arguments.run)
        if arguments.push:
            from pipelines.views.hub import push  # noqa: PLC0415 - an extra

            console.say(push(Path(place), arguments.push, arguments.hub, private=arguments.private))
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
