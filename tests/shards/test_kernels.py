"""The kernel that joins paragraphs, against a line of Python."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.shards.kernels import join_paragraphs

ROWS = st.lists(st.lists(st.text("ابجدهوز \u064eabc٣", max_size=6), max_size=5), max_size=6)


def twin(rows: list[list[bytes]], breaks: int) -> tuple[bytes, list[int]]:
    joined = [(b"\n" * breaks).join(row) for row in rows]
    return b"".join(joined), [sum(map(len, joined[:row])) for row in range(len(joined) + 1)]


@settings(deadline=None, max_examples=200)
@given(ROWS, st.integers(1, 2), st.binary(max_size=3))
def test_it_is_join(rows: list[list[str]], breaks: int, gap: bytes) -> None:
    paragraphs = [[text.encode() for text in row] for row in rows]
    flat = [each for row in paragraphs for each in row]
    text = gap + b"".join(each + gap for each in flat)
    lengths = np.array([len(each) for each in flat], np.int64)
    start = len(gap) + np.cumsum(lengths + len(gap)) - lengths - len(gap)
    first = np.cumsum([0] + [len(row) for row in paragraphs]).astype(np.int64)
    expected, expected_offsets = twin(paragraphs, breaks)
    out, offsets = np.empty(len(expected), np.uint8), np.empty(len(first), np.int64)
    join_paragraphs(np.frombuffer(text, np.uint8), start, start + lengths, first, breaks, out, offsets)
    assert out.tobytes() == expected
    assert offsets.tolist() == expected_offsets
