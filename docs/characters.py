"""Writes transforms/characters/unicode.txt, all that Rafid takes from Unicode: `python -m docs.characters`.

The version is that of the package unicodedata2, whatever Python runs this.
"""

import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import unicodedata2 as unicode

FILE = Path(__file__).parents[1] / "transforms" / "characters" / "unicode.txt"

# Two properties that unicodedata2 does not know, from PropList.txt and DerivedCoreProperties.txt: White_Space, and of
# Default_Ignorable_Code_Point what no category below holds. Both are closed, or reserved for good.
_WHITE_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_IGNORABLE = {0x115F, 0x1160, 0x2065, 0x3164, 0xFFA0, *range(0xFFF0, 0xFFF9), *range(0xE0000, 0xE1000)}
_PRESENTATION_FORMS = (*range(0xFB50, 0xFE00), *range(0xFE70, 0xFF00))
_TAIL_FRAGMENT = 0xFE73  # a piece of the drawing of a letter that has a code point itself
_TATWEEL = "\u0640"

_HEAD = """\
# The characters of Unicode {version}, written by `python -m docs.characters`. Code points are in hexadecimal.
# A line is a class with its first and last code point, or `reads`, a code point, and those that it reads as.
# white: White_Space. mark: Mn, Me, and presentation forms of marks. format: Cf, Cc of bidirectional class BN, and what
# else is Default_Ignorable_Code_Point. modifier: Lm of Arabic script. letter: what else is L. number: N.
# reads: an Arabic presentation form as its compatibility decomposition; a letter that Unicode composes of a letter and
# marks, or holds twice, as that letter. Hangul syllables are composed of letters and read as themselves.
"""


def text() -> str:
    """The file's text."""
    return _HEAD.format(version=unicode.unidata_version) + "".join(f"{line}\n" for line in (*_classes(), *_readings()))


def _classes() -> Iterator[str]:
    for name, group in groupby(range(0x110000), _class_of):
        run = list(group)
        if name:
            yield f"{name} {run[0]:04X}-{run[-1]:04X}"


def _class_of(point: int) -> str:
    character = chr(point)
    category = unicode.category(character)
    if character in _WHITE_SPACE:
        return "white"
    if category in ("Mn", "Me") or _is_form_of_marks(point):
        return "mark"
    # Controls that part lines or fields, in Unicode's bidirectional algorithm, are no format characters.
    if category == "Cf" or point in _IGNORABLE or (category == "Cc" and unicode.bidirectional(character) == "BN"):
        return "format"
    if category == "Lm" and unicode.name(character).startswith("ARABIC"):
        return "modifier"
    return {"L": "letter", "N": "number"}.get(category[0], "")


def _is_form_of_marks(point: int) -> bool:
    """True for a presentation form that draws marks alone, on a blank or a tatweel or on nothing."""
    carried = unicode.normalize("NFKC", chr(point)).strip(" " + _TATWEEL)
    return point == _TAIL_FRAGMENT or (point in _PRESENTATION_FORMS and all(map(_is_mark, carried)))


def _is_mark(character: str) -> bool:
    return unicode.category(character) in ("Mn", "Me")


def _readings() -> Iterator[str]:
    for point in range(0x110000):
        reading = _form(point) if point in _PRESENTATION_FORMS else _composed(point)
        if reading and reading != chr(point):
            yield f"reads {point:04X} {' '.join(f'{ord(each):04X}' for each in reading)}"


def _form(point: int) -> str:
    """The letters of a presentation form; nothing for one of marks."""
    return "" if _is_form_of_marks(point) else str(unicode.normalize("NFKC", chr(point)))


def _composed(point: int) -> str:
    """The letter that another one is composed of together with marks, or is the same as; nothing for any other."""
    letters = "".join(each for each in unicode.normalize("NFD", chr(point)) if not _is_mark(each))
    return letters if len(letters) == 1 and _class_of(point) == _class_of(ord(letters)) == "letter" else ""


def main() -> int:
    """Writes the file; returns the exit code."""
    FILE.write_text(text(), encoding="ascii")
    return 0


if __name__ == "__main__":
    sys.exit(main())
