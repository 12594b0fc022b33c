"""Kernels that copy paragraphs into columns, and count words."""

import numpy as np

from transforms.characters.kernels import white_at
from transforms.dedup.index.kernels.postings import ones_in
from transforms.kernels import (
    InBytes,
    InInt64,
    Int64,
    InUInt64,
    OutBytes,
    OutInt64,
    OutUInt64,
    always_inline,
    kernel,
)
from transforms.signatures import copy, prefetch

_BASIS, _PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x9E3779B97F4A7C15)
_HALF, _MIX, _ONE, _ALL = np.uint64(32), np.uint64(29), np.uint64(1), np.uint64(2**64 - 1)
_TOGETHER = 256  # hashes
_ZERO, _BYTE, _WORD = np.uint64(0), np.uint64(8), np.uint64(64)
_HIGHEST, _LOWEST = np.uint64(0x8080808080808080), np.uint64(0x0101010101010101)


@kernel(InBytes, InInt64, InInt64, InInt64, Int64, OutBytes, OutInt64)
def join_paragraphs(text, start, end, first, breaks, out, offsets):
    """Fills `out` with the text of rows of paragraphs, line feeds between them.

    Args:
        text: uint8[m].
        start, end: int64[p], the paragraphs' bytes in `text`.
        first: int64[r + 1], where each row's paragraphs begin.
        breaks: line feeds between two paragraphs of a row.
        out: uint8[n]; n at least the paragraphs' bytes and the breaks between them. It may begin where `text` does, if
            no paragraph moves to a later place.
        offsets: int64[r + 1], filled with where each row's text begins in `out`.
    """
    to = 0
    for row in range(len(first) - 1):
        offsets[row] = to
        for paragraph in range(first[row], first[row + 1]):
            if paragraph > first[row]:
                for _ in range(breaks):
                    out[to] = 10
                    to += 1
            copy(out, to, text, start[paragraph], end[paragraph])
            to += end[paragraph] - start[paragraph]
    offsets[len(first) - 1] = to


@always_inline
def first_place(table, hashed):
    """The place of a table at which a hash is looked for first."""
    return (hashed ^ (hashed >> _HALF)) & np.uint64(len(table) - 1)


@always_inline
def place_hash(table, hashed):
    """Puts a hash into a table that is not full; returns 1 if it was not there, else 0."""
    mask = np.uint64(len(table) - 1)
    place = first_place(table, hashed)
    while table[place] != 0:
        if table[place] == hashed:
            return 0
        place = (place + _ONE) & mask
    table[place] = hashed
    return 1


@kernel(InUInt64, OutUInt64)
def place_hashes(hashes, table):
    """Puts hashes, none of them 0, into a table that has room for all.

    Args:
        hashes: uint64[n].
        table: uint64[a power of two], 0 where it is free.
    """
    for at in range(len(hashes)):
        place_hash(table, hashes[at])


@always_inline
def _load(text, at):
    """Eight bytes as one number, the first of them lowest; those past the end are 0."""
    first, number = np.uint64(at), np.uint64(0)
    if at + 8 <= len(text):
        for each in range(_ZERO, _BYTE):
            number |= np.uint64(text[first + each]) << (_BYTE * each)
    else:
        for each in range(_ZERO, np.uint64(max(len(text) - at, 0))):
            number |= np.uint64(text[first + each]) << (_BYTE * each)
    return number


@always_inline
def _may_end(number):
    """The highest bits of the bytes that white space may begin with; those after the first may be others."""
    low = (number - _LOWEST * np.uint64(0x21)) & ~number
    latin = number ^ (_LOWEST * np.uint64(0xC2))  # a no-break space, a next line
    wide = (number & (_LOWEST * np.uint64(0xFC))) ^ (_LOWEST * np.uint64(0xE0))  # all others
    return (low | ((latin - _LOWEST) & ~latin) | ((wide - _LOWEST) & ~wide)) & _HIGHEST


@always_inline
def _bits_before(ends):
    """The bits of the bytes before the first that is marked; 64 where none is."""
    return np.uint64(ones_in((ends & (~ends + _ONE)) - _ONE)) & ~np.uint64(7)


