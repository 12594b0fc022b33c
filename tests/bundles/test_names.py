"""The names of documents, gathered from delimiter lines."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.arrays import Bytes, Int64s
from transforms.bundles import names
from transforms.bundles.names import gather_names
from transforms.characters.table import WHITE_SPACE


def pieces(texts: list[bytes]) -> tuple[Bytes, Int64s, Int64s]:
    """The texts as pieces of one, and where they begin and end."""
    edges = np.cumsum([0, *map(len, texts)])
    return np.frombuffer(b"".join(texts) or b"x", np.uint8), edges[:-1], edges[1:]


@given(st.lists(st.text(st.sampled_from("اب\0" + "".join(WHITE_SPACE)), max_size=6) | st.text(max_size=4)))
def test_names_are_trimmed_like_any_text(texts: list[str]) -> None:
    found = gather_names(*pieces([each.encode("utf-8", "replace") for each in texts]))
    assert found is not None
    assert found.to_pylist() == [each.encode("utf-8", "replace").decode().strip("".join(WHITE_SPACE)) for each in texts]


@given(st.lists(st.binary(max_size=5) | st.sampled_from([" ".encode("utf-16"), b"\xe2\x80", b"\x80\xe2\x80\x80"])))
def test_names_that_are_not_all_utf_8_are_not_gathered(texts: list[bytes]) -> None:
    found = gather_names(*pieces(texts))
    try:
        expected = [each.decode().strip("".join(WHITE_SPACE)) for each in texts]
    except UnicodeDecodeError:
        assert found is None
    else:
        assert found is not None
        assert found.to_pylist() == expected


@pytest.mark.parametrize(("most", "gathered"), [(3, True), (2, False)])
def test_names_of_more_bytes_than_a_column_holds_are_not_gathered(
    most: int, gathered: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "_MOST", most)
    text, start, end = pieces([b"a", b"bc"])
    assert (gather_names(text, start, end) is not None) == gathered
