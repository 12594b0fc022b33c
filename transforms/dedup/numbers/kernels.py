"""Kernels of numbers."""

import numpy as np

from transforms.dedup.folding.kernels import absorb, word_units
from transforms.dedup.kernels import SEED_SHINGLE, drop_repeats, sort
from transforms.kernels import (
    Bool,
    InBytes,
    InInt64,
    Int64,
    InUInt32,
    OutBytes,
    OutInt64,
    OutUInt64,
    always_inline,
    inline,
    kernel,
)


@always_inline
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


@always_inline
def number_mask(numbers, begin, end):
    """A bit for each number of a paragraph, by its hash: several may have the same."""
    mask = np.uint64(0)
    for at in range(begin, end):
        mask |= np.uint64(1) << (numbers[at] >> np.uint64(58))
    return mask


@always_inline
def far_apart(left, right):
    """True where masks show that each of two paragraphs has a number that the other lacks."""
    return (left & ~right) != 0 and (right & ~left) != 0


_ONE = np.uint64(1)


@inline
def _has_digit(text, start, end):
    """True where a digit of one of the three shapes is in valid UTF-8: 0 to 9, U+0660 to 0669, U+06F0 to 06F9.

    Unsigned places and no branch: the compiler makes this a loop over vectors of bytes, ten times as fast.
    """
    found = end > start and 0x30 <= text[start] <= 0x39
    for at in range(np.uint64(start + 1), np.uint64(max(end, start + 1))):
        before, byte = text[at - _ONE], text[at]
        found |= (byte >= 0x30) & (byte <= 0x39)
        found |= (before == 0xD9) & (byte >= 0xA0) & (byte <= 0xA9)
        found |= (before == 0xDB) & (byte >= 0xB0) & (byte <= 0xB9)
    return found


@inline
def _keep_words_with_digits(words, digits, count, inner, numbers, begin):
    """Fills `numbers` from `begin` with the words that have a digit, those within if `inner`; returns their end."""
    total = begin
    after_last_word = begin
    others = False
    for at in range(count):
        if digits[at] == 0:
            others = True
            after_last_word = total
        elif others or not inner:
            numbers[total] = words[at]
            total += 1
    return after_last_word if inner else total


@kernel(
    InBytes, InInt64, InInt64, InUInt32, InUInt32, Bool, OutUInt64, OutBytes, OutInt64, OutUInt64, returns=Int64
)  # fmt: skip
def hash_numbers(text, start, end, fold, several, inner, words, digits, offsets, numbers):
    """Fills `numbers` with those that keep each paragraph apart, see `NumberSets`; returns their number.

    Args:
        text: uint8[m], valid UTF-8.
        start, end: int64[p], the paragraphs' bytes in `text`.
        fold, several: see `Fold`; digits of all shapes read as 0 to 9.
        inner: whether they are the numbers within, else the hash of all in order.
        words: uint64[u], scratch; u at least the unit capacity of the longest paragraph, in words.
        digits: uint8[u], scratch.
        offsets: int64[p + 1], filled with where each paragraph's begin.
        numbers: uint64[n]; n at least the paragraphs' bytes, and one for each.
    """
    total = 0
    offsets[0] = 0
    for paragraph in range(len(start)):
        begin = total
        first, last = start[paragraph], end[paragraph]
        if _has_digit(text, first, last):
            count = word_units(text, first, last, fold, several, words, digits)
            total = _keep_words_with_digits(words, digits, count, inner, numbers, begin)
        if inner:
            sort(numbers, begin, total)
            total = drop_repeats(numbers, begin, total)
        else:
            state = SEED_SHINGLE
            for at in range(begin, total):
                state = absorb(state, numbers[at])
            numbers[begin] = state
            total = begin + 1
        offsets[paragraph + 1] = total
    return total
