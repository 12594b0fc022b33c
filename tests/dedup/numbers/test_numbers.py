"""The numbers of paragraphs: which there are, and which keep paragraphs apart."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dedup import oracle
from tests.dedup.samples import corpora, definitions, encode, removed, sets_of, texts
from tests.dedup.twins import SEED_SHINGLE, absorb_all, word_hash
from transforms.dedup.numbers.sets import NumberSets, join_numbers, number_sets
from transforms.dedup.one_pass.join import decide
from transforms.settings import DedupSettings


def number_sets_of(paragraphs: list[str], definition: DedupSettings) -> NumberSets:
    """The numbers of paragraphs."""
    return number_sets(*encode(paragraphs), definition)


@settings(deadline=None, max_examples=200)
@given(corpora() | st.lists(texts, max_size=4), definitions)
def test_numbers_are_hashed_words_with_digits(paragraphs: list[str], definition: DedupSettings) -> None:
    found = number_sets_of(paragraphs, definition)
    assert len(found.offsets) == len(paragraphs) + 1
    for text, (first, last) in zip(paragraphs, pairwise(found.offsets), strict=True):
        hashes = [word_hash(each) for each in oracle.numbers(text, definition)]
        if definition.numbers == "ignore" or definition.scope == "off":
            expected = []
        else:
            expected = sorted(set(hashes)) if definition.numbers == "inner" else [absorb_all(SEED_SHINGLE, hashes)]
        assert found.numbers[first:last].tolist() == expected


@settings(deadline=None)
@given(corpora(), st.data())
def test_numbers_of_some_paragraphs_and_of_several_parts(paragraphs: list[str], data: st.DataObject) -> None:
    every = number_sets_of(paragraphs, DedupSettings())
    chosen = data.draw(st.lists(st.integers(0, len(paragraphs) - 1), max_size=6))
    some = every.take(np.array(chosen, np.int64))
    assert [some.of(at).tolist() for at in range(len(chosen))] == [every.of(each).tolist() for each in chosen]
    again = join_numbers([every, some])
    assert [again.of(at).tolist() for at in range(len(paragraphs) + len(chosen))] == [
        part.of(at).tolist() for part in (every, some) for at in range(len(part.offsets) - 1)
    ]


GOLD = "سجل سعر الذهب عيار 21 في محلات الصاغة اليوم نحو {} جنيها للجرام الواحد بحسب بيان شعبة الذهب"


@pytest.mark.parametrize(
    ("left", "right", "inner", "equal"),
    [
        (GOLD.format(3000), GOLD.format(3007), False, False),
        (GOLD.format(3000), GOLD.format("٣٠٠٠"), True, True),
        (GOLD.format(3000), GOLD.format("۳۰۰۰"), True, True),
        (GOLD.format("1,250"), GOLD.format("١٬٢٥٠"), True, True),
        (GOLD.format("1,250"), GOLD.format("1,350"), False, False),
        (GOLD.format("نحو"), GOLD.format(3000), True, False),  # one lacks nothing that the other has
        (f"{GOLD.format(5)} 17", f"{GOLD.format(5)} 18", True, False),  # at the end
        (f"( 3 ) {GOLD.format(5)}", f"4- {GOLD.format(5)}", True, False),  # and at the beginning
        (f"( 3 ) {GOLD.format(5)}", GOLD.format(5), True, False),
        (f"5 8 {GOLD.format(5)}", f"8 5 {GOLD.format(5)}", True, False),
        (GOLD.format("5م"), GOLD.format("٥م"), True, True),  # a word with a digit
        (GOLD.format("5م"), GOLD.format("5كم"), False, False),
    ],
)
def test_numbers_within_keep_paragraphs_apart(left: str, right: str, inner: bool, equal: bool) -> None:
    for numbers, repeats in (("inner", inner), ("equal", equal), ("ignore", True)):
        definition = DedupSettings.model_validate({"numbers": numbers, "threshold": 0.6})
        assert bool(removed(decide([sets_of([left, right], definition)], 0.6))) == repeats


def test_the_most_similar_that_passes_stands_for_a_paragraph() -> None:
    first = GOLD.format(3000)
    paragraphs = [f"{first} بالقاهرة", first, GOLD.format(3007), f"{GOLD.format(3007)} بالقاهرة اليوم"]
    found = removed(decide([sets_of(paragraphs, DedupSettings())], 0.7))
    assert set(found) == {1, 3}
    assert (found[1][0], found[3][0]) == (0, 2)


def test_equal_sets_with_other_numbers_are_not_one() -> None:
    """The same pairs of words, so the similarity is 1; what is a number within differs."""
    paragraphs = ["1 قال 2 قال 1 قال", "قال 1 قال 2 قال 1", "قال 2 قال 1 قال 2"]
    definition = DedupSettings()
    sets = [oracle.shingles(each, definition) for each in paragraphs]
    assert sets[0] == sets[1] == sets[2]
    found = removed(decide([sets_of(paragraphs, definition)], 0.7))
    assert found == oracle.decide(paragraphs, [0] * 3, definition)
