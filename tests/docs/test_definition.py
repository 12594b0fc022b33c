"""The tables of docs/definition.md are what the code computes."""

import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docs import edits
from docs.reference import DOCS
from tests.dedup.oracle import similarity
from transforms.settings import DedupSettings, ShingleSettings

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
import definition_fit

PAGE = (DOCS / "definition.md").read_text(encoding="utf-8")


def test_the_table_of_edits_is_current() -> None:
    assert edits.table() in PAGE, "python -m docs.edits"


@settings(deadline=None)
@given(st.integers(1, 60), st.sampled_from(sorted(edits.EDITS)), st.sampled_from(edits.SIZES))
def test_edits_are_as_similar_as_by_the_definition(length: int, kind: str, sizes: list[int]) -> None:
    """The words of the table are numbers; here they have letters."""
    definition = DedupSettings(shingle=ShingleSettings(size=sizes), numbers="ignore")
    words = list(range(length))
    one, other = (
        " ".join(f"ك{word}" if word >= 0 else f"غ{-word}" for word in each)
        for each in (words, edits.EDITS[kind](words))
    )
    assert edits.similarity(length, edits.EDITS[kind], sizes) == similarity(one, other, definition)


def test_from_the_least_number_of_words_on_every_edit_is_a_duplicate() -> None:
    edit = edits.EDITS["one changed, in the middle"]
    assert edits.least_words(edit, [2], 0.7) == 13
    assert edits.similarity(12, edit, [2]) < 0.7 <= edits.similarity(13, edit, [2])


def test_the_table_of_what_people_remove_is_current() -> None:
    if not definition_fit.LABELS.exists():
        pytest.skip(f"there are no judged pairs at {definition_fit.LABELS}")
    assert definition_fit.table(definition_fit.read_pairs(definition_fit.LABELS)) in PAGE


def test_precision_and_recall_are_weighted() -> None:
    def pair(label: str, weight: float, later: str) -> definition_fit.Pair:
        return definition_fit.Pair("x", "9-15", label, weight, ("قال رسول الله إنما الأعمال بالنيات", later))

    same, other = "قَالَ رسول الله إنما الأعمال بالنيات", "نص آخر"
    pairs = [pair("S", 3, same), pair("S", 1, other), pair("D", 2, same), pair("D", 9, other), pair("U", 5, same)]
    removed = definition_fit.removes(DedupSettings(), pairs)
    assert removed == [True, False, True, False, True]
    assert definition_fit.fit(pairs, removed) == definition_fit.Fit(60.0, 75.0)
