"""Folding: which code points count when paragraphs are compared, and as what."""

from functools import cache
from importlib.resources import files

import numpy as np

from transforms.arrays import UInt32s

CODE_POINTS = 0x110000
DROPPED = 0  # the code point is passed over: marks, tatweel, joiners
SEPARATOR = 1  # the code point ends a word: white space, punctuation, symbols

# Marks, tatweel, zero-width joiners, direction marks, byte order mark: a word reads the same without them.
_DROPPED_RANGES = (
    (0x0610, 0x061A),
    (0x0640, 0x0640),
    (0x064B, 0x065F),
    (0x0670, 0x0670),
    (0x06D6, 0x06ED),
    (0x200C, 0x200F),
    (0x202A, 0x202E),
    (0xFEFF, 0xFEFF),
)
# Letters that Arabic spelling exchanges.
_LETTERS = {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ئ": "ي", "ؤ": "و", "ة": "ه", "ک": "ك"}

PROFILES = ("arabic-1", "none")


# Unicode's property White_Space.
_WHITE_RANGES = (
    (0x09, 0x0D),
    (0x20, 0x20),
    (0x85, 0x85),
    (0xA0, 0xA0),
    (0x1680, 0x1680),
    (0x2000, 0x200A),
    (0x2028, 0x2029),
    (0x202F, 0x202F),
    (0x205F, 0x205F),
    (0x3000, 0x3000),
)


@cache
def fold_table(profile: str) -> UInt32s:
    """The table of what each code point is folded to: `DROPPED`, `SEPARATOR`, or the one that stands for it.

    `arabic-1` drops marks and tatweel, unites the forms of alef, ya and waw, ta marbuta with ha, Persian with Arabic
    letters, and digits of all three shapes, and lowers A to Z; letters and digits are those of Unicode 14, kept in a
    file, so that the profile never changes with Python's version; all else separates words. `none` leaves every code
    point as it stands; white space separates words. Digits stay distinct in both.

    Args:
        profile: one of `PROFILES`.

    Returns:
        uint32[0x110000], read only.
    """
    table = _arabic() if profile == "arabic-1" else _unfolded()
    table.flags.writeable = False
    return table


def _unfolded() -> UInt32s:
    table = np.arange(CODE_POINTS, dtype=np.uint32)
    table[:2] += CODE_POINTS  # U+0000 and U+0001 are text like any other, not DROPPED and SEPARATOR
    for first, last in _WHITE_RANGES:
        table[first : last + 1] = SEPARATOR
    return table


def _arabic() -> UInt32s:
    table = np.full(CODE_POINTS, SEPARATOR, np.uint32)
    for first, last in _word_ranges():
        table[first : last + 1] = np.arange(first, last + 1)
    for first, last in _DROPPED_RANGES:
        table[first : last + 1] = DROPPED
    for letter, folded in _LETTERS.items():
        table[ord(letter)] = ord(folded)
    for digit in range(10):
        table[0x0660 + digit] = table[0x06F0 + digit] = ord("0") + digit
    table[ord("A") : ord("Z") + 1] += 32
    return table


def _word_ranges() -> list[tuple[int, int]]:
    lines = files(__package__).joinpath("word_characters.txt").read_text("ascii").splitlines()
    pairs = (line.split("-") for line in lines if not line.startswith("#"))
    return [(int(first, 16), int(last, 16)) for first, last in pairs]
