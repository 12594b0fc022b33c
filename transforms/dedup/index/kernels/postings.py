"""Kernels that write a segment: sorted sets, their postings, and the filter of their tokens."""

import numpy as np
from numba import types

from transforms.dedup.kernels.similarity import drop_repeats, first_slot
from transforms.kernels import (
    InBytes,
    InInt32,
    InInt64,
    Int64,
    InUInt64,
    OutBytes,
    OutInt32,
    OutInt64,
    OutUInt32,
    OutUInt64,
    UInt64,
    inline,
    kernel,
)

KEY_MASK = np.uint64((1 << 32) - 1)
_FEW = 32  # entries that insertion sorts faster than anything else


@kernel(InUInt64, InInt64, InBytes, OutUInt64, OutInt64, returns=Int64)
def sort_sets(shingles, offsets, wanted, tokens, bounds):
    """Fills `tokens` with the sets of the wanted paragraphs, each sorted, without repeats; returns their number.

    Args:
        shingles: uint64[s], repeats within a paragraph allowed.
        offsets: int64[p + 1], where each paragraph's shingles begin.
        wanted: uint8[p].
        tokens: uint64[t]; t at least the number of the wanted paragraphs' shingles.
        bounds: int64[w + 1], filled with where each wanted paragraph's set begins.
    """
    total = 0
    row = 0
    bounds[0] = 0
    for paragraph in range(len(offsets) - 1):
        if not wanted[paragraph]:
            continue
        begin = total
        for at in range(offsets[paragraph], offsets[paragraph + 1]):
            tokens[total] = shingles[at]
            total += 1
        tokens[begin:total].sort()
        total = drop_repeats(tokens, begin, total)
        row += 1
        bounds[row] = total
    return total


@inline
def _sort_bucket(keys, rows, begin, end):
    """Sorts some postings by key, in place; equal ones stay in their order."""
    if end - begin > _FEW:
        order = np.argsort(keys[begin:end], kind="mergesort")
        keys[begin:end] = keys[begin:end][order]
        rows[begin:end] = rows[begin:end][order]
        return
    for at in range(begin + 1, end):
        key = keys[at]
        row = rows[at]
        to = at
        while to > begin and keys[to - 1] > key:
            keys[to] = keys[to - 1]
            rows[to] = rows[to - 1]
            to -= 1
        keys[to] = key
        rows[to] = row


@kernel(InUInt64, InInt64, InInt64, UInt64, OutInt64, OutUInt64, OutInt32, returns=types.void)
def spread_tokens(tokens, bounds, rows_by_size, shift, begins, spread, rows):
    """Fills `spread` and `rows` with the tokens of sets and their rows, by the first bits of the tokens.

    Args:
        tokens, bounds: sets.
        rows_by_size: int64[r], the rows by rising size, then by number; tokens with the same first bits come in this
            order.
        shift: 64 less the number of bits.
        begins: int64[2 ** bits + 1], scratch of zeros.
        spread, rows: uint64[t] and int32[t].
    """
    for token in tokens:
        begins[(token >> shift) + np.uint64(1)] += 1
    for bucket in range(1, len(begins)):
        begins[bucket] += begins[bucket - 1]
    for row in rows_by_size:
        for at in range(bounds[row], bounds[row + 1]):
            bucket = tokens[at] >> shift
            spread[begins[bucket]] = tokens[at]
            rows[begins[bucket]] = row
            begins[bucket] += 1


@kernel(InUInt64, InInt32, UInt64, OutInt32, OutUInt32, OutInt32, returns=types.void)
def sort_postings(spread, spread_rows, shift, begins, keys, rows):
    """Fills the postings: every token's bucket, which its first bits name, its key, which is its last 32, and its row.

    Within a bucket postings are sorted by key, then by the size of the row's set. Tokens of one bucket with the same
    key pass for the same, which makes more candidates and loses none.

    Args:
        spread, spread_rows: see `spread_tokens`: as it is nearly sorted, this stays in the cache.
        shift: 64 less the base-2 logarithm of the number of buckets.
        begins: int32[buckets + 1] of zeros, filled with where each bucket begins.
        keys, rows: uint32[t] and int32[t].
    """
    for token in spread:
        begins[(token >> shift) + np.uint64(1)] += np.int32(1)
    for bucket in range(1, len(begins)):
        begins[bucket] += begins[bucket - 1]
    for at in range(len(spread)):
        bucket = spread[at] >> shift
        keys[begins[bucket]] = np.uint32(spread[at] & KEY_MASK)
        rows[begins[bucket]] = spread_rows[at]
        begins[bucket] += np.int32(1)
    for bucket in range(len(begins) - 1, 0, -1):
        begins[bucket] = begins[bucket - 1]
    begins[0] = 0
    for bucket in range(len(begins) - 1):
        _sort_bucket(keys, rows, begins[bucket], begins[bucket + 1])


@kernel(InUInt64, UInt64, OutBytes, returns=types.void)
def fill_filter(tokens, shift, bits):
    """Sets a bit for each token in `bits`, uint8[2 ** (61 - shift)]."""
    for token in tokens:
        place = first_slot(token, shift)
        bits[place >> 3] |= np.uint8(1) << np.uint8(place & 7)
