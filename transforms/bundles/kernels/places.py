"""Kernels that convert places in decoded text to offsets in the bundle, and back.

A UTF-16 code unit of text takes `width` bytes of the bundle: 2 in UTF-16, 1 in a single-byte encoding, all of whose
characters are one unit. A `width` of 0 marks text that is the bundle's own bytes.
"""

import numpy as np

from transforms.kernels import InBytes, InInt32, InInt64, OutInt64, inline, kernel


@inline
def _units_at(byte):
    """The UTF-16 code units that begin with a byte of UTF-8: 2 for a character of four bytes, 0 inside a character."""
    return np.int64((byte & 0xC0) != 0x80) + np.int64(byte >= 0xF0)


@kernel(InBytes, InInt64, InInt64, OutInt64)
def count_units(text, start, end, units):
    """Counts the UTF-16 code units of each `text[start:end]`, which is UTF-8, into `units`; all three are int64[n]."""
    for row in range(len(start)):
        count = 0
        for at in range(np.uint64(start[row]), np.uint64(end[row])):
            count += _units_at(text[at])
        units[row] = count


@kernel(InBytes, InInt64, InInt64, InBytes, InInt64, InInt32, OutInt64)
def find_offsets(text, text_start, shift, width, place, document, offset):
    """Fills `offset` with the offsets in their bundles of places in the text.

    Args:
        text: uint8[m].
        text_start: int64[d], the place of each document's first byte.
        shift: int64[d], the offset of that byte minus its place.
        width: uint8[d], see above.
        place: int64[p], places in `text`, ascending in each document.
        document: int32[p], ascending, the document of each place.
        offset: int64[p], filled.
    """
    last, at, found = -1, 0, 0
    for row in range(len(place)):
        number = document[row]
        if width[number] == 0:
            offset[row] = place[row] + shift[number]
            continue
        if number != last:
            last, at = number, text_start[number]
            found = at + shift[number]
        while at < place[row]:
            found += width[number] * _units_at(text[at])
            at += 1
        offset[row] = found


@kernel(InBytes, InInt64, InInt64, InBytes, InInt64, InInt32, OutInt64)
def find_places(text, text_start, shift, width, offset, document, place):
    """Fills `place` with the places in the text of offsets: the inverse of `find_offsets`, with the same arguments."""
    last, at, found = -1, 0, 0
    for row in range(len(offset)):
        number = document[row]
        if width[number] == 0:
            place[row] = offset[row] - shift[number]
            continue
        if number != last:
            last, at = number, text_start[number]
            found = at + shift[number]
        while found < offset[row]:
            found += width[number] * _units_at(text[at])
            at += 1
        while at < len(text) and _units_at(text[at]) == 0:
            at += 1
        place[row] = at
