"""Characters of UTF-8, as the cutting of words sees them.

Positions are unsigned: an index that cannot be negative saves a test at each use.
"""

import numpy as np

from transforms.arrays import Bytes
from transforms.kernels import inline
from transforms.segmentation.kernels.forms import CODES, U
from transforms.segmentation.words import FOREIGN, MARKS, NORMALISED

OTHER, MARK, FOREIGN_LETTER = 0, 64, 128  # classes of characters; a letter's class is its code
ONE, TWO, THREE = U(1), U(2), U(3)
_NONE, _SIX, _TWELVE = U(0), U(6), U(12)
_LOW_6, _LOW_5, _LOW_4 = U(0x3F), U(0x1F), U(0xF)


def _classes() -> Bytes:
    """The class of each code point up to U+FFFF."""
    classes = np.full(0x10000, OTHER, np.uint8)
    classes[[ord(mark) for mark in MARKS]] = MARK
    classes[[ord(letter) for letter in FOREIGN]] = FOREIGN_LETTER
    for letter, code in CODES.items():
        classes[ord(letter)] = code
    return classes


def utf8_of(letters: dict[str, str]) -> Bytes:
    """uint8[128]: the two bytes that the letter of each code is written as, `letters` exchanged."""
    table = np.zeros(2 * 64, np.uint8)
    for letter, code in CODES.items():
        table[2 * code : 2 * code + 2] = list(letters.get(letter, letter).encode())
    return table


_CLASSES = _classes()
NORMALISED_UTF8 = utf8_of(NORMALISED)


@inline
def class_at(text, at, until):
    """The class of the character at a byte, and its bytes; `OTHER` and 1 where it is none that a word can have."""
    lead = text[at]
    if 0xD8 <= lead <= 0xDD and at + ONE < until:
        return _CLASSES[((U(lead) & _LOW_5) << _SIX) | (U(text[at + ONE]) & _LOW_6)], TWO
    if lead in (0xE0, 0xEF) and at + TWO < until:
        return _CLASSES[_three_bytes(text, at)], THREE
    return np.uint8(OTHER), ONE


@inline
def _three_bytes(text, at):
    """The code point of three bytes of UTF-8."""
    high, middle, low = U(text[at]), U(text[at + ONE]), U(text[at + TWO])
    return ((high & _LOW_4) << _TWELVE) | ((middle & _LOW_6) << _SIX) | (low & _LOW_6)


@inline
def space_at(text, at, until):
    """The bytes of the white space at a byte, as `str.isspace` knows it; 0 where there is none."""
    lead = text[at]
    if lead <= 0x20:
        return ONE if lead == 0x20 or 0x09 <= lead <= 0x0D or 0x1C <= lead <= 0x1F else _NONE
    if lead == 0xC2 and at + ONE < until:
        return TWO if text[at + ONE] == 0x85 or text[at + ONE] == 0xA0 else _NONE
    if 0xE1 <= lead <= 0xE3 and at + TWO < until:
        point = np.int64(_three_bytes(text, at))
        if 0x2000 <= point <= 0x200A or point in (0x2028, 0x2029, 0x202F):
            return THREE
        return THREE if point in (0x205F, 0x1680, 0x3000) else _NONE
    return _NONE


@inline
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


@inline
def copy(text, at, until, out, to):
    """Copies text[at:until]; returns where `out` goes on."""
    for each in range(at, until):
        out[to] = text[each]
        to += ONE
    return to
