"""Kernels of folding: from text to folded words, and to folded code points."""

import numpy as np

from transforms.dedup.folding.profiles import (
    COUNT_BITS,
    DAGGER,
    DAGGER_REACH,
    DROPPED,
    PLAIN_SPELLINGS,
    SEPARATOR,
    SEVERAL,
)
from transforms.kernels import InBytes, Int64, InUInt32, OutUInt64, inline, kernel

# Frozen: fingerprints that lie on disk are compared with new ones. Odd 64-bit constants, integer arithmetic only.
HASH_MULTIPLIER = np.uint64(0x9E6C63D0876A9A4B)
SEED_WORD = np.uint64(0x8BB84B93962EACC9)
_HALF = np.uint64(32)
_NOTHING, _ONE, _TWO = np.uint64(0), np.uint64(1), np.uint64(2)
_DROPPED, _SEPARATOR, _DAGGER, _SEVERAL = (np.uint32(each) for each in (DROPPED, SEPARATOR, DAGGER, SEVERAL))
_FIRST_LETTER, _LETTERS = np.uint32(SEPARATOR + 1), np.uint32(DAGGER - SEPARATOR - 1)
_START, _COUNT, _COUNT_BITS = (
    np.uint32(SEVERAL - (1 << COUNT_BITS)),
    np.uint32((1 << COUNT_BITS) - 1),
    np.int64(COUNT_BITS),
)
_ALEF = np.uint64(ord("ا"))
_ZERO, _TEN = np.uint32(ord("0")), np.uint32(10)
# `PLAIN_SPELLINGS` as arrays: the letters before, 32 bits each, the bits of those that count, and the one behind.
_TWO_LETTERS = np.uint64(64)
_PLAIN_BEFORE = np.array(
    [sum(ord(a) << 32 * n for n, a in enumerate(reversed(b))) for b, _ in PLAIN_SPELLINGS], np.uint64
)
_PLAIN_LETTERS = np.array([(1 << 32 * len(before)) - 1 for before, _ in PLAIN_SPELLINGS], np.uint64)
_PLAIN_BEHIND = np.array([ord(behind) if behind else SEPARATOR for _, behind in PLAIN_SPELLINGS], np.uint32)


@inline
def absorb(state, value):
    """The hash state after one more 64-bit value: a multiply and a fold of the high half onto the low."""
    mixed = (state ^ value) * HASH_MULTIPLIER
    return mixed ^ (mixed >> _HALF)


@inline
def code_point(text, at):
    """The code point of valid UTF-8 at `at`, and where the next one begins (RFC 3629)."""
    first = np.uint32(text[at])
    if first < 0x80:
        return first, at + 1
    second = np.uint32(text[at + 1]) & np.uint32(0x3F)
    if first < 0xE0:
        return ((first & np.uint32(0x1F)) << np.uint32(6)) | second, at + 2
    third = np.uint32(text[at + 2]) & np.uint32(0x3F)
    if first < 0xF0:
        return ((first & np.uint32(0x0F)) << np.uint32(12)) | (second << np.uint32(6)) | third, at + 3
    fourth = np.uint32(text[at + 3]) & np.uint32(0x3F)
    high = ((first & np.uint32(0x07)) << np.uint32(18)) | (second << np.uint32(12))
    return high | (third << np.uint32(6)) | fourth, at + 4


@inline
def _several(folded):
    """The bounds in `Fold.several` of what a code point reads as."""
    first = np.int64(folded & _START) >> _COUNT_BITS
    return first, first + np.int64(folded & _COUNT)


@inline
def _letters_before(text, start, at, fold, several):
    """The last two letters of the word before `at`, 32 bits each; zeros where it has fewer."""
    found, shift = _NOTHING, _NOTHING
    for _ in range(DAGGER_REACH):
        if at == start or shift == _TWO_LETTERS:
            break
        at -= 1
        while text[at] & 0xC0 == 0x80:
            at -= 1
        folded = fold[code_point(text, at)[0]]
        if folded == _SEPARATOR:
            break
        if folded >= _SEVERAL:
            first, last = _several(folded)
            while last > first and several[last - 1] != _SEPARATOR and shift < _TWO_LETTERS:
                last -= 1
                found |= np.uint64(several[last]) << shift
                shift += _HALF
            if last > first:
                break
        elif folded > _SEPARATOR and folded != _DAGGER:
            found |= np.uint64(folded) << shift
            shift += _HALF
    return found


