"""Folding: each documented rule in real Arabic, the whole fold against plain Python, and the tables pinned."""

import hashlib
import sys
import unicodedata
from importlib.resources import files

import numpy as np
import pytest
import unicodedata2
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dedup.oracle import PLAIN, words
from tests.dedup.samples import CHARACTERS, sentences
from transforms.characters.table import CODE_POINTS
from transforms.dedup.folding.profiles import DROPPED, PLAIN_SPELLINGS, PROFILES, SEPARATOR, SEVERAL, fold_of
from transforms.dedup.shingles import fold_words

# Frozen: sets that lie on disk are compared with new ones.
PINNED = {
    "arabic-2": "bf98bc00018e4e3b16b1d051ec863822ca0f89da17ee3e64f637788febc3c7ed",
    "arabic-1": "d8ef3d2aee022c1188bebc835d609bdd5e7c77eaf6807875b33445cf7039f574",
    "none": "4b2e4689b2f16d2cb248dceba4253d82c26335f8c22a88c05e6c0453ca7d8c85",
}
SEVERAL_PINNED = "8958e26a0a61c586e7bbaa685d4e2311d8e99fb786740c4ab08bce3268493e61"
POINTS = (*range(0xD800), *range(0xE000, 0x33480), *range(0xE0000, 0xE1010), *range(0x33480, CODE_POINTS, 997))


def has_its_unicode(profile: str) -> bool:
    """Whether the words of a profile, as the oracle has them, are those of this Python's Unicode."""
    return profile != "arabic-1" or unicodedata.unidata_version == "14.0.0"


CHECKED = [*filter(has_its_unicode, PROFILES)]


def fold(text: str, profile: str) -> str:
    """The folded words of a text, one blank between."""
    return " ".join(fold_words(text, profile))


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
def test_arabic_1_folds(written: str, read: str) -> None:
    assert fold(written, "arabic-1") == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("بِسْمِ ٱللَّهِ ٱلرَّحْمَـٰنِ", "بسم الله الرحمن"),  # vowel signs, doubling, tatweel, a dagger alef of that word
        ("ٱلۡكِتَٰبَ ۖ ۛ", "الكتاب"),  # Koranic signs; a dagger alef that plain spelling has an alef for
        ("رَحۡمَةࣰ عَلِيمٌࣱ ࣢", "رحمه عليم"),  # open tanween
        ("لَهُۥ بِهِۦ ۝٢", "له به 2"),  # small waw and ya, the end of a verse
        ("هَٰذَا ذَٰلِكَ أُوْلَٰٓئِكَ لَٰكِن إِلَٰهَ اللّٰه", "هذا ذلك اوليك لكن اله الله"),
        ("هُدٗى هُدَىٰ مُوسَىٰ ٱلشَّيَٰطِينِ", "هدي هدي موسي الشياطين"),
        ("الأنباء الا\u0654نباء إلا\u0655 ا\u0653من", "الانباء الانباء الا امن"),  # one code point and two
        ("خانۀ ۂ", "خانه ه"),
        ("ﻓﻴﻬﺎ ﺍﻟﻘﻤﺢ ﺁﺧﺮ ﺷﺆﻭﻥ ﺇﻟﻰ ﻷﻥ", "فيها القمح اخر شوون الي لان"),  # what a PDF gives
        ("ﻻ اﻷرض وﷲ ﷴ ﷲﷲ", "لا الارض والله محمد اللهالله"),  # ligatures
        ("النبيﷺقال ﷻ", "النبي صلي الله عليه وسلم قال جل جلاله"),  # of several words, apart from what is beside
        ("ﻣُﺤَﻤﱠﺪ كتاباﹰ ﺴﹳ كتابـﹷ ﴼ", "محمد كتابا س كتاب ا"),  # presentation forms of marks, the tail of a letter
        ("ﱛلك ﳙذا ﱝ ﱜ", "ذلك هذا ي ر"),  # a dagger alef in a ligature
        ("الم\u00adدرسة ب\u200bاب ك\u2060تاب\u061c ق\u034fل\ufe0f\u180e", "المدرسه باب كتاب قل"),
        ("\u2067الحديقة\u2069 \u202bالنص\u202c ال\u0007بيت\x00", "الحديقه النص البيت"),  # isolates, controls
        ("كتابھ کتابہ كتابە مدرسۃ ڪان علې علۍ علی", "كتابه كتابه كتابه مدرسه كان علي علي علي"),  # other keyboards
        ("گوگل چای پدر ڤيديو", "گوگل چاي پدر ڤيديو"),  # other letters
        ("٢٠٢٦ ۲۰۲۶ 2026 ٣٫١٤", "2026 2026 2026 3 14"),
        ("Été e\u0301te\u0301 K Å И\u0306Й", "ete ete k a ИИ"),  # letters composed of letters and marks
        ("﷽ ﴾قال﴿ 😀🌙 👨\u200d👩 a_b", "قال a b"),  # ligatures without letters, symbols
        ("، . ؟ …", ""),
    ],
)
def test_arabic_2_folds(written: str, read: str) -> None:
    assert fold(written, "arabic-2") == read


