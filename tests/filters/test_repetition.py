"""Documents that repeat themselves: the shares are those of the definition, and real text keeps its own."""

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.filters import oracle
from transforms.filters.repetition import repeated_shares, repetition
from transforms.filters.running import FilterUnusable, load_filters
from transforms.filters.settings import FilterSettings

WORDS = ["نهر", "قال", "و", "الحقول", "a", "ـ", "١٢", "…"]
BREAKS = [" ", "  ", "\n", "\n\n", "\r\n", "\r", "\u00a0", "\u2029", "\n \n", "\t", "\u0085"]
texts = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(BREAKS)), max_size=60).map(
    lambda parts: "".join(word + between for word, between in parts)
)


def batch_of(*found: str) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"text": pa.array(found, pa.string())})


@settings(deadline=None, max_examples=300)
@given(st.lists(texts, max_size=5), st.integers(0, 2))
def test_shares_are_those_of_the_definition(found: list[str], sliced: int) -> None:
    shares = repeated_shares(pa.array(found, pa.string())[sliced:])
    wanted = [oracle.repeated_shares(text) for text in found[sliced:]]
    np.testing.assert_allclose(shares, np.array(wanted).reshape(-1, 13), rtol=0, atol=1e-12)


def test_a_document_says_which_rule_it_breaks() -> None:
    refrain = "يا ليل الصب متى غده أقيام الساعة موعده"
    verses = [f"بيت رقم {number} من القصيدة الطويلة لا يشبه {number * 7} ما قبله" for number in range(9)]
    found = repetition(
        batch_of("\n".join([refrain] * 5 + verses), "\n".join(verses), "", "قال " * 40, "كلمة واحدة تكفي هنا")
    )
    assert found[0] is not None
    assert found[0].startswith("characters in repeated lines: 0.")
    assert found[3] == "characters in the most frequent 2-gram: 1.000"
    assert (found[2], found[4]) == (None, None)
    assert repetition(
        batch_of("\n".join([refrain] * 5 + verses)), lines=1, line_characters=1, top=[1, 1, 1], again=[1] * 6
    ) == [None]


@pytest.mark.parametrize(
    "wrong", [{"lines": 2}, {"lines": True}, {"top": [0.1]}, {"top": 0.2}, {"again": [0.1] * 5}, {"paragraphs": "half"}]
)
def test_settings_that_are_no_shares_are_refused(wrong: dict[str, Any]) -> None:
    entry = {"use": "transforms.filters.repetition:repetition", **wrong}
    with pytest.raises(FilterUnusable, match="should be a"):
        load_filters([FilterSettings.model_validate(entry)])


def test_real_news_is_kept(real: Path) -> None:
    news = [path.read_text(encoding="utf-8") for path in sorted((real / "news").glob("*.txt"))]
    assert repetition(batch_of(*news)) == [None] * len(news)
    with gzip.open(real / "tirmidhi" / "bundle_002.txt.gz", "rt", encoding="utf-8") as file:
        book = file.read(60_000)
    np.testing.assert_allclose(repeated_shares(pa.array([book]))[0], oracle_of_long(book), rtol=0, atol=1e-12)


def oracle_of_long(text: str) -> list[float]:
    """The shares of a long text, those of lines and of n-grams of 5 words and more counted with sets."""
    shares = repeated_shares(pa.array([text]))[0].tolist()
    lines = oracle.lines_of(text)
    seen: set[str] = set()
    again = [line for line in lines if line in seen or seen.add(line)]  # type: ignore[func-returns-value]
    shares[0], shares[1] = len(again) / len(lines), sum(map(len, again)) / sum(map(len, lines))
    words = oracle.words_of(text)
    for size in range(5, 11):
        known: set[tuple[str, ...]] = set()
        covered: set[int] = set()
        for at in range(len(words) - size + 1):
            gram = tuple(words[at : at + size])
            if gram in known:
                covered.update(range(at, at + size))
            known.add(gram)
        shares[4 + size - 2] = sum(len(words[at]) for at in covered) / sum(map(len, words))
    return shares
