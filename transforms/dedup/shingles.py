"""Shingle sets of paragraphs: what Jaccard similarity is computed on, and the numbers that keep paragraphs apart."""

from dataclasses import dataclass

import numpy as np

from transforms.arrays import Bytes, Int64s, UInt64s
from transforms.characters.kernels import count_forms
from transforms.characters.table import CODE_POINTS
from transforms.dedup.folding.capacity import unit_capacity
from transforms.dedup.folding.kernels import fold_text
from transforms.dedup.folding.profiles import fold_of
from transforms.dedup.kernels import hash_shingles
from transforms.dedup.numbers.sets import NumberSets, number_sets
from transforms.memory import scratch
from transforms.settings import DedupSettings


@dataclass(frozen=True)
class ShingleSets:
    """The shingles of the paragraphs of one split.

    Attributes:
        shingles: uint64[s], repeats within a paragraph allowed.
        offsets: int64[p + 1], where each paragraph's shingles begin.
        numbers: those of the paragraphs.
        wordless: uint8[p], 1 for paragraphs without a word, whose one shingle is their bytes.
    """

    shingles: UInt64s
    offsets: Int64s
    numbers: NumberSets
    wordless: Bytes

    def part(self, begin: int, end: int) -> "ShingleSets":
        """The sets of the paragraphs from `begin` to `end`."""
        offsets = self.offsets[begin : end + 1]
        shingles, numbers = self.shingles[offsets[0] : offsets[-1]], self.numbers.part(begin, end)
        return ShingleSets(shingles, offsets - offsets[0], numbers, self.wordless[begin:end])


def shingle_sets(
    text: Bytes,
    start: Int64s,
    end: Int64s,
    document: UInt64s,
    settings: DedupSettings,
) -> ShingleSets:
    """The shingle hashes of paragraphs, repeats included, and their numbers.

    Args:
        text: uint8[m], valid UTF-8.
        start, end: int64[p], the paragraphs' bytes in `text`.
        document: uint64[p], a number of each paragraph's document; it parts the sets where the scope is the document.
        settings: the definition of a duplicate.
    """
    if settings.scope == "off":
        return no_sets(len(start))
    fold, by_word = fold_of(settings.fold), settings.shingle.unit == "word"
    lengths, forms = end - start, 0 if by_word else count_forms(text, start, end)
    # What is not touched takes no memory.
    capacity = unit_capacity(int(lengths.sum()), len(lengths), forms, by_word=by_word)
    sizes = np.array(settings.shingle.sizes, np.int64)
    shingles = scratch(capacity * len(sizes), np.uint64)
    longest = unit_capacity(int(lengths.max(initial=0)), 1, forms, by_word=by_word)
    units, digits = np.empty(longest, np.uint64), np.empty(longest, np.uint8)
    offsets, wordless = np.empty(len(start) + 1, np.int64), np.empty(len(start), np.uint8)
    salt = document if settings.scope == "document" else np.zeros(len(start), np.uint64)
    used = hash_shingles(
        text, start, end, salt, fold.table, fold.several,
        by_word, sizes, settings.minimum_words, settings.wordless == "exact",
        units, digits, offsets, wordless, shingles,
    )  # fmt: skip
    return ShingleSets(shingles[:used], offsets, number_sets(text, start, end, settings), wordless)


def no_sets(paragraphs: int) -> ShingleSets:
    """The sets of paragraphs that are not compared."""
    none = np.empty(0, np.uint64)
    offsets = np.zeros(paragraphs + 1, np.int64)
    return ShingleSets(none, offsets, NumberSets.none(paragraphs), np.zeros(paragraphs, np.uint8))


def fold_words(text: str, profile: str) -> list[str]:
    """The words of a text, folded as for comparing."""
    fold, encoded = fold_of(profile), np.frombuffer(text.encode(), np.uint8)
    units = np.empty(unit_capacity(len(encoded), 1, len(encoded) // 3, by_word=False), np.uint64)
    count = fold_text(encoded, fold.table, fold.several, units)
    return "".join(map(chr, (units[:count] % CODE_POINTS).tolist())).split(" ") if count else []
