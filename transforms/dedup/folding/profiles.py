"""Folding: the code points that count when paragraphs are compared, and those that they stand for."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from transforms.arrays import UInt32s
from transforms.characters.table import (
    CODE_POINTS,
    COMPOSED,
    DIGITS,
    EXCHANGED,
    FORMS,
    LETTERS,
    NUMBERS,
    PASSED_OVER,
    WHITE_SPACE,
    Ranges,
    mask,
)

DROPPED = 0  # the code point is passed over
SEPARATOR = 1  # the code point ends a word: white space, punctuation, symbols
DAGGER = 1 << 30  # U+0670: alef, or passed over where `PLAIN_SPELLINGS` says so
SEVERAL = 1 << 31  # the code point reads as several: `SEVERAL | start << COUNT_BITS | count`, of `Fold.several`
COUNT_BITS = 5

# Where plain spelling writes no alef for a dagger alef: the folded letters before it, and the one after it; nothing is
# the end of the word. For ىٰ and for هٰذا, هٰؤلاء, ذٰلك, لٰكن, إلٰه and اللّٰه, أولٰئك, الرحمٰن, and their compounds.
PLAIN_SPELLINGS = (
    ("ي", ""), ("ه", "ذ"), ("ه", "و"), ("ذ", "ل"), ("ل", "ك"), ("ل", "ه"), ("ول", "ي"), ("حم", "ن"),
)  # fmt: skip
DAGGER_REACH = 8  # code points on either side of a dagger alef among which those letters are looked for


@dataclass(frozen=True)
class Fold:
    """A profile of folding.

    Attributes:
        table: uint32[0x110000], for each code point `DROPPED`, `SEPARATOR`, `DAGGER`, the one that stands for it, or
            `SEVERAL` with its place in `several`. What takes fewer than three bytes of UTF-8 never reads as several.
        several: uint32[k], folded code points and `SEPARATOR`.
    """

    table: UInt32s
    several: UInt32s


@cache
def fold_of(profile: str) -> Fold:
    """A profile's fold; its arrays are read only.

    `arabic-2` reads the table of characters; docs/definition.md lists all of it. `arabic-1` stays as it was: it drops
    vowel signs, Quranic signs and tatweel, unites the forms of alef, ya and waw, ta marbuta with ha, Persian with
    Arabic letters, and digits of all three shapes, and lowers A to Z; letters and digits are those of Unicode 14; all
    else separates words. `none` leaves every code point as it stands; white space separates words. Digits stay distinct
    in all of them.

    Args:
        profile: one of `PROFILES`.
    """
    fold = _BUILDERS[profile]()
    fold.table.flags.writeable = fold.several.flags.writeable = False
    return fold


def _none() -> Fold:
    table = np.arange(CODE_POINTS, dtype=np.uint32)
    table[:2] += CODE_POINTS  # U+0000 and U+0001 are text like any other, not DROPPED and SEPARATOR
    table[list(map(ord, WHITE_SPACE))] = SEPARATOR
    return Fold(table, np.empty(0, np.uint32))


def _arabic_1() -> Fold:
    table = np.full(CODE_POINTS, SEPARATOR, np.uint32)
    for first, last in _words_of_arabic_1():
        table[first : last + 1] = np.arange(first, last + 1)
    table[mask(_DROPPED_BY_ARABIC_1)] = DROPPED
    for letter, folded in _EXCHANGED_BY_ARABIC_1.items():
        table[ord(letter)] = ord(folded)
    _unite_digits_and_capitals(table)
    return Fold(table, np.empty(0, np.uint32))


# Frozen with arabic-1: marks, tatweel, zero-width joiners, direction marks, byte order mark; letters.
_DROPPED_BY_ARABIC_1 = (
    (0x0610, 0x061A), (0x0640, 0x0640), (0x064B, 0x065F), (0x0670, 0x0670), (0x06D6, 0x06ED), (0x200C, 0x200F),
    (0x202A, 0x202E), (0xFEFF, 0xFEFF),
)  # fmt: skip
_EXCHANGED_BY_ARABIC_1 = dict(zip("أإآٱىیئؤةک", "اااايييوهك", strict=True))


def _words_of_arabic_1() -> Ranges:
    lines = files(__package__).joinpath("word_characters.txt").read_text("ascii").splitlines()
    pairs = (line.split("-") for line in lines if not line.startswith("#"))
    return tuple((int(first, 16), int(last, 16)) for first, last in pairs)


def _unite_digits_and_capitals(table: UInt32s) -> None:
    for each, digit in DIGITS.items():
        table[ord(each)] = ord(digit)
    table[ord("A") : ord("Z") + 1] += 32


def _arabic_2() -> Fold:
    table = np.arange(CODE_POINTS, dtype=np.uint32)
    table[~mask(LETTERS + NUMBERS)] = SEPARATOR
    _unite_digits_and_capitals(table)
    table[mask(PASSED_OVER)] = DROPPED
    for each, letter in EXCHANGED.items():
        table[ord(each)] = ord(letter)
    for each, letter in COMPOSED.items():
        if each not in EXCHANGED:
            table[ord(each)] = table[ord(letter)]
    several: list[int] = []
    for each, reading in FORMS.items():
        folded = _folded(reading, table)
        if len(folded) == 1:
            table[ord(each)] = folded[0]
        else:
            table[ord(each)] = SEVERAL | len(several) << COUNT_BITS | len(folded)
            several += folded
    table[ord("\u0670")] = DAGGER
    return Fold(table, np.array(several, np.uint32))


def _folded(reading: str, table: UInt32s) -> list[int]:
    """The folded code points of a presentation form; the words of a ligature are apart from what is beside it."""
    folded = [each for each in table[list(map(ord, reading))].tolist() if each != DROPPED]
    return [SEPARATOR, *folded, SEPARATOR] if SEPARATOR in folded else folded


_BUILDERS: dict[str, Callable[[], Fold]] = {"arabic-2": _arabic_2, "arabic-1": _arabic_1, "none": _none}
PROFILES = tuple(_BUILDERS)
