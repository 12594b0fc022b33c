"""Kernels that copy paragraphs into columns, and count words."""

import numpy as np

from transforms.characters.kernels import white_at
from transforms.kernels import (
    InBytes,
    InInt64,
    Int64,
    InUInt64,
    OutBytes,
    OutInt64,
    OutUInt64,
    inline,
    kernel,
)
from transforms.signatures import copy

_BASIS, _PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)
_HALF, _ONE = np.uint64(32), np.uint64(1)


@kernel(InBytes, InInt64, InInt64, InInt64, Int64, OutBytes, OutInt64)
def join_paragraphs(text, start, end, first, breaks, out, offsets):
    """Fills `out` with the text of rows of paragraphs, line feeds between them.

    Args:
        text: uint8[m].
        start, end: int64[p], the paragraphs' bytes in `text`.
        first: int64[r + 1], where each row's paragraphs begin.
        breaks: line feeds between two paragraphs of a row.
        out: uint8[n]; n at least the paragraphs' bytes and the breaks between them.
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


@inline
def place_hash(table, hashed):
    """Puts a hash into a table that is not full; returns 1 if it was not there, else 0."""
    mask = np.uint64(len(table) - 1)
    place = (hashed ^ (hashed >> _HALF)) & mask
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


@kernel(InBytes, InInt64, Int64, OutUInt64, OutInt64, OutInt64, returns=Int64)
def count_words(text, bounds, begin, table, words, state):
    """Counts the words of texts from one on, and remembers the hash (FNV-1a) of each different one.

    Returns:
        The text in which the table became half full; it is to be counted again, with a larger one. Their number where
        all are counted.

    Args:
        text: uint8[m], UTF-8.
        bounds: int64[n + 1], where each text begins.
        begin: the first text to count.
        table: uint64[a power of two], 0 where it is free.
        words: int64[n], filled with the words of each text.
        state: int64[2], the words in the table, and the characters of the texts that are counted; both are added to.
    """
    for row in range(begin, len(bounds) - 1):
        at, end, found, letters = bounds[row], bounds[row + 1], 0, 0
        while at < end:
            white = white_at(text, at, end)
            if white:
                at, letters = at + white, letters + 1
                continue
            hashed = _BASIS
            while at < end and not white_at(text, at, end):
                letters += (text[at] & 0xC0) != 0x80
                hashed = (hashed ^ np.uint64(text[at])) * _PRIME
                at += 1
            found += 1
            state[0] += place_hash(table, hashed if hashed else _ONE)
            if 2 * state[0] > len(table):
                return row
        words[row] = found
        state[1] += letters
    return len(bounds) - 1
