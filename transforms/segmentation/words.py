"""Arabic words in text: found, stripped for look-up, and written in segments."""

import re
from collections.abc import Callable
from functools import cached_property

from transforms.characters.table import FORMS as ALL_FORMS
from transforms.characters.table import HAMZA_AND_MADDA, PASSED_OVER, WHITE_SPACE, mask, members, pattern
from transforms.characters.table import LETTERS as ALL_LETTERS

LETTERS = "".join(map(chr, [*range(0x0621, 0x063B), *range(0x0641, 0x064B)]))  # the 36 that Farasa knows
# Farasa's normalisation of its output, with the setting `norm`.
NORMALISED = {"آ": "ا", "أ": "ا", "إ": "ا", "ى": "ي", "ؤ": "ء", "ئ": "ء", "ة": "ه"}

# The blocks of Arabic script but for its mathematical letters.
_SCRIPT = ((0x0600, 0x06FF), (0x0750, 0x077F), (0x0870, 0x08FF), (0xFB50, 0xFDFF), (0xFE70, 0xFEFF), (0x10EC0, 0x10EFF))


def _is_known(reading: str) -> bool:
    """True where a presentation form is of letters that Farasa knows, and their marks."""
    return all(each in LETTERS or each in _PASSED_OVER for each in reading)


_PASSED_OVER = frozenset(members(PASSED_OVER))
# From a presentation form of Farasa's letters to them. A ligature of several words is no letter.
FORMS = {form: reading for form, reading in ALL_FORMS.items() if _is_known(reading)}
# Letters of the script that Farasa does not know: those of other languages, alef wasla, their presentation forms.
_IS_LETTER = mask(ALL_LETTERS)
FOREIGN = "".join(
    sorted(
        {each for each in members(_SCRIPT) if _IS_LETTER[ord(each)]}.union(ALL_FORMS) - set(LETTERS) - set(FORMS)
        - {form for form, reading in ALL_FORMS.items() if " " in reading}
    )
)  # fmt: skip


class _Pattern:
    """A regular expression that is compiled when it is first used: marks of all scripts make it large."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        """The compiled expression."""
        return re.compile(self._text)


# The insides of brackets. Marks are ignored in look-up and left in the text.
_MARKS = pattern(PASSED_OVER)
_RUN_LETTERS = f"{LETTERS}{_MARKS}{FOREIGN}{''.join(FORMS)}"
# A mention or an address up to white space, or a run of the script; then a run that is a word.
_RUN = _Pattern(rf"(?:@|://|www\.)[^{WHITE_SPACE}]*|[{_RUN_LETTERS}]+")
_WORD = _Pattern(rf"[{_MARKS}]*(?:[{LETTERS}][{_MARKS}]*)+")
_MARKED_LETTER = _Pattern(rf"[{LETTERS}][{_MARKS}]*")
_NORMALISE = str.maketrans(NORMALISED)
_FORM = _Pattern(f"[{''.join(FORMS)}]")


def _marked(letters: str) -> str:
    """A pattern of letters with any marks."""
    return "".join(f"{letter}[{_MARKS}]*" for letter in letters)


# An alef between two lams that is not in the text: in l+al, before the relative pronouns, and in the name of God.
_LAM = rf"\A([{_MARKS}]*(?:[وف][{_MARKS}]*\+)?{_marked('ل')})\+ا"
_WITH_ALEF = "|".join(map(_marked, ("له", "لذي", "لذين", "لتي")))
_INSERTED_ALEF = _Pattern(rf"{_LAM}(?={_marked('ل')}\+|(?:{_WITH_ALEF})(?![{LETTERS}+]))")
_GOD = _Pattern(rf"(?<=و)([{_MARKS}]*\+{_marked('ل')})ا(?={_marked('ل')}\+{_marked('ه')}(?![{LETTERS}+]))")
_JOINT = _Pattern(rf"\+(?=[{LETTERS}])|([{LETTERS}][{_MARKS}]*)\+")
_SEGMENTS = _Pattern(f"[{LETTERS}{_MARKS}+]+")


def strip(word: str) -> str:
    """The word's letters without its marks, as it is looked up; alef and a hamza of two code points are one letter."""
    letters: list[str] = []
    for each in word:
        if each in LETTERS:
            letters.append(each)
        elif letters:
            letters[-1] = HAMZA_AND_MADDA.get(letters[-1] + each, letters[-1])
    return "".join(letters)


def segment_text(text: str, segment_word: Callable[[str], str], *, norm: bool = False) -> str:
    """The text with its Arabic words in segments; the rest is unchanged.

    A word is a longest run of Farasa's 36 letters, their presentation forms, and marks, with at least one letter; it is
    written with the letters of its presentation forms. Runs with another letter of the script stay as they are, and so
    do `@`, `://` and `www.` with all that follows up to white space.

    Args:
        text: any text.
        segment_word: gives the segments of a word's letters with `+` between them, see `ranking.Parse.text`.
        norm: write words normalised and without marks, as Farasa can.
    """

    def rewrite(run: re.Match[str]) -> str:
        word = _FORM.compiled.sub(lambda form: FORMS[form.group()], run.group())
        if not _WORD.compiled.fullmatch(word):
            return run.group()
        segmented = segment_word(strip(word))
        return segmented.translate(_NORMALISE) if norm else splice(word, segmented)

    return _RUN.compiled.sub(rewrite, text)


def splice(word: str, segmented: str) -> str:
    """The word with its marks, with `+` between its segments and the alef that they may insert.

    A `+` comes directly before a letter, after the marks of the letter before it.

    Args:
        word: letters and marks.
        segmented: the word's letters with `+` between segments, and perhaps one more alef between two lams.
    """
    marked = _MARKED_LETTER.compiled.findall(word)
    written = [word[: len(word) - sum(map(len, marked))]]
    at = 0
    for sign in segmented:
        if sign != "+" and at < len(marked) and strip(marked[at]) == sign:
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

    def join(segments: re.Match[str]) -> str:
        return _JOINT.compiled.sub(
            r"\1", _GOD.compiled.sub(r"\1", _INSERTED_ALEF.compiled.sub(r"\1", segments.group()))
        )

    return _SEGMENTS.compiled.sub(join, text)
