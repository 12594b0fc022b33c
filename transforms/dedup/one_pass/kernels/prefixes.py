"""Kernels that number the tokens of prefixes, so that sets meet at them."""

import numpy as np

from transforms.dedup.kernels import prefix_length
from transforms.kernels import (
    Float64,
    InInt32,
    InInt64,
    Int64,
    InUInt64,
    OutInt32,
    OutInt64,
    OutUInt64,
    always_inline,
    kernel,
)

_LAST = np.uint64((1 << 32) - 1)
_GOLDEN, _HALF = np.uint64(0x9E3779B97F4A7C15), np.uint64(32)


@always_inline
def first_slot(token, places):
    """The first place for a token in a table of any size (Lemire, ACM Transactions on Modeling, 2019)."""
    return np.int64((((token * _GOLDEN) >> _HALF) * np.uint64(places)) >> _HALF)


@kernel(InInt64, InInt64, Float64, OutInt64)
def measure_prefixes(bounds, alone, threshold, prefixes):
    """Fills `prefixes`, int64[c + 1], with where the prefix of each set begins among those of all.

    The tokens at the head of a set that no other set has, of which there are `alone`, are no part of its prefix here.
    """
    prefixes[0] = 0
    for row in range(len(alone)):
        length = prefix_length(bounds[row + 1] - bounds[row], threshold) - alone[row]
        prefixes[row + 1] = prefixes[row] + max(length, 0)


@kernel(
    InUInt64, InInt64, InInt64, InInt64, Int64, Int64, Int64, Int64, Int64, OutUInt64, OutInt32, OutInt32, OutInt32,
    returns=Int64,
)  # fmt: skip
def place_prefixes(
    tokens, bounds, alone, prefixes, places, begin, end, piece, pieces, table, slots, previous, uses
):  # fmt: skip
    """Numbers the prefix tokens of one piece of `table` that come twice or more; returns how many there are.

    Their numbers are `piece`, `piece + pieces` and so on, in the order in which they come again.

    Args:
        tokens: uint64[t], ordered sets.
        bounds: int64[c + 1], where each set begins.
        alone: int64[c], tokens at the head of each set that are passed over: no other set has them.
        prefixes: int64[c + 1], see `measure_prefixes`; below 2 ** 30.
        places: the pairs in the table, more than there are prefix tokens, and below 2 ** 32.
        begin, end: the pairs that this call fills; others may fill other ones at the same time.
        piece, pieces: the number of this piece, and how many there are.
        table: uint64[2 * places] as pairs, zeros: open addressing, linear probing inside a piece. A pair is a token
            plus 1, or 0 where there is none; and its number plus 1, or 0, in 32 bits, with the place where it came
            last.
        slots: int32[x], one for each prefix token in order, filled with its number; -1 where it comes once.
        previous: int32[x], filled with the place in `slots` where the same token came before, or -1.
        uses: int32[n], zeros, filled with how often the token of each number comes.
    """
    shared = 0
    for row in range(len(bounds) - 1):
        to_token = bounds[row] + alone[row] - prefixes[row]
        for at in range(prefixes[row], prefixes[row + 1]):
            token = tokens[to_token + at]
            home = first_slot(token, places)
            if not begin <= home < end:
                continue
            while table[2 * home] != 0 and table[2 * home] != token + np.uint64(1):
                home += 1
                if home == end:
                    home = begin
            slots[at] = -1
            previous[at] = -1
            came = table[2 * home + 1]
            number = np.int64(came >> np.uint64(32)) - 1
            if table[2 * home] != 0:
                last = np.int64(came & _LAST)
                if number < 0:
                    number = shared * pieces + piece
                    shared += 1
                    slots[last] = number
                    uses[number] = 1
                uses[number] += 1
                slots[at] = number
                previous[at] = last
            table[2 * home] = token + np.uint64(1)
            table[2 * home + 1] = np.uint64(number + 1) << np.uint64(32) | np.uint64(at)
    return shared


@kernel(InInt64, InInt32, InInt32, OutInt32)
def find_keys(number_bounds, slots, uses, keys):
    """Fills `keys`, int32[c], with the place of each set's rarest number; -1 where it has none.

    Args:
        number_bounds: int64[c + 1], where each set's numbers begin.
        slots: int32[n], the number of each in `uses`, or -1 where it comes once.
        uses: how often each comes.
    """
    for row in range(len(keys)):
        keys[row] = -1
        rarest = np.int64(1 << 62)
        for at in range(number_bounds[row], number_bounds[row + 1]):
            count = np.int64(uses[slots[at]]) if slots[at] >= 0 else np.int64(1)
            if count < rarest:
                rarest = count
                keys[row] = at
