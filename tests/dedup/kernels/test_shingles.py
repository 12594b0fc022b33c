"""From UTF-8 to shingle hashes: each kernel against plain Python, and the hashes pinned."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dedup import oracle, twins
from tests.dedup.samples import CHARACTERS, encode, sentences, texts
from transforms.dedup.fold import PROFILES, fold_table
from transforms.dedup.kernels import absorb, character_units, code_point, hash_shingles, word_units

hashes = st.integers(0, 2**64 - 1)
profiles = st.sampled_from(PROFILES)


def run_hash_shingles(
    paragraphs: list[str],
    profile: str,
    by_word: bool,
    sizes: list[int],
    minimum_words: int = 0,
    salts: list[int] | None = None,
    by_bytes: bool = False,
) -> list[list[int]]:
    """The shingle hashes of each paragraph; the arrays are not larger than the kernel's contract asks."""
    text, start, end = encode(paragraphs, between="")
    lengths = end - start
    capacity = int((lengths // 2 + 1).sum() if by_word else lengths.sum())
    shingles = np.empty(len(sizes) * capacity, np.uint64)
    offsets = np.empty(len(start) + 1, np.int64)
    units = np.empty(int(lengths.max(initial=0) // 2 + 1 if by_word else lengths.max(initial=0)), np.uint64)
    salt = np.array(salts or [0] * len(start), np.uint64)
    used = hash_shingles(
        text, start, end, salt, fold_table(profile),
        by_word, np.array(sizes), minimum_words, by_bytes, units, offsets, np.empty(len(start), np.uint8), shingles,
    )  # fmt: skip
    assert offsets[-1] == used
    return [shingles[first:last].tolist() for first, last in pairwise(offsets)]


@settings(deadline=None)
@given(hashes, hashes)
def test_absorb(state: int, value: int) -> None:
    assert int(absorb(np.uint64(state), np.uint64(value))) == twins.absorb(state, value)


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])) | st.text(st.sampled_from(CHARACTERS)))
def test_code_points_are_those_that_python_decodes(text: str) -> None:
    data = np.frombuffer(text.encode(), np.uint8)
    points, at = [], 0
    while at < len(data):
        point, at = code_point(data, at)
        points.append(chr(point))
    assert "".join(points) == text


@settings(deadline=None)
@given(sentences | texts, profiles)
def test_words_are_hashed_as_folded(text: str, profile: str) -> None:
    data = np.frombuffer(text.encode(), np.uint8)
    units = np.empty(len(data) // 2 + 1, np.uint64)
    count = word_units(data, 0, len(data), fold_table(profile), units)
    assert units[:count].tolist() == [twins.word_hash(word) for word in oracle.words(text, profile)]


@settings(deadline=None)
@given(sentences | texts, profiles)
def test_characters_are_folded_words_with_one_blank_between(text: str, profile: str) -> None:
    data = np.frombuffer(text.encode(), np.uint8)
    units = np.empty(len(data), np.uint64)
    count, words = character_units(data, 0, len(data), fold_table(profile), units)
    expected = oracle.words(text, profile)
    assert (units[:count].tolist(), words) == (twins.points(" ".join(expected)), len(expected))


@settings(deadline=None)
@given(
    st.lists(st.tuples(sentences | texts, hashes), max_size=6),
    st.booleans(),
    st.lists(st.integers(1, 6), min_size=1, max_size=3),
    st.integers(0, 4),
)
def test_shingles(paragraphs: list[tuple[str, int]], by_word: bool, sizes: list[int], minimum_words: int) -> None:
    words = [oracle.words(text) for text, _ in paragraphs]
    found = run_hash_shingles(
        [text for text, _ in paragraphs], "arabic-1", by_word, sizes, minimum_words, [salt for _, salt in paragraphs]
    )
    assert found == [
        twins.shingle_hashes(each, by_word, sizes, salt) if len(each) >= minimum_words else []
        for each, (_, salt) in zip(words, paragraphs, strict=True)
    ]


def test_a_short_paragraph_is_no_shingle_of_a_longer_one() -> None:
    short, long = run_hash_shingles(["قال رسول", "قال رسول الله"], "arabic-1", True, [3])
    assert (len(short), len(long)) == (1, 1)
    assert short != long


def test_paragraphs_without_a_word_are_their_bytes() -> None:
    texts = ["***", "***", "* * *", "", "َ", "قال"]
    found = run_hash_shingles(texts, "arabic-1", True, [2], by_bytes=True)
    hashes = [twins.absorb_all(0xA0761D6478BD642F, list(each.encode())) for each in texts]
    assert found == [
        [hashes[0]],
        [hashes[0]],
        [hashes[2]],
        [],
        [hashes[4]],
        *run_hash_shingles(["قال"], "arabic-1", True, [2]),
    ]


def test_salts_part_equal_paragraphs() -> None:
    text = "قال رسول الله"
    first, second, third = run_hash_shingles([text] * 3, "arabic-1", True, [2], salts=[7, 8, 7])
    assert first == third
    assert set(first).isdisjoint(second)


# Frozen: sets that lie on disk are compared with new ones.
ALLAH = 0x525A137EE32BC8B8
PINNED = {
    "الله": ([ALLAH], [0x924C42FE9E9AD9A3]),
    "قَالَ رسولُ ٱلله": ([0x3828F7D5B60C7F24, 0x69E6B20ED606FD30, ALLAH], [0xCF8A1EB7A3FA4511]),
    "الحرارة ٢٥ درجة في مدينة عمّان": (
        [
            0x93D0C840750FBE2E, 0x58B1C73378C7A49C, 0x833E6FC01F19CE95, 0x65BB38388B685775, 0x80811EF16FD36439,
            0x6876E2EB98D49B8A,
        ],
        [0x4ABB4E7C19B4947C, 0x6CBCB34991830ACD, 0xEC8F4085EF939EE2, 0x6B943BEE6F99163A],
    ),
    "𞸀𐤀 漢字": ([0x1CB420C034123584, 0xFB66049034C87CCF], [0xE72EE36883A2A530]),
}  # fmt: skip


@pytest.mark.parametrize("text", PINNED)
def test_hashes_are_frozen(text: str) -> None:
    words, shingles = PINNED[text]
    data = np.frombuffer(text.encode(), np.uint8)
    units = np.empty(len(data), np.uint64)
    count = word_units(data, 0, len(data), fold_table("arabic-1"), units)
    assert units[:count].tolist() == words
    assert run_hash_shingles([text], "arabic-1", by_word=True, sizes=[3]) == [shingles]


def test_character_shingle_hashes_are_frozen() -> None:
    found = run_hash_shingles(["قَالَ لَا", "لا"], "arabic-1", by_word=False, sizes=[5])
    assert found == [[0x3CF0BAA8D624F2F5, 0x5AD52528A7DDBCFD], [0x97A0E8A27507305B]]
