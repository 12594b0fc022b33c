"""Arabic as PDFs give it: presentation forms in their places, ligatures, soft hyphens, direction marks."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterator

SOFT_HYPHEN, EMBEDDING, POP = "\u00ad", "\u202b", "\u202c"


def _forms() -> dict[str, dict[str, str]]:
    """For each letter, and lam with alef, its forms by their place: isolated, initial, medial, final."""
    forms: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for point in range(0xFE80, 0xFEFD):
        place, *letters = unicodedata.decomposition(chr(point)).split()
        forms["".join(chr(int(each, 16)) for each in letters)][place.strip("<>")] = chr(point)
    return dict(forms)


_FORMS = _forms()


def shaped(word: str) -> str:
    """A word of the letters ء to ي in presentation forms."""
    return "".join(_shape(word))


def _shape(word: str) -> Iterator[str]:
    at, joined = 0, False  # whether the letter before joins this one
    while at < len(word):
        letters = word[at : at + 2] if word[at : at + 2] in _FORMS else word[at]
        at += len(letters)
        forms = _FORMS[letters]
        joins = "initial" in forms and at < len(word) and "final" in _FORMS[word[at]]
        joined = joined and "final" in forms
        place = ("medial" if joins else "final") if joined else ("initial" if joins else "isolated")
        yield forms[place]
        joined = joins


def from_pdf(text: str, hyphens: int = 0) -> str:
    """Words of the letters ء to ي as a PDF gives them, with a soft hyphen after each `hyphens`-th letter."""
    words = map(shaped, text.split())
    if hyphens:
        words = (SOFT_HYPHEN.join(each[at : at + hyphens] for at in range(0, len(each), hyphens)) for each in words)
    return f"{EMBEDDING}{' '.join(words)}{POP}"
