"""Whole paragraphs: words are cut from UTF-8, answered, and written in segments.

A run of text is remembered as it stands, or a word of it is, or the table has its answer, or the ranking gives it.
"""

import numpy as np

from transforms.characters.kernels import white_at
from transforms.kernels import Bool, InBytes, InInt64, OutBytes, OutInt64, OutUInt64, always_inline, inline, kernel
from transforms.segmentation.kernels.characters import (
    FOREIGN_LETTER,
    LONGEST_FORM,
    MARK,
    NORMALISED_UTF8,
    ONE,
    OTHER,
    THREE,
    TWO,
    arabic_class,
    class_at,
    composition,
    copy,
    is_arabic,
    is_plain,
    opens_address,
    read_forms,
    utf8_of,
)
from transforms.segmentation.kernels.forms import CODES, EXACT_LETTERS, LETTER, U, find, push
from transforms.segmentation.kernels.memory import (
    LOOK_AHEAD,
    MOST_WRITTEN,
    REMEMBERED_LETTERS,
    is_run,
    place_of_run,
    read_run,
    remember_run,
    remember_word,
    word_cuts,
    write_run,
)
from transforms.segmentation.kernels.ranking import rank
from transforms.segmentation.records import ALEF_SHIFT, ANSWER_SHIFT, HAS_ANSWER, SUFFIXES_SHIFT, InTables

_PLUS = np.uint8(ord("+"))
_ALEF_1, _ALEF_2 = (np.uint8(byte) for byte in utf8_of({})[2 * CODES["ا"] :][:2])
_HAS_ANSWER, _ANSWER_SHIFT, _ANSWER_BITS = U(HAS_ANSWER), U(ANSWER_SHIFT), U(0xFFFF)
_NOTHING, _NEVER = U(0), np.int64(-1)
_LOOK_AHEAD = U(LOOK_AHEAD)

# What is remembered of a word, in `memory.CUT_BITS`: the cuts before its letters and behind them, where an alef is
# inserted, and that it is remembered.
# The bytes of which a form takes three and may become more than twice as many: its letters, a + for each and one behind
# the last, and an alef.
ROOM_AT_THE_END = MOST_WRITTEN
MORE_FOR_A_FORM = LONGEST_FORM + LONGEST_FORM // 2 + 3 - 2 * 3
_REMEMBERED, _ALEF_PLACE = U(1 << 25), U(20)
_CUTS = U((1 << 20) - 1)


@inline
def _letters_of(text, at, until, length):
    """The codes of a word's letters."""
    letters = np.empty(length, np.uint8)
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
    return letters


@inline
def _answer(text, at, until, length, high, low, tables):
    """The answer to a word: the table's, or else the ranking's."""
    if length <= EXACT_LETTERS:
        entry = find(tables.slots, high, low)
        if entry & _HAS_ANSWER:
            return np.int64((entry >> _ANSWER_SHIFT) & _ANSWER_BITS)
    return rank(_letters_of(text, at, until, length), length, tables)


@always_inline
def _write_word(text, at, until, cuts, late_cuts, ahead, second_lam, norm, out, to):
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
def _write_letters(text, at, until, cuts, out, to):
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


@inline
def _segment_new(text, at, until, length, high, low, words, norm, tables, out, to):
    """Answers a word that is not remembered, remembers and writes it; returns where `out` goes on."""
    answer = _answer(text, at, until, length, high, low, tables)
    second_lam = answer >> ALEF_SHIFT
    cuts = tables.prefixes[answer & 31].cuts
    suffix = tables.suffixes[(answer >> SUFFIXES_SHIFT) & 127]
    ahead = length - suffix.length + (1 if second_lam else 0)
    if length <= REMEMBERED_LETTERS:
        all_cuts = cuts | (suffix.cuts << U(ahead)) | (U(second_lam) << _ALEF_PLACE)
        remember_word(words, high, low, all_cuts | _REMEMBERED)
    return _write_word(text, at, until, cuts, suffix.cuts, ahead, second_lam, norm, out, to)


@inline
def _segment_rare(text, first, until, words, norm, tables, out, begun):
    """Writes a run that has characters besides those of `is_arabic`; returns where `text` and `out` go on.

    Its presentation forms are exchanged for their letters, and what comes of it is written as any other word.
    """
    at, foreign = first, False
    klass, width = class_at(text, at, until)
    while klass != OTHER:
        foreign |= klass == FOREIGN_LETTER
        at += width
        if at == until:
            break
        klass, width = class_at(text, at, until)
    read = np.empty(np.int64(at - first) * LONGEST_FORM, np.uint8)
    end = _NOTHING if foreign else read_forms(text, first, at, read, _NOTHING)
    length, high, low, place = 0, _NOTHING, _NOTHING, _NOTHING
    while place < end:
        klass = arabic_class(read, place) if is_arabic(read, place, end) else np.uint8(OTHER)
        if OTHER < klass < MARK:
            length += 1
            high, low = push(high, low, klass)
            place += TWO
        else:
            low ^= U(composition(klass, low & LETTER))
            place += ONE
    if length == 0:
        return at, copy(text, first, at, out, begun)
    known = word_cuts(words, high, low) if length <= REMEMBERED_LETTERS else _NOTHING
    if known == _NOTHING:
        return at, _segment_new(read, _NOTHING, end, length, high, low, words, norm, tables, out, begun)
    cuts, second_lam = known & _CUTS, np.int64((known >> _ALEF_PLACE) & THREE)
    return at, _write_word(read, _NOTHING, end, cuts, _NOTHING, _NEVER, second_lam, norm, out, begun)


