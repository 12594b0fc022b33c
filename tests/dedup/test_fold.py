"""Folding: each documented rule in real Arabic, the whole table against plain Python, and the table pinned."""

import hashlib
import sys
import unicodedata
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dedup.oracle import words
from tests.dedup.samples import CHARACTERS, sentences
from transforms.dedup.fold import CODE_POINTS, DROPPED, PROFILES, SEPARATOR, fold_table

# Frozen: sets that lie on disk are compared with new ones.
PINNED = {
    "arabic-1": "d8ef3d2aee022c1188bebc835d609bdd5e7c77eaf6807875b33445cf7039f574",
    "none": "4b2e4689b2f16d2cb248dceba4253d82c26335f8c22a88c05e6c0453ca7d8c85",
}
unicode_14 = pytest.mark.skipif(
    unicodedata.unidata_version != "14.0.0", reason="the letters of another Unicode version are others"
)


def fold(text: str, profile: str = "arabic-1") -> str:
    """The text as the table folds it, one blank for each run of separators."""
    points = fold_table(profile)[[ord(each) for each in text]].tolist()
    folded = "".join(" " if each == SEPARATOR else chr(each % CODE_POINTS) for each in points if each != DROPPED)
    return " ".join(part for part in folded.split(" ") if part)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("بِسْمِ ٱللَّهِ ٱلرَّحْمَـٰنِ", "بسم الله الرحمن"),  # vowel signs, doubling, dagger alef
        ("كتـــاب", "كتاب"),  # tatweel
        ("ٱلۡكِتَٰبَ ۖ ۛ", "الكتب"),  # Koranic signs
        ("صلى الله عليه وسلم ؐ", "صلي الله عليه وسلم"),  # honorifics written as marks
        ("می\u200cخواهم", "ميخواهم"),  # a joiner inside a word
        ("\ufeffقال\u200f", "قال"),  # byte order mark, direction mark
        ("\u202bالنص\u202c", "النص"),
        ("أحمد إلى آدم ٱلله", "احمد الي ادم الله"),  # forms of alef
        ("مستشفى هدى یحیی", "مستشفي هدي يحيي"),  # forms of ya
        ("شئون رئيس", "شيون رييس"),
        ("مؤمن", "مومن"),
        ("مدرسة", "مدرسه"),  # ta marbuta
        ("کتاب", "كتاب"),  # Persian kaf
        ("٢٠٢٦ ۲۰۲۶ 2026", "2026 2026 2026"),  # digits of all three shapes
        ("٢٠٢٦ ٢٠٢٧", "2026 2027"),  # that stay distinct
        ("BBC عربي", "bbc عربي"),
        ("É", "É"),  # only A to Z are lowered
        ("ء", "ء"),
        ("قال:«نعم»، ثم؟سكت.", "قال نعم ثم سكت"),  # punctuation
        ("أولا\u00a0ثانيا\tثالثا\u3000رابعا", "اولا ثانيا ثالثا رابعا"),  # white space
        ("a_b", "a b"),  # the underscore is no letter
        ("٣٫١٤ 5% $ 😀🌙 3+4", "3 14 5 3 4"),  # symbols
        ("½ ² Ⅷ 𞸀 𐤀 漢", "½ ² Ⅷ 𞸀 𐤀 漢"),  # numbers and letters of any script
        ("ﷺ ﻻ", "ﷺ ﻻ"),  # presentation forms are letters, left as they are
        ("، . ؟ …", ""),
    ],
)
def test_arabic_is_folded(written: str, read: str) -> None:
    assert fold(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("أَحْمَدُ،  إلى\u00a0آدمـ", "أَحْمَدُ، إلى آدمـ"),
        ("٣ ۳ 3 A_b", "٣ ۳ 3 A_b"),
        ("a\u200cb\ufeff", "a\u200cb\ufeff"),
        ("\x1c\u200b\u180e", "\x1c\u200b\u180e"),  # no White_Space, whatever str.isspace says
        ("\n\r\x85\u2028 \u3000", ""),
    ],
)
def test_nothing_is_folded(written: str, read: str) -> None:
    assert fold(written, "none") == read


def test_the_profile_none_keeps_nul_and_one_apart_from_what_is_dropped_and_parts() -> None:
    table = fold_table("none")
    assert {DROPPED, SEPARATOR}.isdisjoint(table[:2].tolist())
    assert len(set(table.tolist())) == CODE_POINTS - 25 + 1  # all stand for themselves but 25 white ones


@pytest.mark.parametrize("profile", PROFILES)
def test_the_table_is_frozen(profile: str) -> None:
    table = fold_table(profile)
    assert (table.shape, table.dtype.name, table.flags.writeable) == ((CODE_POINTS,), "uint32", False)
    assert hashlib.sha256(table.astype("<u4").tobytes()).hexdigest() == PINNED[profile]


@unicode_14
def test_letters_and_digits_are_those_of_unicode_14() -> None:
    listed = set()
    for line in files("transforms.dedup").joinpath("word_characters.txt").read_text("ascii").splitlines():
        if not line.startswith("#"):
            first, last = (int(each, 16) for each in line.split("-"))
            listed |= set(range(first, last + 1))
    assert listed == {point for point in range(sys.maxunicode + 1) if chr(point).isalnum()}


@unicode_14
@pytest.mark.parametrize("profile", PROFILES)
def test_every_assigned_code_point_is_what_the_definition_says(profile: str) -> None:
    points = (*range(0xD800), *range(0xE000, 0x33480), *range(0xE0000, 0xE0200), *range(0x33480, CODE_POINTS, 997))
    text = " ".join(f"س{chr(point)}س" for point in points)
    assert fold(text, profile) == " ".join(words(text, profile))


@settings(deadline=None)
@given(sentences | st.text(st.sampled_from(CHARACTERS)), st.sampled_from(PROFILES))
def test_words_are_those_of_the_definition(text: str, profile: str) -> None:
    assert fold(text, profile) == " ".join(words(text, profile))


def test_folding_what_is_folded_changes_nothing() -> None:
    table = fold_table("arabic-1")
    stays = table[table > SEPARATOR]
    assert np.array_equal(table[stays], stays)
