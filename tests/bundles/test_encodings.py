"""Encodings: Arabic is known in each, and nothing else is taken for Arabic."""

import codecs
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from transforms.bundles.compression import Damaged
from transforms.bundles.encodings import (
    Decoded,
    decode,
    decode_name,
    transcode_utf16,
    utf16_bytes,
    utf16_of,
)
from transforms.bundles.plausible import is_plausible_arabic
from transforms.settings import ReadSettings

LADDER = ReadSettings().encodings
NEWS = "أعلن المتحدث باسم الهيئة اليوم أن أعمال الصيانة في الميناء القديم سوف تنتهي قبل نهاية الشهر الجاري."
RUSSIAN = "Сегодня в городе прошло заседание совета, на котором обсуждали ремонт дороги и школы."
FRENCH = "L'été dernier, les élèves ont été très étonnés de voir la forêt où naît la rivière; ça s'est bien passé. " * 9
HEBREW = "הסופר סיפר היום על הספר החדש שלו ועל הילדות בעיר הקטנה שליד הים."
GREEK = "Η κυβέρνηση ανακοίνωσε σήμερα νέα μέτρα για την προστασία του περιβάλλοντος."


def decoded(data: bytes, encodings: list[str] = LADDER, *, repair: bool = False) -> tuple[str, str, int] | None:
    """The text, the encoding, and the characters that were repaired."""
    found = decode(data, b"", encodings, repair=repair)
    return found and (found.text.decode(), found.encoding, found.repaired)


def taken(data: bytes) -> str:
    """The encoding that a document is taken in, if any."""
    found = decode(data, b"", LADDER, repair=False)
    return found.encoding if found else ""


@pytest.mark.parametrize("encoding", LADDER)
@pytest.mark.parametrize("length", [24, 40, 100])
def test_arabic_is_taken_in_its_encoding(encoding: str, length: int) -> None:
    data = NEWS[:length].encode(encoding)
    assert decoded(data) == (NEWS[:length], encoding, 0)


def test_the_seeds_are_taken_in_windows_1256(seeds: Path) -> None:
    for path in sorted(seeds.glob("*.txt")):
        for line in path.read_text(encoding="utf-8").split("\n"):
            data = line.encode("windows-1256", "ignore")
            if len(data) > 60:
                assert taken(data) == "windows-1256"


@pytest.mark.parametrize(
    ("text", "encodings"),
    [
        (RUSSIAN, ["cp1251", "koi8-r", "iso-8859-5", "cp866"]),
        (FRENCH, ["cp1252"]),
        (HEBREW, ["cp1255"]),
        (GREEK, ["cp1253"]),
        ("今日は市の議会で道路と学校の修理が話し合われた。" * 5, ["shift_jis", "euc_jp"]),
        ("今天市议会讨论了道路和学校的修理问题，市民们也参加了会议。" * 5, ["gb18030", "big5"]),
    ],
    ids=["Russian", "French", "Hebrew", "Greek", "Japanese", "Chinese"],
)
def test_other_languages_are_not_taken(text: str, encodings: list[str]) -> None:
    assert [taken(text.encode(encoding, "ignore")) for encoding in encodings] == [""] * len(encodings)


@settings(deadline=None, max_examples=300)
@given(st.integers(0, len(NEWS) - 1), st.integers(1, 100), st.data())
def test_damaged_utf8_is_not_taken(begin: int, length: int, data: st.DataObject) -> None:
    raw = bytearray(NEWS[begin : begin + length].encode())
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    assert taken(bytes(raw)) == ""


def test_random_bytes_are_not_taken() -> None:
    source = random.Random(20)
    assert [n for n in range(30, 500) if taken(source.randbytes(n))] == []


@pytest.mark.parametrize(
    "data", [b"", b"\xd9", "خبر".encode("cp1256"), b"plain", NEWS.encode("cp1256") + b"\x01\x02\x03"]
)
def test_what_proves_nothing_is_not_taken(data: bytes) -> None:
    assert taken(data) == ""


def test_mostly_latin_text_is_not_taken_for_a_few_letters() -> None:
    assert not is_plausible_arabic(b"The word is written " * 20 + NEWS[:12].encode("cp1256"), "windows-1256")


def test_the_ladder_is_climbed_in_order() -> None:
    assert decoded(NEWS.encode("cp1256"), ["iso-8859-6", "windows-1256"]) == (NEWS, "windows-1256", 0)
    assert decoded(NEWS.encode("cp1256"), []) is None


@settings(deadline=None)
@given(
    st.text(max_size=50).filter(lambda text: not text.startswith("\0")),  # which would make the mark one of UTF-32
    st.sampled_from(["utf-16-le", "utf-16-be"]),
    st.integers(1, 7),
)
def test_utf16_comes_out_as_utf8(text: str, encoding: str, size: int) -> None:
    data = ("\ufeff" + text).encode(encoding)
    assert utf16_of(data + b"..") == encoding
    pieces = (data[at : at + size] for at in range(0, len(data), size))
    out = b"".join(transcode_utf16(pieces, encoding))
    assert out == ("\ufeff" + text).encode()
    assert utf16_bytes(out, encoding) == data


@settings(deadline=None)
@given(st.binary(max_size=40), st.sampled_from(["utf-16-le", "utf-16-be"]), st.integers(1, 7))
def test_any_bytes_read_as_utf16_can_be_had_again(data: bytes, encoding: str, size: int) -> None:
    out, rest = [], b""
    try:
        for piece in transcode_utf16((data[at : at + size] for at in range(0, len(data), size)), encoding):
            out.append(piece)
    except Damaged as damage:
        rest = damage.rest
    assert utf16_bytes(b"".join(out), encoding) + rest == data
    assert len(rest) == len(data) % 2


