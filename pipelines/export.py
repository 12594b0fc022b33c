"""Writes a corpus in another form: lines of text, JSON lines, or a Hugging Face dataset, as a folder or on the hub."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.cli import Command, Parser, run
from transforms import console
from transforms.errors import UsageError, command_line

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
    with TemporaryDirectory() as temporary, reading(corpus):
        own = arguments.push and arguments.file == "-"
        place = str(Path(temporary, "dataset")) if own else arguments.file
        export(corpus, arguments.to, place, arguments.columns, arguments.run)
        if arguments.push:
            from pipelines.views.hub import push  # noqa: PLC0415 - an extra

            console.say(push(Path(place), arguments.push, arguments.hub, private=arguments.private))
    return 0


if __name__ == "__main__":
    sys.exit(main())
