"""Kernels that find the paragraphs that can have a near-duplicate at all, and put their sets in order."""

import numpy as np

from transforms.dedup.folding.kernels import absorb
from transforms.dedup.kernels import SEED_SHINGLE, drop_repeats, prefix_length, sort
from transforms.kernels import (
    Float64,
    InBytes,
    InInt64,
    Int64,
    InUInt32,
    InUInt64,
    OutBytes,
    OutInt32,
    OutInt64,
    OutUInt32,
    OutUInt64,
    UInt64,
    always_inline,
    kernel,
)

_RANK_SHIFT = np.uint64(56)
_HASH_SHIFT = np.uint64(8)
_HASH = np.uint64((1 << 56) - 1)
_SHORT = 20  # tokens in a set that is sorted by comparing all with all
_LONG = 512  # tokens in a set beyond which buckets hold too many
# Buckets of rising tokens. Of some ranks there are many tokens: once, twice, three and four times, and what shares a
# place in the order table or a counter with those; they have 32 buckets each, four other ranks share one.
_OFTEN = [0, 1, 16, 25, 32]
_WIDTHS = np.full(256, 1 / 4)
_WIDTHS[_OFTEN] = 32
_FIRST_BUCKET = np.floor(np.cumsum(_WIDTHS) - _WIDTHS).astype(np.uint64)
_BUCKET_SHIFT = np.full(256, 56, np.uint64)
_BUCKET_SHIFT[_OFTEN] = 51
_BUCKETS = int(_FIRST_BUCKET[-1]) + 1


@always_inline
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


@kernel(InUInt64, InInt64, InBytes, UInt64, OutUInt32)
def count_frequencies(shingles, offsets, contender, shift, frequencies):
    """Adds the shingles of the contenders to `frequencies`, uint32[2 ** k], by the first k = 64 - `shift` bits."""
    for paragraph in range(len(offsets) - 1):
        if contender[paragraph]:
            for at in range(np.uint64(offsets[paragraph]), np.uint64(offsets[paragraph + 1])):
                frequencies[shingles[at] >> shift] += np.uint32(1)


@kernel(InUInt32, InBytes, OutBytes)
def rank_frequencies(frequencies, ranks, order):
    """Fills `order` with the rank of each frequency; those from the last of `ranks` on have the same."""
    last = np.uint32(len(ranks) - 1)
    for at in range(np.uint64(len(frequencies))):
        order[at] = ranks[min(frequencies[at], last)]


@always_inline
def _sort_short(tokens, begin, end, scratch):
    """Sorts tokens by counting, for each, those before it: n * n comparisons, several at a time, and no branch."""
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


@always_inline
def _bucket(token):
    """The bucket of a token, below `_BUCKETS`."""
    rank = token >> _RANK_SHIFT
    return _FIRST_BUCKET[rank] + ((token & _HASH) >> _BUCKET_SHIFT[rank])


@always_inline
def _sort_by_buckets(tokens, begin, end, scratch, ends):
    """Sorts tokens by placing them by bucket, then by insertion: few are far from their place."""
    for bucket in range(np.uint64(_BUCKETS + 1)):
        ends[bucket] = 0
    for at in range(begin, end):
        ends[_bucket(tokens[at]) + np.uint64(1)] += np.int64(1)
        scratch[at - begin] = tokens[at]
    ends[0] = begin
    for bucket in range(np.uint64(1), np.uint64(_BUCKETS)):
        ends[bucket] += ends[bucket - np.uint64(1)]
    for at in range(end - begin):
        bucket = _bucket(scratch[at])
        tokens[ends[bucket]] = scratch[at]
        ends[bucket] += 1
    for at in range(begin + 1, end):
        token, place = tokens[at], at
        while place > begin and tokens[place - 1] > token:
            tokens[place] = tokens[place - 1]
            place -= 1
        tokens[place] = token


@kernel(
    InUInt64, InInt64, InBytes, InBytes, UInt64, InBytes, UInt64, OutUInt64, OutInt64, OutInt64, OutUInt64,
    returns=Int64,
)  # fmt: skip
def order_sets(shingles, offsets, contender, order, order_shift, counters, shift, tokens, bounds, alone, identities):
    """Fills `tokens` with the contenders' sets, each by rising frequency, ties by hash; returns their number.

    token = rank << 56 | hash >> 8, where rank is 0 for a shingle that occurs once in the whole input.

    Args:
        shingles: uint64[s].
        offsets: int64[p + 1].
        contender: uint8[p]; 0 for a paragraph without shingles.
        order: uint8[2 ** k], the order table.
        order_shift: 64 less k.
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
    scratch, ends = np.empty(_LONG, np.uint64), np.empty(_BUCKETS + 1, np.int64)
    for paragraph in range(len(offsets) - 1):
        if not contender[paragraph]:
            continue
        begin = total
        single = np.uint64(0)
        for at in range(np.uint64(offsets[paragraph]), np.uint64(offsets[paragraph + 1])):
            shingle = shingles[at]
            # No branch: whether a shingle occurs once cannot be foretold.
            once = np.uint64(occurrences(counters, shift, shingle) < 2)
            rank = max(np.uint64(order[shingle >> order_shift]), np.uint64(1)) * (np.uint64(1) - once)
            single += once
            tokens[total] = (rank << _RANK_SHIFT) | (shingle >> _HASH_SHIFT)
            total += 1
        if total - begin <= _SHORT:
            _sort_short(tokens, begin, total, scratch)
        elif total - begin <= _LONG:
            _sort_by_buckets(tokens, begin, total, scratch, ends)
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
