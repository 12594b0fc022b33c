"""Shingle sets of paragraphs: what Jaccard similarity is computed on."""

from dataclasses import dataclass

import numpy as np

from transforms.arrays import Bytes, Int64s, UInt64s
from transforms.characters.kernels import count_forms
from transforms.characters.table import CODE_POINTS
from transforms.dedup.folding.kernels import fold_text
from transforms.dedup.folding.profiles import fold_of
from transforms.dedup.kernels import hash_shingles
from transforms.settings import DedupSettings

# Of one code point: ﷺ reads as 15 letters and 3 blanks, and a blank parts it from what stands before.
MOST_CHARACTERS = 19


@dataclass(frozen=True)
class ShingleSets:
    """The shingles of the paragraphs of one split.

    Attributes:
        shingles: uint64[s], in text order, repeats within a paragraph allowed.
        offsets: int64[p + 1], where each paragraph's shingles begin.
    """

    shingles: UInt64s
    offsets: Int64s


def shingle_sets(
    text: Bytes,
    start: Int64s,
    end: Int64s,
    document: UInt64s,
    settings: DedupSettings,
) -> ShingleSets:
    """The shingle hashes of paragraphs, in text order, repeats included.

    Args:
        text: uint8[m], valid UTF-8.
        start, end: int64[p], the paragraphs' bytes in `text`.
        document: uint64[p], a number of each paragraph's document; it parts the sets where the scope is the document.
        settings: the definition of a duplicate.
    """
    if settings.scope == "off":
        return ShingleSets(np.empty(0, np.uint64), np.zeros(len(start) + 1, np.int64))
    fold, by_word = fold_of(settings.fold), settings.shingle.unit == "word"
    lengths, forms = end - start, 0 if by_word else count_forms(text, start, end)
    # What is not touched takes no memory.
    shingles = np.empty(unit_capacity(int(lengths.sum()), len(lengths), forms, by_word=by_word), np.uint64)
    units = np.empty(unit_capacity(int(lengths.max(initial=0)), 1, forms, by_word=by_word), np.uint64)
    offsets = np.empty(len(start) + 1, np.int64)
    salt = document if settings.scope == "document" else np.zeros(len(start), np.uint64)
    used = hash_shingles(
        text, start, end, salt, fold.table, fold.several,
        by_word, settings.shingle.size, settings.minimum_words, units, offsets, shingles,
    )  # fmt: skip
    return ShingleSets(shingles[:used], offsets)


def unit_capacity(size: int, paragraphs: int, forms: int, *, by_word: bool) -> int:
    """The most units that paragraphs can have.

    Args:
        size: their bytes. The densest words are those of ﷺ, four in three bytes; the densest characters fill one each.
        paragraphs: their number.
        forms: for characters, code points among them that may read as several.
        by_word: whether units are words, else characters.
    """
    return size + size // 3 + paragraphs if by_word else size + MOST_CHARACTERS * forms


def fold_words(text: str, profile: str) -> list[str]:
    """The words of a text, folded as for comparing."""
    fold, encoded = fold_of(profile), np.frombuffer(text.encode(), np.uint8)
    units = np.empty(unit_capacity(len(encoded), 1, len(encoded) // 3, by_word=False), np.uint64)
    count = fold_text(encoded, fold.table, fold.several, units)
    return "".join(map(chr, (units[:count] % CODE_POINTS).tolist())).split(" ") if count else []
