"""Arabic words in text: found, stripped for look-up, and written in segments."""

import re
from collections.abc import Callable

LETTERS = "".join(map(chr, [*range(0x0621, 0x063B), *range(0x0641, 0x064B)]))  # the 36 that Farasa knows

# Ignored in look-up and left in the text: tatweel, vowel signs, dagger alef, Quranic annotation.
_MARK_RANGES = (
    (0x0610, 0x061A),
    (0x0640, 0x0640),
    (0x064B, 0x0652),
    (0x0656, 0x065F),
    (0x0670, 0x0670),
    (0x06D6, 0x06DC),
    (0x06DF, 0x06E4),
    (0x06E7, 0x06E8),
    (0x06EA, 0x06ED),
)
# Letters of the script that Farasa does not know: of other languages, alef wasla, loose hamzas, presentation forms.
_FOREIGN_RANGES = (
    (0x0620, 0x0620),
    (0x063B, 0x063F),
    (0x0653, 0x0655),
    (0x066E, 0x066F),
    (0x0671, 0x06D3),
    (0x06D5, 0x06D5),
    (0x06E5, 0x06E6),
    (0x06EE, 0x06EF),
    (0x06FA, 0x06FC),
    (0x06FF, 0x06FF),
    (0x0750, 0x077F),
    (0x0870, 0x08FF),
    (0xFB50, 0xFD3D),
    (0xFD50, 0xFDEF),
    (0xFE70, 0xFEFC),
)
# Farasa's normalisation of its output, with the setting `norm`.
NORMALISED = {"آ": "ا", "أ": "ا", "إ": "ا", "ى": "ي", "ؤ": "ء", "ئ": "ء", "ة": "ه"}


def _members(ranges: tuple[tuple[int, int], ...]) -> str:
    return "".join(chr(point) for first, last in ranges for point in range(first, last + 1))


MARKS = _members(_MARK_RANGES)
FOREIGN = _members(_FOREIGN_RANGES)

# A mention or an address up to white space, or a run of the script; then a run that is a word.
_RUN = re.compile(rf"(?:@|://|www\.)\S*|[{LETTERS}{MARKS}{FOREIGN}]+")
_WORD = re.compile(rf"[{MARKS}]*(?:[{LETTERS}][{MARKS}]*)+")
_MARKED_LETTER = re.compile(rf"[{LETTERS}][{MARKS}]*")
_NORMALISE: dict[int, str | None] = {**{ord(a): b for a, b in NORMALISED.items()}, **dict.fromkeys(map(ord, MARKS))}


def _marked(letters: str) -> str:
    """A pattern of letters with any marks."""
    return "".join(f"{letter}[{MARKS}]*" for letter in letters)


# An alef between two lams that is not in the text: in l+al, before the relative pronouns, and in the name of God.
_LAM = rf"(?<![{LETTERS}{MARKS}+])((?:[وف][{MARKS}]*\+)?{_marked('ل')})\+ا"
_WITH_ALEF = "|".join(map(_marked, ("له", "لذي", "لذين", "لتي")))
_INSERTED_ALEF = re.compile(rf"{_LAM}(?={_marked('ل')}\+|(?:{_WITH_ALEF})(?![{LETTERS}+]))")
_GOD = re.compile(rf"(?<=و)([{MARKS}]*\+{_marked('ل')})ا(?={_marked('ل')}\+{_marked('ه')}(?![{LETTERS}+]))")
_JOINT = re.compile(rf"\+(?=[{LETTERS}])|(?<=[{LETTERS}{MARKS}])\+")


def strip(word: str) -> str:
    """The word's letters without its marks, as it is looked up."""
    return "".join(letter for letter in word if letter not in MARKS)


def segment_text(text: str, segment_word: Callable[[str], str], *, norm: bool = False) -> str:
    """The text with its Arabic words in segments; the rest is unchanged.

    A word is a longest run of Farasa's 36 letters and of marks, with at least one letter. Runs with another letter of
    the script stay as they are, and so do `@`, `://` and `www.` with all that follows up to white space.

    Args:
        text: any text.
        segment_word: gives the segments of a word's letters with `+` between them, see `ranking.Parse.text`.
        norm: write words normalised and without marks, as Farasa can.
    """

    def rewrite(run: re.Match[str]) -> str:
        word = run.group()
        if not _WORD.fullmatch(word):
            return word
        segmented = splice(word, segment_word(strip(word)))
        return segmented.translate(_NORMALISE) if norm else segmented

    return _RUN.sub(rewrite, text)


def splice(word: str, segmented: str) -> str:
    """The word with its marks, with `+` between its segments and the alef that they may insert.

    A `+` comes directly before a letter, after the marks of the letter before it.

    Args:
        word: letters and marks.
        segmented: the word's letters with `+` between segments, and perhaps one more alef between two lams.
    """
    marked = _MARKED_LETTER.findall(word)
    written = [word[: len(word) - sum(map(len, marked))]]
    at = 0
    for sign in segmented:
        if sign != "+" and at < len(marked) and marked[at][0] == sign:
            written.append(marked[at])
            at += 1
        else:
            written.append(sign)
    return "".join(written)


def desegment(text: str) -> str:
    """The text from which segmented text was made: without each `+` that touches Arabic, and without inserted alefs.

    Exact except for the cases in docs/segmentation.md: a `+` beside Arabic that was in the text, words that begin with
    lam, alef, lam, and rare words of two lams.
    """
    return _JOINT.sub("", _GOD.sub(r"\1", _INSERTED_ALEF.sub(r"\1", text)))
