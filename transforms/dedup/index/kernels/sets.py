"""Kernels that make sets of shingles, and ask the filter of a segment for them."""

import numpy as np

from transforms.dedup.index.kernels.postings import filter_bit
from transforms.dedup.kernels import drop_repeats, least_overlap, sort
from transforms.kernels import (
    Float64,
    InBytes,
    InInt64,
    Int64,
    InUInt64,
    OutBytes,
    OutInt32,
    OutInt64,
    OutUInt64,
    kernel,
)


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
        sort(tokens, begin, total)
        total = drop_repeats(tokens, begin, total)
        row += 1
        bounds[row] = total
    return total


@kernel(InUInt64, InInt64, InBytes, OutUInt64, OutInt64, OutInt32, returns=Int64)
def drop_repeated(shingles, offsets, wanted, tokens, bounds, slots):
    """Fills `tokens` with the sets of the wanted paragraphs as they stand, without repeats; returns their number.

    Args:
        shingles, offsets, wanted, tokens, bounds: see `sort_sets`.
        slots: int32[2 ** k], scratch: a table of which four times the shingles of any paragraph have room.
    """
    total = 0
    row = 0
    bounds[0] = 0
    for paragraph in range(len(offsets) - 1):
        if not wanted[paragraph]:
            continue
        begin, bits = total, np.uint64(1)
        while (np.int64(1) << bits) < 2 * (offsets[paragraph + 1] - offsets[paragraph]):
            bits += np.uint64(1)
        last, shift = (np.uint64(1) << bits) - np.uint64(1), np.uint64(64) - bits
        slots[: np.int64(last) + 1] = 0
        for at in range(np.uint64(offsets[paragraph]), np.uint64(offsets[paragraph + 1])):
            token = shingles[at]
            slot = token >> shift
            while slots[slot] and tokens[begin + slots[slot] - 1] != token:
                slot = (slot + np.uint64(1)) & last
            if not slots[slot]:
                tokens[total] = token
                total += 1
                slots[slot] = total - begin
        row += 1
        bounds[row] = total
    return total


@kernel(InUInt64, InInt64, InUInt64, Float64, OutInt64, OutBytes)
def find_possible(shingles, offsets, bits, threshold, missed, wanted):
    """Fills `wanted`, uint8[p], with 0 for paragraphs that surely have no similar set in a segment.

    A similar set has o of a paragraph's n different shingles, o as in `search_segment`: once more than n - o are known
    to be in no set, the others need not be looked at. That is one in a few, and they need not be sorted to be told from
    repeats. With repeats n is counted too large, and so is n - o, which never falls as n rises.

    Args:
        shingles, offsets: of the paragraphs, repeats within one allowed.
        bits: see `fill_filter`.
        threshold: the least Jaccard similarity of a duplicate.
        missed: int64[a power of two] of zeros. Shingles that are not there have a place each. One whose place is taken
            counts as a repeat.
        wanted: uint8[p].
    """
    count, last = np.uint64(64 * len(bits)), np.uint64(len(missed) - 1)
    for row in range(len(offsets) - 1):
        begin, end = np.uint64(offsets[row]), np.uint64(offsets[row + 1])
        spare = np.int64(end - begin)
        if spare:
            spare -= least_overlap(spare, threshold)
        else:
            spare = -1
        for at in range(begin, end):
            place = filter_bit(shingles[at], count)
            if not (bits[place >> np.uint64(6)] >> (place & np.uint64(63))) & np.uint64(1):
                place = shingles[at] & last
                spare -= np.int64(missed[place] != row + 1)
                missed[place] = row + 1
                if spare < 0:
                    break
        wanted[row] = spare >= 0


@kernel(InUInt64, InInt64, InUInt64, OutBytes, OutInt64)
def ask_filter(tokens, bounds, bits, hits, possible):
    """Fills `hits`, uint8[t], with 0 for tokens of sets that are surely not there; `possible` with how many others.

    No bit waits for another, so the processor has many on their way at once. The filter is that of `fill_filter`.
    """
    count = np.uint64(64 * len(bits))
    for row in range(len(bounds) - 1):
        some = np.int64(0)
        for at in range(bounds[row], bounds[row + 1]):
            place = filter_bit(tokens[at], count)
            hit = np.uint8((bits[place >> np.uint64(6)] >> (place & np.uint64(63))) & np.uint64(1))
            hits[at] = hit
            some += np.int64(hit)
        possible[row] = some
