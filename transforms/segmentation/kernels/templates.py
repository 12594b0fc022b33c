"""The kernel's own `templates.fit_template`, over stems packed six bits a letter."""

import numpy as np

from transforms.kernels import always_inline
from transforms.segmentation.kernels.forms import CODES, LETTER, SIX, U
from transforms.segmentation.records import HAS_C, HAS_Y, THIRD_IS_TA
from transforms.segmentation.templates import BUCKWALTER, ROOT_LETTER, WEAK_LETTERS

LONGEST_TEMPLATE = 7  # letters
LONGEST_STEM = LONGEST_TEMPLATE + 2  # a variant has two letters less at most

ROOT_CODES = {
    letter: code for code, letter in enumerate(sorted({ROOT_LETTER.get(each, each) for each in BUCKWALTER.values()}), 1)
}
FIVE, ROOT = U(5), U(31)


def _root_codes() -> np.ndarray:
    codes = np.zeros(64, np.uint64)
    for letter, code in CODES.items():
        plain = BUCKWALTER[letter]
        codes[code] = ROOT_CODES[ROOT_LETTER.get(plain, plain)]
    return codes


_AS_ROOT = _root_codes()
_WEAK = np.array([ROOT_CODES[letter] for letter in WEAK_LETTERS], np.uint64)
_ALEF, _MADDA, _HAMZA_ABOVE, _HAMZA_BELOW, _HAMZA, _ON_WAW, _ON_YA, _TA, _TTA, _DAL, _WAW, _YA, _MAKSURA, _MARBUTA = (
    U(CODES[letter]) for letter in "اآأإءؤئتطدويىة"
)
_ONE = U(1)
VARIANTS, NEEDS_TA = 10, 7  # of `templates._variants`: how many, and which needs a template with a ta


_SPREAD = U(0x9E3779B97F4A7C15)
_HIGH_BITS = U(40)


def root_slot(key: int, size: int) -> int:
    """The first slot for a root of that key, in a table of 2^k roots."""
    return (key * int(_SPREAD) % 2**64 >> int(_HIGH_BITS)) % size


@always_inline
def find_root(roots, key):
    """The weight of a root; 0.0 where it is none."""
    mask = len(roots) - 1
    slot = np.int64((key * _SPREAD) >> _HIGH_BITS) & mask
    while roots[slot].key != U(0):
        if roots[slot].key == key:
            return roots[slot].weight
        slot = (slot + 1) & mask
    return 0.0


@always_inline
def _root_weight(stem, length, mask, roots):
    """The weight of the stem's root under a template, or of the likeliest with one weak letter exchanged."""
    key = U(0)
    letters = 0
    for at in range(length - 1, -1, -1):
        place = U(6 * at)
        if (mask >> place) & LETTER == U(0):
            key = (key << FIVE) | _AS_ROOT[np.int64((stem >> place) & LETTER)]
            letters += 1
    best = find_root(roots, key)
    if best > 0.0:
        return best
    for at in range(letters - 1, -1, -1):
        place = U(5 * at)
        letter = (key >> place) & ROOT
        if letter == _WEAK[0] or letter == _WEAK[1] or letter == _WEAK[2]:
            for weak in _WEAK:
                best = max(best, find_root(roots, key ^ ((letter ^ weak) << place)))
    return best


@always_inline
def _fit(stem, length, tables):
    """The number of the likeliest template of a packed stem; 0 for none."""
    if length >= len(tables.template_bounds) - 1:
        return 0
    first, last = tables.template_bounds[length], tables.template_bounds[length + 1]
    if length == 2:
        letters = (_AS_ROOT[np.int64(stem >> SIX)] << FIVE) | _AS_ROOT[np.int64(stem & LETTER)]
        return first if find_root(tables.roots, (letters << FIVE) | (letters & ROOT)) > 0.0 else 0
    found, plain = 0, 0
    best, best_plain = 0.0, 0.0
    for each in range(first, last):
        template = tables.templates[each]
        if stem & template.mask == template.fixed:
            likelihood = _root_weight(stem, length, template.mask, tables.roots) * template.weight
            if likelihood > best:
                found, best = each, likelihood
            if likelihood > best_plain and template.flags & HAS_C == 0:
                plain, best_plain = each, likelihood
    return plain if plain else found


@always_inline
def _exchange(stem, length, old, new):
    """The stem with each letter `old` replaced by `new`."""
    for at in range(length):
        place = U(6 * at)
        if (stem >> place) & LETTER == old:
            stem ^= (old ^ new) << place
    return stem


@always_inline
def _spell_out_madda(stem, length):
    """The stem with each alef with madda as hamza and alef, and its letters."""
    spelt, letters = U(0), length
    for at in range(length - 1, -1, -1):
        letter = (stem >> U(6 * at)) & LETTER
        if letter == _MADDA:
            spelt = (((spelt << SIX) | _HAMZA_ABOVE) << SIX) | _ALEF
            letters += 1
        else:
            spelt = (spelt << SIX) | letter
    return spelt, letters


@always_inline
def _variant(which, stem, length):  # noqa: PLR0911 - a case a line
    """The variant that `templates._variants` tries there, and its letters; -1 where the stem has no such variant."""
    last = stem & LETTER
    if which == 0:
        return stem, length
    if which == 1:
        return stem >> SIX, length - 1 if last in (_MARBUTA, _YA) else -1
    if which == 2:
        return stem >> (SIX + SIX), length - 2 if last == _MARBUTA and (stem >> SIX) & LETTER == _YA else -1
    if which == 3:
        return stem ^ (_MAKSURA ^ _YA), length if last == _MAKSURA else -1
    if which == 4:
        plain = _exchange(stem, length, _HAMZA_ABOVE, _ALEF)
        plain = _exchange(_exchange(plain, length, _MADDA, _ALEF), length, _HAMZA_BELOW, _ALEF)
        return plain, length if plain != stem else -1
    if which == 5:
        return (stem << SIX) | last, length + 1 if length > 1 else -1
    if which == 6:
        rest = U(6 * max(length - 1, 1))
        head, tail = stem >> rest, stem & ((_ONE << rest) - _ONE)
        opens = length > 1 and head == _ALEF and tail >> (rest - SIX) == _TA
        return (((head << SIX) | _WAW) << rest) | tail, length + 1 if opens else -1
    if which == NEEDS_TA:
        place = U(6 * max(length - 3, 0))
        third = (stem >> place) & LETTER
        return stem ^ ((third ^ _TA) << place), length if length >= 5 and third in (_TTA, _DAL) else -1
    if which == 8:
        spelt, letters = _spell_out_madda(stem, length)
        return spelt, letters if letters > length else -1
    plain = _exchange(_exchange(stem, length, _ON_YA, _HAMZA), length, _ON_WAW, _HAMZA)
    return plain, length if plain != stem else -1


@always_inline
def fit_template(stem, length, tables):
    """The number of the stem's template in `tables.templates`; 0 for none.

    Args:
        stem: packed, right if `length` is `LONGEST_STEM` at most.
        length: its letters.
        tables: `Tables`.
    """
    found = 0
    if length > LONGEST_STEM:
        return found
    for which in range(VARIANTS):
        variant, letters = _variant(which, stem, length)
        if letters < 0:
            continue
        fitted = _fit(variant, letters, tables)
        if which == NEEDS_TA and tables.templates[fitted].flags & THIRD_IS_TA == 0:
            continue
        found = fitted
        if tables.templates[found].flags & HAS_Y == 0:
            break
    return found
