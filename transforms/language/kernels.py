"""Kernels over the bytes of documents: choose the windows to read, count votes of words and surprise of letters."""

import numpy as np

from transforms.characters.kernels import is_passed_over
from transforms.kernels import (
    InBytes,
    InInt64,
    Int64,
    InUInt32,
    InUInt64,
    OutInt32,
    OutInt64,
    inline,
    kernel,
)

WINDOWS = 4  # places in which a long document is read
COLUMNS = 11  # languages that words can vote for
ARABIC, LATIN, OTHER = 0, 1, 2  # scripts: the columns of letter counts

# The letter table covers U+0600 to U+077F. An entry is 0, MARK, or LETTER with a bit for each language that writes it:
# bit 0 is Arabic; the bit after those of the alphabets is for words that no alphabet can write.
FIRST, LAST = 0x600, 0x77F
MARK, LETTER = np.uint32(1 << 30), np.uint32(1 << 31)

# The surprise table has a row of SCORED numbers of 32 bits for each code point of the letter table: how surprising the
# letter is in each language, -ln of its frequency, in thousandths of a nat. Two of them are added at once.
SCORED = 8

# The word table is open addressing: a hash and its languages stand in the slot that the hash's high bits name, or after
# it. Hash 0 is an empty slot.
SLOT_BITS, LONGEST_LISTED = 12, 6
HASH_SEED, HASH_MULTIPLIER = 1, 0x9E3779B97F4A7C15

_MARK, _NOTHING = 3, 4  # kinds of characters besides the scripts
_POINT_BITS = np.uint64(21)
_SEED, _MULTIPLIER = np.uint64(HASH_SEED), np.uint64(HASH_MULTIPLIER)
_SHIFT, _SLOT_MASK = np.uint64(64 - SLOT_BITS), np.uint64((1 << SLOT_BITS) - 1)
_FIRST, _LAST, _NONE, _EVERY, _BIT = (np.uint32(value) for value in (FIRST, LAST, 0, 0xFFFFFFFF, 1))
_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
_ZERO, _ONE, _TWO, _THREE, _FOUR = (np.uint64(value) for value in range(5))


def _head(word):
    """Returns the first three code points of a word as one number, in the way of `_count_words`."""
    return np.uint64(sum(ord(letter) << 21 * place for place, letter in enumerate(reversed(word))))


_AL, _LL, _WAL, _BAL = (_head(word) for word in ("ال", "لل", "وال", "بال"))


@inline
def _character_end(text, at, end):
    while at < end and text[at] & 0xC0 == 0x80:
        at += 1
    return at


@inline
def _token_start(text, at, end):
    """Returns the place after the first white space in `text[at:end]`; without any, that of the first character."""
    for place in range(at, end):
        if text[place] <= 0x20:
            return place + 1
    return _character_end(text, at, end)


@kernel(InBytes, InInt64, InInt64, Int64, OutInt64, OutInt64)
def sample(text, start, end, size, first, last):
    """Fills in the windows of each document that are to be read.

    A document of at most WINDOWS * size bytes is one window. From a longer one WINDOWS windows of that size are taken
    at equal distances, the first at its start, the last at its end; all but the first begin after white space.

    Args:
        text: uint8[m], valid UTF-8 in each document.
        start, end: int64[d], the documents.
        size: bytes in a window, at least the 4 of a character.
        first, last: int64[WINDOWS * d], written: each window's first byte and one past its last; a window may be empty.
    """
    for document in range(len(start)):
        begin, stop = start[document], end[document]
        for window in range(WINDOWS):
            at = document * WINDOWS + window
            if stop - begin <= WINDOWS * size:
                first[at] = begin if window == 0 else stop
                last[at] = stop
            else:
                place = begin + (stop - begin - size) * window // (WINDOWS - 1)
                first[at] = begin if window == 0 else _token_start(text, place, place + size)
                last[at] = _character_end(text, place + size, stop)


@inline
def _may_hold_address(text, at, end):
    """Returns false only if `text[at:end]` holds no address; without branches, so that it compiles to vector code."""
    found = False
    for place in range(at + _ONE, end):
        last, byte = text[place - _ONE], text[place]
        found |= (byte == 0x40) | ((last == 0x2F) & (byte == 0x2F)) | ((last | 0x20 == 0x77) & (byte | 0x20 == 0x77))
    return found or text[at] == 0x40


