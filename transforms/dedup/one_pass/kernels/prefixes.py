"""Kernels that number the tokens of prefixes, so that sets meet at them."""

import numpy as np
from numba import types

from transforms.dedup.kernels import first_slot, prefix_length
from transforms.kernels import Float64, InInt32, InInt64, Int64, InUInt64, OutInt32, OutInt64, OutUInt64, UInt64, kernel

_USE = np.uint64(1 << 32)
_LAST = np.uint64((1 << 32) - 1)
_NONE = np.uint64((1 << 64) - 1)


@kernel(InInt64, InInt64, Float64, OutInt64, returns=types.void)
def measure_prefixes(bounds, alone, threshold, prefixes):
    """Fills `prefixes`, int64[c + 1], with where the prefix of each set begins among those of all.

    The tokens at the head of a set that no other set has, of which there are `alone`, are no part of its prefix here.
    """
    prefixes[0] = 0
    for row in range(len(alone)):
        length = prefix_length(bounds[row + 1] - bounds[row], threshold) - alone[row]
        prefixes[row + 1] = prefixes[row] + max(length, 0)


@kernel(InUInt64, InInt64, InInt64, InInt64, UInt64, Int64, Int64, OutUInt64, OutInt32, OutInt32, returns=Int64)
def place_prefixes(tokens, bounds, alone, prefixes, shift, begin, end, table, slots, previous):
    """Gives each distinct prefix token a slot in one piece of `table`; returns how many of them come twice or more.

    Args:
        tokens: uint64[t], ordered sets.
        bounds: int64[c + 1], where each set begins.
        alone: int64[c], tokens at the head of each set that are passed over: no other set has them.
        prefixes: int64[c + 1], see `measure_prefixes`; below 2 ** 31.
        shift: 64 less the base-2 logarithm of the number of slots.
        begin, end: the slots that this call fills; others may fill other ones at the same time.
        table: uint64[2, 2 ** k] as pairs, zeros: open addressing, linear probing inside a piece. A slot's token plus 1,
            0 where it is empty; and how often the token comes, 32 bits, with the place in `slots` where it came last.
        slots: int32[x], one for each prefix token in order, filled with its slot.
        previous: int32[x], filled with the place in `slots` where the same token came before, or -1.
    """
    shared = 0
    for row in range(len(bounds) - 1):
        shift_to_token = bounds[row] + alone[row] - prefixes[row]
        for at in range(prefixes[row], prefixes[row + 1]):
            token = tokens[shift_to_token + at]
            slot = first_slot(token, shift)
            if begin <= slot < end:
                while table[2 * slot] != 0 and table[2 * slot] != token + np.uint64(1):
                    slot += 1
                    if slot == end:
                        slot = begin
                came = table[2 * slot + 1]
                table[2 * slot] = token + np.uint64(1)
                table[2 * slot + 1] = ((came & ~_LAST) + _USE) | np.uint64(at)
                slots[at] = slot
                previous[at] = np.int64(came & _LAST) if came != 0 else -1
                shared += np.int64(came >> np.uint64(32) == np.uint64(1))
    return shared


@kernel(Int64, Int64, Int64, OutUInt64, OutInt32, returns=types.void)
def number_slots(begin, end, number, table, uses):
    """Numbers the slots of a piece whose token comes twice or more, from `number` on; see `place_prefixes`.

    Args:
        begin, end: the piece.
        number: the first number.
        table: where how often a token comes was, its number is now, or all bits where it comes once.
        uses: int32[n], filled with how often the token of each number comes.
    """
    for slot in range(begin, end):
        count = table[2 * slot + 1] >> np.uint64(32)
        table[2 * slot + 1] = _NONE
        if count >= np.uint64(2):
            uses[number] = count
            table[2 * slot + 1] = np.uint64(number)
            number += 1


@kernel(InUInt64, Int64, Int64, OutInt32, returns=types.void)
def name_slots(table, begin, end, slots):
    """Replaces slots by the number of their token, or by -1 where the token comes once.

    Args:
        table: see `number_slots`.
        begin, end: the places in `slots` that this call replaces.
        slots: see `place_prefixes`.
    """
    for at in range(begin, end):
        number = table[2 * np.int64(slots[at]) + 1]
        slots[at] = -1 if number == _NONE else np.int64(number)


@kernel(InInt64, InInt32, InInt32, OutInt32, returns=types.void)
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
