"""Text that is not UTF-8: UTF-16, single-byte encodings if they give plausible Arabic, and damaged UTF-8."""

import codecs
import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from transforms.arrays import Bools, Int64s
from transforms.bundles.compression import Damaged
from transforms.bundles.errors import RejectReason
from transforms.bundles.kernels.delimiters import DELIMITER
from transforms.bundles.plausible import is_plausible_arabic

_UTF16_MARKS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
# UTF-16 without a mark is recognised if, of so many code units or more, such a share or more are plain: Arabic, general
# punctuation, or Latin-1 without control characters.
_FEWEST_UNITS, _LEAST_PLAIN_SHARE = 8, 0.9

# The two halves of a UTF-16 surrogate pair, each written as three bytes (CESU-8), and bytes that are not UTF-8, each as
# the decoder's error handler `surrogateescape` represents it.
_PAIR = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]")
_NOT_UTF8 = re.compile("[\udc80-\udcff]+")
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Decoded:
    """A document that was decoded or repaired.

    Attributes:
        text: the document in UTF-8.
        encoding: the encoding that it came in.
        width: bytes in that encoding for each UTF-16 code unit of the text; 0 for UTF-8.
        repaired: the number of characters that were restored, or replaced by U+FFFD.
        places, offsets: int64[k], for repaired UTF-8: places in the text, and their offsets in the document; from each
            on, up to the next, offsets count as places do.
    """

    text: bytes
    encoding: str
    width: int
    repaired: int = 0
    places: Int64s = field(default_factory=lambda: np.zeros(1, np.int64))
    offsets: Int64s = field(default_factory=lambda: np.zeros(1, np.int64))


def utf16_of(head: bytes) -> str:
    """`utf-16-le` or `utf-16-be`, if `head` begins with its byte order mark or is plainly UTF-16; '' for other text.

    UTF-32 is other text.
    """
    if head.startswith(codecs.BOM_UTF32_LE) or head[2:].startswith(DELIMITER):  # the latter is ASCII after a mark
        return ""
    return _UTF16_MARKS.get(head[:2], "") or _unmarked_utf16(head)


