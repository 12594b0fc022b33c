"""The tables of clues."""

import pytest

from transforms.language import clues, kernels


def test_hashes_are_frozen() -> None:
    assert (hex(clues.hash_word("")), hex(clues.hash_word("في"))) == ("0x1", "0x7959df66ff72c1d2")


@pytest.mark.parametrize("language", clues.WORDS)
def test_words_are_listed_under_their_languages(language: str) -> None:
    hashes, listed = clues.word_table()
    for word in clues.WORDS[language].split():
        (slot,) = (hashes == clues.hash_word(word)).nonzero()[0]
        assert listed[slot] & clues.bit(language)
        assert len(word) <= kernels.LONGEST_LISTED
        assert word == word.lower()


def test_no_two_words_share_a_hash() -> None:
    words = {word for words in clues.WORDS.values() for word in words.split()}
    hashes, _ = clues.word_table()
    assert (hashes != 0).sum() == len(words)
    assert len(words) < len(hashes) / 2


@pytest.mark.parametrize("language", clues.ALPHABETS)
def test_alphabets_are_letters_and_write_the_listed_words(language: str) -> None:
    table = clues.letter_table()
    assert all(table[ord(letter) - kernels.FIRST] & kernels.LETTER for letter in clues.ALPHABETS[language])
    for word in clues.WORDS[language].split():
        assert set(word) <= set(clues.ALPHABETS[language])


@pytest.mark.parametrize("language", clues.FREQUENCIES)
def test_frequencies_are_of_the_alphabet_and_add_up(language: str) -> None:
    shares = {each[0]: int(each[1:]) for each in clues.FREQUENCIES[language].split()}
    assert len(shares) == len(clues.FREQUENCIES[language].split())
    assert set(shares) <= set(clues.ALPHABETS[language])
    assert 9900 < sum(shares.values()) <= 10_050


def test_columns_are_those_of_the_kernels() -> None:
    assert len(clues.LANGUAGES) == kernels.COLUMNS
    assert len(clues.ALPHABETS) == len(clues.FREQUENCIES) == kernels.SCORED


def test_arabic_comes_first_and_the_unknown_after_the_alphabets() -> None:
    assert clues.LANGUAGES[0] == "ar"
    assert clues.LANGUAGES[len(clues.ALPHABETS)] == "und"
    assert tuple(clues.ALPHABETS) == clues.ARABIC_SCRIPT[:-1]
