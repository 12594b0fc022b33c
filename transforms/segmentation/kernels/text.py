"""Whole paragraphs: words are cut from UTF-8, answered, and written in segments.

A run of text is remembered as it stands, or a word of it is, or the table has its answer, or the ranking gives it.
"""

import numpy as np

from transforms.kernels import (
    Bool,
    InBytes,
    InInt64,
    OutBytes,
    OutInt64,
    OutUInt64,
    always_inline,
    called,
    inline,
    kernel,
)
from transforms.segmentation.kernels.characters import (
    FOREIGN_LETTER,
    LONGEST_FORM,
    ONE,
    OTHER,
    THREE,
    TWO,
    class_at,
    copy,
    is_plain,
    read_forms,
    read_letters,
    read_word,
)
from transforms.segmentation.kernels.forms import EXACT_LETTERS, U, find, key_of
from transforms.segmentation.kernels.memory import (
    AHEAD,
    BEGIN,
    BYTES,
    BYTES_2,
    BYTES_3,
    FOUND_NUMBERS,
    HIGH,
    KNOWN,
    LATER,
    LETTERS,
    LOW,
    MISSING_NUMBERS,
    MOST_WRITTEN,
    REMEMBERED_LETTERS,
    RUN,
    SOURCE,
    STOP,
    find_missing,
    find_runs,
    keep_runs,
    read_missing,
    remember_run,
    remember_word,
    spare_place,
    word_cuts,
    write_run,
)
from transforms.segmentation.kernels.ranking import rank
from transforms.segmentation.kernels.writing import write_letters, write_plain, write_word
from transforms.segmentation.records import (
    ALEF_SHIFT,
    ANSWER_SHIFT,
    HAS_ANSWER,
    MOST_SUFFIX_CHAINS,
    SUFFIXES_SHIFT,
    InTables,
)

_HAS_ANSWER, _ANSWER_SHIFT, _ANSWER_BITS = U(HAS_ANSWER), U(ANSWER_SHIFT), U(0xFFFF)
_NOTHING, _NEVER = U(0), np.int64(-1)
BYTES_OF_NUMBER, TEXT_OF_RUN = U(8), U(4)
_SPACE = np.uint8(0x20)
_FIRST_BYTE = 0xC0  # of a character of two bytes or more; those after it are less

# What is remembered of a word, in `memory.CUT_BITS`: the cuts before its letters and behind them, where an alef is
# inserted, and that it is remembered.
# The bytes of which a form takes three and may become more than twice as many: its letters, a + for each and one behind
# the last, and an alef.
ROOM_AT_THE_END = MOST_WRITTEN
MORE_FOR_A_FORM = LONGEST_FORM + LONGEST_FORM // 2 + 3 - 2 * 3
_REMEMBERED, _ALEF_PLACE = U(1 << 25), U(20)
_CUTS = U((1 << 20) - 1)


@always_inline
def _answer(text, at, until, length, high, low, tables, reading, matching):
    """The answer to a word: the table's, or else the ranking's."""
    if length <= EXACT_LETTERS:
        entry = find(tables.slots, high, low)
        if entry & _HAS_ANSWER:
            return np.int64((entry >> _ANSWER_SHIFT) & _ANSWER_BITS)
    return rank(reading, read_letters(text, at, until, reading), matching, tables)


@called
def _segment_new(text, at, until, length, high, low, means, out, to):
    """Answers a word that is not remembered, remembers and writes it; returns where `out` goes on."""
    words, norm, tables, reading, matching = means
    answer = _answer(text, at, until, length, high, low, tables, reading, matching)
    second_lam = answer >> ALEF_SHIFT
    cuts = tables.prefixes[answer & 31].cuts
    suffix = tables.suffixes[(answer >> SUFFIXES_SHIFT) & 127]
    ahead = length - suffix.length + (1 if second_lam else 0)
    if length <= REMEMBERED_LETTERS:
        all_cuts = cuts | (suffix.cuts << U(ahead)) | (U(second_lam) << _ALEF_PLACE)
        remember_word(words, high, low, all_cuts | _REMEMBERED)
    return write_word(text, at, until, cuts, suffix.cuts, ahead, second_lam, norm, out, to)


@always_inline
def _segment_word(text, at, until, length, others, high, low, known, means, out, to):
    """Writes a word that is read, and for which `known` is remembered or nothing; returns where `out` goes on."""
    norm = means[1]
    if known == _NOTHING:
        return _segment_new(text, at, until, length, high, low, means, out, to)
    cuts, second_lam = known & _CUTS, np.int64((known >> _ALEF_PLACE) & THREE)
    if others or norm or second_lam:
        return write_word(text, at, until, cuts, _NOTHING, _NEVER, second_lam, norm, out, to)
    return write_letters(text, at, until, cuts, out, to)


@always_inline
def _segment_missing(text, found, missing, number, means, runs, run_bytes):
    """Writes missing runs of nothing but letters to spare places; others are written later, in their turn."""
    for each in range(number):
        run, length = missing[each, RUN], np.int64(missing[each, LETTERS])
        source = spare_place(runs, each)
        found[run, SOURCE] = source | LATER
        if length:
            begun = BYTES_OF_NUMBER * (source + TEXT_OF_RUN)
            ended = _segment_word(
                text, found[run, BEGIN], found[run, STOP], length, np.uint8(0), missing[each, HIGH], missing[each, LOW],
                missing[each, KNOWN], means, run_bytes, begun,
            )  # fmt: skip
            for one in range(_NOTHING, THREE):
                runs[source + one] = found[run, one]
            runs[source + THREE] = ended - begun
            if ended - begun <= U(MOST_WRITTEN):
                found[run, SOURCE] = source


