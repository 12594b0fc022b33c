"""The memory of segmentation: runs of bytes beside their text in segments, and words beside their cuts.

Most words of a text are among the few thousand that occur everywhere. They are not even read letter by letter: the
bytes up to the next ASCII character are looked up as they stand, and the text beside them is copied.

A place holds one run or word, the last that came. An answer is the same whether it is remembered or computed.
"""

import numpy as np

from transforms.kernels import always_inline
from transforms.segmentation.kernels.forms import U, hash_of

# A run takes eight numbers, a line of the cache: its bytes in three, the bytes written for it, and these in four.
RUN_NUMBERS, LONGEST_RUN, MOST_WRITTEN = 8, 23, 32
LOOK_AHEAD = LONGEST_RUN + 1
# A word takes two numbers: the low half of its key, mixed with the other number, which is the high half and the cuts.
WORD_NUMBERS, REMEMBERED_LETTERS = 2, 17
CUT_BITS = U(26)

_RUN, _WORD, _ONE, _BYTE, _NOTHING = U(RUN_NUMBERS), U(WORD_NUMBERS), U(1), U(8), U(0)
_SECOND, _THIRD = U(8), U(16)  # bytes at which the numbers of a run begin
_HIGHEST, _LOWEST, _ALL = U(0x8080808080808080), U(0x0101010101010101), U(0xFFFFFFFFFFFFFFFF)
_MIX_1, _MIX_2, _MIX_3 = U(0x9E3779B97F4A7C15), U(0xC2B2AE3D27D4EB4F), U(0x165667B19E3779F9)
_SIGN, _COUNT, _SPREAD = U(7), U(56), U(40)


@always_inline
def _load(data, at):
    """Eight bytes as one number, the first of them lowest."""
    number = U(data[at])
    for each in range(_ONE, _BYTE):
        number |= U(data[at + each]) << (_BYTE * each)
    return number


@always_inline
def _store(number, out, at):
    """Writes a number as eight bytes, the lowest first."""
    for each in range(_NOTHING, _BYTE):
        out[at + each] = np.uint8(number >> (_BYTE * each))


@always_inline
def _before_ascii(number):
    """The mask of the bytes before the first that is ASCII, and for each of them a one in its lowest bit."""
    ascii_bytes = ~number & _HIGHEST
    mask = ((ascii_bytes & (~ascii_bytes + _ONE)) >> _SIGN) - _ONE
    return mask, mask & _LOWEST


@always_inline
def read_run(text, at):
    """The bytes up to the next that is ASCII, as three numbers, and how many; `LOOK_AHEAD` for more than fit.

    That many bytes of `text` are read.
    """
    one, two, three = _load(text, at), _load(text, at + _SECOND), _load(text, at + _THIRD)
    mask, ones = _before_ascii(one)
    one &= mask
    if mask != _ALL:
        return one, _NOTHING, _NOTHING, (ones * _LOWEST) >> _COUNT
    mask, more = _before_ascii(two)
    ones += more
    two &= mask
    if mask != _ALL:
        return one, two, _NOTHING, (ones * _LOWEST) >> _COUNT
    mask, more = _before_ascii(three)
    return one, two, three & mask, ((ones + more) * _LOWEST) >> _COUNT


@always_inline
def place_of_run(runs, one, two, three):
    """The place in `runs` of a run, whether it is remembered or not."""
    mixed = (one * _MIX_1) ^ (two * _MIX_2) ^ (three * _MIX_3)
    return _RUN * ((mixed >> _SPREAD) & U(len(runs) // RUN_NUMBERS - 1))


@always_inline
def is_run(runs, place, one, two, three):
    """True where the run is remembered."""
    return runs[place] == one and runs[place + U(1)] == two and runs[place + U(2)] == three


@always_inline
def write_run(runs, place, out, to):
    """Writes a remembered run in segments, and `MOST_WRITTEN` bytes in all; returns where `out` goes on."""
    for each in range(_NOTHING, U(4)):
        _store(runs[place + U(4) + each], out, to + _BYTE * each)
    return to + runs[place + U(3)]


@always_inline
def remember_run(runs, place, one, two, three, out, begun, to):
    """Remembers that out[begun:to] is written for a run, unless that is too much."""
    if to - begun <= U(MOST_WRITTEN):
        runs[place], runs[place + U(1)], runs[place + U(2)], runs[place + U(3)] = one, two, three, to - begun
        for each in range(_NOTHING, U(4)):
            runs[place + U(4) + each] = _load(out, begun + _BYTE * each)


@always_inline
def word_cuts(words, high, low):
    """The remembered cuts of a word, with the bits of its key above; 0 for a word that is not remembered.

    Threads share `words` without a lock. One may read a place while another writes it, and meet numbers of two words:
    then they do not fit each other (Hyatt and Mann, A lock-less transposition table implementation for parallel search
    chess engines, ICGA Journal 25, 2002).
    """
    place = _WORD * (hash_of(high, low) & U(len(words) // WORD_NUMBERS - 1))
    for each in (place, place ^ _WORD):
        known = words[each + _ONE]
        if words[each] == low ^ (known * _MIX_1) and known >> CUT_BITS == high:
            return known
    return _NOTHING


@always_inline
def remember_word(words, high, low, cuts):
    """Remembers the cuts of a word, not 0, in the first of its two places; what is there moves to the second."""
    place = _WORD * (hash_of(high, low) & U(len(words) // WORD_NUMBERS - 1))
    other, known = place ^ _WORD, (high << CUT_BITS) | cuts
    words[other], words[other + _ONE] = words[place], words[place + _ONE]
    words[place], words[place + _ONE] = low ^ (known * _MIX_1), known
