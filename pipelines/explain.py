"""Why a paragraph is not in the corpus, and what stands for it."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Console
from rich.table import Table
from rich.text import Text

from transforms.errors import RafidError, UsageError
from transforms.shards.corpus import Corpus
from transforms.shards.figures import marked_words, sample_near
from transforms.shards.lookup import most_alike, settings_of, shingles_of

_EXAMPLES = """\
examples:
  python -m pipelines.explain out --sample 20
  python -m pipelines.explain out --paragraph news/a.txt@1042
  python -m pipelines.explain out --document 4f2a… --limit 100
  python -m pipelines.explain out --text 'نص فقرة واحدة'
"""
_MARK = "bold reverse"


def parser() -> argparse.ArgumentParser:
    """The command line."""
    command = argparse.ArgumentParser(
        prog="python -m pipelines.explain",
        description="Shows removed paragraphs beside the kept ones that they repeat; the words that differ are marked.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("output", help="the corpus")
    which = command.add_mutually_exclusive_group(required=True)
    which.add_argument("--paragraph", metavar="BUNDLE@OFFSET", help="one paragraph, by its bundle and first byte")
    which.add_argument("--document", metavar="DOC_ID", help="the removed paragraphs of one document")
    which.add_argument("--bundle", metavar="NAME", help="those of one bundle")
    which.add_argument("--sample", type=int, metavar="N", help="N of the near-duplicates, spread evenly over all")
    which.add_argument("--text", metavar="TEXT", help="a text: is it in the corpus, what does it repeat?")
    command.add_argument("--limit", type=int, default=20, metavar="N", help="show so many at most (default 20)")
    command.add_argument("--run", metavar="ID", help="of one run only")
    return command


def main(argv: Sequence[str] | None = None) -> int:
    """Prints what is asked for; returns the exit code."""
    arguments = parser().parse_args(argv)
    try:
        for block in _explain(Corpus(arguments.output), arguments):
            Console(highlight=False).print(block)
    except RafidError as error:
        print(f"rafid: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def _explain(corpus: Corpus, arguments: argparse.Namespace) -> Iterator[Any]:
    runs = [corpus.manifest(arguments.run).run] if arguments.run else None
    if arguments.sample is not None:
        yield from _pairs(corpus, sample_near(corpus, runs, arguments.sample))
    elif arguments.text is not None:
        for paragraph in filter(None, map(str.strip, arguments.text.splitlines())):
            yield from _text_in(corpus, paragraph)
    elif arguments.paragraph:
        yield from _paragraph(corpus, runs, *_place(arguments.paragraph))
    else:
        column, value = ("doc_id", arguments.document) if arguments.document else ("bundle", arguments.bundle)
        rows = corpus.dataset("duplicates", runs).to_table(filter=pc.field(column) == value)
        if not len(rows):
            yield f"Nothing of {value} was removed."
        yield from _pairs(corpus, rows[: arguments.limit])
        if len(rows) > arguments.limit:
            yield f"… and {len(rows) - arguments.limit:,} more; see --limit"


def _place(text: str) -> tuple[str, int]:
    bundle, _, offset = text.rpartition("@")
    if not bundle or not offset.isdigit():
        raise UsageError(f"--paragraph {text}: is not BUNDLE@OFFSET, for example news/a.txt@1042")
    return bundle, int(offset)


def _paragraph(corpus: Corpus, runs: list[str] | None, bundle: str, offset: int) -> Iterator[Any]:
    """What became of one paragraph."""
    here = (pc.field("bundle") == bundle) & (pc.field("offset") == offset)
    rows = corpus.dataset("duplicates", runs).to_table(filter=here)
    if len(rows):
        yield from _pairs(corpus, rows)
        return
    documents = corpus.dataset("documents", runs).to_table(
        columns=["run", "doc_id", "text", "paragraph_index", "paragraph_offset"],
        filter=(pc.field("bundle") == bundle) & (pc.field("offset") <= offset),
    )
    for row in documents.to_pylist():
        if offset in row["paragraph_offset"]:
            index = row["paragraph_index"][row["paragraph_offset"].index(offset)]
            yield f"Kept: paragraph {index} of document {row['doc_id']}, run {row['run']}."
            yield Text(corpus.paragraphs(row)[index], justify="right")
            return
    raise UsageError(
        f"{bundle}@{offset}: no paragraph of the corpus begins there; offsets stand in documents/ and duplicates/"
    )


def _text_in(corpus: Corpus, text: str) -> Iterator[Any]:
    """Whether a paragraph is in the corpus, and what it repeats."""
    settings = settings_of(corpus)
    if not shingles_of(text, settings):
        yield "It has too few words to be compared: such a paragraph is always kept."
        return
    found = most_alike(corpus, text, settings)
    if found is None:
        yield "It is not in the corpus, and no kept paragraph shares a shingle with it."
        return
    verdict = "would be kept" if found.similarity < settings.threshold else "would be removed"
    if found.similarity == 1:
        verdict = "is in the corpus"
    place = f"{found.place['bundle']}@{found.place['paragraph_offset']} ¶{found.place['paragraph_index']}"
    title = f"It {verdict}; similarity {found.similarity:.4f} (threshold {settings.threshold})"
    yield _side_by_side(title, "given", text, f"kept: {place} (run {found.place['run']})", found.text)


def _pairs(corpus: Corpus, rows: pa.Table) -> Iterator[Table]:
    for row, kept in zip(rows.to_pylist(), corpus.kept_texts(rows), strict=True):
        yield pair_table(row, kept)


def pair_table(row: dict[str, Any], kept: str) -> Table:
    """A removed paragraph beside the kept one, from right to left, the words that differ marked."""
    title = f"{row['rule']}  similarity {row['similarity']:.4f}"
    removed_place = f"removed: {row['bundle']}@{row['offset']} ¶{row['paragraph_index']}"
    kept_place = (
        f"kept: {row['kept_bundle']}@{row['kept_offset']} ¶{row['kept_paragraph_index']} (run {row['kept_run']})"
    )
    return _side_by_side(title, removed_place, row["text"], kept_place, kept)


def _side_by_side(title: str, left_title: str, left: str, right_title: str, right: str) -> Table:
    left_words, right_words = marked_words(left, right)
    table = Table(title=Text(title), title_justify="left", show_lines=True, expand=True)
    table.add_column(Text(left_title), justify="right", ratio=1)
    table.add_column(Text(right_title), justify="right", ratio=1)
    table.add_row(_text(left_words), _text(right_words) if right else "its run is no longer there")
    return table


def _text(words: list[tuple[str, bool]]) -> Text:
    text = Text()
    for word, differs in words:
        # Brackets show the mark where there are no styles: in a file, a pipe, a screen reader.
        text.append(f"[{word}]" if differs else word, style=_MARK if differs else "")
        text.append(" ")
    return text


if __name__ == "__main__":
    sys.exit(main())
