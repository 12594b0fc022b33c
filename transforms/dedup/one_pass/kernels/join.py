"""The kernels that decide each contender in input order against the kept ones before it."""

import numpy as np

from transforms.dedup.kernels import middle_length
from transforms.dedup.numbers.kernels import far_apart
from transforms.dedup.one_pass.kernels.rooms import compare, enter, home_of_twin, may_have_twin, search, twin_of
from transforms.kernels import (
    Float64,
    InBytes,
    InFloat64,
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
    always_inline,
    kernel,
)

_STEPS = 6  # sets of a block with a token that are compared ahead of their turn


@always_inline
def _recall(prefixes, previous, again, earlier, block, own):
    """Fills `again` and `earlier` of a set's tokens, see `look_ahead`; returns whether the block has one of them.

    Where one comes often in the block, `earlier` may be in the block.
    """
    offset = prefixes[block]
    met = False
    steps = _STEPS
    for at in range(prefixes[own], prefixes[own + 1]):
        before = np.int64(previous[at])
        if before >= offset:
            again[before - offset] = 1
            met = True
        for _ in range(steps):
            if before < offset:
                break
            before = np.int64(previous[before])
        earlier[at - offset] = before
        if before >= offset:
            steps = 0
    return met


@always_inline
def _meets(
    tokens, bounds, alone, numbers, number_bounds, marks, prefixes, previous, threshold,
    owners, earlier, block, seen, own,
):  # fmt: skip
    """True where an earlier set of the block, kept or not, may be similar: one is, or there are many; see `_recall`."""
    offset = prefixes[block]
    for at in range(prefixes[own], prefixes[own + 1]):
        if earlier[at - offset] >= offset:
            return True
    stamp = -2 - own  # `search` is to see them again
    for at in range(prefixes[own], prefixes[own + 1]):
        depth = alone[own] + at - prefixes[own]
        before = np.int64(previous[at])
        while before >= offset:
            other = np.int64(owners[before - offset])
            other_depth = alone[other] + before - prefixes[other]
            before = np.int64(previous[before])
            if far_apart(marks[own], marks[other]) or seen[other] == stamp:
                continue
            seen[other] = stamp
            best, _, _ = compare(
                tokens, bounds, numbers, number_bounds, own, depth, other, other_depth, 1, np.int64(-1), threshold
            )
            if best >= 0:
                return True
    return False


@kernel(
    InUInt64, InInt64, InInt64, InUInt64, InInt64, InUInt32, InInt64, InInt32, InInt32, InInt32, InUInt32,
    InInt32, InInt32, InInt32, InUInt32, Int64, Float64,
    InFloat64, InUInt64, InInt32, InInt32, OutBytes, OutInt32, OutBytes, Int64, Int64, Int64,
    OutInt32, OutInt32, OutFloat64,
    returns=Int64,
)  # fmt: skip
def look_ahead(
    tokens, bounds, alone, numbers, number_bounds, marks, prefixes, slots, previous, rooms, postings,
    number_slots, keys, number_rooms, number_postings, many, threshold,
    given, identities, twins, owners, again, earlier, meets, block, begin, end, seen, match, similarity,
):  # fmt: skip
    """Compares sets of a block with those kept before it, for `decide_sets` to go on from; returns the pairs verified.

    Args:
        tokens, ..., threshold: see `decide_sets`.
        given: float64[c], the similarity to an earlier run's paragraph that the set repeats, or 0: it is removed in any
            case, and an equally similar set of this run does not stand for it.
        identities, twins: see `decide_sets`.
        owners: int32[y], the set of each token of the block's prefixes.
        earlier: int32[y], filled with where the same token came before the block, or -1.
        again, meets: filled, see `decide_sets`.
        block: the first set of the block.
        begin, end: the sets to compare; others may compare other ones at the same time.
        seen: int32[c], scratch of this call's own, filled with -1.
        match, similarity: filled, see `decide_sets`, with what was found so far.
    """
    verified = 0
    offset = prefixes[block]
    for own in range(begin, end):
        match[own] = -1
        similarity[own] = threshold
        if given[own] > 0.0:
            match[own] = -2
            similarity[own] = given[own]
        meets[own - block] = _recall(prefixes, previous, again, earlier, block, own)
        if given[own] < 1.0:
            twin = twin_of(own, tokens, bounds, numbers, number_bounds, prefixes, earlier, offset, 0, identities, twins)
            if twin >= 0:
                match[own] = twin
                similarity[own] = 1.0
                continue
        best, bound, pairs = search(
            tokens, bounds, alone, numbers, number_bounds, marks, prefixes, slots, rooms, postings,
            number_slots, keys, number_rooms, number_postings, many, threshold,
            earlier, offset, 0, seen, own, np.int64(0), block, np.int64(match[own]), similarity[own],
        )  # fmt: skip
        match[own] = best
        similarity[own] = bound
        verified += pairs
        if best == -1 and meets[own - block]:
            meets[own - block] = _meets(
                tokens, bounds, alone, numbers, number_bounds, marks, prefixes, previous, threshold,
                owners, earlier, block, seen, own,
            )  # fmt: skip
    return verified