def _unmarked_utf16(data: bytes) -> str:
    """The byte order of UTF-16 without a mark, if it is plain: then every other byte is 00, 06 or 20."""
    if len(data) < 2 * _FEWEST_UNITS or not (b"\0" in data or b"\x06" in data):
        return ""
    units = np.frombuffer(data, "<u2", len(data) // 2)
    for encoding, points in (("utf-16-le", units), ("utf-16-be", units.byteswap())):
        if np.count_nonzero(_is_plain(points)) >= _LEAST_PLAIN_SHARE * len(points):
            return encoding
    return ""


def _is_plain(points: npt.NDArray[np.uint16]) -> Bools:
    """bool[n], true for code units that are plain."""
    printable = (points >= 0x20) & (points < 0x100) & ~((points >= 0x7F) & (points < 0xA0))
    white = (points >= 0x09) & (points <= 0x0D)
    high = points >> 8
    plain: Bools = printable | white | (high == 0x06) | (high == 0x20)
    return plain


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


def decode_name(name: bytes, encoding: str, encodings: Sequence[str]) -> str:
    r"""The name on a delimiter line, which need not be in the encoding of the document's text.

    Args:
        name: the rest of the delimiter line.
        encoding: the encoding of the text.
        encodings: single-byte encodings.

    Returns:
        The name in the first of UTF-8, the text's encoding and `encodings` that has a character that can be printed for
        each byte; if none has, in UTF-8, with each wrong byte as `\xff`.
    """
    try:
        return name.decode()
    except UnicodeDecodeError:
        return _decode_other_name(name, [encoding, *encodings] if encoding in encodings else encodings)


def _decode_other_name(name: bytes, encodings: Sequence[str]) -> str:
    """The name in the first encoding that has a character that can be printed for each byte; else see `decode_name`."""
    for each in encodings:
        with suppress(UnicodeDecodeError):
            decoded = name.decode(each)
            if not any(unicodedata.category(character) == "Cc" for character in decoded):
                return decoded
    return name.decode("utf-8", "backslashreplace")


def why_not_text(data: bytes, offset: int, encoding: str, encodings: Sequence[str]) -> str:
    """The reason why a document cannot be decoded, in one line: the first wrong byte, and the encodings tried.

    Args:
        data: the document's text.
        offset: its offset in the bundle.
        encoding: the encoding of the bundle.
        encodings: the single-byte encodings that were tried.
    """
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        if encoding != "utf-8":
            return "not UTF-16: half of a surrogate pair"
        where = f"byte 0x{data[error.start]:02x} at {offset + error.start}: {error.reason}"
        others = f"; nor Arabic in {', '.join(encodings)}" if encodings else ""
        return f"not UTF-8: {where}{others}"
    return "too many control characters for a text"


def decode(data: bytes, padding: bytes, encodings: Sequence[str], *, repair: bool) -> Decoded | None:
    """A document that is not sound UTF-8, decoded; None if no encoding fits it.

    Args:
        data: its text, without its delimiter line and padding.
        padding: the rest. In UTF-16 it belongs to the text, which may end with a NUL.
        encodings: single-byte encodings, tried in this order.
        repair: repair damaged UTF-8 and UTF-16.
    """
    whole = data + padding
    while whole.endswith(codecs.BOM_UTF8):  # before a delimiter: these are none of its own
        whole = whole[: -len(codecs.BOM_UTF8)]
    encoding = utf16_of(whole)
    found = _decode_utf16(whole, encoding, repair=repair) if encoding else None
    if found or _is_utf8(data):
        return found
    for encoding in encodings:
        if is_plausible_arabic(data, encoding):
            return Decoded(data.decode(encoding).encode("utf-8"), encoding, 1)
    return _repair_utf8(data) if repair else None


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _decode_utf16(data: bytes, encoding: str, *, repair: bool) -> Decoded | None:
    """A document whose text, not its delimiter line, is UTF-16; the last line end may be a byte or two of ASCII."""
    left_out = ascii_line_end(data, 0)
    if (len(data) - left_out) % 2:
        return None
    decoded = data[: len(data) - left_out].decode(encoding, "surrogatepass")
    repaired = len(_SURROGATE.findall(decoded))
    if repaired and not repair:
        return None
    return Decoded(_SURROGATE.sub("\ufffd", decoded).encode("utf-8"), encoding, 2, repaired)


def ascii_line_end(data: bytes, before: int) -> int:
    """The bytes at the end of UTF-16 that are a line end in ASCII, or a NUL too many.

    Args:
        data: the last bytes of the text.
        before: how many there are before them.
    """
    if (before + len(data)) % 2:
        return int(data[-1:] in (b"\n", b"\r", b"\0"))
    return 2 if data.endswith(b"\r\n") else 0


def repair_utf16(text: bytes) -> tuple[bytes, int]:
    """Text of `transcode_utf16`, with U+FFFD for each surrogate without a partner, and the number of these."""
    repaired, count = _SURROGATE.subn("\ufffd", text.decode("utf-8", "surrogatepass"))
    return repaired.encode("utf-8"), count


def _repair_utf8(data: bytes) -> Decoded | None:
    """Damaged UTF-8, repaired; None if most of it would have to be replaced.

    A surrogate pair that is written as two sequences of three bytes becomes its character. Anything else that is not
    UTF-8 becomes U+FFFD as Unicode recommends: once for the longest beginning of a character, or else for each byte.
    """
    escaped = data.decode("utf-8", "surrogateescape")
    text, places, offsets = bytearray(), [0], [0]
    at = lost = restored = 0
    for run in _NOT_UTF8.finditer(escaped):
        sound, wrong = escaped[at : run.start()].encode("utf-8"), run[0].encode("utf-8", "surrogateescape")
        text += sound
        pairs = _PAIR.findall(wrong)
        for number, rest in enumerate(_PAIR.split(wrong)):
            replaced = rest.decode("utf-8", "replace")
            lost += len(replaced)
            text += replaced.encode("utf-8")
            if number < len(pairs):
                text += _character_of(pairs[number])
        restored += len(pairs)
        at = run.end()
        places.append(len(text))
        offsets.append(offsets[-1] + len(text[places[-2] : places[-2] + len(sound)]) + len(wrong))
    text += escaped[at:].encode("utf-8")
    if 2 * lost > len(text.decode("utf-8")):
        return None
    return Decoded(bytes(text), "utf-8", 0, lost + restored, np.array(places, np.int64), np.array(offsets, np.int64))


def _character_of(pair: bytes) -> bytes:
    """The UTF-8 of the character whose surrogates are written as two characters."""
    units = pair.decode("utf-8", "surrogatepass").encode("utf-16-le", "surrogatepass")
    return units.decode("utf-16-le").encode("utf-8")