@inline
def _token_end(text, at, end):
    """Returns the end of the token at `at`: the next white space, control character or no-break space, or `end`."""
    while at < end and text[at] > 0x20 and not (text[at] == 0xC2 and at + _ONE < end and text[at + _ONE] == 0xA0):
        at += _ONE
    return at


@inline
def _is_address(text, at, end):
    """Returns true if `text[at:end]` has `@` or `://` or begins with `www.`: URLs, e-mail addresses, mentions."""
    for place in range(at, end):
        if text[place] == 0x40:
            return True
        if text[place] == 0x3A and place + _TWO < end and text[place + _ONE] == 0x2F and text[place + _TWO] == 0x2F:
            return True
    if end < at + _FOUR or text[at + _THREE] != 0x2E:
        return False
    return text[at] | 0x20 == 0x77 and text[at + _ONE] | 0x20 == 0x77 and text[at + _TWO] | 0x20 == 0x77


@inline
def _bits(byte, mask, shift):
    return (np.uint32(byte) & np.uint32(mask)) << np.uint32(shift)


@inline
def _decode(text, at, end):
    """Returns the code point at `at` and its length in bytes; a character that `end` cuts off is U+0000."""
    byte = text[at]
    if byte < 0x80:
        return np.uint32(byte), _ONE
    if byte < 0xE0 and at + _ONE < end:
        return _bits(byte, 0x1F, 6) | _bits(text[at + _ONE], 0x3F, 0), _TWO
    if byte < 0xF0 and at + _TWO < end:
        point = _bits(byte, 0x0F, 12) | _bits(text[at + _ONE], 0x3F, 6) | _bits(text[at + _TWO], 0x3F, 0)
        return point, _THREE
    if at + _THREE < end:
        low = _bits(text[at + _ONE], 0x3F, 12) | _bits(text[at + _TWO], 0x3F, 6) | _bits(text[at + _THREE], 0x3F, 0)
        return _bits(byte, 0x07, 18) | low, _FOUR
    return _NONE, _ONE


@inline
def _kind(point):
    """Returns ARABIC, LATIN or OTHER for a letter outside the letter table, by blocks; else _MARK or _NOTHING."""
    if 0x61 <= point | 0x20 <= 0x7A or 0xC0 <= point < 0x250 or 0x1E00 <= point < 0x1F00:
        return LATIN
    if is_passed_over(point):
        return _MARK
    if 0x8A0 <= point < 0x900 or 0xFB50 <= point < 0xFE00 or 0xFE70 <= point < 0xFEFF:
        return ARABIC
    if 0x370 <= point < 0x2000 or 0x3041 <= point < 0xD800 or 0x10000 <= point < 0x1D000 or 0x20000 <= point:
        return OTHER
    return _NOTHING


@inline
def _listed(hashes, listed, value):
    """Returns the languages, as bits, that the word of this hash is listed for."""
    slot = value >> _SHIFT
    while hashes[slot] != 0:
        if hashes[slot] == value:
            return listed[slot]
        slot = (slot + _ONE) & _SLOT_MASK
    return _NONE


@inline
def _has_article(head, length):
    """Returns true if a word begins with ال or لل and has at least 5 letters, or with وال or بال and at least 6."""
    if head >> _POINT_BITS in (_AL, _LL):
        return length >= 5
    return length >= 6 and head in (_WAL, _BAL)


@inline
def _languages(tables, kind, value, writers, head, length):
    """Returns the languages, as bits, that a word votes for: `docs/language.md`, "What a word votes for"."""
    _, _, every, hashes, listed = tables
    if length <= LONGEST_LISTED:
        languages = _listed(hashes, listed, value)
        if languages != 0:
            return languages
    if kind != ARABIC or writers & every == every:
        return _NONE
    if writers & _BIT and _has_article(head, length):
        return _BIT
    return writers & every if writers & every else every + _BIT


@inline
def _add_pair(surprise, pair, total):
    surprise[pair] += np.int32(total & _LOW)
    surprise[pair + 1] += np.int32(total >> _HALF)


