"""The byte kernels against plain Python."""

import re
from itertools import product

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.bundles.oracle import DIRECTION_MARKS, LINE_END, WHITE, delimiters
from transforms.bundles.kernels import delimiters as delimiter_kernels
from transforms.bundles.kernels import documents as kernels
from transforms.bundles.kernels.paragraphs import count_line_ends
from transforms.characters.table import WHITE_SPACE

UTF8_EDGES = [
    "a", "\x7f", "\x80", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\uffff", "\U00010000", "\U0010ffff", "م", "\u200f",
]  # fmt: skip
RAW_EDGES = [bytes([byte]) for byte in (0x80, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xE0, 0xED, 0xF0, 0xF4, 0xF5, 0xFF)]
almost_utf8 = st.lists(
    st.one_of(st.sampled_from([character.encode() for character in UTF8_EDGES]), st.sampled_from(RAW_EDGES)),
    max_size=40,
).map(b"".join)


def _array(data: bytes) -> np.ndarray:
    return np.frombuffer(data, np.uint8)


def _check(documents: list[bytes], *, delimited: bool = False, lenient: bool = False) -> list[tuple[bytes, int]]:
    """The text of each document, and its flags."""
    sizes = np.array([len(data) for data in documents], np.int64)
    end = np.cumsum(sizes)
    first, last = np.empty(len(sizes), np.int64), np.empty(len(sizes), np.int64)
    flags = np.empty(len(sizes), np.uint8)
    text, ended = b"".join(documents), np.full(len(sizes), delimited, np.uint8)
    kernels.check_texts(_array(text), end - sizes, end, ended, lenient, first, last, flags)
    return [(text[a:b], int(flag)) for a, b, flag in zip(first, last, flags, strict=True)]


def _parse(data: bytes, start: int = 0, *, lenient: bool = False) -> tuple[int, ...]:
    columns = [np.full(1, -7, np.int64) for _ in range(3)]
    brackets = np.empty(1, np.uint8)
    bounds = np.array([start]), np.array([len(data)])
    kernels.parse_delimiter_lines(_array(data), *bounds, lenient, *columns, brackets)
    return (*(int(column[0]) for column in columns), int(brackets[0]))


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


@settings(deadline=None, max_examples=500)
@given(st.one_of(st.binary(max_size=80), almost_utf8, st.text(max_size=40).map(str.encode)))
@example(b"")
@example(b"\xd9")
@example("نص".encode() * 50 + b"\xe2\x80")
def test_utf8_is_what_python_decodes(data: bytes) -> None:
    framed = b"a" + data + b"b"  # nothing of it is padding
    ((text, flags),) = _check([framed])
    assert text == framed
    assert (flags & kernels.INVALID == 0) == _is_utf8(framed)


def test_utf8_of_every_first_byte_and_every_kind_of_following_byte() -> None:
    edges = (0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC2, 0xF0)
    tails = [bytes(tail) for length in range(4) for tail in product(edges, repeat=length)]
    documents = [bytes([first]) + tail for first in range(1, 256) for tail in tails]
    found = [flags & kernels.INVALID == 0 for _, flags in _check(documents)]
    wrong = [data for data, ok in zip(documents, found, strict=True) if ok != _is_utf8(data)]
    assert wrong == []


def test_utf8_in_every_place_of_a_vector() -> None:
    documents = [b"x" * place + bad + b"x" * (200 - place) for place in range(200) for bad in RAW_EDGES]
    assert all(flags & kernels.INVALID for _, flags in _check(documents))


def test_bytes_before_a_document_do_not_count() -> None:
    (_, (_, flags)) = _check([b"\xf0", "نص".encode()])
    assert not flags & kernels.INVALID
    (_, (_, flags)) = _check([b"\xd9", b"\x85"])
    assert flags & kernels.INVALID


POINTS = [*range(0x3100), *range(0xFE00, 0xFF00), *range(0x10000, 0x110000, 4099)]
CHARACTERS = [chr(point) for point in POINTS if not 0xD800 <= point < 0xE000]


def test_white_space_is_unicode_white_space() -> None:
    flags = [flags for _, flags in _check([b"\t" + character.encode() + b"\n" for character in CHARACTERS])]
    empty = {character for character, flag in zip(CHARACTERS, flags, strict=True) if flag & kernels.EMPTY}
    assert empty == {*WHITE, "\0", "\x1a", "\ufeff"} - {"\ufeff"}
    assert set(WHITE_SPACE) == set(WHITE)


