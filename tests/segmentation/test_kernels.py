"""Whole paragraphs by the kernel, against the definition."""

import random
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.segmentation.samples import buffer, split, tables, texts, twin, words
from transforms.characters.table import read_forms
from transforms.segmentation.embedded import REMEMBERED_RUNS, REMEMBERED_WORDS, EmbeddedSegmenter
from transforms.segmentation.kernels.memory import AHEAD, REMEMBERED_LETTERS, RUN_NUMBERS, SPARE_PLACES, WORD_NUMBERS
from transforms.segmentation.kernels.text import MORE_FOR_A_FORM, ROOM_AT_THE_END, segment_paragraphs
from transforms.segmentation.words import desegment, segment_text

Memory = tuple[np.ndarray, np.ndarray]  # of words, and of runs


def memory(places: int = 64) -> Memory:
    runs = np.zeros(RUN_NUMBERS * (places + SPARE_PLACES), np.uint64)
    return np.zeros(WORD_NUMBERS * max(2, places), np.uint64), runs


def run(paragraphs: list[str], known: Memory | None = None, *, norm: bool = False, behind: bytes = b"") -> list[str]:
    """The paragraphs segmented; `behind` is what follows them in memory: near the end no run is looked up."""
    text, start, end = buffer(paragraphs)
    text = np.concatenate([text, np.frombuffer(behind, np.uint8)])
    out = np.zeros(2 * len(text) + MORE_FOR_A_FORM * text.tobytes().count(0xEF) + ROOM_AT_THE_END, np.uint8)
    offsets = np.zeros(len(paragraphs) + 1, np.int64)
    of_words, of_runs = known or memory()
    segment_paragraphs(text, start, end, norm, tables(), of_words, of_runs, of_runs.view(np.uint8), out, offsets)
    return [out[first:last].tobytes().decode() for first, last in pairwise(offsets)]


behinds = st.sampled_from([b"", b" " * 32, "كتابه".encode() * 8])


@settings(deadline=None, max_examples=600)
@given(st.lists(texts, max_size=4), st.booleans(), behinds)
def test_paragraphs_are_written_as_by_definition(paragraphs: list[str], norm: bool, behind: bytes) -> None:
    expected, known = [segment_text(each, twin, norm=norm) for each in paragraphs], memory()
    assert [run(paragraphs, known, norm=norm, behind=behind) for _ in range(2)] == [expected] * 2


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
@given(st.lists(words, min_size=1, max_size=40), st.sampled_from([1, 2, 64]), behinds)
def test_what_is_remembered_changes_nothing(vocabulary: list[str], places: int, behind: bytes) -> None:
    known, expected = memory(places), [twin(word) for word in vocabulary]
    assert [run(vocabulary, known, behind=behind) for _ in range(3)] == [expected] * 3


separators = st.sampled_from([" ", "  ", "\n", ". ", "، ", " @", ' "'])


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.tuples(words, separators), min_size=1, max_size=20),
    st.integers(1, 3 * AHEAD),
    st.sampled_from([1, 2, 64]),
    behinds,
)
def test_runs_that_are_looked_up_together_change_nothing(
    vocabulary: list[tuple[str, str]], count: int, places: int, behind: bytes
) -> None:
    """With repeated ones, and many for one place of the memory, which keeps its content until all are written."""
    text = "".join(word + separator for word, separator in islice(cycle(vocabulary), count))
    known, expected = memory(places), [segment_text(text, twin)]
    assert [run([text], known, behind=behind) for _ in range(3)] == [expected] * 3


def test_a_place_with_numbers_of_two_words_has_none() -> None:
    """As a thread meets them that reads a place while another writes it."""
    vocabulary = split("والكتاب كتابه كتابها مدرسة مدرستهم للعلم وسيقول قال كان وكان دولة سماء بيت كلب")
    expected, known = [twin(word) for word in vocabulary], memory()
    assert run(vocabulary, known) == expected
    places = np.flatnonzero(known[0][1::WORD_NUMBERS])
    assert len(places) >= len(vocabulary) - 2
    known[0][1::WORD_NUMBERS][places] = np.roll(known[0][1::WORD_NUMBERS][places], 1)
    assert run(vocabulary, (known[0], memory()[1])) == expected


def test_words_are_remembered_as_they_stand() -> None:
    known = memory(1)
    once, again = "والكتاب، " * 4, "وَالْكِتَابُ " * 4
    for text in (once, again, once):
        assert run([text], known) == [segment_text(text, twin)]
    read, written = known[1][:3].tobytes().rstrip(b"\0").decode(), known[1][4:8].tobytes().decode("utf-8", "ignore")
    assert (read, written[: int(known[1][3])].strip("\0")) == ("والكتاب،", "و+ال+كتاب،")


@settings(deadline=None, max_examples=100)
@given(st.lists(texts, max_size=6), st.randoms(), behinds)
def test_other_batches_and_orders_give_the_same(paragraphs: list[str], chance: random.Random, behind: bytes) -> None:
    known = memory()
    together = dict(zip(paragraphs, run(paragraphs, known, behind=behind), strict=True))
    chance.shuffle(paragraphs)
    assert [run([each], known)[0] for each in paragraphs] == [together[each] for each in paragraphs]


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
    assert len(segmenter._runs) <= 4
    segmenter.close()


def test_memory_is_bounded() -> None:
    of_a_thread, of_all = 8 * RUN_NUMBERS * REMEMBERED_RUNS, 8 * WORD_NUMBERS * REMEMBERED_WORDS
    assert (of_a_thread, of_all) <= (1 << 23, 1 << 24)
    assert all(each & (each - 1) == 0 for each in (REMEMBERED_RUNS, REMEMBERED_WORDS))
