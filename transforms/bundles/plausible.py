"""Single-byte encodings, which any bytes may be in: used where they give plausible Arabic."""

import unicodedata
from functools import cache

import numpy as np

from transforms.arrays import Bytes
from transforms.bundles.kernels.documents import CHARACTERS_A_CONTROL
from transforms.characters.table import WHITE_SPACE

# The plausible Arabic rule. docs/inputs.md has the figures behind these numbers.
_FEWEST_ARABIC_LETTERS = 8  # fewer prove nothing
_LEAST_ARABIC_SHARE = 0.97  # of the letters, marks and signs that are not ASCII
_LEAST_SCRIPT_SHARE = 0.2  # of all letters, including ASCII
_LEAST_COMMON_SHARE = 0.2  # of the Arabic letters, those in _COMMON_LETTERS: half of any Arabic text
_COMMON_LETTERS = "اليمون"
_MOST_UTF8_SHARE = 1 / 3  # of the bytes that are not ASCII, those in sequences of UTF-8; more is damaged UTF-8

# Classes of bytes: not counted, common Arabic letter, other Arabic letter, Arabic mark or digit, ASCII letter,
# character that is neither ASCII nor Arabic, control character, byte without a meaning.
_OTHER, _COMMON, _LETTER, _SIGN, _LATIN, _FOREIGN, _CONTROL, _NEVER = range(8)


def is_plausible_arabic(data: bytes, encoding: str) -> bool:
    """True if `data`, read in a single-byte encoding, is plausible Arabic by the script and frequency of its letters.

    That is so if every byte has a meaning in the encoding, and no more are control characters than a text may have;
    there are at least `_FEWEST_ARABIC_LETTERS` Arabic letters and they are `_LEAST_SCRIPT_SHARE` of all letters;
    `_LEAST_ARABIC_SHARE` of all characters that are neither ASCII nor punctuation are Arabic; `_LEAST_COMMON_SHARE` of
    the Arabic letters are the six most frequent; and at most `_MOST_UTF8_SHARE` of the bytes that are not ASCII are
    sequences of UTF-8.
    """
    raw = np.frombuffer(data, np.uint8)
    count = np.bincount(_meanings(encoding)[raw], minlength=_NEVER + 1).tolist()
    letters = count[_COMMON] + count[_LETTER]
    arabic = letters + count[_SIGN]
    return bool(
        not count[_NEVER]
        and count[_CONTROL] <= max(1, len(raw) // CHARACTERS_A_CONTROL)
        and letters >= _FEWEST_ARABIC_LETTERS
        and letters >= _LEAST_SCRIPT_SHARE * (letters + count[_LATIN])
        and arabic >= _LEAST_ARABIC_SHARE * (arabic + count[_FOREIGN])
        and count[_COMMON] >= _LEAST_COMMON_SHARE * letters
        and _utf8_share(raw) <= _MOST_UTF8_SHARE
    )


def _utf8_share(raw: Bytes) -> float:
    """The share of the bytes that are not ASCII that are in two-byte sequences of UTF-8."""
    lead = (raw[:-1] >= 0xC2) & (raw[:-1] < 0xE0) & ((raw[1:] & 0xC0) == 0x80)
    return 2 * int(np.count_nonzero(lead)) / max(1, int(np.count_nonzero(raw >= 0x80)))


@cache
def _meanings(encoding: str) -> Bytes:
    """uint8[256], the class of each byte."""
    return np.array([_meaning(bytes([byte]), encoding) for byte in range(256)], np.uint8)


def _meaning(byte: bytes, encoding: str) -> int:
    try:
        character = byte.decode(encoding)
    except UnicodeDecodeError:
        return _NEVER
    category = unicodedata.category(character)
    if category == "Cc":  # NUL and U+001A may be padding
        return _OTHER if character in WHITE_SPACE or character in "\0\x1a" else _CONTROL
    if byte < b"\x80":
        return _LATIN if byte.isalpha() else _OTHER
    if category[0] in "PZ" or category == "Cf":
        return _OTHER
    if not unicodedata.name(character).startswith("ARABIC"):
        return _FOREIGN
    return (_COMMON if character in _COMMON_LETTERS else _LETTER) if category == "Lo" else _SIGN