@inline
def _count_words(text, at, end, tables, votes, letters, surprise):
    """Counts letters, votes and surprise in `text[at:end]`; a word is a run of letters of one script, without marks.

    A letter that repeats the one right before it is no surprise, since people write as many as they like: it counts as
    U+0600, which is no letter.
    """
    alphabets, pairs = tables[0], tables[1]
    first, second, third, fourth = _ZERO, _ZERO, _ZERO, _ZERO
    kind, value, writers, head, length = _NOTHING, _SEED, _EVERY, _ZERO, 0
    last = _NONE
    while at <= end:
        found, point, entry = _NOTHING, _NONE, _EVERY
        if at == end or text[at] < 0x41:
            last = _NONE
            at += _ONE
        elif 0xD8 <= text[at] <= 0xDD and at + _ONE < end:  # U+0600 to U+077F, the letter table
            point = _bits(text[at], 0x1F, 6) | _bits(text[at + _ONE], 0x3F, 0)
            entry = alphabets[point - _FIRST]
            found = ARABIC if entry & LETTER else (_MARK if entry & MARK else _NOTHING)
            row = _ZERO if point == last else np.uint64(point - _FIRST) * _FOUR
            first += pairs[row]
            second += pairs[row + _ONE]
            third += pairs[row + _TWO]
            fourth += pairs[row + _THREE]
            last = last if entry & MARK else point
            at += _TWO
        else:
            point, size = _decode(text, at, end)
            found = _kind(point)
            last = last if found == _MARK else _NONE
            at += size
        if found == _MARK:
            continue
        if found != kind:
            if length > 0:
                letters[kind] += np.int32(length)
                languages = _languages(tables, kind, value, writers, head, length)
                for column in range(COLUMNS):
                    votes[column] += np.int32((languages >> np.uint32(column)) & _BIT)
            kind, value, writers, head, length = found, _SEED, _EVERY, _ZERO, 0
        if found != _NOTHING:
            if length < 3:
                head = head << _POINT_BITS | np.uint64(point)
            length += 1
            writers &= entry
            value = (value ^ np.uint64(point | 0x20 if point < 0x80 else point)) * _MULTIPLIER
    _add_pair(surprise, 0, first)
    _add_pair(surprise, 2, second)
    _add_pair(surprise, 4, third)
    _add_pair(surprise, 6, fourth)


@kernel(InBytes, InInt64, InInt64, InUInt32, InUInt64, InUInt64, InUInt32, OutInt32, OutInt32, OutInt32)
def count_clues(text, first, last, alphabets, pairs, hashes, listed, votes, letters, surprise):
    """Counts letters, votes of words and surprise of letters in the windows of each document, addresses left out.

    Args:
        text: uint8[m].
        first, last: int64[WINDOWS * d], as `sample` fills them in.
        alphabets: uint32[384], the letter table.
        pairs: uint64[384 * SCORED / 2], the surprise table; the first number of a pair has the lower bits.
        hashes, listed: uint64[4096] and uint32[4096], the word table.
        votes: int32[d * COLUMNS], a row a document; counts are added.
        letters: int32[d * 3], a row a document, columns ARABIC, LATIN, OTHER; counts are added.
        surprise: int32[d * SCORED], a row a document; the surprise of its letters is added.
    """
    every = _NONE
    for entry in alphabets:
        every |= entry
    tables = (alphabets, pairs, every & ~(MARK | LETTER), hashes, listed)
    for window in range(len(first)):
        at, stop = np.uint64(first[window]), np.uint64(last[window])
        if at == stop:
            continue
        document = window // WINDOWS
        row, cells = votes[document * COLUMNS :][:COLUMNS], letters[document * 3 :][:3]
        sums = surprise[document * SCORED :][:SCORED]
        if not _may_hold_address(text, at, stop):
            _count_words(text, at, stop, tables, row, cells, sums)
            continue
        while at < stop:
            end = _token_end(text, at, stop)
            if not _is_address(text, at, end):
                _count_words(text, at, end, tables, row, cells, sums)
            at = end + (_TWO if end < stop and text[end] == 0xC2 else _ONE)
