"""Kernels that put sets in the order of a table, and take their prefixes."""

import numpy as np
from numba import types

from transforms.dedup.kernels.order import ORDER_BITS, drop_repeats, prefix_length
from transforms.kernels import (
    Float64,
    InBytes,
    InInt64,
    Int64,
    InUInt64,
    OutInt32,
    OutInt64,
    OutUInt32,
    OutUInt64,
    kernel,
)

_RANK_SHIFT = np.uint64(56)
_HASH_SHIFT = np.uint64(8)
_HASH_MASK = np.uint64((1 << 56) - 1)
_BUCKET_SHIFT = np.uint64(56 - ORDER_BITS)  # of the 56 bits of a hash that a token carries


@kernel(InUInt64, OutUInt32, returns=types.void)
def count_tokens(tokens, frequencies):
    """Adds the tokens of sets, whatever their ranks, to `frequencies`, uint32[2 ** ORDER_BITS]."""
    for token in tokens:
        frequencies[(token & _HASH_MASK) >> _BUCKET_SHIFT] += np.uint32(1)


@kernel(InUInt64, InInt64, InBytes, InBytes, OutUInt64, OutInt64, returns=Int64)
def rank_sets(shingles, offsets, wanted, order, tokens, bounds):
    """Fills `tokens` with the sets of the wanted paragraphs in the order of a table; returns their number.

    Args:
        shingles: uint64[s], repeats within a paragraph allowed.
        offsets: int64[p + 1], where each paragraph's shingles begin.
        wanted: uint8[p].
        order: uint8[2 ** ORDER_BITS], the order table.
        tokens: uint64[t]; t at least the number of the wanted paragraphs' shingles; rank << 56 | hash >> 8.
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
            digits = shingles[at] >> _HASH_SHIFT
            tokens[total] = (np.uint64(order[digits >> _BUCKET_SHIFT]) << _RANK_SHIFT) | digits
            total += 1
        tokens[begin:total].sort()
        total = drop_repeats(tokens, begin, total)
        row += 1
        bounds[row] = total
    return total


@kernel(InUInt64, InInt64, Float64, OutUInt64, OutInt32, returns=Int64)
def take_prefixes(tokens, bounds, threshold, prefixes, rows):
    """Fills `prefixes` and `rows` with the prefix tokens of ordered sets and the row of each; returns their number."""
    total = 0
    for row in range(len(bounds) - 1):
        size = bounds[row + 1] - bounds[row]
        if size == 0:
            continue
        for at in range(bounds[row], bounds[row] + prefix_length(size, threshold)):
            prefixes[total] = tokens[at]
            rows[total] = row
            total += 1
    return total
