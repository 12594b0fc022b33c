"""Whole paragraphs by the kernel, against the definition."""

import random
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.segmentation.samples import buffer, split, tables, texts, twin, words
from transforms.characters.table import read_forms
from transforms.segmentation.embedded import REMEMBERED_WORDS, EmbeddedSegmenter
from transforms.segmentation.kernels.text import MORE_FOR_A_FORM, REMEMBERED_LETTERS, segment_paragraphs
from transforms.segmentation.words import desegment, segment_text


def run(paragraphs: list[str], memory: np.ndarray | None = None, *, norm: bool = False) -> list[str]:
    text, start, end = buffer(paragraphs)
    out = np.zeros(2 * len(text) + MORE_FOR_A_FORM * text.tobytes().count(0xEF), np.uint8)
    offsets = np.zeros(len(paragraphs) + 1, np.int64)
    memory = np.zeros(2 * 64, np.uint64) if memory is None else memory
    segment_paragraphs(text, start, end, norm, tables(), memory, out, offsets)
    return [out[first:last].tobytes().decode() for first, last in pairwise(offsets)]


@settings(deadline=None, max_examples=600)
@given(st.lists(texts, max_size=4), st.booleans())
def test_paragraphs_are_written_as_by_definition(paragraphs: list[str], norm: bool) -> None:
    assert run(paragraphs, norm=norm) == [segment_text(each, twin, norm=norm) for each in paragraphs]


@settings(deadline=None, max_examples=800)
@given(words)
def test_words_are_segmented_as_by_definition(word: str) -> None:
    assert run([word]) == [twin(word)]


@settings(deadline=None, max_examples=400)
@given(st.text())
def test_all_of_unicode_keeps_its_tokens(text: str) -> None:
    (written,) = run([text])
    assert len(written.split()) == len(text.split())
    assert written == segment_text(text, twin)


@settings(deadline=None, max_examples=300)
@given(texts)
def test_tokens_lines_and_white_space_stay(text: str) -> None:
    (written,) = run([text])
    assert len(written.split()) == len(text.split())
    assert [len(line.split()) for line in written.splitlines()] == [len(line.split()) for line in text.splitlines()]
    assert "".join(each for each in written if each.isspace()) == "".join(each for each in text if each.isspace())


@settings(deadline=None, max_examples=200)
@given(st.lists(words, min_size=1, max_size=40), st.sampled_from([1, 2, 64]))
def test_what_is_remembered_changes_nothing(vocabulary: list[str], places: int) -> None:
    memory = np.zeros(2 * places, np.uint64)
    expected = [twin(word) for word in vocabulary]
    assert [run(vocabulary, memory) for _ in range(3)] == [expected] * 3


@settings(deadline=None, max_examples=100)
@given(st.lists(texts, max_size=6), st.randoms())
def test_other_batches_and_orders_give_the_same(paragraphs: list[str], chance: random.Random) -> None:
    memory = np.zeros(2 * 64, np.uint64)
    together = dict(zip(paragraphs, run(paragraphs, memory), strict=True))
    chance.shuffle(paragraphs)
    assert [run([each], memory)[0] for each in paragraphs] == [together[each] for each in paragraphs]


def test_paragraphs_need_not_be_in_order_nor_touch() -> None:
    text, start, end = buffer(["والكتاب ", "لا شيء", "مدرسة"])
    out, offsets = EmbeddedSegmenter(tables()).segment_buffer(text, start[[2, 0, 2]], end[[2, 0, 2]])
    expected = [segment_text(each, twin) for each in ("مدرسة", "والكتاب ", "مدرسة")]
    assert out.tobytes().decode() == "".join(expected)
    assert offsets.tolist() == np.cumsum([0, *(len(each.encode()) for each in expected)]).tolist()


@pytest.mark.parametrize(
    "letters", [REMEMBERED_LETTERS, REMEMBERED_LETTERS + 1, 21, 22, 63, 64, 65, 127, 128, 129, 5000]
)
@pytest.mark.parametrize(("start", "finish"), [("", ""), ("والس", "تهم"), ("لل", "ات"), ("ولل", "ة"), ("سسس", "ينا")])
def test_words_of_all_lengths(letters: int, start: str, finish: str) -> None:
    word = start + "ط" * (letters - len(start) - len(finish)) + finish
    assert run([word, f"{word} {word}"]) == [twin(word), f"{twin(word)} {twin(word)}"]


@pytest.mark.parametrize(
    "word",
    split("ه ها هما و ال لل س كما ت ات ين وال ولل سسس يهما كتابه ءؤئ"),
)
@pytest.mark.parametrize("times", [1, 2, 3, 14, 15, 40])
def test_repeated_affixes(word: str, times: int) -> None:
    assert run([word * times]) == [twin(word * times)]


@pytest.mark.parametrize(
    "word", ["ط" * 100_000, "ه" * 100_000, "ال" * 50_000, "لل" * 50_000, "َ" * 100_000 + "ه", "ـ" * 100_000]
)
def test_hostile_words_are_no_matter(word: str) -> None:
    (written,) = run([word])
    assert desegment(written).replace("ا", "") == word.replace("ا", "")
    assert len(written) <= len(word) + 8


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.one_of(st.binary(max_size=6), st.sampled_from([b"\xd8", b"\xd9\x83", b"\xef\xbb", b"\xe0\xa3", b"\xe2\x80"]))
    )
)
def test_broken_utf8_is_passed_on(chunks: list[bytes]) -> None:
    data = b"".join(chunks)
    segmenter = EmbeddedSegmenter(tables())
    out, _ = segmenter.segment_buffer(np.frombuffer(data, np.uint8), np.zeros(1, np.int64), np.array([len(data)]))
    assert _without_segments(bytes(out)) == _without_segments(data)


def _without_segments(data: bytes) -> bytes:
    """The bytes of text, broken or not, that are the same in whichever way its words are written."""
    text = read_forms(data.replace(b"+", b"").decode("utf-8", "surrogateescape"))
    return text.encode("utf-8", "surrogateescape").replace("ا".encode(), b"")


def test_threads_share_a_segmenter() -> None:
    segmenter, chance = EmbeddedSegmenter(tables()), random.Random(3)
    vocabulary = ["والكتاب", "للعلم", "مدرستهم", "وسيقول", "كتابها", "استقلالنا", "ولللجنة", "ا" * 30]
    batches = [buffer([" ".join(chance.choices(vocabulary, k=200)) for _ in range(20)]) for _ in range(40)]
    alone = [EmbeddedSegmenter(tables()).segment_buffer(*batch)[0].tobytes() for batch in batches]
    with ThreadPoolExecutor(4) as pool:
        together = [out.tobytes() for out, _ in pool.map(lambda batch: segmenter.segment_buffer(*batch), batches)]
    assert together == alone
    assert len(segmenter._memories) <= 4
    segmenter.close()


def test_memory_is_bounded() -> None:
    assert 16 * REMEMBERED_WORDS <= 4_000_000
    assert REMEMBERED_WORDS & (REMEMBERED_WORDS - 1) == 0
