"""Writes the part of docs/definition.md that lists the fold `arabic-2`, from the table of characters."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from transforms.characters.table import (
    COMPOSED,
    DIGITS,
    EXCHANGED,
    FORMS,
    LETTERS,
    NUMBERS,
    PASSED_OVER,
    UNICODE,
    WHITE_SPACE,
    Ranges,
    members,
)
from transforms.dedup.folding.profiles import DAGGER_REACH, PLAIN_SPELLINGS

START = "<!-- From here on `python -m docs.reference` writes, from the table of characters. -->\n"
_IDEOGRAPHS = ((0xF900, 0xFAFF), (0x2F800, 0x2FA1F))


def section() -> str:
    """The part, in Markdown, from its first line to the end of the page."""
    ideographs = set(members(_IDEOGRAPHS)) & set(COMPOSED)
    composed = {each: letter for each, letter in COMPOSED.items() if each not in ideographs}
    return f"""{START}
## The fold `arabic-2`, all of it

Characters are those of Unicode {UNICODE}, in `transforms/characters/unicode.txt`; they do not change with Python.

**Words** are of {_count(LETTERS):,} letters and {_count(NUMBERS):,} numbers (general categories L and N), but for those
below. All else separates words, white space ({_points(_ranges(WHITE_SPACE))}) among it.

**Letters that are exchanged**: {_readings(EXCHANGED)}.

**Digits**: {_readings(DIGITS)}. **Capitals**: A to Z are a to z.

**Passed over** are {_count(PASSED_OVER):,} code points: combining marks (Mn, Me), format characters (Cf and
Default_Ignorable_Code_Point), controls that part neither lines nor fields, tatweel and the other modifier letters of
Arabic script, presentation forms of marks. They are {_points(_joined(PASSED_OVER))}.

**The dagger alef** (U+0670) is alef, but passed over where plain spelling has no alef: {_spellings()}. Letters count as
they fold; up to {DAGGER_REACH} code points on either side are looked at. In a presentation form it is passed over.

**Presentation forms** read as their compatibility decomposition, and that as above; the words of a ligature are apart
from what stands beside it. {len(FORMS)} code points: {_readings(FORMS)}.

**Letters composed of a letter and marks**, or held twice, read as that letter, so that canonically equivalent texts
fold alike (Hangul, and letters composed with a spacing vowel sign, aside). {len(composed):,} code points:
{_readings(composed)}; and {len(ideographs):,} compatibility ideographs ({_points(_ranges(ideographs))}) as the unified
ones.
"""


def _count(ranges: Ranges) -> int:
    return sum(last - first + 1 for first, last in ranges)


def _points(ranges: Iterable[tuple[int, int]]) -> str:
    return ", ".join(f"{first:04X}" if first == last else f"{first:04X}–{last:04X}" for first, last in ranges)


def _ranges(characters: Iterable[str]) -> Ranges:
    return _joined((ord(each), ord(each)) for each in sorted(characters))


def _joined(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Ranges, those that follow each other without a gap made one."""
    found: list[tuple[int, int]] = []
    for first, last in ranges:
        if found and found[-1][1] + 1 == first:
            found[-1] = (found[-1][0], last)
        else:
            found.append((first, last))
    return tuple(found)


def _readings(readings: Mapping[str, str]) -> str:
    """The characters that read as the same, and that."""
    by_reading: defaultdict[str, list[str]] = defaultdict(list)
    for each, reading in readings.items():
        by_reading[reading].append(each)
    return " · ".join(f"{' '.join(each)} → {reading}" for reading, each in sorted(by_reading.items()))


def _spellings() -> str:
    contexts = ((before, f" before {after}" if after else " at the end of a word") for before, after in PLAIN_SPELLINGS)
    return ", ".join(f"after {before}{behind}" for before, behind in contexts)
