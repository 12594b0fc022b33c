"""The words in which two texts differ: as folded for comparing, and apart from that in their marks alone."""

from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import Enum
from typing import NamedTuple

from transforms.dedup.shingles import fold_words


class Difference(Enum):
    """The difference of a word from the other text."""

    NONE = "none"
    MARKS = "marks"  # it folds to the same, but is written with other marks, forms of letters or punctuation
    WORD = "word"  # it folds to another word, or to one that the other text lacks there


class ComparedWord(NamedTuple):
    """A word of a text, punctuation included, and its difference from the other text."""

    text: str
    difference: Difference


Words = list[ComparedWord]


@dataclass(frozen=True)
class _Side:
    """One of two texts.

    Attributes:
        written: what stands between white space.
        folded: the folded words; what is written may hold several of them, or none.
        place: for each folded word the index in `written`.
        partner: for each folded word the index of the other text's `written` that it is found in; -1 for none.
    """

    written: list[str]
    folded: list[str]
    place: list[int]
    partner: list[int]

    @classmethod
    def of(cls, text: str, fold: str) -> "_Side":
        """A text that nothing is known of yet but its words."""
        written = text.split()
        words = [(word, place) for place, each in enumerate(written) for word in fold_words(each, fold)]
        return cls(written, [word for word, _ in words], [place for _, place in words], [-1] * len(words))

    def compared_with(self, other: "_Side") -> Words:
        """The words with their differences."""
        partners: list[set[int]] = [set() for _ in self.written]
        for place, partner in zip(self.place, self.partner, strict=True):
            partners[place].add(partner)
        return [
            ComparedWord(text, _difference(text, found, other.written))
            for text, found in zip(self.written, partners, strict=True)
        ]


def _difference(text: str, partners: set[int], others: list[str]) -> Difference:
    if -1 in partners:
        return Difference.WORD
    return Difference.NONE if not partners or [others[each] for each in partners] == [text] else Difference.MARKS


def compare_words(left: str, right: str, fold: str) -> tuple[Words, Words]:
    """The words of both texts with their differences.

    Args:
        left, right: two texts.
        fold: the profile of folding, one of `PROFILES`.
    """
    one, other = _Side.of(left, fold), _Side.of(right, fold)
    for block in SequenceMatcher(None, one.folded, other.folded, autojunk=False).get_matching_blocks():
        for step in range(block.size):
            one.partner[block.a + step] = other.place[block.b + step]
            other.partner[block.b + step] = one.place[block.a + step]
    return one.compared_with(other), other.compared_with(one)


def first_difference(left: list[str], right: list[str], fold: str) -> int:
    """The first place at which two lists of words differ as folded; the length of the shorter one if at none."""
    pairs = enumerate(zip(left, right, strict=False))
    differing = (at for at, (one, other) in pairs if one != other and fold_words(one, fold) != fold_words(other, fold))
    return next(differing, min(len(left), len(right)))
