"""Word forms as keys and their table, against a dict."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.segmentation.compiling import encode
from transforms.segmentation.kernels.forms import CODES, EXACT_LETTERS, U, fill_slots, find, key_of
from transforms.segmentation.words import LETTERS

PINNED = (0xDA7CBFBAE038A887, 0x4864864864864864)  # of a form of 40 letters
forms = st.one_of(st.text(LETTERS, max_size=6), st.text("ءي", max_size=EXACT_LETTERS), st.text("هي", max_size=120))


def table_of(entries: dict[str, int], room: float = 2) -> np.ndarray:
    slots = np.zeros(3 * (int(len(entries) * room) + 1), np.uint64)
    assert fill_slots(*encode(list(entries)), np.array(list(entries.values()), np.uint64), slots)
    return slots


def entries_of(slots: np.ndarray, wanted: list[str]) -> list[int]:
    letters, bounds = encode(wanted)
    keys = (key_of(letters, first, last) for first, last in pairwise(bounds.tolist()))
    return [int(find(slots, U(high), U(low))) for high, low in keys]


@settings(deadline=None, max_examples=300)
@given(st.dictionaries(forms, st.integers(1, 2**64 - 1)), st.lists(forms, min_size=1), st.sampled_from([1.0, 1.2, 3.0]))
def test_a_table_answers_as_a_dict(entries: dict[str, int], others: list[str], room: float) -> None:
    slots = table_of(entries, room)
    wanted = [*others, *entries]
    assert entries_of(slots, wanted) == [entries.get(form, 0) for form in wanted]


def test_a_form_twice_is_told() -> None:
    slots = np.zeros(30, np.uint64)
    assert not fill_slots(*encode(["كتاب", "قلم", "كتاب"]), np.ones(3, np.uint64), slots)


def test_a_key_is_the_letters_six_bits_each() -> None:
    (form,) = forms_of(table_of({"كتاب": 7}))
    assert form == (0, CODES["ك"] << 18 | CODES["ت"] << 12 | CODES["ا"] << 6 | CODES["ب"])


def test_a_long_key_never_changes() -> None:
    """Files are read by later versions."""
    (key,) = forms_of(table_of({"هي" * 20: 1}))
    assert key == PINNED


def forms_of(slots: np.ndarray) -> list[tuple[int, int]]:
    return [(high, low) for low, high, entry in slots.reshape(-1, 3).tolist() if entry]


@pytest.mark.parametrize("length", [EXACT_LETTERS - 1, EXACT_LETTERS, EXACT_LETTERS + 1, 60])
def test_forms_that_differ_in_one_letter_have_different_keys(length: int) -> None:
    whole = "ك" * length
    near = {whole[:at] + letter + whole[at + 1 :] for at in range(length) for letter in "ءي"} | {whole, whole + "ك"}
    assert len(set(forms_of(table_of(dict.fromkeys(near, 1))))) == len(near)
