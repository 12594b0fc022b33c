"""The layout of Farasa's compiled tables, in files and in kernels."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from transforms.arrays import Float64s, Int64s, UInt64s
from transforms.kernels import InFloat64, InInt64, InUInt64
from transforms.signatures import Column, Fields

# A chain of affixes. letters, mask: its letters and where they are, in the word's first or last ten letters, packed;
# cuts: a bit for each letter that a + precedes, from its first letter.
CHAIN = np.dtype(
    [
        ("letters", "u8"),
        ("mask", "u8"),
        ("cuts", "u8"),
        ("length", "i8"),
        ("flags", "i8"),
        ("first", "i8"),  # letters of the first of several suffixes; 0 for no suffix, -1 for a lone one
        ("term", "f8"),  # of its probability, weighted
        ("likely_term", "f8"),  # of the probability that letters like these are this chain, weighted
    ]
)
SINGLE, ENDS_IN_SEEN, IS_PREFIX, OPENS_WITH_TA = 1, 2, 4, 8  # flags of a chain

# A pair of chains: the weighted terms of both conditional probabilities.
PAIR = np.dtype([("suffixes_term", "f8"), ("prefixes_term", "f8")])

# A template. Six bits a letter, as in a packed stem: mask over its fixed letters, fixed with those letters.
TEMPLATE = np.dtype(
    [("mask", "u8"), ("fixed", "u8"), ("length", "i8"), ("flags", "i8"), ("weight", "f8"), ("term", "f8")]
)
HAS_Y, HAS_C, THIRD_IS_TA = 1, 2, 4  # flags of a template

# A root, in an open-addressing table; key 0 where there is none.
ROOT = np.dtype([("key", "u8"), ("weight", "f8")])

# The entry of a word form: a bit for each list of `model.LISTS`, then these; an entry of 0 is no entry.
MORPHOLOGY, GAZETTEER, LEXICON, BUCKWALTER, LOCATIONS, PEOPLE, STOP_WORDS = (1 << bit for bit in range(7))
IS_AFFIX, HAS_COUNT, HAS_ANSWER, IS_TOKENISED, NEVER_STEM = (1 << bit for bit in range(7, 12))
COUNT_SHIFT, ANSWER_SHIFT = 16, 32  # 16 bits each

# An answer: 5 bits of prefix chain, 7 of suffix chain, 2 for the letter that an alef is inserted before, 0 for none.
SUFFIXES_SHIFT, ALEF_SHIFT = 5, 12
MOST_PREFIX_CHAINS, MOST_SUFFIX_CHAINS = 1 << 5, 1 << 7

# Weighted terms in `Tables.terms` of the properties of a stem: with each property, and without.
HAS_TEMPLATE, NO_TEMPLATE_TERM, IN_MORPHOLOGY, NOT_IN_MORPHOLOGY, IN_GAZETTEER, NOT_IN_GAZETTEER = range(6)
MEAN_LENGTH = 6  # of stems; not a term
TERMS = 7
WEIGHTS = 18  # of features


class Tables(NamedTuple):
    """Farasa's tables as arrays, read only.

    Attributes:
        slots: uint64[3 * n], an open-addressing table of word forms: low half of the key, high half, entry.
        counts: float64[c], the values of word counts.
        prefixes, suffixes: `CHAIN`[p], [s].
        pairs: `PAIR`[p * s].
        templates: `TEMPLATE`[t], by length; the first is no template.
        template_bounds: int64[l + 2], where the templates of each length begin, from 0 letters to the longest.
        roots: `ROOT`[2^k].
        weights: float64[18], of the features.
        terms: float64[7].
    """

    slots: UInt64s
    counts: Float64s
    prefixes: npt.NDArray[Any]
    suffixes: npt.NDArray[Any]
    pairs: npt.NDArray[Any]
    templates: npt.NDArray[Any]
    template_bounds: Int64s
    roots: npt.NDArray[Any]
    weights: Float64s
    terms: Float64s


# The dtype of each of the tables.
DTYPES: dict[str, np.dtype[Any]] = {
    "slots": np.dtype(np.uint64),
    "counts": np.dtype(np.float64),
    "prefixes": CHAIN,
    "suffixes": CHAIN,
    "pairs": PAIR,
    "templates": TEMPLATE,
    "template_bounds": np.dtype(np.int64),
    "roots": ROOT,
    "weights": np.dtype(np.float64),
    "terms": np.dtype(np.float64),
}


def _records(dtype: np.dtype[Any]) -> Column:
    return Column(dtype, readonly=True)


# The type of `Tables` in signatures of kernels.
InTables = Fields(
    Tables,
    (
        InUInt64,
        InFloat64,
        *map(_records, (CHAIN, CHAIN, PAIR, TEMPLATE)),
        InInt64,
        _records(ROOT),
        InFloat64,
        InFloat64,
    ),
)
