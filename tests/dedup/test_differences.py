"""The words that differ are those that differ as folded; what only marks tell apart is said of itself."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import SHARED
from tests.dedup import oracle
from tests.dedup.samples import sentences, texts
from transforms.dedup.differences import Difference, Words, compare_words, first_difference
from transforms.dedup.folding.profiles import PROFILES

NONE, MARKS, WORD = Difference.NONE, Difference.MARKS, Difference.WORD


def with_difference(words: Words, difference: Difference) -> list[str]:
    return [each.text for each in words if each.difference == difference]


@pytest.mark.parametrize(
    ("left", "right", "words", "marks"),
    [
        ("كتب المؤرخ عن المدينة", "كتب المؤرخ عن القرية", (["المدينة"], ["القرية"]), ([], [])),
        ("كَتَبَ المُؤَرِّخُ", "كتب المؤرخ", ([], []), (["كَتَبَ", "المُؤَرِّخُ"], ["كتب", "المؤرخ"])),
        ("إلى مدرسة علی", "الى مدرسه على", ([], []), (["إلى", "مدرسة", "علی"], ["الى", "مدرسه", "على"])),
        ("قال: «نعم»، ثم سكت", "قال نعم ثم سكت", ([], []), (["قال:", "«نعم»،"], ["قال", "نعم"])),
        ("قال:نعم", "قال: نعم", ([], []), (["قال:نعم"], ["قال:", "نعم"])),
        ("قال:لا", "قال: نعم", (["قال:لا"], ["نعم"]), ([], ["قال:"])),
        ("النبي ﷺ قال", "النبي صلى الله عليه وسلم قال", ([], []), (["ﷺ"], ["صلى", "الله", "عليه", "وسلم"])),
        ("في عام ٢٠٢٦", "في عام 2026 أيضا", ([], ["أيضا"]), (["٢٠٢٦"], ["2026"])),
        ("نعم ، لا", "نعم لا", ([], []), ([], [])),  # what folds to nothing is nothing to compare
        ("نعم", "", (["نعم"], []), ([], [])),
        ("", "", ([], []), ([], [])),
    ],
)
def test_words_and_marks_that_differ(
    left: str, right: str, words: tuple[list[str], list[str]], marks: tuple[list[str], list[str]]
) -> None:
    for one, other, turn in ((left, right, 1), (right, left, -1)):
        compared = compare_words(one, other, "arabic-2")
        assert tuple(with_difference(each, WORD) for each in compared) == words[::turn]
        assert tuple(with_difference(each, MARKS) for each in compared) == marks[::turn]


def test_of_a_vowelled_copy_with_another_word_that_word_is_told() -> None:
    path = SHARED / "cases" / "explain-marks" / "in" / "a.txt"
    if not path.exists():
        pytest.skip("no folder shared/cases beside the project")
    plain, marked = (
        line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("<<<FILE>>>")
    )
    removed, kept = compare_words(marked, plain, "arabic-2")
    assert with_difference(removed, WORD) == ["بالزِّرَاعَةِ"]
    assert with_difference(kept, WORD) == ["بالتجارة"]
    assert len(with_difference(removed, NONE)) < len(removed) / 2


def test_the_profile_decides() -> None:
    (word,), _ = compare_words("ﻻ", "لا", "arabic-1")
    assert word.difference == WORD
    (word,), _ = compare_words("ﻻ", "لا", "arabic-2")
    assert word.difference == MARKS


@settings(deadline=None)
@given(sentences | texts, sentences | texts, st.sampled_from(PROFILES))
def test_both_texts_are_whole_and_equal_words_are_not_told(left: str, right: str, fold: str) -> None:
    compared = compare_words(left, right, fold)
    assert [[each.text for each in words] for words in compared] == [left.split(), right.split()]
    assert all(each.difference == NONE for words in compare_words(left, left, fold) for each in words)


@settings(deadline=None)
@given(sentences | texts, sentences | texts)
def test_no_word_differs_where_the_folded_texts_are_equal(left: str, right: str) -> None:
    equal = oracle.words(left) == oracle.words(right)
    differ = any(each.difference == WORD for words in compare_words(left, right, "arabic-2") for each in words)
    assert differ != equal


@pytest.mark.parametrize(
    ("left", "right", "place"),
    [("قَالَ نعم", "قال لا", 1), ("قال", "قال نعم", 1), ("قَالَ", "قال", 1), ("", "نعم", 0), ("لا", "نعم", 0)],
)
def test_the_first_difference_is_one_of_words(left: str, right: str, place: int) -> None:
    assert first_difference(left.split(), right.split(), "arabic-2") == place
