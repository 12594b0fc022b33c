"""Kernels that find the delimiters of documents, and what only looks like one.

A delimiter begins a document if it stands at the beginning of a line. Byte order marks and NULs before it on its line
are ignored, and in lenient reading white space and direction marks too. Text in UTF-16 before it need not end its line.
"""

import numpy as np

from transforms.bundles.kernels.lines import ends_line, white_before
from transforms.characters.kernels import white_at
from transforms.kernels import Bool, InBytes, Int64, OutBytes, OutInt64, inline, kernel

DELIMITER = b"<<<FILE>>>"
# Bytes before a place that always suffice to tell if a line end, or text in UTF-16, ends there.
CONTEXT = 20
# The answers of `line_begins`.
NO, YES, UNKNOWN = 0, 1, 2
# What looks like a delimiter and is none.
INSIDE_LINE, INDENTED, MISSPELT, RECODED = range(4)

_DELIMITER = np.frombuffer(DELIMITER, np.uint8)
_LENGTH = len(DELIMITER)
_FILE = np.frombuffer(b"FILE", np.uint8)
_OPEN, _CLOSE = np.uint8(ord("<")), np.uint8(ord(">"))
_ONE = np.uint64(1)
_BLOCK = np.uint64(64)
_FEWEST_UNITS, _LOOKED_BACK = 4, 8  # code units of UTF-16


@inline
def delimiter_at(data, at, end):
    """True if the delimiter's bytes stand at `at`."""
    if end - at < _LENGTH:
        return False
    for i in range(_LENGTH):
        if data[at + i] != _DELIMITER[i]:
            return False
    return True


@inline
def _mark_at(data, at, end):
    """The number of bytes of the byte order mark at `at`, of UTF-8 or UTF-16; 0 if there is none."""
    if end - at >= 3 and data[at] == 0xEF and data[at + 1] == 0xBB and data[at + 2] == 0xBF:
        return 3
    if end - at >= 2 and data[at] >= 0xFE and data[at + 1] >= 0xFE and data[at] != data[at + 1]:
        return 2
    return 0


@inline
def _direction_mark_at(data, at, end):
    """The number of bytes of the invisible mark at `at` that directs or joins text; 0 if there is none.

    In UTF-8 U+061C, 200B to 200F, 202A to 202E, 2060 and 2066 to 2069; in windows-1256 the bytes FD and FE.
    """
    first = data[at]
    if 0xFD <= first <= 0xFE:
        return 1
    if end - at >= 2 and first == 0xD8 and data[at + 1] == 0x9C:
        return 2
    if end - at < 3 or first != 0xE2:
        return 0
    second, third = data[at + 1], data[at + 2]
    if second == 0x80:
        return 3 if 0x8B <= third <= 0x8F or 0xAA <= third <= 0xAE else 0
    return 3 if second == 0x81 and (third == 0xA0 or 0xA6 <= third <= 0xA9) else 0


@inline
def ignored_at(data, at, end, lenient):
    """The number of bytes at `at` that are ignored before a delimiter; 0 if there are none."""
    if at >= end:
        return 0
    if data[at] == 0:
        return 1
    size = _mark_at(data, at, end)
    if size == 0 and lenient:
        size = max(white_at(data, at, end), _direction_mark_at(data, at, end))
    return size


@inline
def ignored_before(data, floor, at, lenient):
    """The number of bytes up to `at` that are ignored before a delimiter; 0 if there are none."""
    if at <= floor:
        return 0
    if data[at - 1] == 0:
        return 1
    for size in (3, 2):
        if at - floor >= size and _mark_at(data, at - size, at) == size:
            return size
    if not lenient:
        return 0
    for size in (3, 2, 1):
        if at - floor >= size and _direction_mark_at(data, at - size, at) == size:
            return size
    return white_before(data, floor, at)


@inline
def _is_plain_utf16(high, low):
    """True for a code unit that is Arabic, or printable or white space in Latin-1."""
    if high == 0x06:
        return True
    return high == 0x00 and (0x20 <= low < 0x7F or 0xA0 <= low or 0x09 <= low <= 0x0D or low == 0x85)