@always_inline
def _first_bits(number, bits):
    """The lowest bits of a number, none to all."""
    return number & (_ALL >> (_WORD - bits)) if bits else _ZERO


@always_inline
def _mixed(hashed, number):
    """A hash with eight bytes added to it; its halves are added up where it is placed."""
    hashed = (hashed ^ number) * _PRIME
    return hashed ^ (hashed >> _MIX)


@always_inline
def _inner_bytes(number):
    """The highest bits of the bytes that begin no character."""
    return number & ~(number << _ONE) & _HIGHEST


@always_inline
def _white_at(text, at, end):
    """As `white_at`, which is asked where it is not a space, nor a letter of most scripts."""
    if at >= end:
        return 0
    first = text[np.uint64(at)]
    if first == 0x20:
        return 1
    return white_at(text, at, end) if first < 0x20 or first == 0xC2 or 0xE1 <= first <= 0xE3 else 0


@always_inline
def _remember(hashes, count, recent, table, state):
    """Puts the first of `hashes` into the table; returns False as soon as it is half full.

    Most are among the last ones of all. No guess at which is made, and the others' places are on their way together.
    """
    others = 0
    for at in range(_ZERO, np.uint64(count)):
        hashed = hashes[at]
        place = (hashed >> _HALF) & np.uint64(len(recent) - 1)
        hashes[np.uint64(others)] = hashed
        others += np.int64(recent[place] != hashed)
        recent[place] = hashed
    for at in range(others):
        prefetch(table, first_place(table, hashes[at]))
    for at in range(others):
        state[0] += place_hash(table, hashes[at])
        if 2 * state[0] > len(table):
            recent[:] = 0  # of those that are not in the table yet, too
            return False
    return True


@kernel(InBytes, InInt64, Int64, OutUInt64, OutUInt64, OutInt64, OutInt64, returns=Int64)
def count_words(text, bounds, begin, recent, table, words, state):
    """Counts the words of texts from one on, and remembers a hash of each different one.

    A word is taken in up to sixteen bytes at a time, which end where white space may begin: what is added to its hash
    depends on its bytes only.

    Returns:
        The text in which the table became half full; it is to be counted again, with a larger one. Their number where
        all are counted.

    Args:
        text: uint8[m], UTF-8.
        bounds: int64[n + 1], where each text begins.
        begin: the first text to count.
        recent: uint64[a power of two], hashes that are in the table, or 0.
        table: uint64[a power of two], 0 where it is free.
        words: int64[n], filled with the words of each text.
        state: int64[2], the words in the table, and the characters of the texts that are counted; both are added to.
    """
    hashes = np.empty(_TOGETHER, np.uint64)
    for row in range(begin, len(bounds) - 1):
        at, end, found, letters, waiting = bounds[row], bounds[row + 1], 0, 0, 0
        while at < end:
            white = _white_at(text, at, end)
            if white:
                at, letters = at + white, letters + 1
                continue
            hashed, white = _BASIS, 0
            while at < end and not white:
                one, two = _load(text, at), _load(text, at + 8)
                bits, more = _bits_before(_may_end(one)), _bits_before(_may_end(two))
                bits = min(bits + (more if bits == _WORD else _ZERO), np.uint64(8 * min(end - at, 16)))
                bits = max(bits, _BYTE)  # the first byte ends nothing
                one, two = _first_bits(one, min(bits, _WORD)), _first_bits(two, max(bits, _WORD) - _WORD)
                hashed = _mixed(_mixed(hashed, one), two)
                size = np.int64(bits >> np.uint64(3))
                letters += size - ones_in(_inner_bytes(one)) - ones_in(_inner_bytes(two))
                at += size
                white = _white_at(text, at, end)
            at, letters = at + white, letters + (white > 0)
            found += 1
            hashes[waiting] = hashed if hashed else _ONE
            waiting += 1
            if waiting == len(hashes):
                if not _remember(hashes, waiting, recent, table, state):
                    return row
                waiting = 0
        if not _remember(hashes, waiting, recent, table, state):
            return row
        words[row] = found
        state[1] += letters
    return len(bounds) - 1