def test_control_characters_are_those_of_unicode() -> None:
    flags = [flags for _, flags in _check([f"a{each}{each}b".encode() for each in CHARACTERS])]
    controls = {each for each, flag in zip(CHARACTERS, flags, strict=True) if flag & kernels.CONTROLS}
    assert controls == {each for each in CHARACTERS if each < "\x20" or "\x7f" <= each < "\xa0"} - set(WHITE)


@pytest.mark.parametrize(
    ("text", "too_many"),
    [
        ("a\x01b", False),
        ("\x01", True),
        ("a\x01\x02b", True),
        ("س" * 98 + "\x01\x1b", False),
        ("س" * 97 + "\x01\x1b", True),
        ("س" * 98 + "\x01\u0090", False),
        ("كلمة\0\0\0\nكلمة\0\0", False),
        ("\0\0\0\0\nكلمة", False),
        ("كلمة\0\0\0كلمة", True),
        ("\x1a\x1a\x1aكلمة", True),
        ("كلمة\x1a\x1a", False),
    ],
)
def test_a_text_may_have_few_control_characters(text: str, too_many: bool) -> None:
    ((_, flags),) = _check([text.encode()])
    assert (flags & kernels.CONTROLS != 0) == too_many


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("نص\n\0\0\0", "نص\n"),
        ("نص\0\n\0\n", "نص"),
        ("نص\r\n\x1a", "نص\r\n"),
        ("نص \x1a\n", "نص "),
        ("نص\n\ufeff", "نص\n"),
        ("نص\n\ufeff\0\ufeff", "نص\n"),
        ("نص\ufeff", "نص\ufeff"),
        ("\ufeff\ufeffنص", "نص"),
        ("\ufeffنص\n\n", "نص\n\n"),
        ("نص\n \u200f", "نص\n \u200f"),
    ],
)
def test_padding_at_the_end_and_marks_at_the_beginning_are_no_text(body: str, text: str) -> None:
    assert _check([body.encode()])[0][0].decode() == text


def test_what_is_ignored_before_a_delimiter_in_lenient_reading_is_no_text_before_it() -> None:
    body = "نص\n \u200f\ufeff".encode()
    assert _check([body], delimited=True, lenient=True)[0][0].decode() == "نص\n"
    assert _check([body], delimited=False, lenient=True)[0][0].decode() == "نص\n \u200f\ufeff"


fragments = st.lists(
    st.sampled_from(
        [
            b"<<<FILE>>>",
            b"\n<<<FILE>>>",
            b"\n",
            b"\r",
            b"<<<FILE",
            b">>>",
            b"<",
            b">",
            b"x",
            b"\xef\xbb\xbf",
            b"\xff\xfe",
            b"\0",
            b" ",
            "\u200f".encode(),
            "\u2028".encode(),
            "\x85".encode(),
            "ا".encode("utf-16-le"),
            "ا\n".encode("utf-16-be"),
        ]
    ),
    max_size=15,
).map(b"".join)


def _find(
    data: bytes, begin: int, *, lenient: bool, limit: int = 100, at_floor: int = delimiter_kernels.NO
) -> list[int]:
    found = np.empty(limit, np.int64)
    count = delimiter_kernels.find_delimiters(_array(data), 0, begin, len(data), at_floor, lenient, found)
    return found[:count].tolist()


@settings(deadline=None, max_examples=500)
@given(fragments, st.integers(0, 40), st.integers(0, 5), st.booleans())
def test_delimiters_are_those_of_the_oracle(data: bytes, begin: int, limit: int, lenient: bool) -> None:
    if b"<" not in data[max(0, begin - 10) : begin]:  # a delimiter that overlaps `begin` hides none after it
        expected = [at for at in delimiters(data, lenient=lenient) if at >= begin][:limit]
        assert _find(data, begin, lenient=lenient, limit=limit) == expected


@settings(deadline=None, max_examples=500)
@given(fragments, fragments, st.booleans())
def test_a_place_is_decided_with_what_is_known_or_not_at_all(before: bytes, data: bytes, lenient: bool) -> None:
    known = {at - len(before) for at in delimiters(before + data, lenient=lenient)}
    if b"<" not in before[-10:]:
        found = _find(data, 0, lenient=lenient, at_floor=delimiter_kernels.UNKNOWN)
        assert (
            {at for at in found if at >= 0}
            <= known
            <= {max(at, ~at) for at in found} | {-1 - at for at in range(len(before))}
        )


def test_a_delimiter_cut_off_by_the_end_is_not_found() -> None:
    assert _find(b"\n<<<FILE>>", 0, lenient=False) == []