@always_inline
def _segment_next(text, first, until, words, norm, tables, out, begun):
    """Writes a word, or a character that is part of none; returns where `text` and `out` go on."""
    at, to, length, others = first, begun, 0, 0
    high, low = _NOTHING, _NOTHING
    while at < until and is_arabic(text, at, until):
        klass = arabic_class(text, at)
        if klass == OTHER:
            break
        # As it stands, which is right for most words.
        out[to], out[to + ONE] = text[at], text[at + ONE]
        at, to = at + TWO, to + TWO
        if klass < MARK:
            length += 1
            high, low = push(high, low, klass)
        else:
            others |= klass
            low ^= U(composition(klass, low & LETTER))
    if at < until and not is_plain(text, at):
        klass, width = class_at(text, at, until)
        if klass != OTHER:
            return _segment_rare(text, first, until, words, norm, tables, out, begun)
        if first == at:
            return at + width, copy(text, at, at + width, out, to)
    if length == 0 or others >= FOREIGN_LETTER:
        return at, to
    known = word_cuts(words, high, low) if length <= REMEMBERED_LETTERS else _NOTHING
    if known == _NOTHING:
        return at, _segment_new(text, first, at, length, high, low, words, norm, tables, out, begun)
    cuts, second_lam = known & _CUTS, np.int64((known >> _ALEF_PLACE) & THREE)
    if others or norm or second_lam:
        to = _write_word(text, first, at, cuts, _NOTHING, _NEVER, second_lam, norm, out, begun)
    elif cuts:
        to = _write_letters(text, first, at, cuts, out, begun)
    return at, to


@always_inline
def _write_plain(text, at, until, out, to):
    """Writes an ASCII character, or an address that begins there; returns where `text` and `out` go on."""
    until = until if opens_address(text, at, until) else at + ONE
    out[to] = text[at]
    at, to = at + ONE, to + ONE
    while at < until and white_at(text, np.int64(at), np.int64(until)) == 0:
        out[to] = text[at]
        at, to = at + ONE, to + ONE
    return at, to


@kernel(InBytes, InInt64, InInt64, Bool, InTables, OutUInt64, OutUInt64, OutBytes, OutInt64)
def segment_paragraphs(text, start, end, norm, tables, words, runs, out, offsets):
    """Writes paragraphs with their Arabic words in segments, one after the other: see `words.segment_text`.

    Args:
        text: uint8[m], UTF-8.
        start, end: int64[p], the paragraphs' bytes in `text`.
        norm: write words normalised and without marks.
        tables: `Tables`.
        words: uint64[2 * 2^k], k > 0, of `memory`; zeros at first. Threads may share it.
        runs: uint64[8 * 2^k], of `memory`; zeros at first. One thread's at a time.
        out: uint8[n], n at least twice the paragraphs' bytes, `MORE_FOR_A_FORM` for each code point that may be a
            presentation form, see `count_forms`, and `ROOM_AT_THE_END`.
        offsets: int64[p + 1], the first of them where in `out` to begin; filled with where each paragraph does, and
            the last one ends.
    """
    to = U(offsets[0])
    for paragraph in range(len(start)):
        at, until = U(start[paragraph]), U(end[paragraph])
        while at < until:
            if is_plain(text, at):
                at, to = _write_plain(text, at, until, out, to)
                continue
            one, two, three, size, place = _NOTHING, _NOTHING, _NOTHING, _NOTHING, _NOTHING
            if text[at] >= 0x80 and at + _LOOK_AHEAD <= len(text):
                one, two, three, size = read_run(text, at)
                place = place_of_run(runs, one, two, three)
            stop = at + size
            whole = at < stop <= until and (stop == until or is_plain(text, stop))
            if whole and is_run(runs, place, one, two, three):
                at, to = stop, write_run(runs, place, out, to)
                continue
            begun, going = to, True
            while going:
                at, to = _segment_next(text, at, until, words, norm, tables, out, to)
                going = whole and at < stop
            if whole and at == stop and size < _LOOK_AHEAD and text[stop - ONE] < 0xC0:
                remember_run(runs, place, one, two, three, out, begun, to)
        offsets[paragraph + 1] = to