def test_utf32_is_no_utf16() -> None:
    assert utf16_of(NEWS.encode("utf-32")[:4]) == ""
    assert utf16_of(codecs.BOM_UTF16_LE) == "utf-16-le"


@pytest.mark.parametrize("line_end", [b"", b"\n", b"\r\n"])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_document_in_utf16_may_end_with_its_bundle_s_line_end(encoding: str, line_end: bytes) -> None:
    data = ("\ufeff" + NEWS).encode(encoding) + line_end
    assert decode(data, b"", LADDER, repair=False) == Decoded(("\ufeff" + NEWS).encode(), encoding, 2)
    assert decode(data, codecs.BOM_UTF8 * 2, LADDER, repair=False) == Decoded(("\ufeff" + NEWS).encode(), encoding, 2)
    assert decode(("\ufeff" + NEWS).encode(encoding) + b"x", b"", [], repair=False) is None


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "text", [NEWS, NEWS[:9], "plain ASCII, which has a NUL in every other place", "«قال»: ١٢٣ – “نعم”"]
)
def test_utf16_without_a_mark_is_recognised_where_it_is_plain(text: str, encoding: str) -> None:
    assert utf16_of(text.encode(encoding)) == encoding
    assert decoded(text.encode(encoding)) == (text, encoding, 0)


@pytest.mark.parametrize(
    "text", ["今天市议会讨论了道路和学校的修理问题", "ab", "\0\0\0\0\0\0\0\0\0\0", "Сегодня в городе прошло"]
)
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-8", "utf-32-le"])
def test_what_is_not_plain_is_not_taken_for_utf16(text: str, encoding: str) -> None:
    assert utf16_of(text.encode(encoding)) == ""


@pytest.mark.parametrize(
    ("name", "encoding", "expected"),
    [
        ("مقالات/خبر.txt".encode(), "windows-1256", "مقالات/خبر.txt"),
        ("خبر".encode("cp1256"), "windows-1256", "خبر"),
        ("خبر".encode("cp1256"), "utf-8", "خبر"),
        ("خبر".encode("iso-8859-6"), "iso-8859-6", "خبر"),
        ("خبر".encode(), "utf-16-le", "خبر"),
        (b"caf\xe9.txt", "utf-8", "café.txt"),
        (b"\x01\xe9", "utf-8", "\x01\\xe9"),
    ],
)
def test_a_name_is_decoded_apart_from_its_text(name: bytes, encoding: str, expected: str) -> None:
    assert decode_name(name, encoding, LADDER) == expected


@pytest.mark.parametrize(
    ("data", "text", "count"),
    [
        ("نصّ".encode() + b"\xff" + "آخر".encode(), "نصّ\ufffdآخر", 1),
        ("وجه ".encode() + b"\xed\xa0\xbd\xed\xb8\x80 \xed\xa0\xbd\xed\xb8\x81", "وجه 😀 😁", 2),
        ("قطع في حرف".encode()[:-1], "قطع في حر\ufffd", 1),
        (b"x \xe2\x80 y \xe2\x80\xff z \xc0\x80", "x \ufffd y \ufffd\ufffd z \ufffd\ufffd", 5),
        (b"half \xed\xa0\xbd of a pair", "half \ufffd\ufffd\ufffd of a pair", 3),
        (b"there was \xef\xbf\xbd before \x80", "there was \ufffd before \ufffd", 1),
    ],
)
def test_damaged_utf8_is_repaired_when_asked(data: bytes, text: str, count: int) -> None:
    assert decoded(data) is None
    assert decoded(data, repair=True) == (text, "utf-8", count)


def test_what_is_mostly_not_utf8_is_not_repaired() -> None:
    assert decoded(RUSSIAN.encode("cp1251"), repair=True) is None


@settings(deadline=None, max_examples=300)
@given(
    st.lists(st.one_of(st.binary(max_size=3), st.text("اa😀\ufffd ", max_size=5).map(str.encode)), max_size=20).map(
        b"".join
    )
)
def test_places_in_repaired_text_have_offsets(data: bytes) -> None:
    found = decode(data, b"", [], repair=True)
    if found and not found.width:
        assert found.text.decode() == data.decode("utf-8", "replace")
        ends = zip([*found.places[1:], len(found.text)], [*found.offsets[1:], len(data)], strict=True)
        for place, offset, (end, beyond) in zip(found.places, found.offsets, ends, strict=True):
            # From each place on text and bytes are the same, up to what was not UTF-8.
            sound = found.text[place:end]
            while sound and sound != data[offset:beyond][: len(sound)]:
                sound = sound.decode()[:-1].encode()
            assert set(found.text[place + len(sound) : end].decode()) <= {"\ufffd"}


def test_half_a_surrogate_pair_in_utf16_is_repaired_when_asked() -> None:
    data = "\ufeffنص \ud83d نص".encode("utf-16-be", "surrogatepass")
    assert decoded(data) is None
    assert decoded(data, repair=True) == ("\ufeffنص \ufffd نص", "utf-16-be", 1)


@pytest.mark.parametrize("name", ["utf-8", "utf-16", "gb18030", "no-such", "rot13", "unicode_escape", "ascii", "idna"])
def test_the_ladder_takes_single_byte_encodings_only(name: str) -> None:
    with pytest.raises(ValidationError, match="windows-1256"):
        ReadSettings(encodings=[name])


def test_the_ladder_takes_any_single_byte_encoding() -> None:
    assert ReadSettings(encodings=["CP1256", "mac_arabic"]).encodings == ["cp1256", "mac_arabic"]
