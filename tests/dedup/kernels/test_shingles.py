"""From UTF-8 to shingle hashes: each kernel against plain Python, and the hashes pinned."""

import hashlib
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dedup import oracle, twins
from tests.dedup.samples import CHARACTERS, encode, sentences, texts
from transforms.dedup.folding.capacity import unit_capacity
from transforms.dedup.folding.kernels import absorb, character_units, code_point, word_units
from transforms.dedup.folding.profiles import PROFILES, fold_of
from transforms.dedup.kernels import hash_shingles

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
    forms = text.tobytes().count(0xEF)
    capacity = unit_capacity(int(lengths.sum()), len(start), forms, by_word=by_word)
    shingles = np.empty(len(sizes) * capacity, np.uint64)
    offsets = np.empty(len(start) + 1, np.int64)
    longest = unit_capacity(int(lengths.max(initial=0)), 1, forms, by_word=by_word)
    units, digits = np.empty(longest, np.uint64), np.empty(longest, np.uint8)
    salt = np.array(salts or [0] * len(start), np.uint64)
    fold = fold_of(profile)
    used = hash_shingles(
        text, start, end, salt, fold.table, fold.several,
        by_word, np.array(sizes), minimum_words, by_bytes,
        units, digits, offsets, np.empty(len(start), np.uint8), shingles,
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
    units, digits = (np.empty(unit_capacity(len(data), 1, 0, by_word=True), dtype) for dtype in (np.uint64, np.uint8))
    fold, expected = fold_of(profile), oracle.words(text, profile)
    count = word_units(data, 0, len(data), fold.table, fold.several, units, digits)
    assert units[:count].tolist() == [twins.word_hash(word) for word in expected]
    assert digits[:count].tolist() == [bool(set(word) & set("0123456789")) for word in expected]


@settings(deadline=None)
@given(sentences | texts, profiles)
def test_characters_are_folded_words_with_one_blank_between(text: str, profile: str) -> None:
    data = np.frombuffer(text.encode(), np.uint8)
    units = np.empty(unit_capacity(len(data), 1, len(text), by_word=False), np.uint64)
    fold = fold_of(profile)
    count, words = character_units(data, 0, len(data), fold.table, fold.several, units)
    expected = oracle.words(text, profile)
    assert (units[:count].tolist(), words) == (twins.points(" ".join(expected)), len(expected))


@settings(deadline=None)
@given(
    st.lists(st.tuples(sentences | texts, hashes), max_size=6),
    st.booleans(),
    st.lists(st.integers(1, 6), min_size=1, max_size=3),
    st.integers(0, 4),
    profiles,
)
def test_shingles(
    paragraphs: list[tuple[str, int]], by_word: bool, sizes: list[int], minimum_words: int, profile: str
) -> None:
    words = [oracle.words(text, profile) for text, _ in paragraphs]
    found = run_hash_shingles(
        [text for text, _ in paragraphs], profile, by_word, sizes, minimum_words, [salt for _, salt in paragraphs]
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


PINNED_BY_ARABIC_2 = {
    "ﷲ": [0x924C42FE9E9AD9A3],
    "قَالَ ﺭﺳﻮﻝُ اللّٰه": [0xCF8A1EB7A3FA4511],
    "قال النبيﷺ": [0x48D9ED694CD69FAF, 0x2B545F8394E959C8, 0xC1FF293230A29D7D, 0x3C5F6E1817366BAB],
    "ٱلۡعَٰلَمِينَ ٱلرَّحۡمَـٰنِ مَٰلِكِ": [0xE2DB0279DED0FC98],
    "Dell\u2019e\u0301te\u0301 ﻣَﻜﹾﺘَﺒَﺔ": [0x638D1E3BE8D96681],
}
# Of every code point in a word and alone, by profile, unit and size: SHA-256 of the shingles.
PINNED_WHOLE = {
    ("arabic-2", "word", 3): "93b078b871154083b3ced88f92f25a0572467645f987ed2a816b549910452da9",
    ("arabic-2", "word", 1): "eb0c20b043d6f39bb6d9dfa099a6dbd45a79fe38a0ff918a085169f17d927063",
    ("arabic-2", "character", 5): "91f0bdd87c0994f3a62cab2c6e4fd88897bf986aca9a1313b1ac52c0d0b5833a",
    ("arabic-1", "word", 3): "46df93cc020e9c1a0aba6106fa974c5e725689530ae72a37874776d1f8a67621",
    ("arabic-1", "word", 1): "027e114c5f1c047a62e49fc624cccf69dde3065530f4a93843e4b6883fd89002",
    ("arabic-1", "character", 5): "ebc71a8695420c3e478fd79ed2d7bc8351329db707be920bfea3985ed8d76a3c",
    ("none", "word", 3): "1564914df6e207cbbb02e577fea030648eeeafcb1b7fc3ceed1d831dc5332f3d",
    ("none", "word", 1): "e37c215e21a7841b5da9409ce427459ac84ae17a8d585fb390ec05bb5be6429a",
    ("none", "character", 5): "8b4e07521ba2ff56814677c7b23ed2d8fb7e8771a35b7b5dca848741205ede38",
}


@pytest.mark.parametrize(("profile", "unit", "size"), PINNED_WHOLE)
def test_the_hashes_of_every_code_point_are_frozen(profile: str, unit: str, size: int) -> None:
    points = map(chr, (*range(0xD800), *range(0xE000, 0x110000)))
    (shingles,) = run_hash_shingles([" ".join(f"س{each}س {each}" for each in points)], profile, unit == "word", [size])
    digest = hashlib.sha256(np.array(shingles, "<u8").tobytes()).hexdigest()
    assert digest == PINNED_WHOLE[profile, unit, size]


@pytest.mark.parametrize("text", PINNED_BY_ARABIC_2)
def test_hashes_of_arabic_2_are_frozen(text: str) -> None:
    assert run_hash_shingles([text], "arabic-2", by_word=True, sizes=[3]) == [PINNED_BY_ARABIC_2[text]]


@pytest.mark.parametrize("text", PINNED)
def test_hashes_are_frozen(text: str) -> None:
    words, shingles = PINNED[text]
    data = np.frombuffer(text.encode(), np.uint8)
    units, digits = np.empty(len(data), np.uint64), np.empty(len(data), np.uint8)
    fold = fold_of("arabic-1")
    count = word_units(data, 0, len(data), fold.table, fold.several, units, digits)
    assert units[:count].tolist() == words
    for profile in ("arabic-1", "arabic-2"):
        assert run_hash_shingles([text], profile, by_word=True, sizes=[3]) == [shingles]


def test_character_shingle_hashes_are_frozen() -> None:
    found = run_hash_shingles(["قَالَ لَا", "لا"], "arabic-1", by_word=False, sizes=[5])
    assert found == [[0x3CF0BAA8D624F2F5, 0x5AD52528A7DDBCFD], [0x97A0E8A27507305B]]