@inline
def _segment_rare(text, first, until, means, out, begun):
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
    reading = np.empty(end // TWO + ONE, np.uint8)
    length = read_letters(read, _NOTHING, end, reading)
    if length == 0:
        return at, copy(text, first, at, out, begun)
    high, low = key_of(reading, 0, length)
    words, norm, tables, _, matching = means
    known = word_cuts(words, high, low) if length <= REMEMBERED_LETTERS else _NOTHING
    means = words, norm, tables, reading, matching
    return at, _segment_word(read, _NOTHING, end, length, ONE, high, low, known, means, out, begun)


@called
def _segment_next(text, first, until, means, out, to):
    """Writes a word, or a character that is part of none; returns where `text` and `out` go on."""
    at, length, others, high, low = read_word(text, first, until)
    if at < until and not is_plain(text, at):
        klass, width = class_at(text, at, until)
        if klass != OTHER:
            return _segment_rare(text, first, until, means, out, to)
        if first == at:
            return at + width, copy(text, at, at + width, out, to)
    if length == 0 or others >= FOREIGN_LETTER:
        return at, copy(text, first, at, out, to)
    known = word_cuts(means[0], high, low) if length <= REMEMBERED_LETTERS else _NOTHING
    return at, _segment_word(text, first, at, length, others, high, low, known, means, out, to)


@always_inline
def _write_next(text, at, until, means, out, to):
    """Writes what is next, whatever it is; returns where `text` and `out` go on."""
    if is_plain(text, at):
        return write_plain(text, at, until, out, to)
    return _segment_next(text, at, until, means, out, to)


@always_inline
def _most_letters(start, end):
    """As many letters as any word of the paragraphs may have."""
    most = 0
    for paragraph in range(len(start)):
        most = max(most, end[paragraph] - start[paragraph])
    return most // 2


@always_inline
def _write_found(text, at, until, found, run, means, runs, out, to):
    """Writes the text up to a run that was found, and the run; returns where `text` and `out` go on."""
    begin, stop, source = found[run, BEGIN], found[run, STOP], found[run, SOURCE]
    if at + ONE == begin and text[at] == _SPACE:
        out[to] = _SPACE
        at, to = begin, to + ONE
    while at < begin:
        at, to = _write_next(text, at, until, means, out, to)
    if at > begin:  # an address reaches over it
        return at, to
    if source < LATER:
        return stop, write_run(runs, source, out, to)
    begun = to
    while at < stop:
        at, to = _segment_next(text, at, until, means, out, to)
    if at == stop and text[stop - ONE] < _FIRST_BYTE:
        one, two, three = found[run, BYTES], found[run, BYTES_2], found[run, BYTES_3]
        if remember_run(runs, source ^ LATER, one, two, three, out, begun, to):
            found[run, SOURCE] = source ^ LATER
    return at, to


@kernel(InBytes, InInt64, InInt64, Bool, InTables, OutUInt64, OutUInt64, OutBytes, OutBytes, OutInt64)
def segment_paragraphs(text, start, end, norm, tables, words, runs, run_bytes, out, offsets):
    """Writes paragraphs with their Arabic words in segments, one after the other: see `words.segment_text`.

    Args:
        text: uint8[m], UTF-8.
        start, end: int64[p], the paragraphs' bytes in `text`.
        norm: write words normalised and without marks.
        tables: `Tables`.
        words: uint64[2 * 2^k], k > 0, of `memory`; zeros at first. Threads may share it.
        runs: uint64[8 * (2^k + SPARE_PLACES)], of `memory`; zeros at first. One thread's at a time.
        run_bytes: uint8, the same memory.
        out: uint8[n], n at least twice the paragraphs' bytes, `MORE_FOR_A_FORM` for each code point that may be a
            presentation form, see `count_forms`, and `ROOM_AT_THE_END`.
        offsets: int64[p + 1], the first of them where in `out` to begin; filled with where each paragraph does, and
            the last one ends.
    """
    to = U(offsets[0])
    found, missing = np.empty((AHEAD, FOUND_NUMBERS), np.uint64), np.empty((AHEAD + 1, MISSING_NUMBERS), np.uint64)
    reading, matching = np.empty(_most_letters(start, end) + 1, np.uint8), np.empty(MOST_SUFFIX_CHAINS, np.uint8)
    means = words, norm, tables, reading, matching
    for paragraph in range(len(start)):
        at, until = U(start[paragraph]), U(end[paragraph])
        while at < until:
            count, reached = find_runs(text, at, until, runs, found)
            number = find_missing(found, count, runs, missing)
            read_missing(text, found, missing, number, words, tables.slots)
            _segment_missing(text, found, missing, number, means, runs, run_bytes)
            for run in range(count):
                at, to = _write_found(text, at, until, found, run, means, runs, out, to)
            keep_runs(found, missing, number, runs)
            while at < reached:
                at, to = _write_next(text, at, until, means, out, to)
        offsets[paragraph + 1] = to
