"""The kernels against their twins in plain Python."""

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.language import oracle
from tests.language.samples import SENTENCES, columns
from transforms.language import clues, kernels

PIECES = [
    *"ابةپٹټێۇېيىکڠٱ؛،٣ـًّٰ۽۾ٮݨݐ", "ههه", "ه", "هـه", *"\u0700\ufefb\ufb50\u08a0\u200c\xa0 \n", *"é×Ж中😀𐎠", *"@:/w.-7",
    "ال", "وال", "بال", "لل", "في", "که", "The", "the", "WWW.", "www.", "://", "http",
]  # fmt: skip
texts = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=30).map("".join),
    st.lists(st.sampled_from([word for line in SENTENCES.values() for word in line.split()]), max_size=12).map(
        " ".join
    ),
    st.text(st.characters(min_codepoint=0x600, max_codepoint=0x77F), max_size=30),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
)
TABLES = (clues.letter_table(), clues.surprise_table(), *clues.word_table())


def _sample(documents: list[bytes], size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    text, start, end = columns(documents)
    first, last = np.full((2, len(documents) * kernels.WINDOWS), -1, np.int64)
    kernels.sample(text, start, end, size, first, last)
    return text, first, last


def _count(documents: list[str], size: int = 1 << 16) -> tuple[list[list[int]], ...]:
    """Returns the votes, the letters and the surprise of each document."""
    text, first, last = _sample([document.encode() for document in documents], size)
    counts = [np.zeros((len(documents), columns), np.int32) for columns in (kernels.COLUMNS, 3, kernels.SCORED)]
    kernels.count_clues(text, first, last, *TABLES, *(each.ravel() for each in counts))
    return tuple(each.tolist() for each in counts)


@settings(deadline=None, max_examples=300)
@given(st.lists(texts, max_size=5), st.integers(4, 40))
@example(["نص " * 9], 16)
@example(["中" * 30], 16)
def test_windows_are_those_of_the_twin(documents: list[str], size: int) -> None:
    encoded = [document.encode() for document in documents]
    text, first, last = _sample(encoded, size)
    found = [text[begin:end].tobytes() for begin, end in zip(first, last, strict=True)]
    expected = [(oracle.windows(document, size) + [b""] * 3)[:4] for document in encoded]
    assert found == [window for document in expected for window in document]


@settings(deadline=None, max_examples=600)
@given(st.lists(texts, max_size=5))
def test_counts_are_those_of_the_twin(documents: list[str]) -> None:
    assert list(zip(*_count(documents), strict=True)) == [oracle.count(each) for each in documents]


def test_every_letter_and_mark_alone_in_a_word_and_twice() -> None:
    points = [*range(0x3100), *range(0xFA00, 0x10000), *range(0x10000, 0x110000, 997)]
    words = [f"{chr(point)} {chr(point) * 2} نهر{chr(point)}بحر" for point in points if not 0xD800 <= point < 0xE000]
    assert list(zip(*_count(words), strict=True)) == [oracle.count(word) for word in words]


@settings(deadline=None, max_examples=100)
@given(texts, st.integers(4, 40))
def test_windows_never_cut_a_character(document: str, size: int) -> None:
    text, first, last = _sample([document.encode()], size)
    for begin, end in zip(first, last, strict=True):
        text[begin:end].tobytes().decode()


def test_windows_of_a_document_are_counted_together() -> None:
    words = ["النهر"] * 8 + ["دریا"] * 8
    (votes,), _, _ = _count([" ".join(words)], size=16)
    assert votes[clues.LANGUAGES.index("ar")] >= 2
    assert votes[clues.LANGUAGES.index("fa")] >= 2


def test_addresses_neither_vote_nor_count() -> None:
    addresses = "http://the.of/and the@of.and @the WWW.the.of/النهر ftp://النهر"
    assert _count([addresses]) == ([[0] * kernels.COLUMNS], [[0, 0, 0]], [[0] * kernels.SCORED])


def test_surprise_of_a_long_window_fits_its_number() -> None:
    _, _, (surprise,) = _count(["ژث" * 8000], size=1 << 14)
    assert surprise == [8000 * sum(each) for each in zip(*(oracle.count(letter)[2] for letter in "ژث"), strict=True)]


def test_laughter_is_counted_twice_a_word() -> None:
    *_, laughter, twice = _count(["ههههههههه ههههه", "هه هه"])[2]
    assert laughter == twice
