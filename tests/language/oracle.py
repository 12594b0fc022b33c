"""The rules of the kernels in plain Python, over strings."""

import math
import re
from collections.abc import Iterator

import unicodedata2

from transforms.characters import table
from transforms.language.clues import ALPHABETS, FREQUENCIES, LANGUAGES, WORDS

PASSED_OVER = table.mask(table.PASSED_OVER)
WINDOWS = 4
LISTED = {
    word: {language for language in WORDS if word in WORDS[language].split()}
    for words in WORDS.values()
    for word in words.split()
}
SHARES = {language: {each[0]: int(each[1:]) for each in row.split()} for language, row in FREQUENCIES.items()}
SHARES["ar"] |= dict.fromkeys("گچپڤڨژڭ", 30)  # letters of other languages with which Arabic is written too
SHARES["keyboard"] = {letter: share for letter, share in SHARES["ar"].items() if letter not in "يىك"}
SHARES["keyboard"] |= {"ی": SHARES["ar"]["ي"] + SHARES["ar"]["ى"], "ک": SHARES["ar"]["ك"]}
COLUMNS = ("ar", "keyboard", "fa", "ur", "sd", "ps", "ckb", "ug")


def windows(text: bytes, size: int) -> list[bytes]:
    """Returns the windows of a document that are read; `size` is that of a window in bytes."""
    if len(text) <= WINDOWS * size:
        return [text]
    places = [(len(text) - size) * window // (WINDOWS - 1) for window in range(WINDOWS)]
    return [_window(text, place, size) for place in places]


def _window(text: bytes, place: int, size: int) -> bytes:
    start, end = place, place + size
    if start:
        white = re.search(rb"[\x00-\x20]", text[start:end])
        start = start + white.end() if white else _character(text, start)
    return text[start : _character(text, end)]


def _character(text: bytes, place: int) -> int:
    while place < len(text) and text[place] & 0xC0 == 0x80:
        place += 1
    return place


def count(text: str) -> tuple[list[int], list[int], list[int]]:
    """Returns the votes for each of LANGUAGES, the counts of Arabic, Latin and other letters, and their surprise."""
    votes, letters, surprise = dict.fromkeys(LANGUAGES, 0), [0, 0, 0], dict.fromkeys(COLUMNS, 0)
    for token in re.split("[\x00-\x20\xa0]", text):
        if re.search("@|://|^www[.]", token, re.IGNORECASE):
            continue
        for letter in _surprising(token):
            for language in surprise:
                surprise[language] += _surprise(letter, language)
        for script, word in _words(token):
            letters[script] += len(word)
            for language in _languages(script, word):
                votes[language] += 1
    return list(votes.values()), letters, list(surprise.values())


def _surprising(token: str) -> Iterator[str]:
    """Yields the letters of the letter table that do not repeat the character before them, marks left out."""
    before = ""
    for character in token:
        kind = _kind(character)
        if "\u0600" <= character <= "\u077f" and kind == "a" and character != before:
            yield character
        before = before if kind == "m" else character


def _surprise(letter: str, column: str) -> int:
    """Returns -ln of the letter's frequency in the column's language, in thousandths."""
    return round(-1000 * math.log(SHARES[column].get(letter, 1) / 10_000))


def _words(token: str) -> Iterator[tuple[int, str]]:
    """Yields the script and the letters of each run of letters of one script, marks left out."""
    kinds = "".join(_kind(character) for character in token)
    kept = "".join(character for character, kind in zip(token, kinds, strict=True) if kind != "m")
    for run in re.finditer("a+|l+|o+", kinds.replace("m", "")):
        yield "alo".index(run[0][0]), re.sub("[A-Z]", lambda capital: capital[0].lower(), kept[run.start() : run.end()])


def _kind(character: str) -> str:
    point = ord(character)
    if point >= 0x41 and PASSED_OVER[point]:
        return "m"
    if 0x600 <= point < 0x780:
        letter = unicodedata2.category(character) == "Lo" or character in "۽۾"
        return "a" if letter and not 0x700 <= point < 0x750 else " "
    ranges = {
        "l": "A-Za-z\u00c0-\u024f\u1e00-\u1eff",
        "a": "\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufefe",
        "o": "\u0370-\u1fff\u3041-\ud7ff\U00010000-\U0001cfff\U00020000-\U0010ffff",
    }
    return next((kind for kind, letters in ranges.items() if re.match(f"[{letters}]", character)), " ")


def _languages(script: int, word: str) -> set[str]:
    if word in LISTED:
        return LISTED[word]
    if script != 0:
        return set()
    telling = [letter for letter in word if ord(letter) < 0x780]  # of other blocks no alphabet is known
    writers = {language for language, letters in ALPHABETS.items() if set(telling) <= set(letters)}
    if len(writers) == len(ALPHABETS):
        return set()
    if "ar" in writers and re.match("(ال|لل)...|(وال|بال)...", word):
        return {"ar"}
    return writers or {"und"}
