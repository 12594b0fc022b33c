"""Kernels that parse documents: their delimiter lines, the validity of their bytes, and the ends of their texts."""

import numpy as np

from transforms.bundles.kernels.delimiters import DELIMITER, delimiter_at, find_brackets, ignored_at, ignored_before
from transforms.bundles.kernels.lines import (
    ends_line,
    find_line_end,
    has_rare_line_end,
    next_line,
    trim_end,
    trim_start,
    white_before,
)
from transforms.characters.kernels import white_at
from transforms.kernels import Bool, InBytes, InInt64, OutBytes, OutInt32, OutInt64, inline, kernel
from transforms.signatures import copy

# Flags of a text, see `check_texts`.
INVALID, CONTROLS, EMPTY, PADDED, BRACKETS, MARKUP = 1, 2, 4, 8, 16, 32
# A text with more control characters than one, and than one in so many characters, is no text.
CHARACTERS_A_CONTROL = 50

_LENGTH = len(DELIMITER)
_NUL, _SUBSTITUTE = np.uint8(0), np.uint8(0x1A)
_ONE, _TWO, _THREE = np.uint64(1), np.uint64(2), np.uint64(3)


@inline
def _after_marks(data, at, end):
    """The place after the byte order marks of UTF-8 at `at`."""
    while end - at >= 3 and data[at] == 0xEF and data[at + 1] == 0xBB and data[at + 2] == 0xBF:
        at += 3
    return at


@kernel(InBytes, InInt64, InInt64, Bool, OutInt64, OutInt64, OutInt64, OutBytes)
def parse_delimiter_lines(data, start, end, lenient, name_start, name_end, body, brackets):
    """Parses the delimiter line of each document.

    Args:
        data: uint8[m].
        start, end: int64[d], the documents' bytes in `data`, delimiter lines included.
        lenient: ignore white space and direction marks before a delimiter too.
        name_start, name_end: int64[d], filled with the rest of the delimiter line; -1 for text without a delimiter.
        body: int64[d], filled with the place after the delimiter line.
        brackets: uint8[d], filled with 1 if `<<` is in the rest of the delimiter line.
    """
    for document in range(len(start)):
        stop = end[document]
        at = start[document]
        size = ignored_at(data, at, stop, lenient)
        while size > 0:
            at += size
            size = ignored_at(data, at, stop, lenient)
        name_start[document] = name_end[document] = -1
        body[document], brackets[document] = start[document], 0
        if delimiter_at(data, at, stop):
            at += _LENGTH
            line_end = find_line_end(data, at, stop, False)
            if has_rare_line_end(data, at, line_end):
                line_end = find_line_end(data, at, line_end, True)
            name_start[document], name_end[document] = at, line_end
            body[document] = next_line(data, line_end, stop)
            brackets[document] = find_brackets(data, at, line_end) < line_end


@kernel(InBytes, InInt64, InInt64, OutBytes, OutInt32)
def gather_trimmed(data, start, end, out, offsets):
    """Fills `out` with pieces of `data`, one after the other, without the white space at their ends.

    Args:
        data: uint8[m].
        start, end: int64[p], the places of the pieces.
        out: uint8[n]; n at least the bytes of all pieces.
        offsets: int32[p + 1], filled with where each piece begins in `out`.
    """
    to = 0
    for piece in range(len(start)):
        offsets[piece] = to
        first, last = start[piece], end[piece]
        while first < last and white_at(data, first, last) > 0:
            first += white_at(data, first, last)
        while first < last and white_before(data, first, last) > 0:
            last -= white_before(data, first, last)
        copy(out, to, data, first, last)
        to += last - first
    offsets[len(start)] = to


@inline
def _breaks(third, second, first, byte):
    """True if UTF-8 does not allow `byte` after the three bytes before it (RFC 3629, section 4); without branches."""
    follows = (byte & np.uint8(0xC0)) == np.uint8(0x80)
    must_follow = (first >= np.uint8(0xC0)) | (second >= np.uint8(0xE0)) | (third >= np.uint8(0xF0))
    never = (byte == np.uint8(0xC0)) | (byte == np.uint8(0xC1)) | (byte >= np.uint8(0xF5))
    overlong = ((first == np.uint8(0xE0)) & (byte < np.uint8(0xA0))) | (
        (first == np.uint8(0xF0)) & (byte < np.uint8(0x90))
    )
    surrogate = (first == np.uint8(0xED)) & (byte >= np.uint8(0xA0))
    beyond = (first == np.uint8(0xF4)) & (byte >= np.uint8(0x90))
    return (follows != must_follow) | never | overlong | surrogate | beyond


