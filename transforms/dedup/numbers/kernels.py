"""Kernels of numbers."""

import numpy as np

from transforms.dedup.folding.kernels import SEED_WORD, absorb, character_units
from transforms.dedup.kernels import SEED_SHINGLE, drop_repeats
from transforms.kernels import Bool, InBytes, InInt64, Int64, InUInt32, OutInt64, OutUInt64, inline, kernel


@inline
def nested(lefts, left, left_end, rights, right, right_end):
    """True where one of two sorted sets holds the other."""
    only_left = False
    only_right = False
    while left < left_end and right < right_end:
        a = lefts[left]
        b = rights[right]
        left += np.int64(a <= b)
        right += np.int64(b <= a)
        only_left |= a < b
        only_right |= b < a
        if only_left and only_right:
            return False
    return not ((only_left or left < left_end) and (only_right or right < right_end))


@inline
def number_mask(numbers, begin, end):
    """A bit for each number of a paragraph, by its hash: several may have the same."""
    mask = np.uint64(0)
    for at in range(begin, end):
        mask |= np.uint64(1) << (numbers[at] >> np.uint64(58))
    return mask


@inline
def far_apart(left, right):
    """True where masks show that each of two paragraphs has a number that the other lacks."""
    return (left & ~right) != 0 and (right & ~left) != 0


_BLANK = np.uint64(32)
_ZERO, _TEN = np.uint64(ord("0")), np.uint64(10)
_ARABIC_ZERO, _EXTENDED_ZERO = np.uint64(ord("٠")), np.uint64(ord("۰"))


@inline
def _has_digit(text, start, end):
    """True where a digit of one of the three shapes is in valid UTF-8: 0 to 9, U+0660 to 0669, U+06F0 to 06F9."""
    before = np.uint8(0)
    for at in range(start, end):
        byte = text[at]
        if 0x30 <= byte <= 0x39:
            return True
        if (before == 0xD9 and 0xA0 <= byte <= 0xA9) or (before == 0xDB and 0xB0 <= byte <= 0xB9):
            return True
        before = byte
    return False


@inline
def _plain_digit(unit):
    """The unit, a digit of another shape as its ASCII twin; wraps around below the digits."""
    if unit - _ARABIC_ZERO < _TEN:
        return unit - _ARABIC_ZERO + _ZERO
    if unit - _EXTENDED_ZERO < _TEN:
        return unit - _EXTENDED_ZERO + _ZERO
    return unit


@inline
def _hash_words_with_digits(units, count, inner, numbers, begin):
    """Fills `numbers` from `begin` with the hashes of words with digits, in order; returns their end."""
    total = begin
    behind_last_word = begin
    words = False
    state = SEED_WORD
    digits = False
    for at in range(count + 1):
        unit = units[at] if at < count else _BLANK
        if unit != _BLANK:
            plain = _plain_digit(unit)
            digits |= plain - _ZERO < _TEN
            state = absorb(state, plain)
            continue
        if not digits:
            words = True
            behind_last_word = total
        elif words or not inner:
            numbers[total] = state
            total += 1
        state = SEED_WORD
        digits = False
    return behind_last_word if inner else total


@kernel(InBytes, InInt64, InInt64, InUInt32, InUInt32, Bool, OutUInt64, OutInt64, OutUInt64, returns=Int64)
def hash_numbers(text, start, end, fold, several, inner, units, offsets, numbers):
    """Fills `numbers` with those that keep each paragraph apart, see `NumberSets`; returns their number.

    Args:
        text: uint8[m], valid UTF-8.
        start, end: int64[p], the paragraphs' bytes in `text`.
        fold, several: see `Fold`.
        inner: whether they are the numbers within, else the hash of all in order.
        units: uint64[u], scratch; u at least the unit capacity of the longest paragraph, in characters.
        offsets: int64[p + 1], filled with where each paragraph's begin.
        numbers: uint64[n]; n at least the paragraphs' bytes, and one for each.
    """
    total = 0
    offsets[0] = 0
    for paragraph in range(len(start)):
        begin = total
        if _has_digit(text, start[paragraph], end[paragraph]):
            count, _ = character_units(text, start[paragraph], end[paragraph], fold, several, units)
            total = _hash_words_with_digits(units, count, inner, numbers, begin)
        if inner:
            numbers[begin:total].sort()
            total = drop_repeats(numbers, begin, total)
        else:
            state = SEED_SHINGLE
            for at in range(begin, total):
                state = absorb(state, numbers[at])
            numbers[begin] = state
            total = begin + 1
        offsets[paragraph + 1] = total
    return total
