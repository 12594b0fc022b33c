"""Tells the language of each document from its words and letters, or by langdetect where they leave it open."""

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transforms.language import clues, kernels
from transforms.language.clues import ARABIC_SCRIPT, LANGUAGES, LATIN_SCRIPT, letter_table, surprise_table, word_table
from transforms.language.settings import LanguageSettings

_UNKNOWN = "und"  # ISO 639-2's code for "undetermined"
_ARABIC_SHARE = 0.3  # of a text's letters: with that many or more in Arabic script, the text is in Arabic script
_VOTE = math.log(15)  # nats: a vote multiplies the odds of its language by 15
_SURPRISE = 0.6 / 1000  # nats in a unit of surprise: less than one, since neighbouring letters are not independent
_AHEAD = math.log(3)  # nats: Arabic is three times as likely beforehand as any other language in its script
_MOST_LETTERS = 60  # whose surprise counts: with the subject of a longer text the letters change too
_SETTLING_LEAD = 2  # votes: a language in Latin script that leads by that many is the answer
_LETTERS_A_STRAY = 40  # Latin letters: another language has about one word in so many that looks like a listed one
_FEW_LETTERS = (
    16  # of fewer, clues in Arabic script weigh less, and langdetect, which is sure of anything, is not asked
)

_TABLES = (letter_table(), surprise_table(), *word_table())
_ARABIC, _UND = LANGUAGES.index("ar"), LANGUAGES.index(_UNKNOWN)
_LATIN = [LANGUAGES.index(code) for code in LATIN_SCRIPT]
_NOT_LATIN = [column for column in range(len(LANGUAGES)) if column not in (_UND, *_LATIN)]
_CODES = np.array(LANGUAGES, object)
_SCRIPTS = ("arabic", "latin", "other")  # by kernels.ARABIC, LATIN, OTHER


@dataclass(frozen=True)
class Languages:
    """The languages of documents, one entry a document.

    Attributes:
        language: ISO 639-1 codes, or 639-3 where there is none (ckb, pnb); "und" if no language can be told.
        probability: float32[d], the probability of that language; 0 for text without letters.
        unwanted: float32[d], the probability that the document is in a language that the settings do not keep; 0 for
            text without letters, and for all documents if every language is kept.
    """

    language: list[str]
    probability: NDArray[np.float32]
    unwanted: NDArray[np.float32]


@dataclass(frozen=True)
class _Evidence:
    """The counts of the kernels, one row a document.

    Attributes:
        first, last: int64[d, windows], bounds in bytes of the windows that were read.
        votes: float64[d, languages]; -inf for languages of another script.
        surprise: int32[d, SCORED], of the letters in each language, in thousandths of a nat.
        letters: int32[d, scripts], letters in each script.
        script: intp[d], ARABIC, LATIN or OTHER.
    """

    first: NDArray[np.int64]
    last: NDArray[np.int64]
    votes: NDArray[np.float64]
    surprise: NDArray[np.int32]
    letters: NDArray[np.int32]
    script: NDArray[np.intp]


def detect_languages(
    text: NDArray[np.uint8], start: NDArray[np.int64], end: NDArray[np.int64], settings: LanguageSettings
) -> Languages:
    """Tells the language of each document, from the document's own bytes and the settings only.

    Args:
        text: uint8[m], valid UTF-8 in each document.
        start, end: int64[d], the documents' texts, without their names.
        settings: the number of bytes of a document that are read, and the languages that are kept.

    Returns:
        One entry a document, in their order.
    """
    evidence = _look(text, start, end, settings.sample_bytes)
    chance = _chances(evidence)
    best, probability = chance.argmax(axis=1), chance.max(axis=1)
    unwanted = _unwanted(chance, evidence.script, settings.keep)
    letters = evidence.letters.sum(axis=1)
    best[letters == 0], probability[letters == 0], unwanted[letters == 0] = _UND, 0, 0
    language: list[str] = _CODES[best].tolist()
    for document in _left_open(evidence, best):
        script = _SCRIPTS[evidence.script[document]]
        if letters[document] >= _FEW_LETTERS:
            language[document], probability[document] = _ask(text, evidence, document, script)
        if _possible(settings.keep, script):
            unwanted[document] = probability[document] if language[document] != _UNKNOWN else 0
    return Languages(language, probability.astype(np.float32), unwanted.astype(np.float32))


def left_out(languages: Languages, settings: LanguageSettings) -> list[str | None]:
    """Returns for each document "language" if the settings leave it out for its language, else None."""
    if not settings.keep:
        return [None] * len(languages.language)
    sure = (languages.unwanted >= np.float32(settings.least_probability)).tolist()
    return [
        "language" if is_sure and code not in settings.keep else None
        for code, is_sure in zip(languages.language, sure, strict=True)
    ]


