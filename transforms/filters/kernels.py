"""Kernels of filters: lines and words hashed, and how much of a document repeats itself."""

import numpy as np

from transforms.characters.kernels import white_at
from transforms.kernels import (
    InBytes,
    InInt64,
    Int64,
    InUInt64,
    OutInt32,
    OutInt64,
    OutUInt64,
    inline,
    kernel,
)

_SEED = np.uint64(0x9E3779B97F4A7C15)
_MULTIPLIER = np.uint64(0xD6E8FEB86659FD93)
_HALF = np.uint64(32)
_ONE = np.uint64(1)
MOST = 10  # words of the longest n-gram
TOP = 4  # up to so many words the most frequent one counts, of longer ones all that come again


@inline
def _absorb(state, value):
    mixed = (state ^ value) * _MULTIPLIER
    return mixed ^ (mixed >> _HALF)


@inline
def _starts_character(byte):
    return (byte & np.uint8(0xC0)) != np.uint8(0x80)


@kernel(InBytes, InInt64, InInt64, OutUInt64, OutInt64)
def hash_pieces(text, first, last, hashes, sizes):
    """Fills in a hash of the bytes of each piece of a text, and its characters.

    Args:
        text: uint8[m], UTF-8.
        first, last: int64[p], the bounds of the pieces.
        hashes, sizes: uint64[p] and int64[p].
    """
    for piece in range(len(first)):
        state = _SEED
        size = 0
        for at in range(first[piece], last[piece]):
            state = _absorb(state, np.uint64(text[at]))
            size += _starts_character(text[at])
        hashes[piece] = state
        sizes[piece] = size


@kernel(InBytes, InInt64, InInt64, OutUInt64, OutInt64, OutInt64, returns=Int64)
def hash_words(text, start, end, hashes, sizes, first):
    """Fills in the words of documents, what white space parts: a hash, and the characters; returns their number.

    Args:
        text: uint8[m], valid UTF-8 in each document.
        start, end: int64[d], the documents' texts.
        hashes, sizes: uint64[w] and int64[w], w at least half of the bytes and one more a document.
        first: int64[d + 1], filled with where each document's words begin.
    """
    count = 0
    for document in range(len(start)):
        first[document] = count
        at = start[document]
        stop = end[document]
        inside = False
        state = _SEED
        size = 0
        while at < stop:
            white = white_at(text, at, stop)
            if white:
                if inside:
                    hashes[count] = state
                    sizes[count] = size
                    count += 1
                inside = False
                state = _SEED
                size = 0
                at += white
            else:
                inside = True
                state = _absorb(state, np.uint64(text[at]))
                size += _starts_character(text[at])
                at += 1
        if inside:
            hashes[count] = state
            sizes[count] = size
            count += 1
    first[len(start)] = count
    return count


@inline
def _slot(hashes, begin, at, slots, mask):
    """The slot of the first among `hashes[begin:at]` that equals the one at `at`, or the empty one where it belongs."""
    slot = (hashes[at] ^ (hashes[at] >> _HALF)) & mask
    while slots[slot] and hashes[begin + slots[slot] - 1] != hashes[at]:
        slot = (slot + _ONE) & mask
    return slot


@inline
def _cleared(slots, entries):
    """The mask of a table for so many entries, which is made empty."""
    size = 4
    while size < 2 * entries:
        size *= 2
    slots[:size] = 0
    return np.uint64(size - 1)


@kernel(InUInt64, InInt64, InInt64, OutInt32, OutInt64)
def count_repeats(hashes, sizes, first, slots, counts):
    """Fills in how many pieces of each document repeat an earlier one of it, and their characters.

    Args:
        hashes, sizes: uint64[p] and int64[p], the pieces.
        first: int64[d + 1], where each document's begin.
        slots: int32[s], scratch; s a power of two, at least 4 and twice the pieces of any document.
        counts: int64[2 d], filled with pieces and characters in turn.
    """
    for document in range(len(first) - 1):
        begin, end = first[document], first[document + 1]
        mask = _cleared(slots, end - begin)
        pieces = 0
        characters = 0
        for at in range(begin, end):
            slot = _slot(hashes, begin, at, slots, mask)
            if slots[slot]:
                pieces += 1
                characters += sizes[at]
            else:
                slots[slot] = at - begin + 1
        counts[2 * document] = pieces
        counts[2 * document + 1] = characters


@inline
def _covered(ends, at, width, covered):
    """The characters of `width` words from `at` on that are not before the word `covered`."""
    begin = max(at, covered)
    last = ends[at + width - 1]
    return last - (ends[begin - 1] if begin > 0 else 0)


@kernel(InUInt64, InInt64, InInt64, OutUInt64, OutInt32, OutInt32, OutInt64)
def cover_ngrams(hashes, ends, first, grams, slots, times, covers):
    """Fills in how many characters of each document stand in repeated n-grams of 2 to 10 words.

    Up to 4 words these are the occurrences of the n-gram that occurs most often, of several the longest one, then the
    first; none where it occurs once. Of more words they are all occurrences but the first of every n-gram. Characters
    in several of them count once.

    Args:
        hashes: uint64[w], the words.
        ends: int64[w], the characters of all words up to the end of each.
        first: int64[d + 1], where each document's begin.
        grams: uint64[w], scratch.
        slots: int32[s], scratch; s a power of two, at least 4 and twice the words of any document.
        times: int32[w], scratch.
        covers: int64[9 d], filled by document, then by words.
    """
    for document in range(len(first) - 1):
        begin, end = first[document], first[document + 1]
        for at in range(begin, end):
            grams[at] = _absorb(_SEED, hashes[at])  # else two words would be the same in either order
        for width in range(2, MOST + 1):
            stop = end - width + 1
            for at in range(begin, stop):
                grams[at] = _absorb(grams[at], hashes[at + width - 1])
            mask = _cleared(slots, max(stop - begin, 0))
            best = -1
            covered = 0
            total = 0
            for at in range(begin, stop):
                slot = _slot(grams, begin, at, slots, mask)
                if not slots[slot]:
                    slots[slot] = at - begin + 1
                    times[at] = 1
                    continue
                earlier = begin + slots[slot] - 1
                times[earlier] += 1
                if width > TOP:
                    total += _covered(ends, at, width, covered)
                    covered = at + width
            if width <= TOP:
                longest = 0
                for at in range(begin, stop):
                    slot = _slot(grams, begin, at, slots, mask)
                    if begin + slots[slot] - 1 != at or times[at] < 2:
                        continue
                    size = _covered(ends, at, width, 0)
                    if best < 0 or times[at] > times[best] or (times[at] == times[best] and size > longest):
                        best = at
                        longest = size
                for at in range(begin, stop if best >= 0 else begin):
                    if grams[at] == grams[best]:
                        total += _covered(ends, at, width, covered)
                        covered = at + width
            covers[document * (MOST - 1) + width - 2] = total
