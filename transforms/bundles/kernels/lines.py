"""Helpers of kernels: white space and line ends in UTF-8."""

import numpy as np

from transforms.characters.kernels import IS_WHITE, white_at
from transforms.kernels import inline

# The characters that end a line, a paragraph in mode `line`, and the text before a delimiter. CR LF is one line end.
LINE_ENDS = "\n\r\x85\u2028\u2029"

_LF, _CR = np.uint8(0x0A), np.uint8(0x0D)
_ONE, _TWO = np.uint64(1), np.uint64(2)
_BLOCK = np.uint64(64)


@inline
def white_before(text, start, at):
    """The number of bytes of the character of `WHITE_SPACE` that ends at `at`; 0 for another one and at `start`."""
    if at <= start:
        return 0
    last = text[at - 1]
    if last < 0x80:
        return 1 if IS_WHITE[last] else 0
    width = 2 if at - start >= 2 and text[at - 2] == 0xC2 else 3
    # The guess of the width may be wrong: then the white space there is followed by the last character.
    return width if at - start >= width and white_at(text, at - width, at) == width else 0


@inline
def trim_start(text, start, end):
    """The place of the first character of `text[start:end]` that is neither white space nor NUL, or `end`."""
    while start < end:
        size = 1 if text[start] == 0 else white_at(text, start, end)
        if size == 0:
            break
        start += size
    return start


@inline
def trim_end(text, start, end):
    """The place after the last character of `text[start:end]` that is neither white space nor NUL, or `start`."""
    while end > start:
        size = 1 if text[end - 1] == 0 else white_before(text, start, end)
        if size == 0:
            break
        end -= size
    return end


@inline
def line_end_at(text, at, end):
    """The number of bytes of the line end at `at`, 2 for CR LF; 0 if there is none."""
    first = text[at]
    if first == _LF:
        return 1
    if first == _CR:
        return 2 if at + 1 < end and text[at + 1] == _LF else 1
    if first == 0xC2:
        return 2 if at + 1 < end and text[at + 1] == 0x85 else 0
    if first != 0xE2 or at + 2 >= end or text[at + 1] != 0x80:
        return 0
    return 3 if text[at + 2] == 0xA8 or text[at + 2] == 0xA9 else 0


@inline
def ends_line(text, start, at):
    """True if a line end ends at `at`."""
    if at - start >= 1 and (text[at - 1] == _LF or text[at - 1] == _CR):
        return True
    if at - start >= 2 and text[at - 2] == 0xC2 and text[at - 1] == 0x85:
        return True
    rare = at - start >= 3 and text[at - 3] == 0xE2 and text[at - 2] == 0x80
    return rare and (text[at - 1] == 0xA8 or text[at - 1] == 0xA9)


# Loops without a branch and over unsigned places, each a function of its own: only so they become loops over vectors of
# bytes, ten times as fast.


@inline
def _has_common_line_end(text, block):
    found = False
    for at in range(_BLOCK):
        found |= (text[block + at] == _LF) | (text[block + at] == _CR)
    return found


@inline
def has_rare_line_end(text, start, end):
    """True if U+0085, U+2028 or U+2029 is in `text[start:end]`; may also be true for other bytes of invalid UTF-8."""
    found = False
    for at in range(np.uint64(start + 2), np.uint64(max(end, start + 2))):
        second, first, byte = text[at - _TWO], text[at - _ONE], text[at]
        found |= (first == 0xC2) & (byte == 0x85)
        found |= (second == 0xE2) & (first == 0x80) & ((byte == 0xA8) | (byte == 0xA9))
    return found | (end - start >= 2 and text[start] == 0xC2 and text[start + 1] == 0x85)


@inline
def find_line_end(text, at, end, rare):
    """The place of the first line end in `text[at:end]`; `end` if there is none.

    Args:
        text, at, end: see above.
        rare: false if it is known that only LF and CR end lines here.
    """
    if rare:
        while at < end and line_end_at(text, at, end) == 0:
            at += 1
        return at
    place, stop = np.uint64(at), np.uint64(end)
    while place + _BLOCK <= stop and not _has_common_line_end(text, place):
        place += _BLOCK
    while place < stop and text[place] != _LF and text[place] != _CR:
        place += _ONE
    return np.int64(place)


@inline
def next_line(text, at, end):
    """The first place after the line end at `at`."""
    return at + line_end_at(text, at, end) if at < end else end
