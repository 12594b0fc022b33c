"""The table of characters: made from the Unicode Character Database, and the same to kernels and to plain Python."""

import re
import unicodedata

import numpy as np
import pytest
import unicodedata2

from docs import characters
from transforms.characters import table
from transforms.characters.kernels import is_passed_over, white_at
from transforms.kernels import InBytes, InUInt32, OutInt64, kernel

POINTS = [point for point in range(table.CODE_POINTS) if not 0xD800 <= point < 0xE000]


def test_the_file_is_what_the_database_gives() -> None:
    assert characters.FILE.read_text("ascii") == characters.text(), "python -m docs.characters"
    assert unicodedata2.unidata_version == table.UNICODE


def test_classes_are_those_of_the_database() -> None:
    letters, numbers, passed_over = (table.mask(each) for each in (table.LETTERS, table.NUMBERS, table.PASSED_OVER))
    assert not (letters & numbers | letters & passed_over | numbers & passed_over).any()
    for point in POINTS:
        category, character = unicodedata2.category(chr(point)), chr(point)
        if category in ("Mn", "Me", "Cf"):
            assert passed_over[point], hex(point)
        elif category == "Cc":
            assert passed_over[point] != (character in table.WHITE_SPACE or 0x1C <= point <= 0x1F)
        elif category[0] == "L" and not passed_over[point]:
            assert letters[point]
        assert numbers[point] == (category[0] == "N")


@pytest.mark.parametrize(
    "ranges",
    ["00AD", "034F", "061C", "180E", "200B-200F", "202A-202E", "2060-206F", "FE00-FE0F", "FEFF", "0640", "06E5-06E6",
     "08F0", "0300-036F", "08D3-08FF", "0000-0008", "000E-001B", "007F-0084", "115F-1160", "3164", "FE70-FE74",
     "FC5E-FC63", "E0000-E0FFF"],
)  # fmt: skip
def test_passed_over_are_marks_formats_controls_and_tatweel(ranges: str) -> None:
    first, _, last = ranges.partition("-")
    assert table.mask(table.PASSED_OVER)[int(first, 16) : int(last or first, 16) + 1].all()


def test_white_space_is_that_of_python_but_for_separators_of_information() -> None:
    assert set(table.WHITE_SPACE) == {chr(point) for point in POINTS if chr(point).isspace()} - set("\x1c\x1d\x1e\x1f")


@pytest.mark.parametrize(
    ("form", "letters"),
    [("ﺍ", "ا"), ("ﻼ", "لا"), ("ﻵ", "لآ"), ("ﷲ", "الله"), ("ﷺ", "صلى الله عليه وسلم"), ("ﯾ", "ی"), ("ﺋ", "ئ"),
     ("ﱛ", "ذ\u0670"), ("ﭐ", "ٱ"), ("﷼", "ریال")],
)  # fmt: skip
def test_presentation_forms_read_as_their_letters(form: str, letters: str) -> None:
    assert table.read_forms(f"و{form}،") == f"و{letters}،"


def test_presentation_forms_read_as_python_decomposes_them() -> None:
    """In every version of Unicode: decompositions never change."""
    for form, letters in table.FORMS.items():
        assert unicodedata.normalize("NFKC", form) == letters
    assert len(table.FORMS) > 700


def test_letters_and_their_hamza_or_madda_are_those_that_python_composes() -> None:
    for pair, letter in table.HAMZA_AND_MADDA.items():
        assert unicodedata.normalize("NFC", pair) == letter
    composed = {unicodedata.normalize("NFD", chr(point)) for point in range(0x621, 0x64B)}
    assert {each for each in composed if len(each) > 1} == set(table.HAMZA_AND_MADDA)


def test_letters_that_stand_for_others_are_letters_and_stand_for_themselves() -> None:
    letters = table.mask(table.LETTERS)
    for each, letter in (*table.EXCHANGED.items(), *table.COMPOSED.items()):
        assert letters[ord(each)]
        assert letters[ord(letter)]
    assert not set(table.EXCHANGED) & set(table.EXCHANGED.values())
    assert not set(table.COMPOSED) & set(table.COMPOSED.values())


def test_a_pattern_matches_the_members_of_its_ranges() -> None:
    found = re.findall(f"[{table.pattern(table.PASSED_OVER)}]", "".join(map(chr, POINTS)))
    assert "".join(found) == table.members(table.PASSED_OVER)


@kernel(InUInt32, OutInt64)
def _passed_over(points, found):
    for at in range(len(points)):
        found[at] = is_passed_over(points[at])


@kernel(InBytes, OutInt64)
def _white(text, found):
    for at in range(len(text)):
        found[at] = white_at(text, at, len(text))


def test_kernels_pass_over_what_the_table_does() -> None:
    found = np.empty(table.CODE_POINTS, np.int64)
    _passed_over(np.arange(table.CODE_POINTS, dtype=np.uint32), found)
    assert np.array_equal(found.astype(bool), table.mask(table.PASSED_OVER))


def test_kernels_know_the_white_space_of_the_table() -> None:
    text = "".join(map(chr, POINTS)).encode()
    found = np.empty(len(text), np.int64)
    _white(np.frombuffer(text, np.uint8), found)
    at = np.flatnonzero(found)
    assert "".join(text[first : first + size].decode() for first, size in zip(at, found[at], strict=True)) == "".join(
        sorted(table.WHITE_SPACE)
    )


@pytest.mark.parametrize("white", ["\xa0", "\u2003"])
def test_white_space_that_is_cut_off_is_none(white: str) -> None:
    for size in range(len(white.encode())):
        text = np.frombuffer(white.encode()[:size], np.uint8)
        assert white_at(text, 0, size) == 0
