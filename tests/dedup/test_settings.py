"""The definition of a duplicate: its defaults, and the bounds of its settings."""

from typing import Any

import pytest
from pydantic import ValidationError

from transforms.settings import DedupSettings


def test_the_defaults_are_the_documented_ones() -> None:
    assert DedupSettings().model_dump(
        include={"threshold", "scope", "shingle", "numbers", "minimum_words", "fold"}
    ) == {
        "threshold": 0.7,
        "scope": "corpus",
        "shingle": {"unit": "word", "size": 2},
        "numbers": "inner",
        "minimum_words": 0,
        "fold": "arabic-2",
    }


@pytest.mark.parametrize(("given", "size", "sizes"), [(3, 3, [3]), ([2], 2, [2]), ([2, 1, 2], [1, 2], [1, 2])])
def test_a_list_of_sizes_is_read_the_same_however_it_is_written(given: Any, size: Any, sizes: list[int]) -> None:
    shingle = DedupSettings.model_validate({"shingle": {"size": given}}).shingle
    assert (shingle.size, shingle.sizes) == (size, sizes)


@pytest.mark.parametrize("threshold", [1, 1.0, 0.001])
def test_thresholds_up_to_one_are_taken(threshold: float) -> None:
    assert DedupSettings.model_validate({"threshold": threshold}).threshold == threshold


@pytest.mark.parametrize(
    "wrong",
    [
        {"threshold": 0},
        {"threshold": 1.01},
        {"threshold": float("nan")},
        {"threshold": "0.7"},
        {"scope": "split"},
        {"shingle": {"unit": "sentence"}},
        {"shingle": {"size": 0}},
        {"shingle": {"size": 65}},
        {"shingle": {"size": 2.5}},
        {"shingle": {"size": True}},
        {"shingle": {"size": []}},
        {"shingle": {"size": [1, 65]}},
        {"shingle": {"size": [1, "2"]}},
        {"shingle": {"size": "1, 2"}},
        {"numbers": "all"},
        {"minimum_words": -1},
        {"fold": "arabic-3"},
        {"treshold": 0.7},
    ],
)
def test_what_is_out_of_bounds_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=r"^1 validation error"):
        DedupSettings.model_validate(wrong)
