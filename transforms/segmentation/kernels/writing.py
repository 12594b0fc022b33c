"""Words in segments, and what stands between words, written to UTF-8."""

import numpy as np

from transforms.characters.kernels import white_at
from transforms.kernels import always_inline
from transforms.segmentation.kernels.characters import (
    MARK,
    NORMALISED_UTF8,
    ONE,
    TWO,
    arabic_class,
    composition,
    is_arabic,
    opens_address,
    utf8_of,
)
from transforms.segmentation.kernels.forms import CODES

_PLUS = np.uint8(ord("+"))
_ALEF_1, _ALEF_2 = (np.uint8(byte) for byte in utf8_of({})[2 * CODES["ا"] :][:2])


@always_inline
def write_word(text, at, until, cuts, late_cuts, ahead, second_lam, norm, out, to):
    """Writes a word in segments, with its marks unless they are to go; returns where `out` goes on.

    Args:
        text, at, until: the word.
        cuts: a bit for each letter that a + precedes, from the first.
        late_cuts, ahead: cuts from the letter that is `ahead` of the first, for words of more letters than bits.
        second_lam: before which letter an alef is inserted; 0 for none.
        norm, out, to: see `segment_paragraphs`.
    """
    letter, code = 0, np.uint8(0)
    while at < until:
        if not is_arabic(text, at, until):  # a byte of a mark
            if not norm:
                out[to] = text[at]
                to += ONE
            at += ONE
            continue
        klass = arabic_class(text, at)
        if klass >= MARK:
            if not norm:
                out[to], out[to + ONE] = text[at], text[at + ONE]
                to += TWO
            elif letter > 0:
                code ^= composition(klass, code)
                out[to - TWO], out[to - ONE] = NORMALISED_UTF8[2 * code], NORMALISED_UTF8[2 * code + 1]
            at += TWO
            continue
        if ahead == 0:
            cuts |= late_cuts
        ahead -= 1
        if cuts & ONE:
            out[to] = _PLUS
            to += ONE
        cuts >>= ONE
        if letter == second_lam and letter > 0:
            out[to], out[to + ONE] = _ALEF_1, _ALEF_2
            to += TWO
            second_lam = 0
            continue
        code = klass
        if norm:
            out[to], out[to + ONE] = NORMALISED_UTF8[2 * klass], NORMALISED_UTF8[2 * klass + 1]
        else:
            out[to], out[to + ONE] = text[at], text[at + ONE]
        to += TWO
        at += TWO
        letter += 1
    if ahead == 0:
        cuts |= late_cuts
    if cuts & ONE:
        out[to] = _PLUS
        to += ONE
    return to


@always_inline
def write_letters(text, at, until, cuts, out, to):
    """Writes a word that has no marks, and no alef to insert, in segments; returns where `out` goes on."""
    while at < until:
        out[to] = _PLUS  # the letter goes over it where there is no cut: cheaper than a guess that fails
        to += cuts & ONE
        out[to], out[to + ONE] = text[at], text[at + ONE]
        at += TWO
        to += TWO
        cuts >>= ONE
    if cuts:
        out[to] = _PLUS
        to += ONE
    return to


@always_inline
def write_plain(text, at, until, out, to):
    """Writes an ASCII character, or an address that begins there; returns where `text` and `out` go on."""
    until = until if opens_address(text, at, until) else at + ONE
    out[to] = text[at]
    at, to = at + ONE, to + ONE
    while at < until and white_at(text, np.int64(at), np.int64(until)) == 0:
        out[to] = text[at]
        at, to = at + ONE, to + ONE
    return at, to