@kernel(
    InUInt64, InInt64, InInt64, InUInt64, InInt64, InUInt32, InInt64, InInt32, InInt32, OutInt32, OutUInt32,
    InInt32, InInt32, OutInt32, OutUInt32, Int64, Float64,
    InUInt64, OutInt32, InBytes, InBytes, Int64, Int64, OutInt32, OutInt32, OutFloat64,
    returns=Int64,
)  # fmt: skip
def decide_sets(
    tokens, bounds, alone, numbers, number_bounds, marks, prefixes, slots, previous, rooms, postings,
    number_slots, keys, number_rooms, number_postings, many, threshold, identities, twins, again, meets,
    begin, end, seen, match, similarity,
):  # fmt: skip
    """Decides the sets of a block in input order, after `look_ahead`; returns how many pairs were verified.

    A set is a duplicate when its Jaccard similarity with an earlier kept set is at least the threshold, and one has all
    numbers of the other. Of those kept sets that of highest similarity, then the earliest, stands for it: one with the
    same numbers where there is an equal set, for none of those was kept before it.

    Args:
        tokens, bounds, alone: the ordered sets, see `order_sets`.
        numbers, number_bounds: the numbers of each set's paragraph, see `NumberSets`.
        marks: uint32[c], see `mark_numbers`.
        prefixes, slots, previous: the prefixes, see `Prefixes`.
        rooms: int32[4n + 4], for each number of a slot, and one more: where its room begins; how many postings are at
            its two ends: at its beginning the kept sets that have the token in their middle prefix, rising, at its end
            those that have it after that, falling; and how many of them have no number. It has a place for every set
            that has the token in its prefix.
        postings: uint32[3p]; p where the last room ends. A room is three columns: marks, sets, and how many tokens of
            the set are before this one.
        number_slots, number_rooms, number_postings: the same for the numbers of the sets; at the beginning of a room
            are the sets whose rarest it is. Without rooms, sets are looked up by their tokens only.
        keys: int32[c], the place of each set's rarest number.
        many: the postings of a set's tokens beyond which it is looked up by its numbers.
        threshold: the least Jaccard similarity of a duplicate.
        identities: uint64[c], a hash of each set.
        twins: int32[2 ** j], filled with -1 at first: kept sets by identity, open addressing.
        again: uint8[y], for each token of the block's prefixes 1 where it comes again in the block.
        meets: uint8[b], for each set of the block 0 where none before it in the block is as similar as its match.
        begin, end: the block.
        seen: int32[c], scratch filled with -1.
        match: int32[c], filled with the kept set that stands for each, -1 where it is kept itself, -2 where an earlier
            run's paragraph stands for it.
        similarity: float64[c], filled with the exact similarity to it, or with the threshold.
    """
    verified = 0
    offset = prefixes[begin]
    for own in range(begin, end):
        if similarity[own] == 1.0 and match[own] != -1:
            continue
        if meets[own - begin]:
            twin = twin_of(
                own, tokens, bounds, numbers, number_bounds, prefixes, previous, 0, offset, identities, twins
            )
            if twin >= 0:
                match[own] = twin
                similarity[own] = 1.0
                continue
            best, bound, pairs = search(
                tokens, bounds, alone, numbers, number_bounds, marks, prefixes, slots, rooms, postings,
                number_slots, keys, number_rooms, number_postings, many, threshold,
                previous, 0, offset, seen, own, begin, own, np.int64(match[own]), similarity[own],
            )  # fmt: skip
            match[own] = best
            similarity[own] = bound
            verified += pairs
        if match[own] != -1:
            continue
        if may_have_twin(prefixes, own, slots, 0, 0):
            twins[home_of_twin(own, tokens, bounds, numbers, number_bounds, identities, twins)] = own
        numberless = number_bounds[own] == number_bounds[own + 1]
        middle_end = prefixes[own] + middle_length(bounds[own + 1] - bounds[own], threshold) - alone[own]
        for at in range(prefixes[own], prefixes[own + 1]):
            if again[at - offset]:
                depth = alone[own] + at - prefixes[own]
                enter(own, slots[at], at >= middle_end, depth, marks, numberless, rooms, postings)
        for at in range(number_bounds[own], number_bounds[own + 1]):
            if len(number_rooms) > 0 and number_slots[at] >= 0:
                enter(own, number_slots[at], at != keys[own], 0, marks, False, number_rooms, number_postings)
    return verified


