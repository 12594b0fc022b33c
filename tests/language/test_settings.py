"""The settings of the room."""

import pytest
from pydantic import ValidationError

from transforms.language.settings import LanguageSettings


def test_everything_is_kept_by_default() -> None:
    assert LanguageSettings().keep == []


@pytest.mark.parametrize("codes", [["ar"], ["ar", "und"], ["ckb", "pnb", "en", "zh"]])
def test_known_codes(codes: list[str]) -> None:
    assert LanguageSettings(keep=codes).keep == codes


@pytest.mark.parametrize("code", ["arabic", "AR", "", "zh-cn", "xx"])
def test_a_code_that_cannot_be_told_is_refused_before_work(code: str) -> None:
    with pytest.raises(ValidationError, match=r"no such language can be told; (did you mean \w+\? K|k)nown: af, ar,"):
        LanguageSettings(keep=["ar", code])


@pytest.mark.parametrize("probability", [0.0, -0.1, 1.01])
def test_least_probabilities_have_bounds(probability: float) -> None:
    with pytest.raises(ValidationError, match="least_probability"):
        LanguageSettings(least_probability=probability)


@pytest.mark.parametrize("size", [63, 65537])
def test_sample_sizes_have_bounds(size: int) -> None:
    with pytest.raises(ValidationError, match="sample_bytes"):
        LanguageSettings(sample_bytes=size)
