"""The kernel's own `ranking.best_parse`: the answer to a word, from its letters."""

import math

import numpy as np

from transforms.kernels import InInt64, OutBytes, OutInt64, always_inline, called, kernel
from transforms.segmentation.kernels.forms import CODES, NO_ENTRY, SIX, U, find, key_of, push
from transforms.segmentation.kernels.templates import fit_template
from transforms.segmentation.ranking import BEFORE_IT, IMPOSSIBLE, SEEN, UNKNOWN
from transforms.segmentation.records import (
    ALEF_SHIFT,
    BUCKWALTER,
    COUNT_SHIFT,
    ENDS_IN_SEEN,
    GAZETTEER,
    HAS_COUNT,
    HAS_TEMPLATE,
    IN_GAZETTEER,
    IN_MORPHOLOGY,
    IS_AFFIX,
    IS_PREFIX,
    LEXICON,
    LOCATIONS,
    MEAN_LENGTH,
    MORPHOLOGY,
    MOST_SUFFIX_CHAINS,
    NEVER_STEM,
    NO_TEMPLATE_TERM,
    NOT_IN_GAZETTEER,
    NOT_IN_MORPHOLOGY,
    OPENS_WITH_TA,
    PEOPLE,
    SINGLE,
    STOP_WORDS,
    SUFFIXES_SHIFT,
    InTables,
)

LONGEST_FORM = 128  # letters; longer stems stand in no table
LONGEST_CHAIN = 10  # letters

_SEEN, _LAM, _ALEF, _WAW, _FA, _TA, _MARBUTA, _YA, _MAKSURA = (CODES[letter] for letter in f"{SEEN}لاوفتةيى")
_NO_ANSWER = np.int64(0)
_AFTER_SEEN = tuple(CODES[letter] for letter in BEFORE_IT)
_HAS_COUNT, _COUNT_SHIFT, _COUNT_BITS = U(HAS_COUNT), U(COUNT_SHIFT), U(0xFFFF)
_MORPHOLOGY, _GAZETTEER, _LEXICON, _BUCKWALTER = U(MORPHOLOGY), U(GAZETTEER), U(LEXICON), U(BUCKWALTER)
_LOCATIONS, _PEOPLE, _STOP_WORDS = U(LOCATIONS), U(PEOPLE), U(STOP_WORDS)
_IS_AFFIX, _NEVER_STEM = U(IS_AFFIX), U(NEVER_STEM)
_YA_TO_MAKSURA, _TA_TO_MARBUTA = U(_YA ^ _MAKSURA), U(_TA ^ _MARBUTA)


@always_inline
def _count(entry, tables):
    """The count of a form that has one."""
    return tables.counts[np.int64((entry >> _COUNT_SHIFT) & _COUNT_BITS)]


@always_inline
def _sign(entry, which):
    return 1.0 if entry & which else -1.0


@always_inline
def _count_with_first_suffix(letters, first, last, suffix, high, low, entry, maksura, tables):
    """See `ranking._count_with_first_suffix`."""
    if last - first >= LONGEST_FORM:
        return UNKNOWN
    lone = suffix.first < 0
    end = last + max(suffix.first, 0)
    with_suffix = entry if end == last else NO_ENTRY
    if end > last:
        for at in range(last, end):
            high, low = push(high, low, letters[at])
        with_suffix = find(tables.slots, high, low)
    if with_suffix & _HAS_COUNT and not lone:
        return _count(with_suffix, tables)
    if maksura & _HAS_COUNT:
        return _count(maksura, tables)
    if not lone and end > first and letters[end - 1] == _TA:
        marbuta = find(tables.slots, high, low ^ _TA_TO_MARBUTA)
        if marbuta & _HAS_COUNT:
            return _count(marbuta, tables)
    return UNKNOWN


@always_inline
def _score(letters, first, last, prefix, suffix, pair, high, low, entry, tables):
    """See `ranking.score`; the sums are the same, in the same order."""
    weights, terms = tables.weights, tables.terms
    short = last - first < LONGEST_FORM
    maksura, marbuta = NO_ENTRY, NO_ENTRY
    if short and last > first and letters[last - 1] == _YA:
        maksura = find(tables.slots, high, low ^ _YA_TO_MAKSURA)
    if short and suffix.flags & OPENS_WITH_TA:
        longer_high, longer_low = push(high, low, _MARBUTA)
        marbuta = find(tables.slots, longer_high, longer_low)
    template = tables.templates[fit_template(low, last - first, tables)]
    either = entry | maksura
    count = UNKNOWN
    if entry & _HAS_COUNT:
        count = _count(entry, tables)
    elif marbuta & _HAS_COUNT and last > first:
        count = _count(marbuta, tables)
    lemma = entry if entry & _LEXICON else maksura if maksura & _LEXICON else marbuta
    lemma_count = IMPOSSIBLE
    if lemma & _LEXICON:
        lemma_count = _count(lemma, tables) if lemma & _HAS_COUNT else UNKNOWN
    total = prefix.term
    total += suffix.term
    total += weights[2] * count
    total += pair.suffixes_term
    total += pair.prefixes_term
    total += terms[HAS_TEMPLATE] if template.length else terms[NO_TEMPLATE_TERM]
    total += terms[IN_MORPHOLOGY] if either & _MORPHOLOGY else terms[NOT_IN_MORPHOLOGY]
    total += terms[IN_GAZETTEER] if either & _GAZETTEER else terms[NOT_IN_GAZETTEER]
    total += prefix.likely_term
    total += suffix.likely_term
    total += weights[10] * _count_with_first_suffix(letters, first, last, suffix, high, low, entry, maksura, tables)
    total += template.term
    total += weights[12] * math.log(abs((last - first) - terms[MEAN_LENGTH]))
    total += weights[13] * lemma_count
    total += weights[14] * _sign(either, _BUCKWALTER)
    total += weights[15] * _sign(entry, _LOCATIONS)
    total += weights[16] * _sign(entry, _PEOPLE)
    total += weights[17] * _sign(either, _STOP_WORDS)
    return total