@kernel(
    InInt64, InInt64, InInt64, InUInt32, InInt64, InInt32, InInt32, Float64, InBytes, Int64, Int64, Int64, Int64,
    OutInt32, OutUInt32,
)  # fmt: skip
def enter_sets(
    bounds, alone, number_bounds, marks, prefixes, slots, match, threshold, again, begin, end, part, parts,
    rooms, postings,
):  # fmt: skip
    """Enters the kept sets of a block where `decide_sets` did not: for tokens that do not come again in the block.

    Args:
        bounds, ..., postings: see `decide_sets`.
        part, parts: which rooms this call enters them into, of a power of two; others may do others at the same time.
    """
    offset = prefixes[begin]
    for own in range(begin, end):
        if match[own] != -1:
            continue
        numberless = number_bounds[own] == number_bounds[own + 1]
        middle_end = prefixes[own] + middle_length(bounds[own + 1] - bounds[own], threshold) - alone[own]
        for at in range(prefixes[own], prefixes[own + 1]):
            if slots[at] >= 0 and not again[at - offset] and (slots[at] >> 2) & (parts - 1) == part:
                depth = alone[own] + at - prefixes[own]
                enter(own, slots[at], at >= middle_end, depth, marks, numberless, rooms, postings)


@kernel(
    InUInt64, InInt64, InInt64, InUInt64, InInt64, InUInt32, InInt64, InInt32, InInt32, InInt32, InUInt32,
    InInt32, InInt32, InInt32, InUInt32, Int64, Float64,
    InInt32, Int64, Int64, OutInt32, OutInt32, OutInt32, OutFloat64, OutInt64, OutFloat64,
    returns=Int64,
)  # fmt: skip
def follow_rows(
    tokens, bounds, alone, numbers, number_bounds, marks, prefixes, slots, previous, rooms, postings,
    number_slots, keys, number_rooms, number_postings, many, threshold,
    rows, part, parts, seen, searched, match, similarity, row_match, row_similarity,
):  # fmt: skip
    """Says of each row what is decided of its set; returns how many pairs were verified.

    A row that repeats a removed one is removed too; what is most similar to it may have been kept in between.

    Args:
        tokens, ..., threshold: see `decide_sets`.
        rows: int32[r], the set of each row, in input order; sets are numbered by their first rows.
        part, parts: which sets' rows this call is about, of a power of two; others may do others at the same time.
        seen: int32[c], scratch of this call's own, filled with -1.
        searched: int32[c], filled with the sets' own numbers: each was compared with the kept ones before this one.
        match, similarity: see `decide_sets`; scratch from now on.
        row_match: int64[r], filled with the set whose first row stands for this one, -1 where this one is kept, -2
            where an earlier run's paragraph stands for it.
        row_similarity: float64[r], filled with the exact similarity to it, or 0.
    """
    verified = 0
    reached = 0
    for row in range(len(rows)):
        own = np.int64(rows[row])
        first = own == reached
        reached += np.int64(first)
        if (own >> 4) & (parts - 1) != part:
            continue
        if match[own] == -1:
            row_match[row] = -1 if first else own
            row_similarity[row] = 0.0 if first else 1.0
            continue
        if not first and similarity[own] < 1.0:
            best, bound, pairs = search(
                tokens, bounds, alone, numbers, number_bounds, marks, prefixes, slots, rooms, postings,
                number_slots, keys, number_rooms, number_postings, many, threshold,
                previous, 0, -1, seen, own, max(np.int64(searched[own]), own + 1), reached,
                np.int64(match[own]), similarity[own],
            )  # fmt: skip
            match[own] = best
            similarity[own] = bound
            searched[own] = reached
            verified += pairs
        row_match[row] = match[own]
        row_similarity[row] = similarity[own]
    return verified
