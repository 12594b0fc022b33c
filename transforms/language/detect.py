"""Tells the language of each document from the votes of its words, or by langdetect where the votes leave it open."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transforms.language import kernels, profiles
from transforms.language.clues import LANGUAGES, LATIN_SCRIPT, letter_table, word_table
from transforms.language.settings import LanguageSettings

_UNKNOWN = "und"  # ISO 639-2's code for "undetermined"
_ARABIC_SHARE = 0.3  # of a text's letters: with that many or more in Arabic script, the text is in Arabic script
_ODDS = 10.0  # a vote multiplies the odds of its language by this
_SETTLING_LEAD = 2  # votes: a language that leads by that many is the answer
_LETTERS_A_STRAY = 40  # Latin letters: another language has about one word in so many that looks like a listed one
_LEAST_LETTERS = 16  # langdetect is asked from here on: it is sure of itself however few letters it gets

_TABLES = (letter_table(), *word_table())
_UND = LANGUAGES.index(_UNKNOWN)
_LATIN = [LANGUAGES.index(code) for code in LATIN_SCRIPT]
_NOT_LATIN = [column for column in range(len(LANGUAGES)) if column not in (_UND, *_LATIN)]
_PROFILED = [LANGUAGES.index(code) for code in profiles.PROFILED["arabic"]]


@dataclass(frozen=True)
class Languages:
    """The languages of documents, one entry a document.

    Attributes:
        language: ISO 639-1 codes, or 639-3 where there is none (ckb, pnb); "und" if no language can be told.
        probability: float32[d], the probability of that language; 0 for text without letters.
    """

    language: list[str]
    probability: NDArray[np.float32]


@dataclass(frozen=True)
class _Evidence:
    """The counts of the kernels, one row a document.

    Attributes:
        first, last: int64[d, windows], bounds in bytes of the windows that were read.
        tally: float64[d, languages], votes; -inf for languages of another script.
        arabic: bool[d], true if the text is in Arabic script.
        letters: int32[d, scripts], letters in each script.
    """

    first: NDArray[np.int64]
    last: NDArray[np.int64]
    tally: NDArray[np.float64]
    arabic: NDArray[np.bool_]
    letters: NDArray[np.int32]


def detect_languages(
    text: NDArray[np.uint8], start: NDArray[np.int64], end: NDArray[np.int64], settings: LanguageSettings
) -> Languages:
    """Tells the language of each document, from the document's own bytes and the settings only.

    Args:
        text: uint8[m], valid UTF-8 in each document.
        start, end: int64[d], the documents' texts, without their names.
        settings: the number of bytes of a document that are read.

    Returns:
        One entry a document, in their order.
    """
    evidence = _look(text, start, end, settings.sample_bytes)
    best, probability, settled = _elect(evidence)
    language = [LANGUAGES[column] for column in best]
    for document in np.flatnonzero(~settled):
        language[document], probability[document] = _ask(text, evidence, document)
    return Languages(language, probability.astype(np.float32))


def left_out(languages: Languages, settings: LanguageSettings) -> list[str | None]:
    """Returns for each document "language" if the settings leave it out for its language, else None."""
    keep = frozenset(settings.keep)
    return [None if not keep or code in keep else "language" for code in languages.language]


def _look(text: NDArray[np.uint8], start: NDArray[np.int64], end: NDArray[np.int64], size: int) -> _Evidence:
    """Counts letters and votes in `size` bytes of each document."""
    documents = len(start)
    first, last = np.empty((2, documents * kernels.WINDOWS), np.int64)
    votes, letters = np.zeros((documents, len(LANGUAGES)), np.int32), np.zeros((documents, 3), np.int32)
    kernels.sample(text, start, end, size // kernels.WINDOWS, first, last)
    kernels.count_votes(text, first, last, *_TABLES, len(LANGUAGES), votes.ravel(), letters.ravel())
    arabic = letters[:, kernels.ARABIC] >= _ARABIC_SHARE * letters.sum(axis=1)
    tally = votes.astype(np.float64)
    tally[np.ix_(arabic, _LATIN)] = tally[np.ix_(~arabic, _NOT_LATIN)] = -np.inf
    tally[~arabic, _UND] = letters[~arabic, kernels.LATIN] // _LETTERS_A_STRAY
    shape = (documents, kernels.WINDOWS)
    return _Evidence(first.reshape(shape), last.reshape(shape), tally, arabic, letters)


def _elect(evidence: _Evidence) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.bool_]]:
    """Returns for each document the column with most votes, its probability, and whether that is the answer."""
    best = evidence.tally.argmax(axis=1)
    second, most = np.partition(evidence.tally, -2, axis=1)[:, -2:].T
    probability = 1 / (_ODDS ** (evidence.tally - most[:, None])).sum(axis=1)
    total = evidence.letters.sum(axis=1)
    probability[total == 0], best[total == 0] = 0, _UND
    latin = evidence.letters[:, kernels.LATIN] >= evidence.letters[:, kernels.OTHER]
    led = (most - second >= _SETTLING_LEAD) & (evidence.arabic | (latin & (best != _UND)))
    without_profile = evidence.arabic & ~np.isin(best, _PROFILED)
    return best, probability, led | without_profile | (total < _LEAST_LETTERS)


def _ask(text: NDArray[np.uint8], evidence: _Evidence, document: np.intp) -> tuple[str, float]:
    """Returns langdetect's language and probability; for Arabic script the votes are its prior."""
    windows = zip(evidence.first[document], evidence.last[document], strict=True)
    read = b" ".join(text[first:last].tobytes() for first, last in windows).decode("utf-8")
    if not evidence.arabic[document]:
        letters = evidence.letters[document]
        return profiles.guess(read, "latin" if letters[kernels.LATIN] >= letters[kernels.OTHER] else "other")
    tally = evidence.tally[document, _PROFILED]
    prior = _ODDS ** (tally - tally.max())
    return profiles.guess(read, "arabic", dict(zip(profiles.PROFILED["arabic"], prior, strict=True)))
