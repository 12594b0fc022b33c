"""Columns of text from places in a buffer."""

import random

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.errors import RunError
from transforms.shards import tables as columns

ROWS = st.lists(st.lists(st.text("قلم دفتر\u0651", min_size=1, max_size=6), min_size=1, max_size=4), max_size=6)


@settings(deadline=None, max_examples=50)
@given(ROWS, st.integers(1, 2))
def test_rows_of_paragraphs_are_joined_by_line_feeds(rows: list[list[str]], breaks: int) -> None:
    flat = [text.encode() for row in rows for text in row]
    end = np.cumsum([len(each) for each in flat], dtype=np.int64)
    start = end - np.array([len(each) for each in flat], np.int64)
    first = np.cumsum([0] + [len(row) for row in rows]).astype(np.int64)
    text = np.frombuffer(b"".join(flat), np.uint8)
    joined = columns.joined(text, start, end, first, breaks)
    assert joined.type == pa.string()
    assert joined.to_pylist() == [("\n" * breaks).join(row) for row in rows]


@settings(deadline=None, max_examples=100)
@given(ROWS, st.integers(1, 2), st.integers(0, 3), st.randoms(use_true_random=False))
def test_a_text_that_is_used_up_gives_the_same_rows(
    rows: list[list[str]], breaks: int, gap: int, chance: random.Random
) -> None:
    """Wherever its paragraphs stand: those that were decoded stand at its end, before or after what comes first."""
    flat = [text.encode() for row in rows for text in row]
    order = chance.sample(range(len(flat)), len(flat)) if chance.random() < 0.5 else range(len(flat))
    data, start = b"", np.zeros(len(flat), np.int64)
    for at in order:
        start[at] = len(data) + gap
        data += b"#" * gap + flat[at]
    end = start + np.array([len(each) for each in flat], np.int64)
    first = np.cumsum([0] + [len(row) for row in rows]).astype(np.int64)
    text = np.frombuffer(data, np.uint8).copy()
    joined = columns.strings(*columns._join(text, start, end, first, breaks, used_up=True))
    assert joined.to_pylist() == [("\n" * breaks).join(row) for row in rows]


def test_paragraphs_move_to_the_front_of_a_text_that_is_used_up() -> None:
    text = np.frombuffer("# قلم\n\n# دفتر".encode(), np.uint8).copy()
    start, end = np.array([2, 12]), np.array([8, 20])
    out, offsets = columns._join(text, start, end, np.array([0, 2]), 2, used_up=True)
    assert out.tobytes().decode() == "قلم\n\nدفتر"
    assert (np.shares_memory(out, text), offsets.tolist()) == (True, [0, 16])


def test_lists_have_an_entry_a_value() -> None:
    made = columns.lists(np.array([5, 6, 7], np.int32), np.array([0, 2, 2, 3]))
    assert made.to_pylist() == [[5, 6], [], [7]]
    assert str(made.type) == "list<element: int32 not null>"


def test_more_than_two_gibibytes_are_cut_into_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "_STRING_LIMIT", 10)
    made = columns.strings(np.frombuffer(b"aaaabbbbbbccccccccd", np.uint8), np.array([0, 4, 10, 18, 18, 19]))
    assert made.to_pylist() == ["aaaa", "bbbbbb", "cccccccc", "", "d"]
    assert made.type == pa.string()


def test_offsets_beyond_int32_are_no_error() -> None:
    """The memory is never touched: neither the zeros nor the views of them take any."""
    size = 2**31 + 10
    made = columns.strings(np.zeros(size, np.uint8), np.array([0, 2**30, size]))
    assert pc.binary_length(made).to_pylist() == [2**30, 2**30 + 10]


def test_a_text_that_no_row_holds_is_an_error() -> None:
    with pytest.raises(RunError, match=r"a text of 2,147,483,648 bytes"):
        columns.strings(np.zeros(2**31 + 4, np.uint8), np.array([0, 4, 2**31 + 4]))
