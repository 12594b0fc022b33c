"""The memory of segmentation: runs of bytes beside their text in segments, and words beside their cuts.

Most words of a text are among the few thousand that occur everywhere. They are not even read letter by letter: the
bytes up to the next ASCII character are looked up as they stand, and the text beside them is copied.

A place holds one run or word, the last that came. An answer is the same whether it is remembered or computed.
"""

import numpy as np

from transforms.kernels import always_inline
from transforms.segmentation.kernels.characters import is_plain, read_word
from transforms.segmentation.kernels.forms import U, hash_of, slot_of
from transforms.signatures import prefetch

# The next runs of a text are looked up together: the processor waits for memory once, not for each of them.
AHEAD = 96
# Of each run found: its bytes in three numbers, where it begins and stops in the text, and two places in the memory of
# runs, its own and the one that its text in segments is copied from.
FOUND_NUMBERS = 7
BYTES, BYTES_2, BYTES_3, BEGIN, STOP, PLACE, SOURCE = (U(each) for each in range(FOUND_NUMBERS))
LATER = U(1 << 63)  # added to the spare place of a run that is not written yet
# Of each run found that is not remembered: its number among those found, its key, its letters, 0 where it has others
# than letters too, and its remembered cuts.
MISSING_NUMBERS = 5
RUN, HIGH, LOW, LETTERS, KNOWN = (U(each) for each in range(MISSING_NUMBERS))

# A run takes eight numbers, a line of the cache: its bytes in three, the bytes written for it, and these in four.
RUN_NUMBERS, LONGEST_RUN, MOST_WRITTEN = 8, 23, 32
LOOK_AHEAD = LONGEST_RUN + 1
# Runs that are not remembered are written to spare places first: another run found may still need what is in theirs.
SPARE_PLACES = 2 * AHEAD
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
    next_mask, next_ones = _before_ascii(two)
    last_mask, last_ones = _before_ascii(three)
    next_mask &= _NOTHING - U(mask == _ALL)  # cheaper than a guess at the length that fails
    last_mask &= _NOTHING - U(next_mask == _ALL)
    ones += (next_ones & next_mask) + (last_ones & last_mask)
    return one & mask, two & next_mask, three & last_mask, (ones * _LOWEST) >> _COUNT


