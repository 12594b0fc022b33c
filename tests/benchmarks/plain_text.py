"""Bundles, paragraphs and folded words in plain Python and NumPy: what the programs beside Rafid start from."""

import re
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from glob import glob
from pathlib import Path

import numpy as np
import numpy.typing as npt

DELIMITER = "<<<FILE>>>"
_LETTERS = {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ئ": "ي", "ؤ": "و", "ة": "ه", "ک": "ك"}
_MARKS = "\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed\u200c-\u200f\u202a-\u202e\ufeff"


def read_paragraphs(bundle: Path) -> Iterator[tuple[str, list[str]]]:
    """The paragraphs of a bundle in input order, each with its folded words: the lines of its documents, trimmed."""
    text = bundle.read_text(encoding="utf-8")
    for line, folded in zip(text.split("\n"), fold(text).split("\n"), strict=True):
        paragraph = line.strip()
        if paragraph and not line.startswith(DELIMITER):
            yield paragraph, folded.split()


def fold(text: str) -> str:
    """`text` by the rules of the fold `arabic-1`, with blanks for what separates words; line ends stay.

    Marks and tatweel are dropped, forms of a letter united, digits of all three shapes too, and A to Z lowered.
    """
    points = _table()[np.frombuffer(text.encode("utf-32-le"), np.uint32)]
    return points[points > 0].tobytes().decode("utf-32-le")


@cache
def _table() -> npt.NDArray[np.uint32]:
    """What each code point becomes; 0 where it is dropped."""
    everything = "".join(map(chr, range(0x110000)))
    table = np.full(len(everything), ord(" "), np.uint32)
    for word in re.finditer(r"[^\W_]+", everything):
        table[word.start() : word.end()] = np.arange(word.start(), word.end())
    for mark in re.finditer(f"[{_MARKS}]", everything):
        table[mark.start()] = 0
    for letter, folded in _LETTERS.items():
        table[ord(letter)] = ord(folded)
    for zero in (0x0660, 0x06F0):
        table[zero : zero + 10] = np.arange(ord("0"), ord("9") + 1)
    table[ord("A") : ord("Z") + 1] += 32
    table[ord("\n")] = ord("\n")
    return table


def shingles(words: Sequence[str], size: int = 3) -> list[str]:
    """The word n-grams of a paragraph; one of fewer words has one shingle, all of them; one without words has none."""
    if len(words) < size:
        return [" ".join(words)] if words else []
    return list(map(" ".join, zip(*(words[first:] for first in range(size)), strict=False)))


def bundles_of(pattern: str) -> list[Path]:
    """The files that `pattern` names, in input order: by name; absolute, as what is measured runs in other folders."""
    found = sorted(Path(each).absolute() for each in glob(pattern))  # noqa: PTH207
    if not found:
        sys.exit(f"{pattern}: matches no file")
    return found
