"""Shingle sets of paragraphs under every setting, against the definition."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dedup import oracle
from tests.dedup.samples import corpora, definitions, encode, sets_of
from transforms.dedup.shingles import shingle_sets
from transforms.settings import DedupSettings, ShingleSettings


@settings(deadline=None)
@given(corpora(), definitions, st.integers(1, 3))
def test_equal_hashes_are_equal_shingles(paragraphs: list[str], definition: DedupSettings, per_document: int) -> None:
    documents = [number // per_document for number in range(len(paragraphs))]
    sets = sets_of(paragraphs, definition, documents)
    shingle_of: dict[int, object] = {}
    for text, document, (first, last) in zip(paragraphs, documents, pairwise(sets.offsets), strict=True):
        hashed = set(sets.shingles[first:last].tolist())
        expected = oracle.shingles(text, definition) if definition.scope != "off" else set()
        assert len(hashed) == len(expected)
        part = document if definition.scope == "document" else 0
        shingle_of |= {each: part for each in hashed if each not in shingle_of}
        assert all(shingle_of[each] == part for each in hashed)


@pytest.mark.parametrize(
    ("text", "minimum", "count"),
    [
        ("", 0, 0),
        ("، . — ؟", 0, 0),
        ("ـــ َُِ", 0, 0),
        ("نعم", 0, 1),
        ("قال رسول", 0, 1),
        ("قال رسول الله", 0, 2),
        ("قال رسول الله صلى", 0, 3),
        ("قال رسول الله صلى", 4, 3),
        ("قال رسول الله صلى", 5, 0),
    ],
)
def test_how_many_shingles_a_paragraph_has(text: str, minimum: int, count: int) -> None:
    assert len(sets_of([text], DedupSettings(minimum_words=minimum, wordless="keep")).shingles) == count


@pytest.mark.parametrize(
    ("text", "count"), [("نعم", 1), ("قال رسول", 3), ("قال رسول الله", 6), ("قال رسول الله صلى", 9), ("نعم نعم", 2)]
)
def test_several_sizes_are_one_set(text: str, count: int) -> None:
    """A paragraph that is shorter than a size has one shingle of that size: all of it."""
    sets = sets_of([text], DedupSettings(shingle=ShingleSettings(size=[1, 2, 3])))
    assert len(set(sets.shingles.tolist())) == count


def test_minimum_words_counts_words_where_shingles_are_of_characters() -> None:
    characters = ShingleSettings(unit="character", size=5)
    assert len(sets_of(["قال رسول"], DedupSettings(shingle=characters, minimum_words=2)).shingles) == 4
    assert len(sets_of(["قالرسول"], DedupSettings(shingle=characters, minimum_words=2)).shingles) == 0


@pytest.mark.parametrize("text", ["1", "1 2", "1 2 3", "1,2\n3 4", "12 3"])
def test_the_densest_text_has_room(text: str) -> None:
    """One-byte words with one byte between, and nothing around: as many units as bytes can hold."""
    words = DedupSettings(shingle=ShingleSettings(unit="word", size=1))
    characters = DedupSettings(shingle=ShingleSettings(unit="character", size=1))
    assert np.diff(sets_of([text] * 3, words).offsets).tolist() == [len(oracle.words(text))] * 3
    assert np.diff(sets_of([text] * 3, characters).offsets).tolist() == [len(text)] * 3


def test_no_paragraphs_have_no_shingles() -> None:
    none = np.empty(0, np.int64)
    sets = shingle_sets(np.empty(0, np.uint8), none, none, np.empty(0, np.uint64), DedupSettings())
    assert (len(sets.shingles), sets.offsets.tolist()) == (0, [0])


def test_paragraphs_are_cut_out_of_the_text() -> None:
    text, start, end = encode(["قال رسول الله", "كذا وكذا"], between="\n<<<FILE>>> زائد\n")
    sets = shingle_sets(text, start, end, np.zeros(2, np.uint64), DedupSettings())
    alone = sets_of(["كذا وكذا"], DedupSettings())
    assert sets.shingles[sets.offsets[1] :].tolist() == alone.shingles.tolist()