def _look(text: NDArray[np.uint8], start: NDArray[np.int64], end: NDArray[np.int64], size: int) -> _Evidence:
    """Counts the clues in `size` bytes of each document."""
    documents = len(start)
    first, last = np.empty((2, documents * kernels.WINDOWS), np.int64)
    votes, letters = np.zeros((documents, len(LANGUAGES)), np.int32), np.zeros((documents, 3), np.int32)
    surprise = np.zeros((documents, kernels.SCORED), np.int32)
    kernels.sample(text, start, end, size // kernels.WINDOWS, first, last)
    kernels.count_clues(text, first, last, *_TABLES, votes.ravel(), letters.ravel(), surprise.ravel())
    script = _script(letters)
    shape = (documents, kernels.WINDOWS)
    return _Evidence(
        first.reshape(shape), last.reshape(shape), _masked(votes, letters, script), surprise, letters, script
    )


def _script(letters: NDArray[np.int32]) -> NDArray[np.intp]:
    """Returns the script of each document: ARABIC, LATIN or OTHER."""
    arabic = letters[:, kernels.ARABIC] >= _ARABIC_SHARE * letters.sum(axis=1)
    latin = letters[:, kernels.LATIN] >= letters[:, kernels.OTHER]
    return np.where(arabic, kernels.ARABIC, np.where(latin, kernels.LATIN, kernels.OTHER))


def _masked(votes: NDArray[np.int32], letters: NDArray[np.int32], script: NDArray[np.intp]) -> NDArray[np.float64]:
    """Returns the votes with -inf for languages of another script, and with those of "und" in Latin script."""
    masked = votes.astype(np.float64)
    masked[np.ix_(script != kernels.LATIN, _LATIN)] = masked[np.ix_(script != kernels.ARABIC, _NOT_LATIN)] = -np.inf
    latin = script == kernels.LATIN
    masked[latin, _UND] = letters[latin, kernels.LATIN] // _LETTERS_A_STRAY
    return masked


def _chances(evidence: _Evidence) -> NDArray[np.float64]:
    """Returns float64[d, languages], the probability of each language by the votes and, in Arabic script, the letters.

    Letters are as surprising in "und", any other language, as they are on average. The letters of a longer text count
    as _MOST_LETTERS average ones; the clues of fewer than _FEW_LETTERS weigh less.
    """
    odds = _VOTE * evidence.votes
    arabic = np.flatnonzero(evidence.script == kernels.ARABIC)
    letters = evidence.letters[arabic, kernels.ARABIC]
    surprise = evidence.surprise[arabic] * (_SURPRISE * _MOST_LETTERS / np.maximum(letters, _MOST_LETTERS))[:, None]
    clues = odds[arabic, : _UND + 1]
    clues[:, :_UND] -= surprise
    clues[:, _UND] -= surprise.mean(axis=1)
    odds[arabic, : _UND + 1] = clues * np.minimum(letters / _FEW_LETTERS, 1)[:, None]
    odds[arabic, _ARABIC] += _AHEAD
    chance: NDArray[np.float64] = np.exp(odds - odds.max(axis=1, keepdims=True))
    chance /= chance.sum(axis=1, keepdims=True)
    return chance


def _left_open(evidence: _Evidence, best: NDArray[np.intp]) -> NDArray[np.intp]:
    """Returns the documents whose language the votes do not tell: langdetect does if they have letters enough."""
    others = np.flatnonzero(evidence.script != kernels.ARABIC)
    second, most = np.partition(evidence.votes[others], -2, axis=1)[:, -2:].T
    latin = evidence.script[others] == kernels.LATIN
    settled = latin & (most - second >= _SETTLING_LEAD) & (best[others] != _UND)
    left: NDArray[np.intp] = others[~settled]
    return left


def _possible(keep: Collection[str], script: str) -> set[str]:
    """Returns the languages to keep that a text in this script may be in."""
    return set(keep) & {_UNKNOWN, *(ARABIC_SCRIPT if script == "arabic" else clues.PROFILED[script])}


def _unwanted(chance: NDArray[np.float64], script: NDArray[np.intp], keep: Collection[str]) -> NDArray[np.float64]:
    """Returns float64[d], the probability that each document is in a language that is not kept.

    In other scripts than the Arabic "und" stands for the languages that only langdetect tells.
    """
    if not keep:
        return np.zeros(len(chance))
    kept = np.zeros((len(_SCRIPTS), len(LANGUAGES)))
    for row, name in enumerate(_SCRIPTS):
        possible = _possible(keep, name)
        kept[row, [LANGUAGES.index(code) for code in possible if code in LANGUAGES]] = 1
        kept[row, _UND] = bool((possible - {*LANGUAGES}) | (possible & {_UNKNOWN}))
    return np.asarray(1 - (chance * kept[script]).sum(axis=1))


def _ask(text: NDArray[np.uint8], evidence: _Evidence, document: np.intp, script: str) -> tuple[str, float]:
    """Returns langdetect's language and probability."""
    windows = zip(evidence.first[document], evidence.last[document], strict=True)
    read = b" ".join(text[first:last].tobytes() for first, last in windows).decode("utf-8")
    return clues.guess(read, script)
