"""Characters of UTF-8, as the cutting of words sees them.

Positions are unsigned: an index that cannot be negative saves a test at each use.
"""

import numpy as np

from transforms.arrays import Bytes
from transforms.characters.kernels import is_passed_over
from transforms.characters.table import CODE_POINTS, HAMZA_AND_MADDA, PASSED_OVER, mask
from transforms.kernels import always_inline
from transforms.segmentation.kernels.forms import CODES, LETTER, U, push
from transforms.segmentation.words import FOREIGN, FORMS, NORMALISED

# Classes of characters; a letter's class is its code. MARK and the numbers after it are marks, one for each mark that
# makes another letter of some. A presentation form of known letters is a FORM.
OTHER, MARK, FORM, FOREIGN_LETTER = 0, 64, 80, 128
ONE, TWO, THREE, FOUR = U(1), U(2), U(3), U(4)
_SIX, _TWELVE, _EIGHTEEN = U(6), U(12), U(18)
_FEWEST_OF_THREE = U(0x800)  # the first code point of three bytes
_LOW_6, _LOW_5, _LOW_4, _LOW_3 = U(0x3F), U(0x1F), U(0xF), U(0x7)

_COMPOSING = sorted({pair[1] for pair in HAMZA_AND_MADDA})


def _classes() -> Bytes:
    """The class of each code point that a letter of the script stands before."""
    classes = np.full(max(map(ord, FOREIGN)) + 1, OTHER, np.uint8)
    classes[mask(PASSED_OVER)[: len(classes)]] = MARK
    classes[list(map(ord, _COMPOSING))] = MARK + 1 + np.arange(len(_COMPOSING))
    classes[list(map(ord, FOREIGN))] = FOREIGN_LETTER
    classes[list(map(ord, FORMS))] = FORM
    for letter, code in CODES.items():
        classes[ord(letter)] = code
    return classes


def _compositions() -> Bytes:
    """For each mark and each letter before it, the bits in which the letter's code changes; 64 entries a mark."""
    changes = np.zeros(64 * (1 + len(_COMPOSING)), np.uint8)
    for pair, composed in HAMZA_AND_MADDA.items():
        letter = CODES[pair[0]]
        changes[64 * (1 + _COMPOSING.index(pair[1])) + letter] = letter ^ CODES[composed]
    return changes


def utf8_of(letters: dict[str, str]) -> Bytes:
    """uint8[128]: the two bytes that the letter of each code is written as, `letters` exchanged."""
    table = np.zeros(2 * 64, np.uint8)
    for letter, code in CODES.items():
        table[2 * code : 2 * code + 2] = list(letters.get(letter, letter).encode())
    return table


_CLASSES, _COMPOSITIONS = _classes(), _compositions()
NORMALISED_UTF8 = utf8_of(NORMALISED)
_FIRST_FORM = U(ord(min(FORMS)))
# The letters and marks of each form in UTF-8, one after the other, and where each form's begin.
_FORM_TEXT = np.frombuffer("".join(FORMS[form] for form in sorted(FORMS)).encode(), np.uint8)
_FORM_START = np.cumsum(
    [0, *(len(FORMS.get(chr(each), "").encode()) for each in range(ord(min(FORMS)), ord(max(FORMS)) + 1))]
)
LONGEST_FORM = max(len(reading.encode()) for reading in FORMS.values())


@always_inline
def is_arabic(text, at, until):
    """True for the first byte of a character of the first blocks of Arabic, which has two."""
    return 0xD8 <= text[at] <= 0xDD and at + ONE < until


@always_inline
def arabic_class(text, at):
    """The class of such a character."""
    return _CLASSES[((U(text[at]) & _LOW_5) << _SIX) | _low(text, at + ONE)]


