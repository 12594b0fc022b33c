"""The byte kernels against plain Python."""

import re
from itertools import product

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.bundles.oracle import WHITE
from transforms.bundles.kernels import documents as kernels

UTF8_EDGES = [
    "a", "\x7f", "\x80", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\uffff", "\U00010000", "\U0010ffff", "م", "\u200f",
]  # fmt: skip
RAW_EDGES = [bytes([byte]) for byte in (0x80, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xE0, 0xED, 0xF0, 0xF4, 0xF5, 0xFF)]
almost_utf8 = st.lists(
    st.one_of(st.sampled_from([character.encode() for character in UTF8_EDGES]), st.sampled_from(RAW_EDGES)),
    max_size=40,
).map(b"".join)


def _parse(data: bytes, start: int = 0) -> tuple[int, int, int, int]:
    text = np.frombuffer(data, np.uint8)
    places = [np.full(1, -7, np.int64) for _ in range(3)]
    status = np.empty(1, np.uint8)
    kernels.parse_documents(text, np.array([start]), np.array([len(data)]), *places, status)
    return (*(int(place[0]) for place in places), int(status[0]))


def _validate(documents: list[bytes]) -> list[bool]:
    sizes = np.array([len(data) for data in documents], np.int64)
    end = np.cumsum(sizes)
    places = [np.empty(len(sizes), np.int64) for _ in range(3)]
    status = np.empty(len(sizes), np.uint8)
    kernels.parse_documents(np.frombuffer(b"".join(documents), np.uint8), end - sizes, end, *places, status)
    return [bool(what != kernels.NOT_TEXT) for what in status]


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
    assert (_parse(data)[3] != kernels.NOT_TEXT) == _is_utf8(data)


def test_utf8_of_every_first_byte_and_every_kind_of_following_byte() -> None:
    edges = (0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC2, 0xF0)
    tails = [bytes(tail) for length in range(4) for tail in product(edges, repeat=length)]
    documents = [bytes([first]) + tail for first in range(256) for tail in tails]
    wrong = [data for data, ok in zip(documents, _validate(documents), strict=True) if ok != _is_utf8(data)]
    assert wrong == []


def test_utf8_in_every_place_of_a_vector() -> None:
    documents = [b"x" * place + bad + b"x" * (200 - place) for place in range(200) for bad in RAW_EDGES]
    assert not any(_validate(documents))


def test_bytes_before_a_document_do_not_count() -> None:
    assert _parse(b"\xf0" + "نص".encode(), start=1)[3] == kernels.READABLE
    assert _parse(b"\xd9\x85", start=1)[3] == kernels.NOT_TEXT


def test_white_space_is_unicode_white_space() -> None:
    points = [*range(0x3100), *range(0xFE00, 0xFF00), *range(0x10000, 0x110000, 4099)]
    white = {chr(point) for point in points if _parse(b"\t" + chr(point).encode() + b"\n")[3] == kernels.EMPTY}
    assert white == set(WHITE)


@settings(deadline=None, max_examples=300)
@given(
    st.lists(
        st.sampled_from([b"<<<FILE>>>", b"\n", b"\r", b"<<<FILE", b">>>", b"<", b">", b"x", b"\n<<<FILE>>>"]),
        max_size=15,
    ).map(b"".join),
    st.integers(1, 40),
    st.integers(0, 5),
)
def test_delimiters_are_those_of_a_regular_expression(data: bytes, begin: int, limit: int) -> None:
    expected = [m.start() for m in re.finditer(rb"(?<=[\r\n])<<<FILE>>>", data) if m.start() >= begin][:limit]
    found = np.empty(limit, np.int64)
    count = kernels.find_delimiters(np.frombuffer(data, np.uint8), begin, len(data), found)
    assert found[:count].tolist() == expected


def test_a_delimiter_cut_off_by_the_end_is_not_found() -> None:
    data = np.frombuffer(b"\n<<<FILE>>>", np.uint8)
    assert kernels.find_delimiters(data, 1, len(data) - 1, np.empty(1, np.int64)) == 0


def test_a_delimiter_line_is_parsed() -> None:
    assert _parse(b"<<<FILE>>> a\r\n\xef\xbb\xbfx") == (10, 12, 17, kernels.READABLE)
    assert _parse(b"\xef\xbb\xbfx") == (-1, -1, 3, kernels.READABLE)
    assert _parse(b"<<<FILE>>>a") == (10, 11, 11, kernels.EMPTY)


@given(st.lists(st.binary(max_size=20), max_size=5))
@settings(deadline=None)
def test_line_ends_are_counted_inside_documents_only(documents: list[bytes]) -> None:
    text = np.frombuffer(b"\n".join(documents) + b"\n", np.uint8)
    sizes = np.array([len(document) for document in documents], np.int64)
    start = np.cumsum(sizes + 1) - sizes - 1
    expected = sum(document.count(b"\n") + document.count(b"\r") for document in documents)
    assert kernels.count_line_ends(text, start, start + sizes) == expected
