"""The definition of a duplicate: its defaults, and the bounds of its settings."""

from typing import Any

import pytest
from pydantic import ValidationError

from transforms.settings import DedupSettings


def test_the_defaults_are_the_documented_ones() -> None:
    assert DedupSettings().model_dump(include={"threshold", "scope", "shingle", "minimum_words", "fold"}) == {
        "threshold": 0.7,
        "scope": "corpus",
        "shingle": {"unit": "word", "size": 3},
        "minimum_words": 0,
        "fold": "arabic-2",
    }


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
        {"minimum_words": -1},
        {"fold": "arabic-3"},
        {"treshold": 0.7},
    ],
)
def test_what_is_out_of_bounds_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=r"^1 validation error"):
        DedupSettings.model_validate(wrong)