@pytest.mark.parametrize(
    "mark", [*"\u00ad\u0301\u0308\u034f\u061c\u0897\u08d3\u08ff\u180e\u2063\u206f\ufe00\ufeff\x10\x7f"]
)
def test_a_word_reads_the_same_with_a_mark_after_any_letter(mark: str) -> None:
    assert fold(mark.join(f"{mark}ومسؤولة{mark}"), "arabic-2") == "ومسووله"


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
    table = fold_of("none").table
    assert {DROPPED, SEPARATOR}.isdisjoint(table[:2].tolist())
    assert len(set(table.tolist())) == CODE_POINTS - 25 + 1  # all stand for themselves but 25 white ones


@pytest.mark.parametrize("profile", PROFILES)
def test_the_table_is_frozen(profile: str) -> None:
    table = fold_of(profile).table
    assert (table.shape, table.dtype.name, table.flags.writeable) == ((CODE_POINTS,), "uint32", False)
    assert hashlib.sha256(table.astype("<u4").tobytes()).hexdigest() == PINNED[profile]


def test_what_code_points_read_as_is_frozen() -> None:
    several = fold_of("arabic-2").several
    assert hashlib.sha256(several.astype("<u4").tobytes()).hexdigest() == SEVERAL_PINNED
    assert [len(fold_of(profile).several) for profile in ("arabic-1", "none")] == [0, 0]


@pytest.mark.parametrize("profile", PROFILES)
def test_nothing_of_fewer_than_three_bytes_reads_as_several(profile: str) -> None:
    """The kernel looks for such code points behind its loop over those of two bytes."""
    assert fold_of(profile).table[:0x800].max() < SEVERAL


@pytest.mark.skipif(not has_its_unicode("arabic-1"), reason="the letters of another Unicode version are others")
def test_letters_and_digits_of_arabic_1_are_those_of_unicode_14() -> None:
    listed = set()
    for line in files("transforms.dedup.folding").joinpath("word_characters.txt").read_text("ascii").splitlines():
        if not line.startswith("#"):
            first, last = (int(each, 16) for each in line.split("-"))
            listed |= set(range(first, last + 1))
    assert listed == {point for point in range(sys.maxunicode + 1) if chr(point).isalnum()}


@pytest.mark.parametrize("profile", CHECKED)
def test_every_code_point_is_what_the_definition_says(profile: str) -> None:
    text = " ".join(f"س{chr(point)}س {chr(point)}" for point in POINTS)
    assert fold(text, profile) == " ".join(words(text, profile))


@settings(deadline=None)
@given(sentences | st.text(st.sampled_from(CHARACTERS)) | st.text(), st.sampled_from(CHECKED))
def test_words_are_those_of_the_definition(text: str, profile: str) -> None:
    assert fold(text, profile) == " ".join(words(text, profile))


@settings(deadline=None, max_examples=1000)
@given(st.text("\u0670\u0670\u0670ىيهذلكوحمنﻫﻟﷲﷺ َُّٰـ،", max_size=24))
def test_dagger_alefs_are_those_of_the_definition(text: str) -> None:
    assert fold(text, "arabic-2") == " ".join(words(text, "arabic-2"))


def test_the_words_without_an_alef_are_those_of_the_definition() -> None:
    contexts = "|".join(f"{before}_{behind or ' '}" for before, behind in PLAIN_SPELLINGS)
    assert PLAIN.pattern == f"({contexts})$"


@settings(deadline=None, max_examples=500)
@given(st.text())
def test_canonically_equivalent_texts_fold_alike(text: str) -> None:
    """Letters that are composed of several letters, as Hangul's syllables are, aside."""
    text = "".join(each for each in text if len(_base(each)) == 1)
    composed, decomposed = (unicodedata2.normalize(form, text) for form in ("NFC", "NFD"))
    assert fold(composed, "arabic-2") == fold(decomposed, "arabic-2") == fold(text, "arabic-2")


def test_every_letter_folds_as_its_decomposition() -> None:
    letters = [chr(point) for point in range(CODE_POINTS) if unicodedata2.category(chr(point))[0] == "L"]
    composed = " ".join(each for each in letters if len(_base(each)) == 1)
    assert fold(composed, "arabic-2") == fold(unicodedata2.normalize("NFD", composed), "arabic-2")
    others = {each for each in letters if len(_base(each)) > 1 and not "가" <= each <= "힣"}
    assert others == set("ஔᬆᬈᬊᬌᬎᬒ\U00011383\U0001138e\U00011391\U00016d68\U00016d69\U00016d6a")  # and a vowel sign


def _base(character: str) -> str:
    """The first of a character's canonical decomposition, and what of the others is no mark."""
    first, *others = unicodedata2.normalize("NFD", character)
    return first + "".join(each for each in others if unicodedata2.category(each) not in ("Mn", "Me"))


@pytest.mark.parametrize("profile", PROFILES)
def test_folding_what_is_folded_changes_nothing(profile: str) -> None:
    table = fold_of(profile).table
    stays = table[(table > SEPARATOR) & (table < CODE_POINTS)]
    assert np.array_equal(table[stays], stays)
