"""Kernels that enter kept sets into the rooms of their tokens, and look others up there; and equal sets."""

import numpy as np

from transforms.dedup.kernels import middle_length, pair_overlap, shared_tokens
from transforms.dedup.numbers.kernels import far_apart, nested
from transforms.kernels import InInt64, InUInt64, OutUInt32, always_inline, kernel

_ROOM = 4  # columns of a room: where it begins, the postings at its two ends so far, those of sets without numbers
_POSTING = 3  # a posting's mark, set, and tokens before the one that it is of
_ABREAST = np.uint64(16)  # marks that are looked at together


@kernel(InUInt64, InInt64, OutUInt32)
def mark_numbers(numbers, number_bounds, marks):
    """Fills `marks`, uint32[c], with two bits for each number of a set, by its hash: several may have the same."""
    for row in range(len(marks)):
        mark = np.uint64(0)
        for at in range(number_bounds[row], number_bounds[row + 1]):
            mark |= np.uint64(1) << (numbers[at] >> np.uint64(59))
            mark |= np.uint64(1) << ((numbers[at] >> np.uint64(54)) & np.uint64(31))
        marks[row] = np.uint32(mark)


@always_inline
def _next_near(postings, at, end, mark):
    """The first place from `at` on whose mark is not far apart from `mark`; `end` where there is none.

    Several are looked at together, without a branch: the compiler makes this a loop over vectors.
    """
    place, stop = np.uint64(at), np.uint64(end)
    while place + _ABREAST <= stop:
        near = False
        for step in range(_ABREAST):
            other = postings[place + step]
            near |= ((other & ~mark) == 0) | ((mark & ~other) == 0)
        if near:
            break
        place += _ABREAST
    while place < stop and far_apart(postings[place], mark):
        place += np.uint64(1)
    return np.int64(place)


@always_inline
def _first_from(postings, sets, least, at, end):
    """The place of the first of rising sets, from `sets` on, that is at least `least`: often one of the last."""
    if at == end or postings[sets + end - 1] < least:
        return end
    while at < end:
        middle = (at + end) >> 1
        if postings[sets + middle] < least:
            at = middle + 1
        else:
            end = middle
    return at


@always_inline
def _first_below(postings, sets, least, at, end):
    """The place of the first of falling sets, from `sets` on, that is below `least`: often one of the first."""
    if at == end or postings[sets + at] < least:
        return at
    while at < end:
        middle = (at + end) >> 1
        if postings[sets + middle] >= least:
            at = middle + 1
        else:
            end = middle
    return at


@always_inline
def compare(
    tokens, bounds, numbers, number_bounds, own, depth, other, other_depth, common, best, bound
):  # fmt: skip
    """Compares a set with another; returns the best match then, its similarity, and 1 where tokens were counted.

    Args:
        tokens, bounds, numbers, number_bounds: see `decide_sets`.
        own, other: the sets.
        depth, other_depth: their tokens before the first that they share, or before which they may share some.
        common: 1 where both have a common token after those.
        best, bound: the best match so far and its similarity; -1 and the threshold where there is none.
    """
    size, other_size = bounds[own + 1] - bounds[own], bounds[other + 1] - bounds[other]
    if min(size, other_size) / max(size, other_size) < bound:
        return best, bound, 0
    wanted = pair_overlap(size, other_size, bound)
    if min(size - depth, other_size - other_depth) < wanted or not nested(
        numbers, number_bounds[own], number_bounds[own + 1],
        numbers, number_bounds[other], number_bounds[other + 1],
    ):  # fmt: skip
        return best, bound, 0
    left, right = bounds[own] + depth + common, bounds[other] + other_depth + common
    shared = common + shared_tokens(tokens, left, bounds[own + 1], tokens, right, bounds[other + 1], wanted - common)
    if shared >= wanted:
        found = shared / (size + other_size - shared)
        if best == -1 or found > bound or other < best:
            best = other
            bound = found
    return best, bound, 1


@always_inline
def _has_since(rooms, postings, slot, with_end, since):
    """True where a room has a set from `since` on; most have none."""
    room = _ROOM * slot
    if since == 0:
        return rooms[room + 1] > 0 or (with_end and rooms[room + 2] > 0)
    begin, end = np.int64(rooms[room]), np.int64(rooms[room + _ROOM])
    sets = _POSTING * begin + end - begin
    near, far = np.int64(rooms[room + 1]), np.int64(rooms[room + 2])
    if near > 0 and postings[sets + near - 1] >= since:
        return True
    return with_end and far > 0 and postings[sets + end - begin - far] >= since


@always_inline
def _by_numbers(own, number_bounds, prefixes, slots, rooms, number_rooms, many, earlier, offset, earliest):
    """True where a set is looked up by its numbers: rooms of its tokens are full, and all sets in them have numbers."""
    if len(number_rooms) == 0 or number_bounds[own] == number_bounds[own + 1]:
        return False
    postings = 0
    for at in range(prefixes[own], prefixes[own + 1]):
        if slots[at] >= 0 and earlier[at - offset] >= earliest:
            room = _ROOM * np.int64(slots[at])
            postings += np.int64(rooms[room + 1])
            if rooms[room + 3] > 0:
                return False
    return postings > many


