"""Shingle sets of paragraphs: what Jaccard similarity is computed on, and the numbers that keep paragraphs apart."""

from dataclasses import dataclass

import numpy as np

from transforms.arrays import Bytes, Int64s, UInt64s
from transforms.dedup.fold import fold_table
from transforms.dedup.kernels import hash_shingles
from transforms.dedup.numbers.sets import NumberSets, number_sets
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
    by_word = settings.shingle.unit == "word"
    sizes, lengths = np.array(settings.shingle.sizes, np.int64), end - start
    # A word and the separator after it take two bytes at least. What is not touched takes no memory.
    capacity = int((lengths // 2 + 1).sum() if by_word else lengths.sum())
    shingles = np.empty(capacity * len(sizes), np.uint64)
    units = np.empty(int(lengths.max(initial=0)) + 1, np.uint64)
    offsets, wordless = np.empty(len(start) + 1, np.int64), np.empty(len(start), np.uint8)
    salt = document if settings.scope == "document" else np.zeros(len(start), np.uint64)
    used = hash_shingles(
        text, start, end, salt, fold_table(settings.fold),
        by_word, sizes, settings.minimum_words, settings.wordless == "exact", units, offsets, wordless, shingles,
    )  # fmt: skip
    return ShingleSets(shingles[:used], offsets, number_sets(text, start, end, settings), wordless)


def no_sets(paragraphs: int) -> ShingleSets:
    """The sets of paragraphs that are not compared."""
    none = np.empty(0, np.uint64)
    offsets = np.zeros(paragraphs + 1, np.int64)
    return ShingleSets(none, offsets, NumberSets.none(paragraphs), np.zeros(paragraphs, np.uint8))
