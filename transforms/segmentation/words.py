"""Arabic words in text: how they are cut out, stripped for look-up, and written back in segments."""

import re
from collections.abc import Callable

LETTERS = "".join(map(chr, [*range(0x0621, 0x063B), *range(0x0641, 0x064B)]))  # the 36 that Farasa knows

# What is passed over in look-up and stays in the text: tatweel, vowel signs, dagger alef, Quranic annotation.
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
# Letters of the script that Farasa does not know: other languages', alef wasla, loose hamzas, presentation forms.
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
# How Farasa normalises what it writes, when told to.
NORMALISED = {"آ": "ا", "أ": "ا", "إ": "ا", "ى": "ي", "ؤ": "ء", "ئ": "ء", "ة": "ه"}


def _members(ranges: tuple[tuple[int, int], ...]) -> str:
    return "".join(chr(point) for first, last in ranges for point in range(first, last + 1))


MARKS = _members(_MARK_RANGES)
FOREIGN = _members(_FOREIGN_RANGES)

# A mention or an address up to white space, or a run of the script; and what of the latter is a word.
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
    """The word's letters without its marks: what is looked up."""
    return "".join(letter for letter in word if letter not in MARKS)


def segment_text(text: str, segment_word: Callable[[str], str], *, norm: bool = False) -> str:
    """The text with its Arabic words in segments, and all else as it stands.

    A word is a longest run of Farasa's 36 letters and of marks, with a letter at least. Left alone are runs that hold
    another letter of the script, and whatever follows `@`, `://` or `www.` up to white space.

    Args:
        text: any text.
        segment_word: from a word's letters to its segments with `+` between them, see `ranking.segment_word`.
        norm: write words normalised and without marks, as Farasa does when told to.
    """

    def rewrite(run: re.Match[str]) -> str:
        word = run.group()
        if not _WORD.fullmatch(word):
            return word
        segmented = splice(word, segment_word(strip(word)))
        return segmented.translate(_NORMALISE) if norm else segmented

    return _RUN.sub(rewrite, text)


def splice(word: str, segmented: str) -> str:
    """The word as it is written, marks and all, with the `+` of its segments and the alef that they may insert.

    A `+` stands right before a letter, behind the marks of the letter before it.

    Args:
        word: letters and marks.
        segmented: the word's letters with `+` between segments, and perhaps an alef more between two lams.
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
    """The text that was segmented: `+` that touches Arabic is taken out, and so are alefs that segmenting inserted.

    Exact but for what docs/segmentation.md names: `+` beside Arabic that was in the text, words that begin with lam,
    alef, lam, and rare words of two lams.
    """
    return _JOINT.sub("", _GOD.sub(r"\1", _INSERTED_ALEF.sub(r"\1", text)))
