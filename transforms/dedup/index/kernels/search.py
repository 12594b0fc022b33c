"""Kernels that look sets up in the index."""

import numpy as np

from transforms.dedup.index.kernels.postings import find_one, packed
from transforms.dedup.kernels import largest_partner, least_overlap, pair_overlap
from transforms.dedup.numbers.kernels import nested
from transforms.kernels import (
    Float64,
    InBytes,
    InInt32,
    InInt64,
    Int64,
    InUInt64,
    OutFloat64,
    OutInt32,
    OutInt64,
    OutUInt64,
    UInt64,
    inline,
    kernel,
)

_FEW = 32  # postings that are looked at sooner than cut short


@inline
def _first_place(rows, width, rank, low, high):
    """The first of postings whose row has at least a rank."""
    while low < high:
        middle = (low + high) >> 1
        if np.int64(packed(rows, width, middle)) < rank:
            low = middle + 1
        else:
            high = middle
    return low


@inline
def _first_rank(sizes, size, low, high):
    """The first of ranks whose set has more than `size` tokens."""
    while low < high:
        middle = (low + high) >> 1
        if sizes[middle] <= size:
            low = middle + 1
        else:
            high = middle
    return low


@inline
def _find_token(token, begins, rests, shift):
    """The place of a token among those of the segment, or -1."""
    bucket = np.int64(token >> shift)
    rest = token & ((np.uint64(1) << shift) - np.uint64(1))
    for at in range(begins[bucket], begins[bucket + 1]):
        found = packed(rests, shift, at)
        if found >= rest:
            return at if found == rest else -1
    return -1


@inline
def _touch(tokens, places, begins, starts, rests, shift, firsts, width, rows):
    """Reads what the postings of some tokens begin with, so that the processor has many on their way at once."""
    touched = np.uint64(0)
    for at in places:
        bucket = np.int64(tokens[at] >> shift)
        touched += np.uint64(begins[bucket]) + np.uint64(starts[bucket])
    for at in places:
        bucket = np.int64(tokens[at] >> shift)
        rest = min(np.int64((np.uint64(begins[bucket]) * shift) >> np.uint64(6)), len(rests) - 1)
        start = min(starts[bucket], starts[len(starts) - 1] - 1)
        touched += rests[rest] + firsts[start >> 6] + rows[np.int64((np.uint64(start) * width) >> np.uint64(6))]
    return touched


@kernel(
    InUInt64, InInt64, InUInt64, InInt64, InBytes, InInt64, Float64,
    InInt32, InInt32, InUInt64, UInt64, InUInt64, UInt64, InUInt64, InInt32, InInt32,
    InUInt64, InInt64, InBytes, Int64,
    OutUInt64, OutInt32, OutInt64, OutInt64, OutInt32, OutInt64, OutFloat64,
    returns=Int64,
)  # fmt: skip
def search_segment(
    tokens, bounds, numbers, number_bounds, hits, possible, threshold,
    begins, starts, rests, shift, firsts, width, rows, order, sizes,
    row_numbers, row_number_bounds, live, segment,
    touched, seen, lows, highs, best_segment, best_row, best_similarity,
):  # fmt: skip
    """Looks each set up in one segment; returns how many pairs were verified.

    A set of n tokens that is to be similar shares o = ceil(threshold n) of them at least. Where fewer of its tokens are
    in sets of a fitting size, there is no such set. Else, of the f tokens that are, one of any f - o + 1 is shared: the
    rarest are looked at. The larger the other set, the greater its o, and the fewer of them concern it. No order of
    tokens is needed that all sets agree on, as prefix filters need it (Bayardo, Ma, Srikant, WWW 2007), so none grows
    stale. What two sets share is counted in the postings: the segment holds no sets. A set's best match is replaced by
    a more similar one, not by an equally similar one: earlier segments come first.

    Args:
        tokens, bounds: the sets to look up.
        numbers, number_bounds: the numbers of their paragraphs; where each of two has one that the other lacks, they
            are no match.
        hits, possible: uint8[t] and int64[r], see `ask_filter`.
        threshold: the least Jaccard similarity of a duplicate.
        begins, starts, rests, shift, firsts, width, rows: the segment's postings, see `add_part`.
        order, sizes: int32[r], the row of each rank, and the size of its set; sizes rise.
        row_numbers, row_number_bounds: the numbers of the rows' paragraphs.
        live: uint8[r]; rows of 0 are passed over.
        segment: what to write into `best_segment`.
        touched: uint64[1], scratch.
        seen: int32[r], scratch filled with -1; by rank.
        lows, highs: int64[n], scratch; n the size of the largest set to look up.
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
        if possible[row] < wanted:
            continue
        low_rank = _first_rank(sizes, wanted - 1, 0, len(sizes))
        high_rank = _first_rank(sizes, largest_partner(size, size, bound), low_rank, len(sizes))

        there = 0
        for at in range(begin, end):
            lows[there] = at
            there += np.int64(hits[at])
        touched[0] += _touch(tokens, lows[:there], begins, starts, rests, shift, firsts, width, rows)
        missed = 0
        found = 0
        for hit in range(there):
            at = lows[hit]
            token = _find_token(tokens[at], begins, rests, shift)
            if token >= 0:
                bucket = np.int64(tokens[at] >> shift)
                first = find_one(firsts, np.int64(starts[bucket]), token - begins[bucket])
                last = np.int64(starts[bucket + 1])
                if token + 1 < begins[bucket + 1]:
                    last = find_one(firsts, first + 1, 0)
                lows[found] = _first_place(rows, width, low_rank, first, last)
                highs[found] = _first_place(rows, width, high_rank, lows[found], last)
                if highs[found] > lows[found]:
                    found += 1
                    continue
            missed += 1
            if possible[row] - missed < wanted:
                break
        if found < wanted:
            continue

        shortest = np.argsort(highs[:found] - lows[:found], kind="mergesort")
        for probe in range(found - wanted + 1):
            first = lows[shortest[probe]]
            last = highs[shortest[probe]]
            if last - first > _FEW:
                most = largest_partner(size, found - probe, threshold)
                last = _first_place(rows, width, _first_rank(sizes, most, low_rank, high_rank), first, last)
            for at in range(first, last):
                other = np.int64(packed(rows, width, at))
                place = order[other]
                if seen[other] == row or not live[place]:
                    continue
                seen[other] = row
                bound = max(threshold, best_similarity[row])
                if min(size, sizes[other]) / max(size, sizes[other]) < bound:
                    continue
                if not nested(
                    numbers, number_bounds[row], number_bounds[row + 1],
                    row_numbers, row_number_bounds[place], row_number_bounds[place + 1],
                ):  # fmt: skip
                    continue
                verified += 1
                shared = 1
                least = pair_overlap(size, np.int64(sizes[other]), bound)
                for later in range(probe + 1, found):
                    if shared + found - later < least:
                        break
                    stop = highs[shortest[later]]
                    met = _first_place(rows, width, other, lows[shortest[later]], stop)
                    shared += np.int64(met < stop and np.int64(packed(rows, width, min(met, stop - 1))) == other)
                if shared < least:
                    continue
                similarity = shared / (size + sizes[other] - shared)
                better = similarity > best_similarity[row]
                earlier = similarity == best_similarity[row] and best_segment[row] == segment and place < best_row[row]
                if better or earlier:
                    best_segment[row] = segment
                    best_row[row] = place
                    best_similarity[row] = similarity
    return verified
