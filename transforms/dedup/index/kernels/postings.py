"""Kernels that build the postings of a segment, look at them, and turn them into sets again.

Numbers are packed: each takes as many bits as the largest may need, in words of 64 bits, low bits first.
"""

import numpy as np

from transforms.dedup.kernels import GAPS
from transforms.kernels import (
    Bool,
    InInt32,
    InInt64,
    Int64,
    InUInt64,
    OutInt32,
    OutInt64,
    OutUInt64,
    UInt64,
    inline,
    kernel,
)

_ALL = np.uint64(2**64 - 1)
_ONE, _SIX, _WORD, _IN_WORD = np.uint64(1), np.uint64(6), np.uint64(64), np.uint64(63)
_HALF, _ZERO = np.uint64(32), np.uint64(0)


@inline
def packed(words, width, at):
    """The number at a place among packed ones of `width` bits, 1 to 64."""
    bit = np.uint64(at) * width
    word, shift = bit >> _SIX, bit & _IN_WORD
    value = words[word] >> shift
    if shift + width > _WORD:
        value |= words[word + _ONE] << (_WORD - shift)
    return value & (_ALL >> (_WORD - width))


@inline
def pack(words, width, at, value):
    """Puts a number among packed ones, where nothing but 0 stood."""
    bit = np.uint64(at) * width
    word, shift = bit >> _SIX, bit & _IN_WORD
    words[word] |= value << shift
    if shift + width > _WORD:
        words[word + _ONE] |= value >> (_WORD - shift)


