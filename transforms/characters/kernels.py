"""Characters of UTF-8, as the kernels of all rooms see them."""

import numpy as np

from transforms.characters.table import PASSED_OVER, mask
from transforms.kernels import inline

# A bit for each code point: whether it is passed over.
_PASSED_OVER = np.packbits(mask(PASSED_OVER), bitorder="little").view(np.uint64)
_SIX, _LOW_6, _ONE = np.uint64(6), np.uint64(63), np.uint64(1)


@inline
def is_passed_over(point):
    """True for a code point that a word reads the same without."""
    place = np.uint64(point)
    return (_PASSED_OVER[place >> _SIX] >> (place & _LOW_6)) & _ONE != 0


@inline
def white_at(text, at, end):
    """The bytes of the white space (Unicode's White_Space) at `at`; 0 where another character stands, or the end."""
    if at >= end:
        return 0
    first = text[at]
    if first < 0x80:
        return 1 if first == 0x20 or 0x09 <= first <= 0x0D else 0
    if first == 0xC2:
        return 2 if at + 1 < end and (text[at + 1] == 0x85 or text[at + 1] == 0xA0) else 0
    if first < 0xE1 or first > 0xE3 or at + 2 >= end:
        return 0
    second, third = text[at + 1], text[at + 2]
    white = (
        (first == 0xE1 and second == 0x9A and third == 0x80)  # ogham space mark
        or (first == 0xE2 and second == 0x80 and (third <= 0x8A or third in (0xA8, 0xA9, 0xAF)))
        or (first == 0xE2 and second == 0x81 and third == 0x9F)  # mathematical space
        or (first == 0xE3 and second == 0x80 and third == 0x80)  # ideographic space
    )
    return 3 if white else 0
