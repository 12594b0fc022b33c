"""Kernels that find the paragraphs that can have a near-duplicate at all, and put their sets in order."""

import numpy as np

from transforms.dedup.folding.kernels import absorb
from transforms.dedup.kernels import ORDER_BITS, SEED_SHINGLE, drop_repeats, prefix_length, sort
from transforms.kernels import (
    Float64,
    InBytes,
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

_ORDER_SHIFT = np.uint64(64 - ORDER_BITS)
_RANK_SHIFT = np.uint64(56)
_HASH_SHIFT = np.uint64(8)
_SHORT = 256  # tokens in a set that is sorted by comparing all with all


@inline
def occurrences(counters, shift, shingle):
    """The two-bit counter of a shingle: 0, 1, or 2 for two and more."""
    index = shingle >> shift
    return (counters[index >> np.uint64(2)] >> ((index & np.uint64(3)) * np.uint64(2))) & np.uint8(3)


@kernel(InUInt64, InUInt64, InBytes, OutInt32, OutInt64, returns=Int64)
def find_firsts(high, low, compared, table, first):
    """Fills `first` with the first row of the same 128-bit hash, for each row; returns how many have an earlier one.

    Args:
        high, low: uint64[p], the hashes' halves.
        compared: uint8[p]; where it is 0 the row is its own first.
        table: int32[2 ** k], scratch filled with -1, more than p: rows by hash, open addressing.
        first: int64[p].
    """
    mask = np.uint64(len(table) - 1)
    repeated = 0
    for row in range(len(high)):
        first[row] = row
        if not compared[row]:
            continue
        home = np.int64(high[row] & mask)
        while table[home] >= 0 and not (high[table[home]] == high[row] and low[table[home]] == low[row]):
            home = np.int64(np.uint64(home + 1) & mask)
        if table[home] < 0:
            table[home] = row
        else:
            first[row] = table[home]
            repeated += 1
    return repeated


@kernel(InUInt64, InInt64, InBytes, UInt64, OutBytes)
def count_occurrences(shingles, offsets, counted, shift, counters):
    """Counts the shingles of some paragraphs into two-bit counters that stop at 2.

    Args:
        shingles: uint64[s].
        offsets: int64[p + 1].
        counted: uint8[p], 1 for the paragraphs whose shingles are counted.
        shift: 64 less the base-2 logarithm of the number of counters.
        counters: uint8[c], four counters a byte.
    """
    for paragraph in range(len(offsets) - 1):
        if not counted[paragraph]:
            continue
        for at in range(np.uint64(offsets[paragraph]), np.uint64(offsets[paragraph + 1])):
            index = shingles[at] >> shift
            byte = index >> np.uint64(2)
            place = np.uint8((index & np.uint64(3)) * np.uint64(2))
            count = counters[byte]
            # No branch: whether a counter is full cannot be foretold.
            counters[byte] = count + (np.uint8(((count >> place) & np.uint8(3)) < 2) << place)


@kernel(OutBytes, InBytes)
def add_occurrences(counters, others):
    """Adds two-bit counters to others, each up to 2."""
    odd = np.uint8(0x55)
    for byte in range(len(counters)):
        one, other = counters[byte], others[byte]
        any_ = one | other
        full = ((any_ >> np.uint8(1)) | (one & other)) & odd
        counters[byte] = (full << np.uint8(1)) | (any_ & odd & ~full)


@kernel(InUInt64, InInt64, InBytes, InBytes, UInt64, Float64, OutBytes, returns=Int64)
def select_contenders(shingles, offsets, counted, counters, shift, threshold, contender):
    """Marks the paragraphs that may have a partner with other shingles; returns the number of their shingles.

    Order a set so that shingles which occur once in the whole input come first: where they fill the prefix, no other
    set shares a token of the prefix, and the paragraph is neither a duplicate nor repeated. Repeats within a paragraph
    only make the prefix longer and the counters higher, so none is passed over wrongly.

    Args:
        shingles: uint64[s], repeats within a paragraph allowed.
        offsets: int64[p + 1].
        counted: uint8[p]; what is not counted is no contender.
        counters: uint8[c], see `count_occurrences`.
        shift: as there.
        threshold: the least Jaccard similarity of a duplicate.
        contender: uint8[p], filled with 1 for a paragraph that may have a partner.
    """
    total = 0
    for paragraph in range(len(offsets) - 1):
        size = offsets[paragraph + 1] - offsets[paragraph]
        contender[paragraph] = 0
        if size == 0 or not counted[paragraph]:
            continue
        wanted = prefix_length(size, threshold)
        alone = size
        for at in range(np.uint64(offsets[paragraph]), np.uint64(offsets[paragraph + 1])):
            alone -= np.int64(occurrences(counters, shift, shingles[at]) >> np.uint8(1))
        if alone < wanted:
            contender[paragraph] = 1
            total += size
    return total


@kernel(InUInt64, InInt64, InBytes, OutUInt32)
def count_frequencies(shingles, offsets, contender, frequencies):
    """Adds the shingles of the contenders to `frequencies`, uint32[2 ** ORDER_BITS], by their hash's first bits."""
    for paragraph in range(len(offsets) - 1):
        if contender[paragraph]:
            for at in range(offsets[paragraph], offsets[paragraph + 1]):
                frequencies[shingles[at] >> _ORDER_SHIFT] += np.uint32(1)


@inline
def _sort_short(tokens, begin, end, scratch):
    """Sorts tokens by counting, for each, those before it: n * n comparisons, eight at a time, and none is a branch."""
    first, stop = np.uint64(begin), np.uint64(end)
    for at in range(first, stop):
        token = tokens[at]
        rank = np.uint64(0)
        for other in range(first, at):
            rank += np.uint64(tokens[other] <= token)
        for other in range(at + np.uint64(1), stop):
            rank += np.uint64(tokens[other] < token)
        scratch[rank] = token
    for at in range(first, stop):
        tokens[at] = scratch[at - first]


@kernel(InUInt64, InInt64, InBytes, InBytes, InBytes, UInt64, OutUInt64, OutInt64, OutInt64, OutUInt64, returns=Int64)
def order_sets(shingles, offsets, contender, order, counters, shift, tokens, bounds, alone, identities):
    """Fills `tokens` with the contenders' sets, each by rising frequency, ties by hash; returns their number.

    token = rank << 56 | hash >> 8, where rank is 0 for a shingle that occurs once in the whole input.

    Args:
        shingles: uint64[s].
        offsets: int64[p + 1].
        contender: uint8[p]; 0 for a paragraph without shingles.
        order: uint8[2 ** ORDER_BITS], the order table.
        counters: uint8[c], see `count_occurrences`.
        shift: as there.
        tokens: uint64[t]; t at least the number of the contenders' shingles.
        bounds: int64[c + 1], filled with where each contender's set begins.
        alone: int64[c], filled with the number of tokens at the head of each set that occur once.
        identities: uint64[c], filled with a hash of each set.
    """
    total = 0
    sets = 0
    bounds[0] = 0
    scratch = np.empty(_SHORT, np.uint64)
    for paragraph in range(len(offsets) - 1):
        if not contender[paragraph]:
            continue
        begin = total
        single = 0
        for at in range(offsets[paragraph], offsets[paragraph + 1]):
            shingle = shingles[at]
            rank = np.uint64(0)
            if occurrences(counters, shift, shingle) < 2:
                single += 1
            else:
                rank = max(np.uint64(order[shingle >> _ORDER_SHIFT]), np.uint64(1))
            tokens[total] = (rank << _RANK_SHIFT) | (shingle >> _HASH_SHIFT)
            total += 1
        if total - begin <= len(scratch):
            _sort_short(tokens, begin, total, scratch)
        else:
            sort(tokens, begin, total)
        total = drop_repeats(tokens, begin, total)
        identity = SEED_SHINGLE
        for at in range(begin, total):
            identity = absorb(identity, tokens[at])
        identities[sets] = identity
        alone[sets] = single
        sets += 1
        bounds[sets] = total
    return total