@inline
def ones_in(bits):
    """The number of bits that are set, of 64 (Warren, Hacker's Delight, 5-1)."""
    bits = bits - ((bits >> _ONE) & np.uint64(0x5555555555555555))
    bits = (bits & np.uint64(0x3333333333333333)) + ((bits >> np.uint64(2)) & np.uint64(0x3333333333333333))
    bits = (bits + (bits >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((bits * np.uint64(0x0101010101010101)) >> np.uint64(56))


@inline
def find_one(words, begin, number):
    """The place of a set bit: of those from `begin` on, the one of that number, which is there."""
    word = begin >> 6
    bits = words[word] & (_ALL << np.uint64(begin & 63))
    ones = ones_in(bits)
    while ones <= number:
        number -= ones
        word += 1
        bits = words[word]
        ones = ones_in(bits)
    for _ in range(number):
        bits &= bits - _ONE
    return (word << 6) + ones_in((bits & (~bits + _ONE)) - _ONE)


@inline
def filter_bit(token, bits):
    """The bit of a token in a filter of so many: its first half is a fraction of them."""
    return ((token >> _HALF) * bits) >> _HALF


@kernel(InUInt64, UInt64, OutInt64)
def count_parts(tokens, shift, counts):
    """Adds how many of the tokens have each value of their first bits, those above `shift`, to `counts`, int64[]."""
    for token in tokens:
        counts[token >> shift] += 1


@kernel(InUInt64, InInt64, InInt64, InInt32, UInt64, OutInt64, OutUInt64, OutInt32)
def spread_tokens(tokens, bounds, order, ranks_of, shift, ends, spread, ranks):
    """Puts the tokens of some sets and their ranks into `spread` and `ranks`, by the first bits of the tokens.

    Args:
        tokens, bounds: the sets.
        order: int64[r], the rows by rank; tokens with the same first bits come in this order.
        ranks_of: int32[r], the rank of each row.
        shift: 64 less the number of bits.
        ends: int64[2 ** bits], where tokens of each value of the bits go next.
        spread, ranks: uint64[t] and int32[t].
    """
    for row in order:
        rank = ranks_of[row]
        for at in range(np.uint64(bounds[row]), np.uint64(bounds[row + 1])):
            part = tokens[at] >> shift
            to = np.uint64(ends[part])
            spread[to] = tokens[at]
            ranks[to] = rank
            ends[part] += 1


@kernel(
    InInt32, InInt32, InUInt64, UInt64, InUInt64, UInt64, InUInt64, InInt32, UInt64, UInt64, Int64, OutUInt64, OutInt32,
    returns=Int64,
)  # fmt: skip
def gather_tokens(begins, starts, rests, shift, firsts, width, rows, new_rank, least, most, at, spread, ranks):
    """Adds the postings of the tokens from `least` to `most` to `spread` and `ranks`, at `at`; returns their end.

    Args:
        begins, starts, rests, shift, firsts, width, rows: see `add_part`.
        new_rank: int32[r], the rank that takes the place of each; those of -1 are left out.
        least, most, at: where to begin and end, and where to write to.
        spread, ranks: uint64[] and int32[].
    """
    for bucket in range(np.int64(least >> shift), np.int64(most >> shift) + 1):
        distinct = np.int64(begins[bucket]) - 1
        token = np.uint64(0)
        for posting in range(starts[bucket], starts[bucket + 1]):
            if firsts[posting >> 6] >> np.uint64(posting & 63) & _ONE:
                distinct += 1
                token = np.uint64(bucket) << shift | packed(rests, shift, distinct)
            rank = new_rank[np.int64(packed(rows, width, posting))]
            if rank >= 0 and least <= token <= most:
                spread[at] = token
                ranks[at] = rank
                at += 1
    return at


@inline
def _sort_group(tokens, owners, first, last):
    """Sorts tokens with their owners, by token, then by owner, as `sort` sorts numbers."""
    for gap in GAPS:
        for at in range(first + gap, last):
            token, owner, to = tokens[at], owners[at], at
            while to >= first + gap:
                below, lower = tokens[to - gap], owners[to - gap]
                if below < token or (below == token and lower <= owner):
                    break
                tokens[to], owners[to] = below, lower
                to -= gap
            tokens[to], owners[to] = token, owner


@inline
def _sort_part(spread, ranks, shift, places, tokens, owners):
    """Fills `tokens` and `owners` with a part of what is spread, sorted by token, then by rank.

    By their next bits, of which there are about as many values as tokens; then by comparing those that have the same.
    """
    mask = np.uint64(len(places) - 2)
    places[:] = 0
    for token in spread:
        places[((token >> shift) & mask) + _ONE] += 1
    for place in range(1, len(places)):
        places[place] += places[place - 1]
    for at in range(_ZERO, np.uint64(len(spread))):
        place = (spread[at] >> shift) & mask
        to = np.uint64(places[place])
        tokens[to] = spread[at]
        owners[to] = ranks[at]
        places[place] += 1
    first = np.int64(0)
    for place in range(len(places) - 1):
        last = places[place]
        _sort_group(tokens, owners, first, last)
        first = last


@kernel(
    InUInt64, InInt32, UInt64, OutInt64, OutUInt64, OutInt32, Int64, Int64, UInt64, UInt64,
    OutInt32, OutInt32, OutUInt64, OutUInt64, OutUInt64,
    returns=Int64,
)  # fmt: skip
def add_part(
    spread, ranks, fine_shift, places, tokens, owners, begin, distinct, shift, width,
    begins, starts, rests, firsts, rows,
):  # fmt: skip
    """Adds the postings of some tokens, all after those that are there; returns the number of different tokens.

    Args:
        spread, ranks: uint64[t] and int32[t], the tokens and the ranks of their rows, in any order.
        fine_shift: the shift to the bits by which they are sorted first.
        places: int64[2 ** bits + 1], scratch.
        tokens, owners: uint64[t] and int32[t] at least, scratch.
        begin, distinct: how many postings and different tokens are there.
        shift: 64 less the base-2 logarithm of the number of buckets.
        width: the bits of a row's rank.
        begins, starts: int32[buckets + 1], zeros at first; 1 + a bucket's number is where its tokens and postings are
            counted. Summed up in the end, they are where those of each bucket begin.
        rests: uint64[], zeros at first; `shift` bits a different token, packed: what its bucket does not say, rising.
        firsts: uint64[], zeros at first; a bit a posting, which is set for the first of each token.
        rows: uint64[], zeros at first; `width` bits a posting, packed: its row's rank, rising for each token.
    """
    _sort_part(spread, ranks, fine_shift, places, tokens, owners)
    mask = (_ONE << shift) - _ONE
    for at in range(len(spread)):
        token = tokens[at]
        bucket = np.int64(token >> shift)
        if at == 0 or token != tokens[at - 1]:
            pack(rests, shift, distinct, token & mask)
            firsts[(begin + at) >> 6] |= _ONE << np.uint64((begin + at) & 63)
            begins[bucket + 1] += np.int32(1)
            distinct += 1
        starts[bucket + 1] += np.int32(1)
        pack(rows, width, begin + at, np.uint64(owners[at]))
    return distinct


@kernel(InInt32, InUInt64, UInt64, OutUInt64)
def fill_filter(begins, rests, shift, bits):
    """Sets a bit for each token in `bits`, uint64[] of zeros, see `filter_bit`; the rest see `add_part`."""
    count = np.uint64(64 * len(bits))
    for bucket in range(len(begins) - 1):
        for at in range(begins[bucket], begins[bucket + 1]):
            place = filter_bit(np.uint64(bucket) << shift | packed(rests, shift, at), count)
            bits[place >> _SIX] |= _ONE << (place & _IN_WORD)


@inline
def _ones_between(words, begin, end):
    """The number of set bits from `begin` to before `end`."""
    ones = 0
    while begin < end:
        stop = min(end, (begin | 63) + 1)
        bits = words[begin >> 6] >> np.uint64(begin & 63)
        ones += ones_in(bits & (_ALL >> np.uint64(64 - (stop - begin))))
        begin = stop
    return ones


@kernel(InInt32, InInt32, InUInt64, UInt64, InUInt64, Int64, returns=Bool)
def lead_nowhere(begins, starts, firsts, width, rows, count):
    """True for postings that lead outside of themselves, or to a rank of `count` or more; see `add_part`.

    Sizes are known to fit: `begins` and `starts` rise from 0 to the numbers of tokens and of postings.
    """
    for bucket in range(len(begins) - 1):
        start, end = np.int64(starts[bucket]), np.int64(starts[bucket + 1])
        if start < end and not (firsts[start >> 6] >> np.uint64(start & 63)) & _ONE:
            return True
        if _ones_between(firsts, start, end) != begins[bucket + 1] - begins[bucket]:
            return True
    largest = np.uint64(0)
    for posting in range(starts[len(starts) - 1]):
        largest = max(largest, packed(rows, width, posting))
    return np.int64(largest) >= max(count, 1)


@kernel(
    InInt32, InInt32, InUInt64, UInt64, InUInt64, UInt64, InUInt64, InInt32, InInt64, UInt64,
    OutInt64, OutUInt64, OutInt32, OutInt64, OutUInt64,
    returns=Bool,
)  # fmt: skip
def restore_sets(
    begins, starts, rests, shift, firsts, width, rows, order, bounds, apart, places, spread, owners, ends, tokens,
):  # fmt: skip
    """Fills `tokens` with the sets that postings were built from; False if they do not fit their rows.

    Tokens are spread by the ranks of their rows first, and then put into these: few rows at a time stay in the cache.

    Args:
        begins, starts, rests, shift, firsts, width, rows: see `add_part`.
        order: int32[r], the row of each rank.
        bounds: int64[r + 1], where the set of each row begins.
        apart: ranks go together whose bits from this one on are the same.
        places: int64[k], where the tokens of such ranks begin in `spread`; counted up to their ends.
        spread, owners: uint64[t] and int32[t], scratch: tokens and their rows.
        ends: int64[r], the beginnings of the sets again; counted up to their ends.
        tokens: uint64[t].
    """
    distinct = np.int64(-1)
    for bucket in range(len(begins) - 1):
        for posting in range(np.int64(starts[bucket]), np.int64(starts[bucket + 1])):
            distinct += np.int64(firsts[posting >> 6] >> np.uint64(posting & 63) & _ONE)
            rank = packed(rows, width, posting)
            place = places[rank >> apart]
            if place == len(spread):
                return False
            spread[place] = np.uint64(bucket) << shift | packed(rests, shift, distinct)
            owners[place] = order[rank]
            places[rank >> apart] = place + 1
    for at in range(len(spread)):
        row = owners[at]
        if ends[row] == bounds[row + 1]:
            return False
        tokens[ends[row]] = spread[at]
        ends[row] += 1
    return True
