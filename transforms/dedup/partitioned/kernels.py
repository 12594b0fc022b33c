"""Kernels of the partitioned join."""

import numpy as np

from transforms.dedup.kernels import (
    ORDER_BITS,
    drop_repeats,
    middle_length,
    pair_overlap,
    prefix_length,
    shared_tokens,
    sort,
)
from transforms.dedup.numbers.kernels import far_apart, nested, number_mask
from transforms.kernels import (
    Float64,
    InBytes,
    InFloat64,
    InInt32,
    InInt64,
    Int64,
    InUInt64,
    OutBytes,
    OutFloat64,
    OutInt32,
    OutInt64,
    OutUInt32,
    OutUInt64,
    inline,
    kernel,
)


@inline
def _sizes_fit(left, right, threshold):
    return min(left, right) / max(left, right) >= threshold


@kernel(InUInt64, InInt64, InInt32, InBytes, Int64, Float64, OutInt64, OutInt64, returns=Int64)
def pair_groups(tokens, positions, sizes, far, most, threshold, later, earlier):
    """Fills in the pairs of entries with equal tokens, where no more than `most` share one; returns their number.

    Args:
        tokens: uint64[x], sorted; positions rise where tokens are equal.
        positions, sizes: of each entry's set.
        far: see `take_prefixes`; pairs of two such are passed over: similar sets share a token that one has nearer.
        most: larger groups are passed over.
        threshold: pairs whose sizes cannot reach it are passed over.
        later, earlier: int64[n], filled with positions; with n = 0 pairs are only counted.
    """
    pairs = 0
    begin = 0
    while begin < len(tokens):
        end = begin + 1
        while end < len(tokens) and tokens[end] == tokens[begin]:
            end += 1
        if end - begin <= most:
            for second in range(begin + 1, end):
                for first in range(begin, second):
                    if not (far[first] and far[second]) and _sizes_fit(sizes[first], sizes[second], threshold):
                        if len(later) > 0:
                            later[pairs] = positions[second]
                            earlier[pairs] = positions[first]
                        pairs += 1
        begin = end
    return pairs


@kernel(
    InUInt64, InInt64, InUInt64, InInt64, InInt64, InUInt64, InInt64, InUInt64, InInt64, InInt64, Float64, OutFloat64,
)  # fmt: skip
def verify_pairs(
    left_tokens, left_bounds, left_numbers, left_number_bounds, lefts,
    right_tokens, right_bounds, right_numbers, right_number_bounds, rights, threshold, similarity,
):  # fmt: skip
    """Fills in the Jaccard similarity of pairs of ordered sets, given by row.

    It is 0 where it is below the threshold, and where each paragraph has a number that the other lacks.
    """
    for pair in range(len(lefts)):
        left, left_end = left_bounds[lefts[pair]], left_bounds[lefts[pair] + 1]
        right, right_end = right_bounds[rights[pair]], right_bounds[rights[pair] + 1]
        sizes = left_end - left + right_end - right
        wanted = pair_overlap(left_end - left, right_end - right, threshold)
        shared = shared_tokens(left_tokens, left, left_end, right_tokens, right, right_end, wanted)
        similarity[pair] = shared / (sizes - shared) if shared >= 0 else 0.0
        if shared >= 0 and not nested(
            left_numbers, left_number_bounds[lefts[pair]], left_number_bounds[lefts[pair] + 1],
            right_numbers, right_number_bounds[rights[pair]], right_number_bounds[rights[pair] + 1],
        ):  # fmt: skip
            similarity[pair] = 0.0


