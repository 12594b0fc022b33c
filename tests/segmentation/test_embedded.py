"""The embedded engine on columns, and against the official segmenter."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.segmentation.samples import tables, texts, twin
from transforms.errors import RunError
from transforms.segmentation.columns import segment_column
from transforms.segmentation.embedded import EmbeddedSegmenter
from transforms.segmentation.words import desegment, segment_text

Official = Callable[[str], list[tuple[str, str]]]


@pytest.fixture(scope="module")
def segmenter() -> EmbeddedSegmenter:
    return EmbeddedSegmenter(tables())


@settings(deadline=None, max_examples=200)
@given(st.lists(st.none() | texts, max_size=5), st.sampled_from([pa.string(), pa.large_string()]), st.data())
def test_a_column_keeps_type_length_order_and_nulls(
    paragraphs: list[str | None], kind: pa.DataType, data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, len(paragraphs)))
    column = pa.array(paragraphs, kind)[first:]
    written = EmbeddedSegmenter(tables()).segment(column)
    written.validate(full=True)
    assert written.type == kind
    assert written.to_pylist() == [each if each is None else segment_text(each, twin) for each in paragraphs[first:]]


def test_null_slots_may_hold_bytes(segmenter: EmbeddedSegmenter) -> None:
    offsets, validity = np.array([0, 4, 10], np.int32), np.array([0b10], np.uint8)
    buffers = [pa.py_buffer(validity), pa.py_buffer(offsets), pa.py_buffer("هاكتب".encode())]
    column = pa.Array.from_buffers(pa.string(), 2, buffers)
    assert segmenter.segment(column).to_pylist() == [None, twin("كتب")]


def test_an_empty_column(segmenter: EmbeddedSegmenter) -> None:
    assert segmenter.segment(pa.array([], pa.string())).to_pylist() == []
    assert segmenter.segment(pa.array([None], pa.string())).to_pylist() == [None]


def test_norm_is_a_setting() -> None:
    column = pa.array(["وَالمدرسةُ"])
    assert EmbeddedSegmenter(tables(), norm=True).segment(column).to_pylist() == [
        segment_text("وَالمدرسةُ", twin, norm=True)
    ]


def test_text_that_a_column_cannot_hold_is_told() -> None:
    def enormous(text: np.ndarray, start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return text, np.array([0, 2**31])

    with pytest.raises(RunError, match="2,147,483,648 bytes of segmented text"):
        segment_column(enormous, pa.array(["كتاب"]))


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
    written = farasa.segment(pa.array([word for word, _ in pairs])).to_pylist()
    assert [(word, found) for (word, answer), found in zip(pairs, written, strict=True) if found != answer] == []


@pytest.mark.parametrize("name", ["words", "adversarial"])
def test_in_one_paragraph_words_are_the_same(name: str, farasa: EmbeddedSegmenter, official: Official) -> None:
    pairs = official(name)
    (written,) = farasa.segment(pa.array([" ".join(word for word, _ in pairs)])).to_pylist()
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
    (written,) = farasa.segment(pa.array([text])).to_pylist()
    words = list(zip(text.split(), desegment(written).split(), strict=True))
    assert len(words) > 1_000_000
    assert [word for word, again in words if word != again] == ["للشة"]


def test_real_books_keep_their_lines_and_tokens(farasa: EmbeddedSegmenter, real: Path) -> None:
    files = sorted(path for path in (real / "news").rglob("*") if path.is_file())
    assert files
    lines = [line for path in files for line in path.read_text(encoding="utf-8").split("\n")]
    written = farasa.segment(pa.array(lines)).to_pylist()
    assert [len(line.split()) for line in written] == [len(line.split()) for line in lines]
    assert sum(line.count("+") for line in written) > sum(len(line.split()) for line in lines) / 4