@always_inline
def place_of_run(runs, one, two, three):
    """The place in `runs` of a run, whether it is remembered or not."""
    mixed = (one * _MIX_1) ^ (two * _MIX_2) ^ (three * _MIX_3)
    return _RUN * ((mixed >> _SPREAD) & U(len(runs) // RUN_NUMBERS - SPARE_PLACES - 1))


@always_inline
def is_run(runs, place, one, two, three):
    """True where the run is remembered."""
    return ((runs[place] ^ one) | (runs[place + U(1)] ^ two) | (runs[place + U(2)] ^ three)) == _NOTHING


@always_inline
def find_runs(text, at, until, runs, found):
    """Finds the next runs, of those that ASCII follows and that may be remembered, and brings their memory near.

    Args:
        text, at, until: the text to look through.
        runs: see `segment_paragraphs`.
        found: uint64[AHEAD, FOUND_NUMBERS], filled.

    Returns:
        How many they are, and how far the text has been looked through.
    """
    count, last = _NOTHING, min(until, U(max(len(text), LOOK_AHEAD) - LOOK_AHEAD))
    while at < last and count < U(AHEAD):
        if text[at] < 0x80:
            at += _ONE
            continue
        one, two, three, size = read_run(text, at)
        begin, at = at, at + size
        if size == U(LOOK_AHEAD) or at > until or not (at == until or is_plain(text, at)):
            continue
        place = place_of_run(runs, one, two, three)
        prefetch(runs, place)
        found[count, BYTES], found[count, BYTES_2], found[count, BYTES_3] = one, two, three
        found[count, BEGIN], found[count, STOP], found[count, PLACE], found[count, SOURCE] = begin, at, place, place
        count += _ONE
    return count, at if count == U(AHEAD) else until


@always_inline
def find_missing(found, count, runs, missing):
    """Fills `missing`, uint64[AHEAD + 1, MISSING_NUMBERS], with runs that are not remembered; returns how many."""
    number = _NOTHING
    for each in range(count):
        missing[number, RUN] = each  # overwritten by the next if it is remembered: cheaper than a guess that fails
        number += U(
            not is_run(runs, found[each, PLACE], found[each, BYTES], found[each, BYTES_2], found[each, BYTES_3])
        )
    return number


@always_inline
def read_missing(text, found, missing, number, words, slots):
    """Fills `missing` with the words and what is remembered of them; brings the table's slots of the others near."""
    for each in range(number):
        run = missing[each, RUN]
        at, length, others, high, low = read_word(text, found[run, BEGIN], found[run, STOP])
        prefetch(words, place_of_word(words, high, low))
        missing[each, HIGH], missing[each, LOW] = high, low
        missing[each, LETTERS] = U(length) if others == 0 and at == found[run, STOP] else _NOTHING
    for each in range(number):
        high, low = missing[each, HIGH], missing[each, LOW]
        missing[each, KNOWN] = word_cuts(words, high, low)
        if missing[each, KNOWN] == _NOTHING:
            prefetch(slots, slot_of(slots, high, low) + U(2))


@always_inline
def spare_place(runs, each):
    """The spare place, of two lines, of a missing run."""
    return U(len(runs)) - _RUN * U(SPARE_PLACES) + _RUN * U(SPARE_PLACES // AHEAD) * each


@always_inline
def keep_runs(found, missing, number, runs):
    """Remembers the missing runs, once all that were found are written."""
    for each in range(number):
        source, place = found[missing[each, RUN], SOURCE], found[missing[each, RUN], PLACE]
        if source < LATER:
            for one in range(_NOTHING, _RUN):
                runs[place + one] = runs[source + one]


@always_inline
def write_run(runs, place, out, to):
    """Writes a remembered run in segments, and `MOST_WRITTEN` bytes in all; returns where `out` goes on."""
    for each in range(_NOTHING, U(4)):
        _store(runs[place + U(4) + each], out, to + _BYTE * each)
    return to + runs[place + U(3)]


@always_inline
def remember_run(runs, place, one, two, three, out, begun, to):
    """Remembers that out[begun:to] is written for a run; returns False if that is too much."""
    if to - begun > U(MOST_WRITTEN):
        return False
    runs[place], runs[place + U(1)], runs[place + U(2)], runs[place + U(3)] = one, two, three, to - begun
    for each in range(_NOTHING, U(4)):
        runs[place + U(4) + each] = _load(out, begun + _BYTE * each)
    return True


@always_inline
def place_of_word(words, high, low):
    """The first of the two places in `words` of a word, whether it is remembered or not."""
    return _WORD * (hash_of(high, low) & U(len(words) // WORD_NUMBERS - 1))


@always_inline
def word_cuts(words, high, low):
    """The remembered cuts of a word, with the bits of its key above; 0 for a word that is not remembered.

    Threads share `words` without a lock. One may read a place while another writes it, and meet numbers of two words:
    then they do not fit each other (Hyatt and Mann, A lock-less transposition table implementation for parallel search
    chess engines, ICGA Journal 25, 2002).
    """
    place = place_of_word(words, high, low)
    for each in (place, place ^ _WORD):
        known = words[each + _ONE]
        if words[each] == low ^ (known * _MIX_1) and known >> CUT_BITS == high:
            return known
    return _NOTHING


@always_inline
def remember_word(words, high, low, cuts):
    """Remembers the cuts of a word, not 0, in the first of its two places; what is there moves to the second."""
    place = place_of_word(words, high, low)
    other, known = place ^ _WORD, (high << CUT_BITS) | cuts
    words[other], words[other + _ONE] = words[place], words[place + _ONE]
    words[place], words[place + _ONE] = low ^ (known * _MIX_1), known
