"""Word forms as 128-bit keys, and their table.

Six bits a letter, so that up to 21 letters are a key exactly; longer forms are folded into it. A key has two halves.
"""

import numpy as np

from transforms.kernels import Bool, InBytes, InInt64, InUInt64, OutUInt64, always_inline, kernel
from transforms.segmentation.words import LETTERS

CODES = {letter: code for code, letter in enumerate(LETTERS, 1)}
EXACT_LETTERS = 21

U = np.uint64
ONE, TWO, THREE = U(1), U(2), U(3)
SIX, TOP = U(6), U(58)
LETTER = U(63)
NO_ENTRY = U(0)
_FOLD, _MIX_1, _MIX_2 = U(0x9E3779B97F4A7C15), U(0xBF58476D1CE4E5B9), U(0x94D049BB133111EB)
_HALF = U(32)


@always_inline
def push(high, low, code):
    """The key with one letter more."""
    spilt = high >> TOP
    return ((high << SIX) | (low >> TOP)) ^ (spilt * _FOLD), (low << SIX) | U(code)


@always_inline
def key_of(letters, first, last):
    """The key of letters[first:last]."""
    high, low = U(0), U(0)
    for at in range(first, last):
        high, low = push(high, low, letters[at])
    return high, low


@always_inline
def hash_of(high, low):
    """32 bits that look random."""
    mixed = (low ^ (high * _FOLD)) * _MIX_1
    mixed = (mixed ^ (mixed >> _HALF)) * _MIX_2
    return mixed >> _HALF


@always_inline
def slot_of(slots, high, low):
    """The first slot for a key."""
    return THREE * ((hash_of(high, low) * U(len(slots) // 3)) >> _HALF)


@always_inline
def find(slots, high, low):
    """The entry of a key; `NO_ENTRY` where it has none."""
    slot = slot_of(slots, high, low)
    while slots[slot + TWO] != NO_ENTRY:
        if slots[slot] == low and slots[slot + ONE] == high:
            return slots[slot + TWO]
        slot += THREE
        if slot == U(len(slots)):
            slot = U(0)
    return NO_ENTRY


@kernel(InBytes, InInt64, InUInt64, OutUInt64, returns=Bool)
def fill_slots(letters, bounds, entries, slots):
    """Fills a table of word forms; returns whether all keys are distinct.

    Args:
        letters: uint8[m], the forms' letters as codes.
        bounds: int64[n + 1], where each form's begin.
        entries: uint64[n], none of them 0.
        slots: uint64[3 * size] of zeros, size more than n and less than 2^32.
    """
    size = U(len(slots) // 3)
    for form in range(len(entries)):
        high, low = key_of(letters, bounds[form], bounds[form + 1])
        slot = 3 * np.int64((hash_of(high, low) * size) >> _HALF)
        while slots[slot + 2] != NO_ENTRY:
            if slots[slot] == low and slots[slot + 1] == high:
                return False
            slot += 3
            if slot == len(slots):
                slot = 0
        slots[slot], slots[slot + 1], slots[slot + 2] = low, high, entries[form]
    return True