@inline
def _letter_behind(text, at, end, fold, several):
    """The letter behind `at`; `SEPARATOR` at the end of the word, `DROPPED` where none is near."""
    for _ in range(DAGGER_REACH):
        if at >= end:
            return _SEPARATOR
        point, at = code_point(text, at)
        folded = fold[point]
        if folded >= _SEVERAL:
            return several[_several(folded)[0]]
        if folded not in (_DROPPED, _DAGGER):
            return folded
    return _DROPPED


@inline
def is_alef(text, start, at, end, fold, several):
    """True where the dagger alef at `at` reads as alef: not in `PLAIN_SPELLINGS`."""
    before = _letters_before(text, start, at, fold, several)
    behind = _letter_behind(text, at + 2, end, fold, several)
    for each in range(len(_PLAIN_BEFORE)):
        if before & _PLAIN_LETTERS[each] == _PLAIN_BEFORE[each] and behind == _PLAIN_BEHIND[each]:
            return False
    return True


@inline
def word_units(text, start, end, fold, several, units, digits):
    """Fills `units` with the hashes of the folded words of one paragraph; returns their number.

    `digits` is filled with 1 for words that have a digit, of those that the fold reads as 0 to 9, else with 0.
    Most code points of Arabic have two bytes: they are taken in a loop of their own. At a separator the hash is stored,
    word or not, and counted where there was a word: a branch that nobody can foretell costs more.
    """
    count = 0
    state, digit = SEED_WORD, False
    at, stop = np.uint64(start), np.uint64(end)
    while at < stop:
        first = np.uint32(text[at])
        while np.uint32(0xC0) <= first < np.uint32(0xE0):
            second = np.uint32(text[at + _ONE]) & np.uint32(0x3F)
            folded = fold[((first & np.uint32(0x1F)) << np.uint32(6)) | second]
            if folded - _FIRST_LETTER < _LETTERS:
                state = absorb(state, np.uint64(folded))
                digit |= folded - _ZERO < _TEN
            elif folded == _SEPARATOR:
                units[count], digits[count] = state, digit
                count += np.int64(state != SEED_WORD)
                state, digit = SEED_WORD, False
            elif folded == _DAGGER and is_alef(text, start, np.int64(at), end, fold, several):
                state = absorb(state, _ALEF)
            at += np.uint64(2)
            if at >= stop:
                break
            first = np.uint32(text[at])
        if at >= stop:
            break
        point, behind = code_point(text, np.int64(at))
        folded = fold[point]
        if folded - _FIRST_LETTER < _LETTERS:
            state = absorb(state, np.uint64(folded))
            digit |= folded - _ZERO < _TEN
        elif folded == _SEPARATOR:
            units[count], digits[count] = state, digit
            count += np.int64(state != SEED_WORD)
            state, digit = SEED_WORD, False
        elif folded >= _SEVERAL:
            begin, finish = _several(folded)
            for each in range(begin, finish):
                if several[each] != _SEPARATOR:
                    state = absorb(state, np.uint64(several[each]))
                    digit |= several[each] - _ZERO < _TEN
                else:
                    units[count], digits[count] = state, digit
                    count += np.int64(state != SEED_WORD)
                    state, digit = SEED_WORD, False
        at = np.uint64(behind)
    if state != SEED_WORD:
        units[count], digits[count] = state, digit
        count += 1
    return count


@inline
def character_units(text, start, end, fold, several, units):
    """Fills `units` with the folded code points of one paragraph, one blank between words; returns units and words."""
    count, words = 0, 0
    inside = False
    at = start
    while at < end:
        here = at
        point, at = code_point(text, at)
        folded = fold[point]
        begin, finish = 0, 1
        if folded >= _SEVERAL:
            begin, finish = _several(folded)
        elif folded == _DAGGER:
            folded = np.uint32(_ALEF) if is_alef(text, start, here, end, fold, several) else _DROPPED
        for each in range(begin, finish):
            unit = several[each] if folded >= _SEVERAL else folded
            if unit == _SEPARATOR:
                inside = False
            elif unit != _DROPPED:
                if not inside:
                    if words > 0:
                        units[count] = np.uint64(32)
                        count += 1
                    words += 1
                    inside = True
                units[count] = np.uint64(unit)
                count += 1
    return count, words


@kernel(InBytes, InUInt32, InUInt32, OutUInt64, returns=Int64)
def fold_text(text, fold, several, units):
    """Fills `units` with the folded code points of a text, one blank between words; returns their number.

    Args:
        text: uint8[m], valid UTF-8.
        fold, several: see `Fold`.
        units: uint64[u], u as `unit_capacity` has it for characters.
    """
    return character_units(text, 0, len(text), fold, several, units)[0]
