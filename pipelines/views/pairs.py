"""Removed paragraphs beside the kept ones that stand for them, drawn for a terminal."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from transforms import console
from transforms.dedup.differences import Difference, Words, compare_words
from transforms.errors import UsageError
from transforms.shards.corpus import Corpus
from transforms.shards.figures import sample_near
from transforms.shards.lookup import most_alike, settings_of, shingles_of

_STYLES = {Difference.NONE: "", Difference.MARKS: "underline dim", Difference.WORD: "bold reverse"}
Blocks = Iterator[RenderableType]


@dataclass(frozen=True)
class Pairs:
    """Reasons why paragraphs are not in a corpus, block by block; of some `runs` only, or of all if that is None."""

    corpus: Corpus
    runs: Sequence[str] | None

    def sample(self, count: int) -> Blocks:
        """As many near-duplicates, spread evenly over all; exact ones where there are no others."""
        rows = sample_near(self.corpus, self.runs, count)
        if not len(rows):
            rows = self.corpus.dataset("duplicates", self.runs).to_table()
            yield f"No near-duplicates; {len(rows):,} paragraphs were removed as exact repeats."
        yield from self.drawn(rows[:count])

    def of(self, column: str, value: str, limit: int) -> Blocks:
        """The removed paragraphs whose `column`, of the ledger of duplicates, has this value; `limit` at most."""
        rows = self.corpus.dataset("duplicates", self.runs).to_table(filter=pc.field(column) == value)
        if not len(rows):
            yield f"Nothing of {value} was removed."
        yield from self.drawn(rows[:limit])
        if len(rows) > limit:
            yield f"… and {len(rows) - limit:,} more; see --limit"

    def of_paragraph(self, bundle: str, offset: int, row: int | None = None) -> Blocks:
        """The fate of the paragraph that begins at a byte of a bundle, or of a row's text: kept, or what it repeats.

        Args:
            bundle: its name.
            offset: of the paragraph.
            row: for a table the row's own offset.

        Raises:
            UsageError: none begins there.
        """
        here = (pc.field("bundle") == bundle) & (pc.field("offset") == offset)
        if row is not None:
            here &= pc.field("document_offset") == row
        rows = self.corpus.dataset("duplicates", self.runs).to_table(filter=here)
        yield from self.drawn(rows) if len(rows) else self._kept(bundle, offset, row)

    def of_text(self, text: str) -> Blocks:
        """For each paragraph of a text, a verdict: in the corpus or not, and the kept one most like it."""
        for paragraph in filter(None, map(str.strip, text.splitlines())):
            yield self._likeness(paragraph)

    def _kept(self, bundle: str, offset: int, row: int | None) -> Blocks:
        """The paragraph that begins there, which was kept."""
        begins = pc.field("offset") <= offset if row is None else pc.field("offset") == row
        documents = self.corpus.dataset("documents", self.runs).to_table(
            columns=["run", "doc_id", "text", "paragraph_index", "paragraph_offset"],
            filter=(pc.field("bundle") == bundle) & begins,
        )
        for each in documents.to_pylist():
            if offset in each["paragraph_offset"]:
                index = each["paragraph_index"][each["paragraph_offset"].index(offset)]
                yield f"Kept: paragraph {index} of document {each['doc_id']}, run {each['run']}."
                shown = console.text(self.corpus.paragraphs(each)[index])
                shown.justify = "right"
                yield shown
                return
        place = offset if row is None else f"{row}:{offset}"
        raise UsageError(
            f"{bundle}@{place}: no paragraph of the corpus begins there; offsets stand in documents/ and duplicates/"
        )

    def _likeness(self, text: str) -> RenderableType:
        settings = settings_of(self.corpus)
        if not shingles_of(text, settings):
            return "It has too few words to be compared: such a paragraph is always kept."
        found = most_alike(self.corpus, text, settings)
        if found is None:
            return "It is not in the corpus, and no kept paragraph shares a shingle with it."
        verdict = "would be removed"
        if found.similarity < settings.threshold or found.apart:
            verdict = "would be kept"
        elif found.similarity == 1:
            verdict = "is in the corpus" if found.place["corpus"] is None else f"is in {found.place['corpus']}"
        apart = ", but each has a number that the other lacks" if found.apart else ""
        place = f"{found.place['bundle']}@{found.place['paragraph_offset']} ¶{found.place['paragraph_index']}"
        title = f"It {verdict}; similarity {found.similarity:.4f} (threshold {settings.threshold}){apart}"
        of = f" of {found.place['corpus']}" if found.place["corpus"] else ""
        kept_title = f"kept: {place} (run {found.place['run']}{of})"
        return side_by_side(title, ("given", text), (kept_title, found.text), settings.fold)

    def drawn(self, rows: pa.Table) -> Iterator[Table]:
        """Rows of the ledger of duplicates, each beside the kept paragraph that it repeats."""
        fold = settings_of(self.corpus).fold if len(rows) else ""
        for row, kept in zip(rows.to_pylist(), self.corpus.kept_texts(rows), strict=True):
            yield _pair(row, kept, fold)


def _pair(row: dict[str, Any], kept: str, fold: str) -> Table:
    """A removed paragraph beside the kept one, from right to left, the words that differ marked."""
    title = f"{row['rule']}  similarity {row['similarity']:.4f}"
    removed_place = f"removed: {row['bundle']}@{row['offset']} ¶{row['paragraph_index']}"
    of = f" of {row['kept_corpus']}" if row["kept_corpus"] else ""
    kept_place = (
        f"kept: {row['kept_bundle']}@{row['kept_offset']} ¶{row['kept_paragraph_index']} (run {row['kept_run']}{of})"
    )
    return side_by_side(title, (removed_place, row["text"]), (kept_place, kept), fold)


def side_by_side(title: str, left: tuple[str, str], right: tuple[str, str], fold: str) -> Table:
    """Two texts with their titles, the words that differ marked, and more softly those that marks alone tell apart."""
    left_words, right_words = compare_words(left[1], right[1], fold)
    table = Table(title=console.text(title), title_justify="left", show_lines=True, expand=True)
    table.add_column(console.text(left[0]), justify="right", ratio=1)
    table.add_column(console.text(right[0]), justify="right", ratio=1)
    table.add_row(_marked(left_words), _marked(right_words) if right[1] else "its run is no longer there")
    return table


def _marked(words: Words) -> Text:
    text = Text()
    for word, difference in words:
        # Brackets show a word that differs where there are no styles: in a file, a pipe, a screen reader.
        shown = f"[{word}]" if difference == Difference.WORD else word
        text.append(console.text(shown, _STYLES[difference]))
        text.append(" ")
    return text