def test_a_delimiter_line_is_parsed() -> None:
    assert _parse(b"<<<FILE>>> a\r\n\xef\xbb\xbfx") == (10, 12, 14, 0)
    assert _parse(b"\xef\xbb\xbfx") == (-1, -1, 0, 0)
    assert _parse(b"<<<FILE>>>a") == (10, 11, 11, 0)
    assert _parse(b"\xef\xbb\xbf\0<<<FILE>>>a\xc2\x85x") == (14, 15, 17, 0)
    assert _parse(b" <<<FILE>>>a\nx") == (-1, -1, 0, 0)
    assert _parse(b" <<<FILE>>>a<<\nx", lenient=True) == (11, 14, 15, 1)


def _lookalikes(text: str, *, in_line: bool = False) -> list[tuple[int, int]]:
    data, counts = text.encode(), np.zeros(4, np.int64)
    place, kind = np.empty(20, np.int64), np.empty(20, np.uint8)
    count = delimiter_kernels.find_lookalikes(_array(data), 0, len(data), in_line, 5, counts, place, kind)
    assert counts.tolist() == [kind[:count].tolist().count(each) for each in range(4)]
    return [
        (len(data[:at].decode()), what) for at, what in zip(place[:count].tolist(), kind[:count].tolist(), strict=True)
    ]


INSIDE, INDENTED, MISSPELT, RECODED = range(4)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("نهاية<<<FILE>>>b\nنص", [(5, INSIDE)]),
        ("أ\n <<<FILE>>>b\n\u200f<<<FILE>>>c", [(3, INDENTED), (16, INDENTED)]),
        (
            "أ\n<<FILE>>b\n<<<file>>>c\n<<<<FILE>>>>\n<<< FILE >>>\n<<<FILE>>d",
            [(2, 2), (12, 2), (24, 2), (37, 2), (50, 2)],
        ),
        ("أ\n <<file>>b", [(3, MISSPELT)]),
        ("<<<FILE>>>b", [(0, RECODED)]),
        ("cout << file >> x; <FILE> <<FILE <<<PROFILE>>> ا<<file>>", []),
        ("x <<<<FILE>>>>", [(2, INSIDE)]),
        ("<<<<<<FILE>>><<<FILE>>>", [(0, MISSPELT), (13, INSIDE)]),
    ],
)
def test_what_looks_like_a_delimiter_is_told_apart(text: str, found: list[tuple[int, int]]) -> None:
    assert _lookalikes(text) == found


def test_in_a_name_every_delimiter_is_inside_its_line() -> None:
    assert _lookalikes("a<<<FILE>>> <<<FILE>>><<file>>", in_line=True) == [(1, INSIDE), (12, INSIDE)]
    assert _lookalikes("<<<FILE>>>", in_line=True) == [(0, INSIDE)]


def test_of_many_lookalikes_the_first_of_each_kind_are_named() -> None:
    data, counts = ("x<<<FILE>>>\n" * 100 + " <<<FILE>>>\n" * 100).encode(), np.zeros(4, np.int64)
    place, kind = np.empty(8, np.int64), np.empty(8, np.uint8)
    count = delimiter_kernels.find_lookalikes(_array(data), 0, len(data), False, 2, counts, place, kind)
    assert counts.tolist() == [100, 100, 0, 0]
    assert place[:count].tolist() == [1, 13, 1201, 1213]
    assert kind[:count].tolist() == [INSIDE, INSIDE, INDENTED, INDENTED]


def test_direction_marks_are_those_of_the_documentation() -> None:
    ignored = {
        each
        for each in CHARACTERS
        if _find(f"\n{each}<<<FILE>>>".encode(), 0, lenient=True) == [1 + len(each.encode())]
    }
    assert ignored == {*WHITE, *DIRECTION_MARKS, "\0", "\ufeff"}
    strict = {
        each
        for each in CHARACTERS
        if _find(f"\n{each}<<<FILE>>>".encode(), 0, lenient=False) == [1 + len(each.encode())]
    }
    assert strict == {"\n", "\r", "\x85", "\u2028", "\u2029", "\0", "\ufeff"}


@given(st.lists(st.text("a\n\r\x85\u2028\u2029\u2027é", max_size=20), max_size=5))
@settings(deadline=None)
def test_line_ends_are_counted_inside_documents_only(documents: list[str]) -> None:
    encoded = [document.encode() for document in documents]
    text = _array(b"\n".join(encoded) + b"\n")
    sizes = np.array([len(document) for document in encoded], np.int64)
    start = np.cumsum(sizes + 1) - sizes - 1
    rare = np.empty(len(documents), np.uint8)
    bound = count_line_ends(text, start, start + sizes, rare)
    assert rare.tolist() == [bool(re.search("[\x85\u2028\u2029]", document)) for document in documents]
    least = sum(len(LINE_END.findall(document)) for document in documents)
    assert least <= bound <= least + sum(document.count("\r\n") for document in documents)
