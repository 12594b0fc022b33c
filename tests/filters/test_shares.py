"""Lengths and shares of symbols: measured as the definition has them, and vowelled text like unvowelled."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.filters import oracle
from tests.filters.test_repetition import batch_of
from transforms.filters.running import FilterUnusable, load_filters
from transforms.filters.settings import FilterSettings
from transforms.filters.shares import measures, shares

LETTERS = [
    "كتاب",
    "كِتَابٌ",
    "كتـــاب",
    "9",
    "١٢٫٥",
    "#",
    "…",
    "...",
    "-",
    "•",
    "a",
    "\u200f",
    " ",
    " ",
    "\n",
    "\r\n",
    "\u00a0",
    "\u2028",
    "\t",
]
texts = st.lists(st.sampled_from(LETTERS), max_size=40).map("".join)


@settings(deadline=None, max_examples=300)
@given(st.lists(texts, max_size=5))
def test_measures_are_those_of_the_definition(found: list[str]) -> None:
    columns = measures(pa.array(found, pa.string()))
    rows = [
        dict(zip(columns, row, strict=True)) for row in zip(*(each.tolist() for each in columns.values()), strict=True)
    ]
    assert rows == [pytest.approx(oracle.measures(text)) for text in found]


LONG = "قال الراوي إن النهر كان يفيض كل عام في الربيع ويسقي الحقول والبساتين\n" * 5


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (LONG, None),
        ("نص قصير", "too few words: 2"),
        ("", "too few words: 0"),
        ("اب " * 10 + "ا " * 50, "mean length of words too small: 1.167"),
        ("مستشفياتهموالمستشفيات " * 60, "mean length of words too great: 21"),
        (LONG + "# " * 20, "symbols a word: 0.2353"),
        (LONG + "12 " * 30, "share of words with a letter: 0.6842"),
        (LONG.replace("قال", "- قال"), "share of lines with a bullet: 1"),
        (LONG.replace("ساتين", "ساتين …"), "share of lines with an ellipsis: 1"),
    ],
)
def test_the_first_rule_that_is_broken_is_named(text: str, reason: str | None) -> None:
    assert shares(batch_of(text)) == [reason]


def test_marks_make_no_word_longer() -> None:
    vowelled = "قَالَ الرَّاوِي إِنَّ النَّهْرَ كَانَ يَفِيضُ كُلَّ عَامٍ فِي الرَّبِيعِ وَيَسْقِي الْحُقُولَ وَالْبَسَاتِينَ\n" * 5
    assert measures(pa.array([vowelled]))["word_length"].tolist() == measures(pa.array([LONG]))["word_length"].tolist()
    assert shares(batch_of(vowelled), most_words=64) == ["too many words: 65"]


@pytest.mark.parametrize("wrong", [{"words": -1}, {"symbols": "few"}, {"lettered": True}])
def test_settings_that_are_no_bounds_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(FilterUnusable, match="should be a number from 0 up"):
        load_filters([FilterSettings.model_validate({"use": "transforms.filters.shares:shares", **wrong})])


def test_real_news_is_kept(real: Path) -> None:
    news = [path.read_text(encoding="utf-8") for path in sorted((real / "news").glob("*.txt"))]
    assert shares(batch_of(*news)) == [None] * len(news)