@always_inline
def search(
    tokens, bounds, alone, numbers, number_bounds, marks, prefixes, slots, rooms, postings,
    number_slots, keys, number_rooms, number_postings, many, threshold,
    earlier, offset, earliest, seen, own, since, until, best, bound,
):  # fmt: skip
    """Compares a set with kept ones; returns the best match, its similarity, and how many pairs were verified.

    Candidates share a token of both prefixes, and it is in the middle prefix of one (Bayardo, Ma, Srikant, WWW 2007);
    they pass the size filter, and enough tokens follow the first that they share (PPJoin: Xiao et al., WWW 2008), of
    which the rest is counted until the bound is out of reach. Where those are many, and all have numbers, as lines of
    one template have, candidates are those of which one has the rarest number of the other.

    Args:
        tokens, ..., threshold: see `decide_sets`.
        earlier, offset, earliest: tokens whose `earlier`, of their places less an offset, is before `earliest` are in
            none of the sets to compare with.
        seen: int32[c], scratch: where it is `own`, the set was met before.
        own: the set.
        since, until: it is compared with kept sets from `since` on and before `until`.
        best, bound: the best match so far and its similarity; -1 and the threshold where there is none.
    """
    verified = 0
    size = bounds[own + 1] - bounds[own]
    middle_end = prefixes[own] + middle_length(size, threshold) - alone[own]
    first_at, end_at, found_rooms, found_postings = prefixes[own], prefixes[own + 1], rooms, postings
    by_numbers = _by_numbers(own, number_bounds, prefixes, slots, rooms, number_rooms, many, earlier, offset, earliest)
    if by_numbers:
        first_at, end_at, found_rooms, found_postings = (
            number_bounds[own], number_bounds[own + 1], number_rooms, number_postings,
        )  # fmt: skip
    for at in range(first_at, end_at):
        if by_numbers:
            slot, with_end, common, depth = np.int64(number_slots[at]), at == keys[own], 0, 0
        else:
            slot, with_end, common, depth = np.int64(slots[at]), at < middle_end, 1, alone[own] + at - first_at
            if earlier[at - offset] < earliest:
                continue
        if slot < 0 or not _has_since(found_rooms, found_postings, slot, with_end, since):
            continue
        begin = np.int64(found_rooms[_ROOM * slot])
        width = np.int64(found_rooms[_ROOM * (slot + 1)]) - begin
        base = _POSTING * begin
        sets = base + width
        last = _first_from(found_postings, sets, until, 0, np.int64(found_rooms[_ROOM * slot + 1]))
        first = _first_from(found_postings, sets, since, 0, last)
        for _ in range(2 if with_end else 1):
            place = _next_near(found_postings, base + first, base + last, marks[own]) - base
            while place < last:
                other = np.int64(found_postings[sets + place])
                other_depth = common * np.int64(found_postings[base + 2 * width + place])
                place = _next_near(found_postings, base + place + 1, base + last, marks[own]) - base
                other_size = bounds[other + 1] - bounds[other]
                if seen[other] == own or min(size, other_size) / max(size, other_size) < bound:
                    continue
                seen[other] = own
                best, bound, counted = compare(
                    tokens, bounds, numbers, number_bounds, own, depth, other, other_depth, common, best, bound
                )
                verified += counted
            first = _first_below(found_postings, sets, until, width - np.int64(found_rooms[_ROOM * slot + 2]), width)
            last = _first_below(found_postings, sets, since, first, width)
    return best, bound, verified


@always_inline
def enter(own, slot, at_end, depth, marks, numberless, rooms, postings):
    """Enters a kept set into a room, at the end or at the beginning of it."""
    room = _ROOM * np.int64(slot)
    begin = np.int64(rooms[room])
    width = np.int64(rooms[room + _ROOM]) - begin
    if at_end:
        rooms[room + 2] += 1
        place = width - np.int64(rooms[room + 2])
    else:
        place = np.int64(rooms[room + 1])
        rooms[room + 1] += 1
    rooms[room + 3] += np.int32(numberless)
    postings[_POSTING * begin + place] = marks[own]
    postings[_POSTING * begin + place + width] = own
    postings[_POSTING * begin + place + 2 * width] = depth


@always_inline
def equal_sets(values, bounds, left, right):
    """True where the sets in two rows are the same."""
    size = bounds[left + 1] - bounds[left]
    if bounds[right + 1] - bounds[right] != size:
        return False
    for at in range(size):
        if values[bounds[left] + at] != values[bounds[right] + at]:
            return False
    return True


@always_inline
def may_have_twin(prefixes, own, earlier, offset, earliest):
    """True where each token of a set's prefix was there at `earliest` or after it: an equal set has all of them.

    A set whose prefix is empty here has a token that no other set has.
    """
    for at in range(prefixes[own], prefixes[own + 1]):
        if earlier[at - offset] < earliest:
            return False
    return prefixes[own] < prefixes[own + 1]


@always_inline
def home_of_twin(own, tokens, bounds, numbers, number_bounds, identities, twins):
    """The place in `twins` of the kept set that has all tokens and numbers of this one, or where it would be."""
    mask = np.uint64(len(twins) - 1)
    home = np.int64(identities[own] & mask)
    while twins[home] >= 0 and not (
        identities[twins[home]] == identities[own]
        and equal_sets(tokens, bounds, own, twins[home])
        and equal_sets(numbers, number_bounds, own, twins[home])
    ):
        home = np.int64(np.uint64(home + 1) & mask)
    return home


@always_inline
def twin_of(
    own, tokens, bounds, numbers, number_bounds, prefixes, earlier, offset, earliest, identities, twins
):  # fmt: skip
    """The kept set that has all tokens and numbers of this one, or -1; see `may_have_twin` and `home_of_twin`."""
    if not may_have_twin(prefixes, own, earlier, offset, earliest):
        return np.int64(-1)
    return np.int64(twins[home_of_twin(own, tokens, bounds, numbers, number_bounds, identities, twins)])
