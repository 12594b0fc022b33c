"""Text that is not UTF-8: UTF-16, recognised by its mark, and single-byte encodings, if they give plausible Arabic."""

import codecs
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from transforms.arrays import Bytes
from transforms.bundles.compression import Damaged
from transforms.bundles.errors import RejectReason

# The plausible Arabic rule. docs/inputs.md has the figures behind these numbers.
_FEWEST_ARABIC_LETTERS = 8  # fewer prove nothing
_LEAST_ARABIC_SHARE = 0.97  # of the letters, marks and signs that are not ASCII
_LEAST_SCRIPT_SHARE = 0.2  # of all letters, including ASCII
_LEAST_COMMON_SHARE = 0.2  # of the Arabic letters, those in _COMMON_LETTERS: half of any Arabic text
_COMMON_LETTERS = "اليمون"
_MOST_UTF8_SHARE = 1 / 3  # of the bytes that are not ASCII, those in sequences of UTF-8; more is damaged UTF-8

_UTF16_MARKS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
# Classes of bytes: not counted, common Arabic letter, other Arabic letter, Arabic mark or digit, ASCII letter,
# character that is neither ASCII nor Arabic, no character of text.
_OTHER, _COMMON, _LETTER, _SIGN, _LATIN, _FOREIGN, _NEVER = range(7)


class Recoded(NamedTuple):
    """A document that was decoded.

    Attributes:
        text: the document in UTF-8.
        encoding: the encoding that it came in.
        width: bytes in that encoding for each UTF-16 code unit of the text.
    """

    text: bytes
    encoding: str
    width: int


def utf16_of(head: bytes) -> str:
    """`utf-16-le` or `utf-16-be`, if `head` begins with its byte order mark; '' for other text, including UTF-32."""
    return "" if head.startswith(codecs.BOM_UTF32_LE) else _UTF16_MARKS.get(head[:2], "")


def transcode_utf16(pieces: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """UTF-16 as UTF-8, including the mark.

    A surrogate without a partner becomes three bytes that are not valid UTF-8, from which `utf16_bytes` restores it.

    Raises:
        Damaged: the last byte is half a code unit.
    """
    decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
    for piece in pieces:
        yield decoder.decode(piece).encode("utf-8", "surrogatepass")
    left = decoder.getstate()[0]
    whole = len(left) & ~1
    yield left[:whole].decode(encoding, "surrogatepass").encode("utf-8", "surrogatepass")
    if whole < len(left):
        raise Damaged(RejectReason.TRUNCATED_STREAM, "UTF-16 text is cut short inside a character", left[whole:])


def utf16_bytes(text: bytes, encoding: str) -> bytes:
    """The UTF-16 from which `transcode_utf16` made `text`."""
    return text.decode("utf-8", "surrogatepass").encode(encoding, "surrogatepass")


def why_not_text(data: bytes, offset: int, encoding: str, encodings: Sequence[str]) -> str:
    """The reason why a document cannot be decoded, in one line: the first wrong byte, and the encodings tried.

    Args:
        data: the document.
        offset: its offset in the bundle.
        encoding: the encoding of the bundle.
        encodings: the single-byte encodings that were tried.
    """
    if encoding != "utf-8":
        return "not UTF-16: half of a surrogate pair"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        where = f"byte 0x{data[error.start]:02x} at {offset + error.start}: {error.reason}"
        others = f"; nor Arabic in {', '.join(encodings)}" if encodings else ""
        return f"not UTF-8: {where}{others}"
    return "not text"


def recode(data: bytes, text_start: int, encodings: Sequence[str]) -> Recoded | None:
    """A document that is not UTF-8, decoded; None if no encoding fits it.

    Args:
        data: its delimiter line and its text.
        text_start: the place of its text in `data`.
        encodings: single-byte encodings, tried in this order.
    """
    encoding = utf16_of(data[text_start : text_start + 4])
    if encoding:
        return _recode_utf16(data, text_start, encoding)
    for encoding in encodings:
        if is_plausible_arabic(data, encoding):
            return Recoded(data.decode(encoding).encode("utf-8"), encoding, 1)
    return None


def _recode_utf16(data: bytes, text_start: int, encoding: str) -> Recoded | None:
    """A document whose text, not its delimiter line, is UTF-16; the last line end may be a byte or two of ASCII."""
    text = data[text_start:]
    text = text.removesuffix(b"\r\n") if len(text) % 2 == 0 else text[:-1]
    if data[text_start + len(text) :].strip(b"\r\n"):
        return None
    try:
        return Recoded(data[:text_start] + text.decode(encoding).encode("utf-8"), encoding, 2)
    except UnicodeDecodeError:
        return None


def is_plausible_arabic(data: bytes, encoding: str) -> bool:
    """True if `data`, read in a single-byte encoding, is plausible Arabic by the script and frequency of its letters.

    That is so if no byte is a control character or has no meaning in the encoding; there are at least
    `_FEWEST_ARABIC_LETTERS` Arabic letters and they are `_LEAST_SCRIPT_SHARE` of all letters; `_LEAST_ARABIC_SHARE` of
    all characters that are neither ASCII nor punctuation are Arabic; `_LEAST_COMMON_SHARE` of the Arabic letters are
    the six most frequent; and at most `_MOST_UTF8_SHARE` of the bytes that are not ASCII are sequences of UTF-8.
    """
    raw = np.frombuffer(data, np.uint8)
    count = np.bincount(_meanings(encoding)[raw], minlength=_NEVER + 1).tolist()
    letters = count[_COMMON] + count[_LETTER]
    arabic = letters + count[_SIGN]
    return bool(
        not count[_NEVER]
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
    if category == "Cc":
        return _OTHER if character in "\t\n\v\f\r\x1a\x85" else _NEVER
    if byte < b"\x80":
        return _LATIN if byte.isalpha() else _OTHER
    if category[0] in "PZ" or category == "Cf":
        return _OTHER
    if not unicodedata.name(character).startswith("ARABIC"):
        return _FOREIGN
    return (_COMMON if character in _COMMON_LETTERS else _LETTER) if category == "Lo" else _SIGN
