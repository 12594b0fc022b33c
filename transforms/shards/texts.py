"""The kept text of a run in figures: words, segments and characters, lengths, and a sample."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.arrays import Bytes, Int64s
from transforms.shards.corpus import Corpus, batches_of, rows_at
from transforms.shards.kernels import count_words, place_hashes

SAMPLE = 6  # kept paragraphs that a report shows
WORDS, LETTERS = 60, 40  # of a text that is shown, and of each word
_AT_A_TIME = 1 << 19  # bytes that are read
_FEWEST_PLACES = 1 << 12
_RECENT = 1 << 14  # hashes in the processor's cache: those of most words of a text
_PLUS = ord("+")

Bins = list[tuple[str, int]]
Tokens = Callable[[list[str]], int]  # the number of tokens of texts


@dataclass(frozen=True)
class KeptText:
    """The text that a run kept, in figures.

    Attributes:
        words: what white space parts.
        distinct: different ones among them, by 64 bits of a hash.
        segments: of the words, as Farasa parts them; 0 where they are not segmented.
        characters: code points.
        lengths: documents by their words, each bin twice the one before.
        tokens: by the tokenizer that somebody named; None where nobody did.
    """

    words: int
    distinct: int
    segments: int
    characters: int
    lengths: Bins
    tokens: int | None = None


def kept_text(corpus: Corpus, run: str, tokens: Tokens | None = None) -> KeptText:
    """The figures of the text that one committed run kept; it is read once, a part at a time.

    Args:
        corpus: that of the run.
        run: its name.
        tokens: counts the tokens of texts; None: nobody asks for them.
    """
    seen = _Seen()
    lengths: list[Int64s] = []
    characters = pluses = counted = 0
    for text, segmented in _texts(corpus, run):
        words, count = seen.count(*_bytes_of(text))
        lengths.append(words)
        characters += count
        counted += tokens(text.to_pylist()) if tokens else 0
        pluses += _pluses(segmented) - (_pluses(text) if segmented.null_count < len(segmented) else 0)
    each = np.concatenate([np.zeros(0, np.int64), *lengths])
    total = int(each.sum())
    segments = total + pluses if pluses else 0
    return KeptText(total, seen.used, segments, characters, _bins(each), counted if tokens else None)


def _texts(corpus: Corpus, run: str) -> Iterator[tuple[pa.Array, pa.Array]]:
    for batch in batches_of(corpus.dataset("documents", [run]), ["text", "segmented"], _AT_A_TIME):
        yield batch.column("text"), batch.column("segmented")


def _bytes_of(texts: pa.Array) -> tuple[Bytes, Int64s]:
    """The UTF-8 of all texts, and where each begins in it, and the last one ends."""
    _, offsets, data = texts.buffers()
    bounds = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return np.frombuffer(data or b"", np.uint8), bounds.astype(np.int64)


def _pluses(texts: pa.Array) -> int:
    data, bounds = _bytes_of(texts)
    return int(np.count_nonzero(data[bounds[0] : bounds[-1]] == _PLUS)) if len(texts) else 0


class _Seen:
    """A set of the words seen so far, which grows with them."""

    def __init__(self) -> None:
        self._table, self._recent = np.zeros(_FEWEST_PLACES, np.uint64), np.zeros(_RECENT, np.uint64)
        self._state = np.zeros(2, np.int64)  # words in the table; characters of the last call

    @property
    def used(self) -> int:
        """The number of different words."""
        return int(self._state[0])

    def count(self, text: Bytes, bounds: Int64s) -> tuple[Int64s, int]:
        """The words of each text, and the characters of all; the words are in the set then."""
        words = np.zeros(len(bounds) - 1, np.int64)
        self._state[1] = row = 0
        while (row := count_words(text, bounds, row, self._recent, self._table, words, self._state)) < len(words):
            self._grow()
        return words, int(self._state[1])

    def _grow(self) -> None:
        """Takes a table twice as large, and each hash to its place there."""
        known = self._table[self._table != 0]
        self._table = np.zeros(2 * len(self._table), np.uint64)
        place_hashes(known, self._table)


def _bins(words: Int64s) -> Bins:
    """Documents by their words, each bin twice the one before; those of none at 0."""
    if not len(words):
        return []
    powers = np.bincount(np.where(words > 0, np.log2(np.maximum(words, 1)).astype(np.int64) + 1, 0))
    first = int(np.flatnonzero(powers)[0])
    return [(f"{(1 << power) >> 1:,}", int(powers[power])) for power in range(first, len(powers))]


@dataclass(frozen=True)
class Sample:
    """A kept paragraph beside its segments.

    Attributes:
        place: `bundle` and `offset`.
        text: its first words.
        segmented: the same words in segments; empty where they are not segmented.
    """

    place: dict[str, Any]
    text: str
    segmented: str


def sample_kept(corpus: Corpus, run: str) -> list[Sample]:
    """Kept paragraphs, the first of documents at equal distances over all of the run: the same ones every time."""
    documents = corpus.dataset("documents", [run])
    rows = documents.count_rows()
    at = np.unique(np.linspace(0, rows - 1, min(SAMPLE, rows)).round().astype(np.int64))
    if not len(at):
        return []
    columns = ["bundle", "paragraph_offset", "text", "segmented"]
    return [_sample(row) for row in rows_at(documents, at, columns).to_pylist()]


def _sample(row: dict[str, Any]) -> Sample:
    text, segmented = ((row[name] or "").partition("\n")[0] for name in ("text", "segmented"))
    return Sample({"bundle": row["bundle"], "offset": row["paragraph_offset"][0]}, shown(text), shown(segmented))


def shown(text: str) -> str:
    """The first words of a text, none too long, with an ellipsis where something is left out."""
    words = text.split(maxsplit=WORDS)
    cut = [word if len(word) <= LETTERS else f"{word[:LETTERS]}…" for word in words[:WORDS]]
    return " ".join([*cut, "…"] if len(words) > WORDS else cut)


@dataclass(frozen=True)
class OfBundle:
    """The documents of a bundle that were kept or filtered, by language and by encoding, most first."""

    name: str
    kept: int
    filtered: int
    languages: list[tuple[str, int]]
    encodings: list[tuple[str, int]]


def by_bundle(kept: pa.Table, filtered: pa.Table, most: int) -> list[OfBundle]:
    """The bundles with most documents.

    Args:
        kept, filtered: `bundle`, `language` and `encoding` of documents.
        most: how many bundles.
    """
    both = pa.concat_tables([kept, filtered])
    kept_of, all_of = ({name: count for (name,), count in _counts(table, ["bundle"])} for table in (kept, both))
    order = sorted(all_of, key=lambda name: (-all_of[name], name))[:most]
    shown_rows = both.filter(pc.is_in(both.column("bundle"), pa.array(order, pa.string())))
    named: dict[str, dict[str, list[tuple[str, int]]]] = {name: {"language": [], "encoding": []} for name in order}
    for column in ("language", "encoding"):
        for (bundle, value), count in sorted(
            _counts(shown_rows, ["bundle", column]), key=lambda each: (-each[1], str(each[0]))
        ):
            named[bundle][column].append((value or "unknown", count))
    return [
        OfBundle(name, kept_of.get(name, 0), all_of[name] - kept_of.get(name, 0), *named[name].values())
        for name in order
    ]


def _counts(table: pa.Table, columns: list[str]) -> Iterator[tuple[tuple[Any, ...], int]]:
    """The different values of columns, with the rows of each."""
    for row in table.select(columns).group_by(columns).aggregate([([], "count_all")]).to_pylist():
        yield tuple(row[name] for name in columns), row["count_all"]