@always_inline
def _stays_before(letters, first, last, tables):
    """See `ranking._stays_before`; the letters are the stem's."""
    if letters[first] != _SEEN:
        return letters[first] in _AFTER_SEEN
    if last - first < 3 or letters[first + 1] != _SEEN or letters[first + 2] in _AFTER_SEEN:
        return False
    if last - first >= LONGEST_FORM:
        return True
    high, low = key_of(letters, first + 2, last)
    return find(tables.slots, high, low) & _NEVER_STEM == NO_ENTRY


@always_inline
def _can_be_read(letters, first, last, length, prefix, suffix, entry, tables):
    """See `ranking._can_be_read`."""
    if last == first:
        return not (suffix.flags & IS_PREFIX or prefix.flags & ENDS_IN_SEEN)
    if last - first == 1 and length > 1 and prefix.flags & SINGLE and suffix.flags & SINGLE:
        return False
    if last - first == 1 and letters[first] == _SEEN:
        return suffix.flags & IS_PREFIX == 0
    if prefix.flags & ENDS_IN_SEEN and not _stays_before(letters, first, last, tables):
        return False
    return entry & _IS_AFFIX == NO_ENTRY


@always_inline
def _front(letters, length):
    """The first ten letters, packed; zeros behind a shorter word."""
    packed = U(0)
    for at in range(LONGEST_CHAIN):
        packed <<= SIX
        if at < length:
            packed |= U(letters[at])
    return packed


@always_inline
def _lams(letters, length):
    """The place of the second of two lams that may be l+al: 1, or 2 behind waw or fa; 0 where there is none."""
    if length > 1 and letters[0] == _LAM and letters[1] == _LAM:
        return 1
    if length > 2 and (letters[0] == _WAW or letters[0] == _FA) and letters[1] == _LAM and letters[2] == _LAM:
        return 2
    return 0


@always_inline
def _has_no_prefix(front, tables):
    """True where a word has no prefix chain but the empty one, which is the first."""
    for each in range(1, len(tables.prefixes)):
        if front & tables.prefixes[each].mask == tables.prefixes[each].letters:
            return False
    return True


@always_inline
def _rank_parses(letters, length, alef, best, answer, matching, tables):
    """The best score and answer, given the best so far: over all parses of one reading of the word."""
    front, back = _front(letters, length), key_of(letters, max(length - LONGEST_CHAIN, 0), length)[1]
    count = 0
    for each in range(len(tables.suffixes)):
        if back & tables.suffixes[each].mask == tables.suffixes[each].letters:
            matching[count] = each
            count += 1
    if count == 1 and not alef and not _lams(letters, length) and _has_no_prefix(front, tables):
        return best, answer  # a word without affixes is one stem, whatever its score
    for one in range(len(tables.prefixes)):
        prefix = tables.prefixes[one]
        if front & prefix.mask != prefix.letters:
            continue
        first = prefix.length
        for at in range(count):
            two = matching[at]
            suffix = tables.suffixes[two]
            last = length - suffix.length
            if last < first:
                continue
            high, low, entry = U(0), U(0), NO_ENTRY
            if last - first < LONGEST_FORM:
                high, low = key_of(letters, first, last)
                entry = find(tables.slots, high, low)
            if _can_be_read(letters, first, last, length, prefix, suffix, entry, tables):
                pair = tables.pairs[one * len(tables.suffixes) + two]
                score = _score(letters, first, last, prefix, suffix, pair, high, low, entry, tables)
                if score > best:
                    best, answer = score, one | (two << SUFFIXES_SHIFT) | alef
    return best, answer


@called
def rank(reading, length, matching, tables):
    """The answer to a word: its best parse, see `records`.

    Args:
        reading: uint8[m], the word's letters as codes, m greater than `length`; an alef may be put between them.
        length: how many they are, at least 1.
        matching: uint8[`MOST_SUFFIX_CHAINS`], of any content; filled.
        tables: `Tables`.
    """
    best, answer = -math.inf, _NO_ANSWER
    second = _lams(reading, length)
    for alef in range(2 if second else 1):
        if alef:
            for at in range(length, second, -1):
                reading[at] = reading[at - 1]
            reading[second] = _ALEF
        best, answer = _rank_parses(
            reading, length + alef, (second * alef) << ALEF_SHIFT, best, answer, matching, tables
        )
    return answer


@kernel(OutBytes, InInt64, InTables, OutInt64)
def rank_all(letters, bounds, tables, answers):
    """Fills `answers` with what the ranking says of each word, see `records`.

    Args:
        letters: uint8[m], the words' letters as codes.
        bounds: int64[n + 1], where each word's begin.
        tables: `Tables`.
        answers: int64[n].
    """
    matching = np.empty(MOST_SUFFIX_CHAINS, np.uint8)
    for word in range(len(answers)):
        length = bounds[word + 1] - bounds[word]
        reading = np.empty(length + 1, np.uint8)
        for at in range(length):
            reading[at] = letters[bounds[word] + at]
        answers[word] = rank(reading, length, matching, tables)