@kernel(
    InInt64, InInt64, InInt64, InFloat64, InFloat64, Float64,
    InInt64, InUInt64, InInt64, InUInt64, InInt64, InInt32, InInt64,
    OutInt64, OutInt64, OutInt64, OutInt32, OutUInt64, OutInt64, OutInt64, OutInt64, OutFloat64,
    returns=Int64,
)  # fmt: skip
def resolve_rows(
    row_class, edge_first, edge_class, edge_similarity, given, threshold,
    set_of_class, tokens, bounds, numbers, number_bounds, dense_slot, places,
    near_filled, far_filled, postings, depths, masks, seen, kept_row, match, similarity,
):  # fmt: skip
    """Decides rows in input order by their classes' edges, and dense classes by their sets; returns the duplicates.

    A class is all paragraphs of one set with the same numbers. A row is removed when one of its class, or of a similar
    one, was kept before.

    Sets are candidates as in `search`: by tokens of both prefixes of which one is in the middle prefix, and followed by
    enough. A similar set with which the first token shared is not dense has an edge, which says as much or more.

    Args:
        row_class: int64[r], the class of each row.
        edge_first: int64[c + 1], where each class's edges begin; every edge stands with both of its classes.
        edge_class, edge_similarity: the other class, and the Jaccard similarity to it.
        given: float64[c], the similarity to a paragraph of an earlier run, or 0.
        threshold: the least Jaccard similarity of a duplicate.
        set_of_class: int64[c], the row of a dense class in `bounds`, or -1.
        tokens, bounds: the ordered sets of dense classes.
        numbers, number_bounds: the numbers of their paragraphs.
        dense_slot: int32[t], for each token the slot of its postings where it is one that too many share, else -1.
        places: int64[s + 1], where each slot's postings begin.
        near_filled, far_filled: int64[s], zeros; how many are there, from the middle prefixes and from behind them.
        postings, depths: int64[] and int32[], scratch: the classes, and how many tokens precede.
        masks: uint64[d], scratch; d the number of dense classes.
        seen: int64[c], scratch filled with -1.
        kept_row: int64[c], filled with the kept row of each class; -1 where none is kept; must be -1 on entry.
        match: int64[r], filled with the kept row that stands for this one; -1 where it is kept, -2 as `given`.
        similarity: float64[r], filled with the similarity to it.
    """
    duplicates = 0
    for row in range(len(row_class)):
        own = row_class[row]
        match[row] = -1
        similarity[row] = 0.0
        best = -1
        bound = threshold
        if given[own] > 0.0:
            best = -2
            bound = given[own]
        if kept_row[own] >= 0:
            best = kept_row[own]
            bound = 1.0
        else:
            for edge in range(edge_first[own], edge_first[own + 1]):
                other = kept_row[edge_class[edge]]
                if other < 0 or edge_similarity[edge] < bound:
                    continue
                if best == -1 or edge_similarity[edge] > bound or other < best:
                    best = other
                    bound = edge_similarity[edge]
            at_set = set_of_class[own]
            if at_set >= 0:
                begin, end = bounds[at_set], bounds[at_set + 1]
                first_number, last_number = number_bounds[at_set], number_bounds[at_set + 1]
                masks[at_set] = number_mask(numbers, first_number, last_number)
                middle_end = begin + middle_length(end - begin, threshold)
                for at in range(begin, begin + prefix_length(end - begin, threshold)):
                    slot = dense_slot[at]
                    if slot < 0:
                        continue
                    first, last = places[slot], places[slot] + near_filled[slot]
                    for _ in range(2 if at < middle_end else 1):
                        for posting in range(first, last):
                            other_class = postings[posting]
                            other_set = set_of_class[other_class]
                            if far_apart(masks[at_set], masks[other_set]) or seen[other_class] == row:
                                continue
                            seen[other_class] = row
                            other_begin, other_end = bounds[other_set], bounds[other_set + 1]
                            if not _sizes_fit(end - begin, other_end - other_begin, bound):
                                continue
                            wanted = pair_overlap(end - begin, other_end - other_begin, bound)
                            right = other_begin + depths[posting]
                            if min(end - at, other_end - right) < wanted:
                                continue
                            if not nested(
                                numbers, first_number, last_number,
                                numbers, number_bounds[other_set], number_bounds[other_set + 1],
                            ):  # fmt: skip
                                continue
                            shared = shared_tokens(tokens, at, end, tokens, right, other_end, wanted)
                            if shared < 0:
                                continue
                            found = shared / (end - begin + other_end - other_begin - shared)
                            other = kept_row[other_class]
                            if best == -1 or found > bound or other < best:
                                best = other
                                bound = found
                        last = places[slot + 1]
                        first = last - far_filled[slot]
        if best != -1:
            match[row] = best
            similarity[row] = bound
            duplicates += 1
            continue
        kept_row[own] = row
        at_set = set_of_class[own]
        if at_set >= 0:
            begin, end = bounds[at_set], bounds[at_set + 1]
            middle_end = begin + middle_length(end - begin, threshold)
            for at in range(begin, begin + prefix_length(end - begin, threshold)):
                slot = dense_slot[at]
                if slot < 0:
                    continue
                if at < middle_end:
                    posting = places[slot] + near_filled[slot]
                    near_filled[slot] += 1
                else:
                    far_filled[slot] += 1
                    posting = places[slot + 1] - far_filled[slot]
                postings[posting] = own
                depths[posting] = at - begin
    return duplicates


_RANK_SHIFT = np.uint64(56)
_HASH_SHIFT = np.uint64(8)
_HASH_MASK = np.uint64((1 << 56) - 1)
_BUCKET_SHIFT = np.uint64(56 - ORDER_BITS)  # of the 56 bits of a hash that a token carries


@kernel(InUInt64, OutUInt32)
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
        sort(tokens, begin, total)
        total = drop_repeats(tokens, begin, total)
        row += 1
        bounds[row] = total
    return total


@kernel(InUInt64, InInt64, Float64, OutUInt64, OutInt32, OutBytes, returns=Int64)
def take_prefixes(tokens, bounds, threshold, prefixes, rows, far):
    """Fills `prefixes` and `rows` with the prefix tokens of ordered sets and the row of each; returns their number.

    `far` is filled with 1 for those that are not in the middle prefix, else 0 (Bayardo, Ma, Srikant, WWW 2007).
    """
    total = 0
    for row in range(len(bounds) - 1):
        size = bounds[row + 1] - bounds[row]
        if size == 0:
            continue
        middle = middle_length(size, threshold)
        for at in range(prefix_length(size, threshold)):
            prefixes[total] = tokens[bounds[row] + at]
            rows[total] = row
            far[total] = at >= middle
            total += 1
    return total
