"""Characters of UTF-8, as the kernels of all rooms see them."""

import numpy as np

from transforms.characters.table import PASSED_OVER, WHITE_SPACE, mask
from transforms.kernels import InBytes, InInt64, Int64, inline, kernel

# A bit for each code point, true where it is passed over.
_PASSED_OVER = np.packbits(mask(PASSED_OVER), bitorder="little").view(np.uint64)
IS_WHITE = np.array([chr(point) in WHITE_SPACE for point in range(ord(WHITE_SPACE[-1]) + 1)])
_SIX, _LOW_6, _ONE = np.uint64(6), np.uint64(63), np.uint64(1)


@inline
def is_passed_over(point):
    """True for a code point that a word reads the same without."""
    place = np.uint64(point)
    return (_PASSED_OVER[place >> _SIX] >> (place & _LOW_6)) & _ONE != 0


@inline
def white_at(text, at, end):
    """The number of bytes of the character of `WHITE_SPACE` at `at`; 0 for another character and at the end."""
    if at >= end:
        return 0
    first = text[at]
    if first < 0x80:
        return 1 if IS_WHITE[first] else 0
    if first == 0xC2:
        return 2 if at + 1 < end and text[at + 1] >= 0x80 and IS_WHITE[text[at + 1]] else 0
    if first < 0xE1 or first > 0xE3 or at + 2 >= end:
        return 0
    if (text[at + 1] & 0xC0) != 0x80 or (text[at + 2] & 0xC0) != 0x80:  # the text need not be valid
        return 0
    point = (np.int64(first & 0xF) << 12) | (np.int64(text[at + 1] & 0x3F) << 6) | np.int64(text[at + 2] & 0x3F)
    return 3 if point < len(IS_WHITE) and IS_WHITE[point] else 0


@kernel(InBytes, InInt64, InInt64, returns=Int64)
def count_forms(text, start, end):
    """The number of code points of paragraphs that may be presentation forms: those from U+F000 to U+FFFF.

    Args:
        text: uint8[m].
        start, end: int64[p], the paragraphs' bytes in `text`.
    """
    count = 0
    for paragraph in range(len(start)):
        for at in range(np.uint64(start[paragraph]), np.uint64(end[paragraph])):
            count += text[at] == 0xEF
    return count
