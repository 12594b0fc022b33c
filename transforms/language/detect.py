"""The language of each document: by the votes of its words, and by langdetect where they leave it open."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transforms.language import kernels, profiles
from transforms.language.clues import LANGUAGES, LATIN_SCRIPT, letter_table, word_table
from transforms.language.settings import LanguageSettings

UNKNOWN = "und"  # ISO 639-2's code for "undetermined"
ARABIC_SHARE = 0.3  # of the letters, from which on a text is one in Arabic script
ODDS = 10.0  # by which a vote raises the odds of a language
SETTLING_LEAD = 2  # votes more than any other language
LETTERS_A_STRAY = 40  # Latin letters in which a language that has no list may have a word that looks listed
LEAST_LETTERS = 16  # for langdetect, which is sure of itself however little it gets

_TABLES = (letter_table(), *word_table())
_UND = LANGUAGES.index(UNKNOWN)
_LATIN = [LANGUAGES.index(code) for code in LATIN_SCRIPT]
_NOT_LATIN = [column for column in range(len(LANGUAGES)) if column not in (_UND, *_LATIN)]
_PROFILED = [LANGUAGES.index(code) for code in profiles.PROFILED["arabic"]]


@dataclass(frozen=True)
class Languages:
    """The languages of documents, one entry a document.

    Attributes:
        language: ISO 639-1 codes, or 639-3 where there is none (ckb, pnb); "und" where nothing can be said.
        probability: float32[d], how sure that is: 0 for text without letters.
    """

    language: list[str]
    probability: NDArray[np.float32]


@dataclass(frozen=True)
class _Evidence:
    """What the kernels found in each document.

    Attributes:
        first, last: int64[d, windows], what was looked at.
        tally: float64[d, languages], votes; -inf for languages of another script.
        arabic: bool[d], whether the text is in Arabic script.
        letters: int32[d, scripts].
    """

    first: NDArray[np.int64]
    last: NDArray[np.int64]
    tally: NDArray[np.float64]
    arabic: NDArray[np.bool_]
    letters: NDArray[np.int32]


def detect_languages(
    text: NDArray[np.uint8], start: NDArray[np.int64], end: NDArray[np.int64], settings: LanguageSettings
) -> Languages:
    """The language of each document; it depends on the document's own bytes and on the settings only.

    Args:
        text: uint8[m], valid UTF-8 in each document.
        start, end: int64[d], the documents' texts, without their names.
        settings: how much of a document is looked at.

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
    """For each document, "language" if the settings leave it out for its language, else None."""
    keep = frozenset(settings.keep)
    return [None if not keep or code in keep else "language" for code in languages.language]


def _look(text: NDArray[np.uint8], start: NDArray[np.int64], end: NDArray[np.int64], size: int) -> _Evidence:
    documents = len(start)
    first, last = np.empty((2, documents * kernels.WINDOWS), np.int64)
    votes, letters = np.zeros((documents, len(LANGUAGES)), np.int32), np.zeros((documents, 3), np.int32)
    kernels.sample(text, start, end, size // kernels.WINDOWS, first, last)
    kernels.count_votes(text, first, last, *_TABLES, len(LANGUAGES), votes.ravel(), letters.ravel())
    arabic = letters[:, kernels.ARABIC] >= ARABIC_SHARE * letters.sum(axis=1)
    tally = votes.astype(np.float64)
    tally[np.ix_(arabic, _LATIN)] = tally[np.ix_(~arabic, _NOT_LATIN)] = -np.inf
    tally[~arabic, _UND] = letters[~arabic, kernels.LATIN] // LETTERS_A_STRAY
    shape = (documents, kernels.WINDOWS)
    return _Evidence(first.reshape(shape), last.reshape(shape), tally, arabic, letters)


def _elect(evidence: _Evidence) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.bool_]]:
    """For each document the language most voted for, its probability, and whether that is the answer."""
    best = evidence.tally.argmax(axis=1)
    second, most = np.partition(evidence.tally, -2, axis=1)[:, -2:].T
    probability = 1 / (ODDS ** (evidence.tally - most[:, None])).sum(axis=1)
    total = evidence.letters.sum(axis=1)
    probability[total == 0], best[total == 0] = 0, _UND
    latin = evidence.letters[:, kernels.LATIN] >= evidence.letters[:, kernels.OTHER]
    led = (most - second >= SETTLING_LEAD) & (evidence.arabic | (latin & (best != _UND)))
    without_profile = evidence.arabic & ~np.isin(best, _PROFILED)
    return best, probability, led | without_profile | (total < LEAST_LETTERS)


def _ask(text: NDArray[np.uint8], evidence: _Evidence, document: np.intp) -> tuple[str, float]:
    """The answer of langdetect; for Arabic script, with the votes as what is known beforehand."""
    windows = zip(evidence.first[document], evidence.last[document], strict=True)
    looked_at = b" ".join(text[first:last].tobytes() for first, last in windows).decode("utf-8")
    if not evidence.arabic[document]:
        letters = evidence.letters[document]
        return profiles.guess(looked_at, "latin" if letters[kernels.LATIN] >= letters[kernels.OTHER] else "other")
    tally = evidence.tally[document, _PROFILED]
    prior = ODDS ** (tally - tally.max())
    return profiles.guess(looked_at, "arabic", dict(zip(profiles.PROFILED["arabic"], prior, strict=True)))