@inline
def _is_utf8(text, start, end):
    """True if `text[start:end]` is strict UTF-8: no overlong forms, no surrogates, nothing cut off."""
    wrong = False
    for at in range(start, min(end, start + 3)):
        first = text[at - 1] if at > start else _NUL
        second = text[at - 2] if at > start + 1 else _NUL
        wrong |= _breaks(_NUL, second, first, text[at])
    # Unsigned places and no branch: the compiler makes this a loop over vectors of bytes, ten times as fast.
    for at in range(np.uint64(start + 3), np.uint64(max(end, start + 3))):
        wrong |= _breaks(text[at - _THREE], text[at - _TWO], text[at - _ONE], text[at])
    size = end - start
    wrong |= size > 0 and text[end - 1] >= 0xC0
    wrong |= size > 1 and text[end - 2] >= 0xE0
    wrong |= size > 2 and text[end - 3] >= 0xF0
    return not wrong


@inline
def _has_controls(text, start, end):
    """True if a control character may be in `text[start:end]`: always if one is, other than white space in ASCII."""
    found = end > start and (text[start] < 9 or 13 < text[start] < 32 or text[start] == 0x7F)
    for at in range(np.uint64(start + 1), np.uint64(max(end, start + 1))):
        byte = text[at]
        found |= (byte < 0x20) & ((byte < 0x09) | (byte > 0x0D))
        found |= (byte == 0x7F) | ((text[at - _ONE] == 0xC2) & (byte < 0xA0))
    return found


@inline
def _has_too_many_controls(text, start, end):
    """True if the control characters in `text[start:end]`, padding aside, are too many for a text."""
    rare = has_rare_line_end(text, start, end)
    controls, characters, at = 0, 0, start
    while at < end:
        line_end = find_line_end(text, at, end, rare)
        begin = trim_start(text, at, line_end)
        for place in range(begin, trim_end(text, begin, line_end)):
            byte = text[place]
            characters += (byte & 0xC0) != 0x80
            controls += (byte < 0x20 and not 0x09 <= byte <= 0x0D) or byte == 0x7F
            controls += byte == 0xC2 and text[place + 1] < 0xA0 and text[place + 1] != 0x85
        at = next_line(text, line_end, end)
    return controls > max(1, characters // CHARACTERS_A_CONTROL) or 0 < controls == characters


@inline
def _end_of_text(text, start, end, delimited, lenient):
    """The end of a text without the padding at its end: NULs, a final U+001A, marks on a line of their own.

    White space stays, unless padding precedes it.
    """
    at, size = end, 1
    while size > 0:
        if at == start or ends_line(text, start, at):
            end = at
            break
        size = ignored_before(text, start, at, lenient and delimited)
        at -= size
    last, size = end, 1
    while last > start and size > 0:
        byte = text[last - 1]
        size = 1 if byte in (_NUL, _SUBSTITUTE) else white_before(text, start, last)
        last -= size
    size = white_at(text, last, end)
    while size > 0:
        last += size
        size = white_at(text, last, end)
    return last


@inline
def _is_blank(text, start, end):
    at = trim_start(text, start, end)
    while at < end and text[at] == _SUBSTITUTE:
        at = trim_start(text, at + 1, end)
    return at == end


@kernel(InBytes, InInt64, InInt64, OutBytes, Bool, OutInt64, OutInt64, OutBytes)
def check_texts(data, start, end, delimited, lenient, text_start, text_end, flags):
    """Finds the texts of documents without marks and padding, and checks them.

    Args:
        data: uint8[m].
        start, end: int64[d], the documents' bytes after their delimiter lines.
        delimited: uint8[d], 1 for a document that ends where a delimiter line begins.
        lenient: white space and direction marks before that delimiter are ignored too.
        text_start, text_end: int64[d], filled with the places of the texts, without the marks at their beginning and
            the padding at their end: NULs, a final U+001A, marks on a line of their own.
        flags: uint8[d], filled with INVALID (not UTF-8), CONTROLS (too many control characters), EMPTY (nothing but
            white space and padding), PADDED (empty, and with NULs), BRACKETS (`<<` occurs), MARKUP (begins with <, { or
            [).
    """
    for document in range(len(start)):
        first = _after_marks(data, start[document], end[document])
        last = _end_of_text(data, first, end[document], delimited[document] != 0, lenient)
        text_start[document], text_end[document] = first, last
        found = 0
        if not _is_utf8(data, first, last):
            found = INVALID
        elif _has_controls(data, first, last) and _has_too_many_controls(data, first, last):
            found = CONTROLS
        begin = trim_start(data, first, last)
        if begin == last or _is_blank(data, begin, last):
            found |= EMPTY
            for at in range(first, end[document]):
                if data[at] == _NUL:
                    found |= PADDED
        elif data[begin] == 0x3C or data[begin] == 0x5B or data[begin] == 0x7B:
            found |= MARKUP
        if find_brackets(data, start[document], end[document]) < end[document]:
            found |= BRACKETS
        flags[document] = found