@always_inline
def class_at(text, at, until):
    """The class of the character at a byte, and its bytes; `OTHER` and 1 where it is none that a word can have.

    Loops over the letters of words do without it: with all of this in them they take half as long again.
    """
    lead = text[at]
    if lead < 0x80:
        return _CLASSES[lead], ONE
    if 0xC2 <= lead < 0xE0 and at + ONE < until:
        return _CLASSES[((U(lead) & _LOW_5) << _SIX) | _low(text, at + ONE)], TWO
    if 0xE0 <= lead < 0xF0 and at + TWO < until:
        point = ((U(lead) & _LOW_4) << _TWELVE) | (_low(text, at + ONE) << _SIX) | _low(text, at + TWO)
        # The bytes of a form are not copied but exchanged: they must be those of one.
        form = _follows(text, at + ONE) and _follows(text, at + TWO)
        if point >= _FEWEST_OF_THREE and (form or _CLASSES[point] != FORM):
            return _CLASSES[point], THREE
    if lead >= 0xF0 and at + THREE < until:
        point = ((U(lead) & _LOW_3) << _EIGHTEEN) | (_low(text, at + ONE) << _TWELVE)
        point |= (_low(text, at + TWO) << _SIX) | _low(text, at + THREE)
        if point < len(_CLASSES):
            return _CLASSES[point], FOUR
        if point < CODE_POINTS and is_passed_over(point):
            return np.uint8(MARK), FOUR
    return np.uint8(OTHER), ONE


@always_inline
def is_plain(text, at):
    """True for an ASCII character that no word can have."""
    return 0x20 <= text[at] < 0x7F or (text[at] < 0x80 and _CLASSES[text[at]] == OTHER)


@always_inline
def _follows(text, at):
    """True for a byte that is not a character's first."""
    return text[at] & 0xC0 == 0x80


@always_inline
def _low(text, at):
    """The six bits of a byte that is not a character's first."""
    return U(text[at]) & _LOW_6


@always_inline
def composition(klass, letter):
    """The bits in which a letter's code changes at a mark of this class; none at any other character."""
    return _COMPOSITIONS[64 * (np.int64(klass) - MARK) + np.int64(letter)] if MARK < klass < FORM else np.uint8(0)


@always_inline
def read_word(text, at, until):
    """Reads the letters and marks of two bytes each from `at` on.

    Returns:
        Where they end, the number of letters, the bitwise or of the marks' classes, and both halves of the key.
    """
    length, others, high, low = 0, np.uint8(0), U(0), U(0)
    while at < until and is_arabic(text, at, until):
        klass = arabic_class(text, at)
        if klass == OTHER:
            break
        at += TWO
        if klass < MARK:
            length += 1
            high, low = push(high, low, klass)
        else:
            others |= klass
            low ^= U(composition(klass, low & LETTER))
    return at, length, others, high, low


@always_inline
def read_letters(text, at, until, letters):
    """Fills `letters` with the codes of a word's letters, marks composed with them; returns how many they are."""
    letter = 0
    while at < until:
        klass = arabic_class(text, at) if is_arabic(text, at, until) else np.uint8(OTHER)
        if OTHER < klass < MARK:
            letters[letter] = klass
            letter += 1
            at += TWO
        else:  # a mark, byte by byte
            if letter > 0:
                letters[letter - 1] ^= composition(klass, letters[letter - 1])
            at += ONE
    return letter


@always_inline
def read_forms(text, at, until, out, to):
    """Writes a run of the script with the letters and marks of its presentation forms; returns where `out` goes on."""
    while at < until:
        klass, width = class_at(text, at, until)
        if klass == FORM:
            place = ((U(text[at]) & _LOW_4) << _TWELVE) | (_low(text, at + ONE) << _SIX) | _low(text, at + TWO)
            first, last = _FORM_START[place - _FIRST_FORM], _FORM_START[place - _FIRST_FORM + ONE]
            to = copy(_FORM_TEXT, U(first), U(last), out, to)
        else:
            to = copy(text, at, at + width, out, to)
        at += width
    return to


@always_inline
def opens_address(text, at, until):
    """True where `@`, `://` or `www.` stands at a byte: an address or a mention reaches on to white space."""
    lead = text[at]
    if lead not in (0x40, 0x3A, 0x77):
        return False
    if lead == 0x40:
        return True
    if at + TWO >= until:
        return False
    if lead == 0x3A:
        return text[at + ONE] == 0x2F and text[at + TWO] == 0x2F
    if at + THREE >= until:
        return False
    return text[at + ONE] == 0x77 and text[at + TWO] == 0x77 and text[at + THREE] == 0x2E


@always_inline
def copy(text, at, until, out, to):
    """Copies text[at:until]; returns where `out` goes on."""
    for each in range(at, until):
        out[to] = text[each]
        to += ONE
    return to
