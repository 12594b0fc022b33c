"""Kernels of the index."""

import numpy as np
from numba import types

from transforms.dedup.kernels import (
    drop_repeats,
    first_slot,
    largest_partner,
    least_overlap,
    pair_overlap,
    shared_tokens,
)
from transforms.dedup.numbers.kernels import nested
from transforms.kernels import (
    Float64,
    InBytes,
    InInt32,
    InInt64,
    Int64,
    InUInt32,
    InUInt64,
    OutBytes,
    OutFloat64,
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


@kernel(InUInt64, InInt64, UInt64, InBytes, OutBytes, OutInt64, returns=types.void)
def ask_filter(tokens, bounds, shift, bits, hits, possible):
    """Fills `hits`, uint8[t], with 0 for tokens of sets that are surely not there; `possible` with how many others.

    No bit waits for another, so the processor has many on their way at once.
    """
    for row in range(len(bounds) - 1):
        count = 0
        for at in range(bounds[row], bounds[row + 1]):
            place = first_slot(tokens[at], shift)
            hit = (bits[place >> 3] >> np.uint8(place & 7)) & np.uint8(1)
            hits[at] = hit
            count += hit
        possible[row] = count


@inline
def _last_posting(keys, key, low, high):
    """The place after the postings of `key`, which begin at `low` and end by `high`; most lists are short."""
    step = 1
    while low + step < high and keys[low + step] == key:
        step *= 2
    high = min(low + step, high)
    low += step // 2
    while low < high:
        middle = (low + high) >> 1
        if keys[middle] == key:
            low = middle + 1
        else:
            high = middle
    return low


@inline
def _first_above(rows, bounds, low, high, size):
    """The first of postings by rising size whose set has more than `size` tokens."""
    while low < high:
        middle = (low + high) >> 1
        if bounds[rows[middle] + 1] - bounds[rows[middle]] <= size:
            low = middle + 1
        else:
            high = middle
    return low


@kernel(
    InUInt64, InInt64, InUInt64, InInt64, InBytes, InInt64, Float64,
    InUInt64, InInt64, InUInt64, InInt64, UInt64, InInt32, InUInt32, InInt32, InBytes, Int64,
    OutInt32, OutInt64, OutInt64, OutInt32, OutInt64, OutFloat64,
    returns=Int64,
)  # fmt: skip
def search_segment(
    tokens, bounds, numbers, number_bounds, hits, possible, threshold,
    set_tokens, set_bounds, set_numbers, set_number_bounds, shift, begins, keys, rows, live, segment,
    seen, starts, ends, best_segment, best_row, best_similarity,
):  # fmt: skip
    """Looks each set up in one segment; returns how many pairs were verified.

    A set of n tokens that is to be similar shares o = ceil(threshold n) of them at least. Where fewer of its tokens are
    in sets of a fitting size, there is no such set. Else, of the f tokens that are, one of any f - o + 1 is shared: the
    rarest are looked at. The larger the other set, the greater its o, and the fewer of them concern it. No order of
    tokens is needed that all sets agree on, as prefix filters need it (Bayardo, Ma, Srikant, WWW 2007), so none grows
    stale. A set's best match is replaced by a more similar one, not by an equally similar one: earlier segments come
    first.

    Args:
        tokens, bounds: the sets to look up.
        numbers, number_bounds: the numbers of their paragraphs; where each of two has one that the other lacks, they
            are no match.
        hits, possible: uint8[t] and int64[r], see `ask_filter`.
        threshold: the least Jaccard similarity of a duplicate.
        set_tokens, set_bounds: the segment's sets.
        set_numbers, set_number_bounds: the numbers of their paragraphs.
        shift, begins, keys, rows: its postings, see `sort_postings`.
        live: uint8[r]; rows of 0 are passed over.
        segment: what to write into `best_segment`.
        seen: int32[r], scratch filled with -1.
        starts, ends: int64[n], scratch; n the size of the largest set to look up.
        best_segment, best_row, best_similarity: int32, int64, float64, one a set; -1, -1 and 0 where there is none yet.
    """
    verified = 0
    for row in range(len(bounds) - 1):
        begin = bounds[row]
        end = bounds[row + 1]
        size = end - begin
        if size == 0:
            continue
        bound = max(threshold, best_similarity[row])
        wanted = least_overlap(size, bound)
        largest = largest_partner(size, size, bound)
        if possible[row] < wanted:
            continue

        missed = 0
        found = 0
        for at in range(begin, end):
            if not hits[at]:
                continue
            bucket = np.int64(tokens[at] >> shift)
            key = np.uint32(tokens[at] & KEY_MASK)
            posting = begins[bucket]
            behind = begins[bucket + 1]
            while posting < behind and keys[posting] < key:
                posting += 1
            if posting < behind and keys[posting] == key:
                last = _last_posting(keys, key, posting, behind)
                starts[found] = _first_above(rows, set_bounds, posting, last, wanted - 1)
                ends[found] = _first_above(rows, set_bounds, starts[found], last, largest)
                if ends[found] > starts[found]:
                    found += 1
                    continue
            missed += 1
            if possible[row] - missed < wanted:
                break
        if found < wanted:
            continue

        shortest = np.argsort(ends[:found] - starts[:found], kind="mergesort")
        for probe in range(found - wanted + 1):
            first = starts[shortest[probe]]
            last = ends[shortest[probe]]
            if last - first > _FEW:
                last = _first_above(rows, set_bounds, first, last, largest_partner(size, found - probe, threshold))
            for at in range(first, last):
                other = rows[at]
                if seen[other] == row or not live[other]:
                    continue
                seen[other] = row
                other_size = set_bounds[other + 1] - set_bounds[other]
                bound = max(threshold, best_similarity[row])
                if min(size, other_size) / max(size, other_size) < bound:
                    continue
                if not nested(
                    numbers, number_bounds[row], number_bounds[row + 1],
                    set_numbers, set_number_bounds[other], set_number_bounds[other + 1],
                ):  # fmt: skip
                    continue
                verified += 1
                shared = shared_tokens(
                    tokens, begin, end, set_tokens, set_bounds[other], set_bounds[other + 1],
                    pair_overlap(size, other_size, bound),
                )  # fmt: skip
                if shared < 0:
                    continue
                similarity = shared / (size + other_size - shared)
                better = similarity > best_similarity[row]
                earlier = similarity == best_similarity[row] and best_segment[row] == segment and other < best_row[row]
                if better or earlier:
                    best_segment[row] = segment
                    best_row[row] = other
                    best_similarity[row] = similarity
    return verified
