"""Kernels over the bytes of bundles: delimiters, UTF-8 validation, delimiter lines, paragraphs."""

import numpy as np
from numba import void

from transforms.characters.kernels import white_at
from transforms.kernels import Bool, InBytes, InInt64, Int64, OutBytes, OutInt32, OutInt64, inline, kernel

DELIMITER = b"<<<FILE>>>"

# The status of a document, see `parse_documents`.
READABLE, EMPTY, NOT_TEXT = 0, 1, 2

_DELIMITER = np.frombuffer(DELIMITER, np.uint8)
_LENGTH = len(DELIMITER)
# Horspool's table (1980): the distance to go on when a byte stands at the place of the delimiter's last byte.
_SKIP = np.full(256, _LENGTH, np.int64)
_SKIP[_DELIMITER[:-1]] = np.arange(_LENGTH - 1, 0, -1)
_NUL, _LF, _CR = np.uint8(0), np.uint8(0x0A), np.uint8(0x0D)
_ONE, _TWO, _THREE = np.uint64(1), np.uint64(2), np.uint64(3)
_BLOCK = np.uint64(64)


@inline
def _delimiter_at(data, at):
    for i in range(_LENGTH):
        if data[at + i] != _DELIMITER[i]:
            return False
    return True


@inline
def _after_mark(data, at, end):
    """`at`, or the place after the byte order mark that stands there."""
    if end - at >= 3 and data[at] == 0xEF and data[at + 1] == 0xBB and data[at + 2] == 0xBF:
        return at + 3
    return at


@kernel(InBytes, Int64, Int64, OutInt64, returns=Int64)
def find_delimiters(data, begin, end, found):
    """Fills `found` with the places of the delimiters in `data[begin:end]`; returns their number, at most `len(found)`.

    Only those directly after LF or CR count. Horspool's search: about one byte in ten is looked at.

    Args:
        data: uint8[m].
        begin: at least 1, because the byte before a delimiter is looked at.
        end: at most m.
        found: int64[n], filled in ascending order.
    """
    count = 0
    last = begin + _LENGTH - 1
    while last < end and count < len(found):
        at = last - _LENGTH + 1
        if data[last] == 0x3E and (data[at - 1] == _LF or data[at - 1] == _CR) and _delimiter_at(data, at):
            found[count] = at
            count += 1
            last += _LENGTH
        else:
            last += _SKIP[data[last]]
    return count


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
def _trim_start(text, start, end):
    """The place of the first character of `text[start:end]` that is not white space; `end` if there is none."""
    size = white_at(text, start, end)
    while size > 0:
        start += size
        size = white_at(text, start, end)
    return start


@inline
def _trim_end(text, start, end):
    """The place after the last character of `text[start:end]` that is not white space; `start` if there is none."""
    while end > start:
        last = text[end - 1]
        width = 1 if last < 0x80 else 2 if end - start >= 2 and text[end - 2] == 0xC2 else 3
        # The guess of the width may be wrong: then the white space there is followed by the last character.
        if end - start < width or white_at(text, end - width, end) != width:
            break
        end -= width
    return end


@inline
def _line_end(text, at, end):
    """The place of the LF or CR that ends the line at `at`; `end` if none does."""
    place, stop = np.uint64(at), np.uint64(end)
    while place + _BLOCK <= stop:  # no branch inside: a loop over vectors of bytes
        found = False
        for ahead in range(_BLOCK):
            found |= (text[place + ahead] == _LF) | (text[place + ahead] == _CR)
        if found:
            break
        place += _BLOCK
    while place < stop and text[place] != _LF and text[place] != _CR:
        place += _ONE
    return np.int64(place)


@inline
def _next_line(text, at, end):
    """The first place after the line end at `at`: LF, CR LF and CR are one line end each."""
    if at + 1 < end and text[at] == _CR and text[at + 1] == _LF:
        return at + 2
    return min(at + 1, end)


@kernel(InBytes, InInt64, InInt64, OutInt64, OutInt64, OutInt64, OutBytes, returns=void)
def parse_documents(text, start, end, name_start, name_end, text_start, status):
    """Parses documents: finds the name and the text of each, and checks that it can be read.

    Args:
        text: uint8[m].
        start, end: int64[d], the documents' bytes in `text`, delimiter lines included.
        name_start, name_end: int64[d], filled with the rest of the delimiter line; -1 for text without a delimiter.
        text_start: int64[d], filled with the place after the delimiter line and a byte order mark.
        status: uint8[d], filled with READABLE, EMPTY (nothing but white space) or NOT_TEXT (not UTF-8).
    """
    for document in range(len(start)):
        stop = end[document]
        at = _after_mark(text, start[document], stop)
        name_start[document] = name_end[document] = -1
        if stop - at >= _LENGTH and _delimiter_at(text, at):
            name_start[document] = at + _LENGTH
            name_end[document] = _line_end(text, at + _LENGTH, stop)
            at = _after_mark(text, _next_line(text, name_end[document], stop), stop)
        text_start[document] = at
        if not _is_utf8(text, start[document], stop):
            status[document] = NOT_TEXT
        else:
            status[document] = EMPTY if _trim_start(text, at, stop) == stop else READABLE


@kernel(InBytes, InInt64, InInt64, returns=Int64)
def count_line_ends(text, start, end):
    """The number of LF and CR in the documents; the number of paragraphs is at most that plus one a document."""
    count = 0
    for document in range(len(start)):
        for at in range(np.uint64(start[document]), np.uint64(end[document])):
            count += (text[at] == _LF) | (text[at] == _CR)
    return count


@kernel(InBytes, InInt64, InInt64, Bool, OutInt64, OutInt64, OutInt32, returns=Int64)
def find_paragraphs(text, start, end, join_lines, first, last, document):
    """Fills in the paragraphs of each document, trimmed, in text order; returns their number.

    Args:
        text: uint8[m], valid UTF-8 in each document.
        start, end: int64[d], the documents' texts.
        join_lines: true if a paragraph goes on to the next blank line, false if it ends with its line.
        first, last: int64[p], a paragraph's first byte in `text` and one past its last.
        document: int32[p], the document of each paragraph.
    """
    count = 0
    for number in range(len(start)):
        stop = end[number]
        at = start[number]
        inside = False
        while at < stop:
            line_end = _line_end(text, at, stop)
            begin = _trim_start(text, at, line_end)
            if begin == line_end:
                inside = False
            else:
                if not (inside and join_lines):
                    first[count] = begin
                    document[count] = number
                    count += 1
                    inside = True
                last[count - 1] = _trim_end(text, begin, line_end)
            at = _next_line(text, line_end, stop)
    return count
