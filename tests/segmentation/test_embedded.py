"""The embedded engine on paragraphs, and against the official segmenter."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.segmentation.samples import segment_texts, tables, texts, twin
from transforms.segmentation.embedded import EmbeddedSegmenter
from transforms.segmentation.words import desegment, segment_text

Official = Callable[[str], list[tuple[str, str]]]


@pytest.fixture(scope="module")
def segmenter() -> EmbeddedSegmenter:
    return EmbeddedSegmenter(tables())


@settings(deadline=None, max_examples=200)
@given(st.lists(texts, max_size=5))
def test_paragraphs_keep_their_number_and_order(paragraphs: list[str]) -> None:
    assert segment_texts(EmbeddedSegmenter(tables()), paragraphs) == [segment_text(each, twin) for each in paragraphs]


def test_norm_is_a_setting() -> None:
    expected = segment_text("وَالمدرسةُ", twin, norm=True)
    assert segment_texts(EmbeddedSegmenter(tables(), norm=True), ["وَالمدرسةُ"]) == [expected]


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        ([0], [0, 1], "1 starts and 2 ends"),
        ([-1], [0], "outside of 8 bytes"),
        ([0], [9], "outside of 8 bytes"),
        ([4], [2], "outside of 8 bytes"),
    ],
)
def test_paragraphs_outside_of_the_text_are_refused(
    segmenter: EmbeddedSegmenter, start: list[int], end: list[int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        segmenter.segment_buffer(np.frombuffer("كتاب".encode(), np.uint8), np.array(start), np.array(end))


@pytest.mark.parametrize("name", ["words", "adversarial"])
def test_every_word_is_as_the_official_segmenter_has_it(
    name: str, farasa: EmbeddedSegmenter, official: Official
) -> None:
    pairs = official(name)
    written = segment_texts(farasa, [word for word, _ in pairs])
    assert [(word, found) for (word, answer), found in zip(pairs, written, strict=True) if found != answer] == []


@pytest.mark.parametrize("name", ["words", "adversarial"])
def test_in_one_paragraph_words_are_the_same(name: str, farasa: EmbeddedSegmenter, official: Official) -> None:
    pairs = official(name)
    (written,) = segment_texts(farasa, [" ".join(word for word, _ in pairs)])
    assert written.split(" ") == [answer for _, answer in pairs]


@pytest.mark.parametrize("name", ["words", "adversarial"])
def test_segments_are_put_together_again(name: str, official: Official) -> None:
    """All but words that begin with lam, alef, lam, and such where an alef is inserted that is no part of l+al."""
    lost = {word: answer for word, answer in official(name) if desegment(answer) != word}
    others = {word for word in lost if not word.startswith(("لال", "ولال", "فلال"))}
    assert all(word.startswith(("لل", "ولل", "فلل")) and "ل+ال+" not in lost[word] for word in others)
    assert len(others) < 100


def test_real_text_is_put_together_again(farasa: EmbeddedSegmenter, real: Path) -> None:
    bundles = sorted(real.glob("tirmidhi/*.txt.gz"))
    text = b"".join(gzip.decompress(path.read_bytes()) for path in bundles).decode()
    (written,) = segment_texts(farasa, [text])
    words = list(zip(text.split(), desegment(written).split(), strict=True))
    assert len(words) > 1_000_000
    assert [word for word, again in words if word != again] == ["للشة"]


def test_real_books_keep_their_lines_and_tokens(farasa: EmbeddedSegmenter, real: Path) -> None:
    files = sorted(path for path in (real / "news").rglob("*") if path.is_file())
    assert files
    lines = [line for path in files for line in path.read_text(encoding="utf-8").split("\n")]
    written = segment_texts(farasa, lines)
    assert [len(line.split()) for line in written] == [len(line.split()) for line in lines]
    assert sum(line.count("+") for line in written) > sum(len(line.split()) for line in lines) / 4
