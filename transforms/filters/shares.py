"""Leaves out documents that are too short or too long, or have too much in them that is no text.

The rules are those of Gopher: Rae et al., "Scaling Language Models: Methods, Analysis & Insights from Training Gopher",
arXiv:2112.11446, 2021, section A.1.1. The bounds of the length of words and of words with a letter are those that
FineWeb 2 found for Arabic: Penedo et al., "FineWeb2: One Pipeline to Scale Them All", arXiv:2506.20920, 2025, whose
configs/arb_Arab.yml has 2 to 9 characters and 0.787.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.arrays import Float64s

_WHITE = r"[\t-\r\x{85}\p{Z}]+"
_LINE_ENDS = r"\r\n?|[\x{85}\x{2028}\x{2029}]"
_PASSED_OVER = r"[\p{M}\p{Cf}\x{640}]"  # marks, invisible ones and tatweel
_LINE = r"(?m)^.*[^\t-\r\x{85}\p{Z}].*$"
_BULLET = r"(?m)^[\t\v\f\p{Z}]*[-*•●▪■◦‣·].*$"  # the whole line: after a match Arrow begins a new text
_ELLIPSIS = r"(?m)(\.\.\.|…)[\t\v\f\p{Z}]*$"


def shares(
    batch: pa.RecordBatch,
    *,
    words: int = 50,
    most_words: int = 0,
    word_length: float = 2,
    most_word_length: float = 9,
    symbols: float = 0.1,
    lettered: float = 0.787,
    bullets: float = 0.9,
    ellipses: float = 0.3,
) -> list[str | None]:
    """The first rule that each document breaks.

    Words are what white space parts. Their length is in characters without marks, invisible characters and tatweel: a
    vowelled text has the words of an unvowelled one. A line is what line ends part, if it is not blank.

    Args:
        batch: documents.
        words: the fewest words.
        most_words: the most words; 0 for any number, for a bundle may hold whole books. Gopher has 100,000.
        word_length, most_word_length: the least and the greatest mean length of words. Gopher has 3 to 10 for English.
        symbols: the most number signs and ellipses for each word.
        lettered: the least share of words with a letter. Gopher has 0.8.
        bullets: the greatest share of lines that begin with a bullet.
        ellipses: the greatest share of lines that end with an ellipsis.

    Raises:
        ValueError: a bound is below 0 or no number.
    """
    bounds = [words, most_words or np.inf, word_length, most_word_length, symbols, lettered, bullets, ellipses]
    for each in bounds:
        if isinstance(each, bool) or not isinstance(each, int | float) or not each >= 0:
            raise ValueError(f"{each!r}: should be a number from 0 up")
    found = measures(batch.column("text"))
    rules = zip(_RULES, bounds, strict=True)
    broken = [(name, found[column], found[column] < bound if least else found[column] > bound)
              for (name, column, least), bound in rules]  # fmt: skip
    return [
        next((f"{name}: {figures[row]:.4g}" for name, figures, wrong in broken if wrong[row]), None)
        for row in range(len(batch))
    ]


# The name of each rule, its measure, and whether its bound is the least that is allowed.
_RULES = [
    ("too few words", "words", True),
    ("too many words", "words", False),
    ("mean length of words too small", "word_length", True),
    ("mean length of words too great", "word_length", False),
    ("symbols a word", "symbols", False),
    ("share of words with a letter", "lettered", True),
    ("share of lines with a bullet", "bullets", False),
    ("share of lines with an ellipsis", "ellipses", False),
]


def measures(texts: pa.Array) -> dict[str, Float64s]:
    """The measures of texts, float64[d] each; shares of nothing are 0."""
    lines = pc.replace_substring_regex(texts, _LINE_ENDS, "\n")
    parted = pc.utf8_trim(pc.replace_substring_regex(lines, _WHITE, " "), " ")
    letters = pc.utf8_length(pc.replace_substring_regex(pc.replace_substring(parted, " ", ""), _PASSED_OVER, ""))
    symbols = sum(_numbers(pc.count_substring(parted, symbol)) for symbol in ("#", "…", "..."))
    count = _numbers(pc.count_substring(parted, " ")) + _numbers(pc.greater(pc.utf8_length(parted), 0))
    some, of_lines = np.maximum(count, 1), np.maximum(_numbers(pc.count_substring_regex(lines, _LINE)), 1)
    return {
        "words": count,
        "word_length": _numbers(letters) / some,
        "symbols": symbols / some,
        "lettered": _numbers(pc.count_substring_regex(parted, r"[^ ]*\p{L}[^ ]*")) / some,
        "bullets": _numbers(pc.count_substring_regex(lines, _BULLET)) / of_lines,
        "ellipses": _numbers(pc.count_substring_regex(lines, _ELLIPSIS)) / of_lines,
    }


def _numbers(column: pa.Array) -> Float64s:
    numbers: Float64s = column.to_numpy(zero_copy_only=False).astype(np.float64)
    return numbers
