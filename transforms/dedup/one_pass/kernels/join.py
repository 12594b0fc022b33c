"""The kernel that decides each contender in input order against the kept ones before it."""

import numpy as np

from transforms.dedup.kernels import middle_length, pair_overlap, prefix_length, shared_tokens
from transforms.dedup.numbers.kernels import far_apart, nested, number_mask
from transforms.kernels import (
    Float64,
    InFloat64,
    InInt32,
    InInt64,
    Int64,
    InUInt64,
    OutFloat64,
    OutInt32,
    OutInt64,
    OutUInt64,
    inline,
    kernel,
)


@inline
def equal_sets(values, bounds, left, right):
    """True where the sets in two rows are the same."""
    size = bounds[left + 1] - bounds[left]
    if bounds[right + 1] - bounds[right] != size:
        return False
    for at in range(size):
        if values[bounds[left] + at] != values[bounds[right] + at]:
            return False
    return True


@kernel(
    InUInt64, InInt64, InInt64, InUInt64, InUInt64, InInt64, InInt32, InInt32, InInt32, InInt32, InFloat64, Float64,
    OutInt64, OutInt32, OutInt32, OutInt32, OutInt32, OutInt32, OutInt32, OutUInt64, OutInt32, OutInt64, OutFloat64,
    OutInt64, OutFloat64, OutInt64,
    returns=Int64,
)  # fmt: skip
def join_rows(
    tokens, bounds, alone, identities, numbers, number_bounds, slots, places, uses, rows, given, threshold,
    prefixes, twins, near_filled, far_filled, postings, depths, seen, masks, searched, best_match, best_similarity,
    match, similarity, candidates,
):  # fmt: skip
    """Decides each row's ordered set against the kept ones before it; returns the number of duplicates.

    A row is kept only as the first of its set: what removes that one removes the others too. It is a duplicate when the
    Jaccard similarity of its set with an earlier kept set is at least the threshold, and one has all numbers of the
    other. Of those kept sets that of highest similarity, then the earliest, stands for it: one with the same numbers
    where there is an equal set, for none of those was kept before it. Candidates share a token of both prefixes, and it
    is in the middle prefix of one (Bayardo, Ma, Srikant, WWW 2007); they pass the size filter, and enough tokens follow
    the first that they share (PPJoin: Xiao et al., WWW 2008), of which the rest is counted until the bound is out of
    reach. A set that comes again, as copies of a removed paragraph do, is compared with what was kept since: that are
    the latest postings of a slot, by their numbers.

    Args:
        tokens, bounds, alone: the ordered sets, see `order_sets`.
        identities: uint64[c], a hash of each set.
        numbers, number_bounds: the numbers of each set's paragraph, see `NumberSets`.
        slots: int32[x], the slot of each prefix token, in order, see `place_prefixes`.
        places: int32[2 ** k], where the postings of a slot begin.
        uses: int32[2 ** k], sets with the slot's token in their prefix: where only one has it, it is passed over.
        rows: int32[r], the set of each row, in input order; sets are numbered by their first rows.
        given: float64[r], the similarity to an earlier run's paragraph that the row repeats, or 0: it is removed in any
            case, and an equally similar set of this run does not stand for it. Rows of one set have one.
        threshold: the least Jaccard similarity of a duplicate.
        prefixes: int64[c + 1], scratch filled with 0: where the slots of each set's prefix begin.
        twins: int32[2 ** j], scratch filled with -1: kept sets by identity, open addressing.
        near_filled, far_filled: int32[2 ** k], scratch of zeros: postings so far, at the two ends of a slot's room.
        postings: int32[sum of uses], scratch: at the beginning of a slot's room the sets that have its token in their
            middle prefix, at its end those that have it after that.
        depths: int32[sum of uses], scratch: for each posting the tokens of its set before this one.
        seen: int32[c], scratch filled with -1.
        masks: uint64[c], scratch.
        searched: int32[c], scratch filled with 0: the sets reached when each was last looked up.
        best_match, best_similarity: int64[c] and float64[c], scratch filled with -1 and 0: what was found then.
        match: int64[r], filled with the set whose first row stands for this one, -1 where this one is kept, -2 where an
            earlier run's paragraph stands for it.
        similarity: float64[r], filled with the exact similarity to it.
        candidates: int64[1], 0; filled with how many were verified.
    """
    mask = np.uint64(len(twins) - 1)
    duplicates = 0
    reached = 0
    for row in range(len(rows)):
        own = rows[row]
        begin = bounds[own]
        end = bounds[own + 1]
        size = end - begin
        first_number = number_bounds[own]
        last_number = number_bounds[own + 1]
        if own == reached:
            masks[own] = number_mask(numbers, first_number, last_number)
            prefixes[own + 1] = prefixes[own] + max(prefix_length(size, threshold) - alone[own], 0)
            reached += 1
        if best_similarity[own] == 1.0:
            match[row] = best_match[own]
            similarity[row] = 1.0
            duplicates += 1
            continue

        home = np.int64(identities[own] & mask)
        while (
            twins[home] >= 0
            and twins[home] != own
            and not (
                identities[twins[home]] == identities[own]
                and equal_sets(tokens, bounds, own, twins[home])
                and equal_sets(numbers, number_bounds, own, twins[home])
            )
        ):
            home = np.int64(np.uint64(home + 1) & mask)
        if twins[home] >= 0 and given[row] < 1.0:
            match[row] = best_match[own] = twins[home]
            similarity[row] = best_similarity[own] = 1.0
            duplicates += 1
            continue

        best = best_match[own]
        bound = best_similarity[own]
        if best == -1:
            best = np.int64(-2 if given[row] > 0.0 else -1)
            bound = given[row] if given[row] > 0.0 else threshold
        middle_end = prefixes[own] + max(middle_length(size, threshold) - alone[own], 0)
        for at in range(prefixes[own], prefixes[own + 1]):
            slot = slots[at]
            if uses[slot] < 2:
                continue
            depth = alone[own] + at - prefixes[own]
            for side in range(2 if at < middle_end else 1):
                posting = places[slot] + (near_filled[slot] if side == 0 else uses[slot] - far_filled[slot] - 1)
                for _ in range(near_filled[slot] if side == 0 else far_filled[slot]):
                    posting += 2 * side - 1
                    other = postings[posting]
                    if other < searched[own]:
                        break
                    if far_apart(masks[own], masks[other]) or seen[other] == row:
                        continue
                    seen[other] = row
                    other_size = bounds[other + 1] - bounds[other]
                    if min(size, other_size) / max(size, other_size) < bound:
                        continue
                    wanted = pair_overlap(size, other_size, bound)
                    if min(size - depth, other_size - depths[posting]) < wanted:
                        continue
                    if not nested(
                        numbers, first_number, last_number, numbers, number_bounds[other], number_bounds[other + 1]
                    ):
                        continue
                    candidates[0] += 1
                    left, right = begin + depth + 1, bounds[other] + depths[posting] + 1
                    shared = 1 + shared_tokens(tokens, left, end, tokens, right, bounds[other + 1], wanted - 1)
                    if shared < wanted:
                        continue
                    found = shared / (size + other_size - shared)
                    if best == -1 or found > bound or other < best:
                        best = other
                        bound = found

        searched[own] = reached
        if best != -1:
            match[row] = best_match[own] = best
            similarity[row] = best_similarity[own] = bound
            duplicates += 1
            continue
        match[row] = -1
        similarity[row] = 0.0
        best_match[own] = own
        best_similarity[own] = 1.0
        twins[home] = own
        for at in range(prefixes[own], prefixes[own + 1]):
            slot = slots[at]
            if uses[slot] < 2:
                continue
            if at < middle_end:
                posting = places[slot] + near_filled[slot]
                near_filled[slot] += 1
            else:
                far_filled[slot] += 1
                posting = places[slot] + uses[slot] - far_filled[slot]
            postings[posting] = own
            depths[posting] = alone[own] + at - prefixes[own]
    return duplicates
