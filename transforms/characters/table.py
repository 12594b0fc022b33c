"""The table of characters: those that are passed over, white space, letters, and those that read as others.

It is frozen at a version of Unicode, `UNICODE`, whatever Python's own is: in `unicode.txt`, which `docs/characters.py`
writes. What Arabic spelling exchanges is no matter of Unicode, and stands here.
"""

from importlib.resources import files

import numpy as np

from transforms.arrays import Bools

CODE_POINTS = 0x110000
Ranges = tuple[tuple[int, int], ...]  # first and last code points, ascending

_LINES = [line.split(" ") for line in files(__package__).joinpath("unicode.txt").read_text("ascii").splitlines()]


def _ranges(*classes: str) -> Ranges:
    bounds = (line[1].split("-") for line in _LINES if line[0] in classes)
    return tuple((int(first, 16), int(last, 16)) for first, last in bounds)


def members(ranges: Ranges) -> str:
    """The characters of ranges."""
    return "".join(chr(point) for first, last in ranges for point in range(first, last + 1))


def pattern(ranges: Ranges) -> str:
    """Ranges as they stand between the brackets of a regular expression."""
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)


def mask(ranges: Ranges) -> Bools:
    """bool[0x110000], true for the code points of ranges."""
    found = np.zeros(CODE_POINTS, np.bool_)
    for first, last in ranges:
        found[first : last + 1] = True
    return found


UNICODE = _LINES[0][5].rstrip(",")  # the version

# A word reads the same without them: combining marks, format characters, controls, and of the script's modifier letters
# tatweel and the small waw and ya of the Quran.
PASSED_OVER = _ranges("mark", "format", "modifier")
WHITE_SPACE = members(_ranges("white"))
LETTERS = _ranges("letter")
NUMBERS = _ranges("number")

_READINGS = {
    chr(int(line[1], 16)): "".join(chr(int(each, 16)) for each in line[2:]) for line in _LINES if line[0] == "reads"
}
_FORMS = ((0xFB50, 0xFDFF), (0xFE70, 0xFEFF))
# From an Arabic presentation form to its letters and their marks. The words of a ligature have blanks between them.
FORMS = {each: read for each, read in _READINGS.items() if any(first <= ord(each) <= last for first, last in _FORMS)}
# From a letter that Unicode composes of a letter and marks, or holds twice, to that letter.
COMPOSED = {each: read for each, read in _READINGS.items() if each not in FORMS}
# Two code points that are one letter.
HAMZA_AND_MADDA = {"ا\u0653": "آ", "ا\u0654": "أ", "ا\u0655": "إ", "و\u0654": "ؤ", "ي\u0654": "ئ"}

# Letters that Arabic spelling exchanges, and those that keyboards of other languages give for Arabic ones.
_FORMS_OF = {"ا": "أإآٱ", "و": "ؤ", "ي": "ىئ", "ه": "ة"}
_OTHER_KEYBOARDS = {"ي": "یېۍ", "ه": "ھہەۃ", "ك": "کڪ"}
EXCHANGED = {
    each: letter for form in (_FORMS_OF, _OTHER_KEYBOARDS) for letter, others in form.items() for each in others
}
# Digits of the other two shapes.
DIGITS = {chr(zero + digit): str(digit) for zero in (0x0660, 0x06F0) for digit in range(10)}


def read_forms(text: str) -> str:
    """The text with Arabic presentation forms as the letters and marks that they stand for."""
    return text.translate(_FORM_READINGS)


_FORM_READINGS = str.maketrans(FORMS)
