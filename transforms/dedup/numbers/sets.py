"""The numbers of the paragraphs of a split, as columns."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from transforms.arrays import Bytes, Int64s, UInt64s
from transforms.characters.table import DIGITS
from transforms.dedup.folding.capacity import unit_capacity
from transforms.dedup.folding.profiles import Fold, fold_of
from transforms.dedup.numbers.kernels import hash_numbers
from transforms.settings import DedupSettings


@dataclass(frozen=True)
class NumberSets:
    """The numbers that keep paragraphs apart.

    Attributes:
        numbers: uint64[n], hashes, rising within a paragraph and each there once.
        offsets: int64[p + 1], where each paragraph's begin.
    """

    numbers: UInt64s
    offsets: Int64s

    @staticmethod
    def none(paragraphs: int) -> "NumberSets":
        """Those of paragraphs that nothing keeps apart."""
        return NumberSets(np.empty(0, np.uint64), np.zeros(paragraphs + 1, np.int64))

    def of(self, paragraph: int) -> UInt64s:
        """Those of one paragraph."""
        return self.numbers[self.offsets[paragraph] : self.offsets[paragraph + 1]]

    def apart(self, paragraph: int, others: "NumberSets", other: int) -> bool:
        """True where a paragraph and one of others each have a number that the other lacks."""
        mine, its = self.of(paragraph), others.of(other)
        return len(np.setdiff1d(mine, its)) > 0 and len(np.setdiff1d(its, mine)) > 0

    def part(self, begin: int, end: int) -> "NumberSets":
        """Those of the paragraphs from `begin` to `end`."""
        offsets = self.offsets[begin : end + 1]
        return NumberSets(self.numbers[offsets[0] : offsets[-1]], offsets - offsets[0])

    def take(self, paragraphs: Int64s) -> "NumberSets":
        """Those of some paragraphs, in their order."""
        sizes = np.diff(self.offsets)[paragraphs]
        offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        shifts = np.repeat(self.offsets[:-1][paragraphs] - offsets[:-1], sizes)
        return NumberSets(self.numbers[shifts + np.arange(offsets[-1])], offsets)


def join_numbers(parts: list[NumberSets]) -> NumberSets:
    """The numbers of all parts, one after the other; one part at least."""
    ends = np.cumsum([0, *(each.offsets[-1] for each in parts)])
    offsets = [each.offsets[:-1] + end for each, end in zip(parts, ends, strict=False)]
    return NumberSets(np.concatenate([each.numbers for each in parts]), np.concatenate([*offsets, ends[-1:]]))


def number_sets(text: Bytes, start: Int64s, end: Int64s, settings: DedupSettings) -> NumberSets:
    """The numbers of paragraphs, as far as the definition has them.

    Args:
        text: uint8[m], valid UTF-8.
        start, end: int64[p], the paragraphs' bytes in `text`.
        settings: the definition of a duplicate.
    """
    if settings.numbers == "ignore" or settings.scope == "off":
        return NumberSets.none(len(start))
    lengths = end - start
    fold = _with_one_shape_of_digits(settings.fold)
    numbers = np.empty(int(lengths.sum()) + len(start), np.uint64)  # what is not touched takes no memory
    capacity = unit_capacity(int(lengths.max(initial=0)), 1, 0, by_word=True)
    words, digits = np.empty(capacity, np.uint64), np.empty(capacity, np.uint8)
    offsets = np.empty(len(start) + 1, np.int64)
    inner = settings.numbers == "inner"
    used = hash_numbers(text, start, end, fold.table, fold.several, inner, words, digits, offsets, numbers)
    return NumberSets(numbers[:used].copy(), offsets)


@cache
def _with_one_shape_of_digits(profile: str) -> Fold:
    """A profile's fold in which the digits of all shapes read as 0 to 9."""
    fold = fold_of(profile)
    if all(fold.table[ord(each)] == ord(digit) for each, digit in DIGITS.items()):
        return fold
    table = fold.table.copy()
    for each, digit in DIGITS.items():
        table[table == ord(each)] = ord(digit)
    return Fold(table, fold.several)
