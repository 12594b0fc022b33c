"""Shows removed paragraphs beside the kept ones that they repeat, and what another definition would remove."""

import argparse
import difflib
import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipelines.cli import Command, Parser, run, whole_number
from transforms import console
from transforms.errors import UsageError, command_line

if TYPE_CHECKING:
    from pipelines.views.pairs import Blocks
    from transforms.shards.corpus import Corpus

_EPILOG = """\
examples:
  {command} out --sample 20
  {command} out --paragraph news/a.txt@1042
  {command} out --document 4f2a… --limit 100
  {command} out --text 'نص فقرة واحدة'
  {command} out --what-if threshold=0.8 size=[1,2] numbers=ignore

Exit codes: 0 done; 1 the corpus is damaged; 2 wrong use.
"""
_DIGITS = 18  # of the largest offset that is looked for


def parser() -> Parser:
    """The command line."""
    name = command_line("explain")
    command = Parser(prog=name, description=__doc__, epilog=_EPILOG.format(command=name))
    command.add_argument("output", metavar="OUTPUT", help="the corpus")
    which = command.add_mutually_exclusive_group(required=True)
    which.add_argument(
        "--paragraph",
        metavar="BUNDLE@OFFSET",
        help="one paragraph, by its first byte; of a table BUNDLE@ROW:OFFSET",
    )
    which.add_argument("--document", metavar="DOC_ID", help="the removed paragraphs of one document")
    which.add_argument("--bundle", metavar="NAME", help="those of one bundle")
    which.add_argument(
        "--sample", type=whole_number(1), metavar="N", help="N of the near-duplicates, spread evenly over all"
    )
    which.add_argument("--text", metavar="TEXT", help="a text: is it in the corpus, what does it repeat?")
    which.add_argument(
        "--what-if",
        nargs="+",
        metavar="KEY=VALUE",
        help="how many more or fewer would go by other settings of dedup, with samples; nothing is written",
    )
    command.add_argument(
        "--limit", type=whole_number(1), default=20, metavar="N", help="show so many at most (default: 20)"
    )
    command.add_argument("--run", metavar="ID", help="of one run only")
    return command


def main(argv: Sequence[str] | None = None) -> int:
    """Prints what is asked for; returns the exit code."""
    return run(Command(parser, _explain), argv)


def _explain(arguments: argparse.Namespace) -> int:
    place = None if arguments.paragraph is None else _place(arguments.paragraph)
    if arguments.text is not None and not arguments.text.strip():
        raise UsageError("--text: is empty; give it the text of a paragraph")
    if arguments.document is not None and not re.fullmatch("[0-9a-f]{32}", arguments.document):
        raise UsageError(f"--document {arguments.document}: is no doc_id, which has 32 digits 0-9 and a-f")
    from pipelines.views.pairs import Pairs  # noqa: PLC0415 - it brings Arrow and the kernels along
    from transforms.shards.corpus import Corpus, reading  # noqa: PLC0415

    corpus = Corpus(arguments.output)
    pairs = Pairs(corpus, [corpus.manifest(arguments.run).run] if arguments.run is not None else None)
    with reading(corpus):
        if arguments.what_if is not None:
            blocks = _what_if(arguments, corpus)
        elif place:
            blocks = pairs.of_paragraph(*place)
        elif arguments.text is not None:
            blocks = pairs.of_text(arguments.text)
        elif arguments.sample is not None:
            blocks = pairs.sample(arguments.sample)
        elif arguments.document is not None:
            blocks = pairs.of("doc_id", arguments.document, arguments.limit)
        else:
            _check_taken(corpus, arguments.bundle)
            blocks = pairs.of("bundle", arguments.bundle, arguments.limit)
        for block in blocks:
            console.answer(block)
    return 0


def _check_taken(corpus: "Corpus", bundle: str) -> None:
    """Raises UsageError for a bundle that no run has taken, and names the one that is most like it."""
    names = {each.name for manifest in corpus.manifests for each in manifest.inputs}
    if bundle not in names:
        near = difflib.get_close_matches(bundle, sorted(names), 1)
        remedy = f"did you mean {near[0]}?" if near else "manifests/ names those that were taken"
        raise UsageError(f"--bundle {bundle}: no run has taken a bundle of this name; {remedy}")


def _what_if(arguments: argparse.Namespace, corpus: "Corpus") -> "Blocks":
    """The preview of the definition that is asked for."""
    from pipelines.config import RunSettings, changed_definition  # noqa: PLC0415
    from pipelines.views.what_if import drawn  # noqa: PLC0415
    from transforms.shards.lookup import settings_of  # noqa: PLC0415
    from transforms.shards.what_if import preview  # noqa: PLC0415

    if arguments.run is not None:
        raise UsageError("--run: does not go with --what-if, which decides all runs anew")
    now = settings_of(corpus)
    then = changed_definition(now, arguments.what_if, "--what-if")
    if then.against != now.against:
        raise UsageError("--what-if: against: is not part of the definition; leave it out")
    found = preview(corpus, now, then, RunSettings().worker_threads())
    return drawn(found, ", ".join(arguments.what_if), then.fold, arguments.limit)


def _place(text: str) -> tuple[str, int, int | None]:
    """The bundle, the paragraph's offset, and for a row of a table the row's own offset."""
    bundle, _, place = text.rpartition("@")
    row, colon, offset = place.rpartition(":")
    given = [row, offset] if colon else [offset]
    if not bundle or not all(each.isdecimal() and len(each) <= _DIGITS for each in given):
        examples = "for example news/a.txt@1042, or of a table web.parquet@17:0"
        raise UsageError(f"--paragraph {text}: is not BUNDLE@OFFSET or BUNDLE@ROW:OFFSET, {examples}")
    return bundle, int(offset), int(row) if colon else None


if __name__ == "__main__":
    sys.exit(main())