@inline
def _follows_utf16(data, floor, at):
    """True if the bytes before `at` are UTF-16: most of the last code units, four to eight, are plain.

    Every other byte is 00 or 06 then, as in no other text, and so a delimiter in ASCII can be no text either.
    """
    units = min(_LOOKED_BACK, (at - floor) // 2)
    little, big = 0, 0
    for unit in range(units):
        one, other = data[at - 2 - 2 * unit], data[at - 1 - 2 * unit]
        little += _is_plain_utf16(other, one)
        big += _is_plain_utf16(one, other)
    return units >= _FEWEST_UNITS and 2 * max(little, big) > units


@inline
def _line_begins(data, floor, at, at_floor, lenient):
    while True:
        if ends_line(data, floor, at):
            return YES
        if at_floor == UNKNOWN and at - floor < CONTEXT:
            return UNKNOWN
        if _follows_utf16(data, floor, at):
            return YES
        size = ignored_before(data, floor, at, lenient)
        if size == 0:
            return at_floor if at == floor else NO
        at -= size


@kernel(InBytes, Int64, Int64, Int64, Bool, returns=Int64)
def line_begins(data, floor, at, at_floor, lenient):
    """Tells if a line begins at `at`, apart from what is ignored before a delimiter.

    Args:
        data: uint8[m].
        floor: the first byte of `data` to look at.
        at: the place, from `floor` to m.
        at_floor: the answer for `floor` itself: UNKNOWN if bytes before it have not been read.
        lenient: ignore white space and direction marks too.

    Returns:
        YES, NO, or UNKNOWN if bytes before `floor` decide.
    """
    return _line_begins(data, floor, at, at_floor, lenient)


@inline
def _has_two_brackets(data, block):
    found = False
    for at in range(_BLOCK):
        found |= (data[block + at] == _OPEN) & (data[block + at + _ONE] == _OPEN)
    return found


@inline
def find_brackets(data, at, end):
    """The place of the first `<<` in `data[at:end]`; `end` if there is none."""
    place, stop = np.uint64(at), np.uint64(max(at, end - 1))
    while place + _BLOCK <= stop and not _has_two_brackets(data, place):
        place += _BLOCK
    while place < stop and not (data[place] == _OPEN and data[place + _ONE] == _OPEN):
        place += _ONE
    return np.int64(place) if place < stop else end


@kernel(InBytes, Int64, Int64, Int64, Int64, Bool, OutInt64, returns=Int64)
def find_delimiters(data, floor, begin, end, at_floor, lenient, found):
    """Fills `found` with the places of the delimiters in `data[begin:end]`; returns their number, at most `len(found)`.

    If bytes before `floor` decide whether one of the first is a delimiter, ~place stands for it.

    Args:
        data: uint8[m].
        floor, at_floor, lenient: see `line_begins`.
        begin, end: from `floor` to m.
        found: int64[n], filled in ascending order.
    """
    count, at = 0, begin
    while count < len(found):
        at = find_brackets(data, at, end)
        if end - at < _LENGTH:
            break
        if delimiter_at(data, at, end):
            begins = _line_begins(data, floor, at, at_floor, lenient)
            if begins != NO:
                found[count] = at if begins == YES else ~at
                count += 1
            at += _LENGTH
        else:
            at += 1
    return count


@inline
def _is_file(data, at, end):
    """True if FILE, in letters of any case, stands at `at`."""
    if end - at < len(_FILE):
        return False
    for i in range(len(_FILE)):
        if data[at + i] & 0xDF != _FILE[i]:
            return False
    return True


@inline
def _run_end(data, at, end, byte):
    while at < end and data[at] == byte:
        at += 1
    return at


@inline
def _lookalike_end(data, at, end):
    """The end of the look-alike that begins with the brackets at `at`; `at` if there is none."""
    word = _run_end(data, _run_end(data, at, end, _OPEN), end, np.uint8(0x20))
    if not _is_file(data, word, end):
        return at
    closing = _run_end(data, word + len(_FILE), end, np.uint8(0x20))
    stop = _run_end(data, closing, end, _CLOSE)
    return stop if stop > closing else at


@inline
def _kind_of_lookalike(data, start, at, end):
    """INSIDE_LINE, INDENTED, MISSPELT or RECODED; -1 for what is only text."""
    opened = _run_end(data, at, end, _OPEN)
    exact = opened - at >= 3 and delimiter_at(data, opened - 3, end)
    strict = _line_begins(data, start, at, YES, False)
    if exact and opened - at == 3 and strict == YES:
        return RECODED
    if strict == NO and _line_begins(data, start, at, YES, True) == NO:
        return INSIDE_LINE if exact else -1
    return INDENTED if exact and opened - at == 3 else MISSPELT


@kernel(InBytes, Int64, Int64, Bool, Int64, OutInt64, OutInt64, OutBytes, returns=Int64)
def find_lookalikes(data, start, end, in_line, most, counts, place, kind):
    """Finds what looks like a delimiter in `data[start:end]`, where none is; returns how many places were filled in.

    Args:
        data: uint8[m].
        start, end: a text, or the rest of a delimiter line.
        in_line: true for the rest of a delimiter line.
        most: places of each kind to fill in, until `counts` is larger.
        counts: int64[4], to which the numbers of each kind are added.
        place: int64[4 * most], filled with the first places.
        kind: uint8[4 * most], filled with their kinds.
    """
    filled = 0
    at = find_brackets(data, start, end)
    while at < end:
        stop = _lookalike_end(data, at, end)
        what = -1
        if stop > at:
            what = _kind_of_lookalike(data, start, at, end)
            if in_line:
                what = INSIDE_LINE if what in (INSIDE_LINE, INDENTED, RECODED) else -1
        if what >= 0:
            counts[what] += 1
            if counts[what] <= most:
                place[filled], kind[filled] = at, what
                filled += 1
        at = find_brackets(data, max(stop, _run_end(data, at, end, _OPEN)), end)
    return filled
