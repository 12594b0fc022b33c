"""langdetect as the room uses it."""

from pathlib import Path

import pytest
from langdetect import detector_factory

from tests.language.samples import SENTENCES
from transforms.language import profiles


def test_all_profiles_are_used_once() -> None:
    names = [
        name for codes in profiles.PROFILED.values() for code in codes for name in profiles.FILES.get(code, (code,))
    ]
    assert sorted(names) == sorted(path.name for path in Path(detector_factory.PROFILES_DIRECTORY).iterdir())


@pytest.mark.parametrize("text", ["", " \n", "12345 ٦٧", "@someone http://example.org/x", "😀"])
@pytest.mark.parametrize("script", profiles.PROFILED)
def test_nothing_to_go_by(text: str, script: str) -> None:
    assert profiles.guess(text, script) == ("und", 0.0)


def test_a_script_chooses_among_its_own_languages() -> None:
    assert profiles.guess(SENTENCES["ru"], "other")[0] == "ru"
    assert profiles.guess(SENTENCES["de"], "latin")[0] == "de"
    assert profiles.guess(SENTENCES["ps"], "arabic")[0] in profiles.PROFILED["arabic"]
    assert profiles.guess(SENTENCES["zh"], "other")[0] == "zh"


def test_other_scripts_and_addresses_are_left_out() -> None:
    persian = SENTENCES["fa"]
    names = "The Quick Brown Fox of the Forest and the River " * 5
    assert profiles.guess(persian + names, "arabic") == profiles.guess(persian + " ", "arabic")
    assert profiles.guess(f"www.die.der.das https://und.zu/ ich@nicht {persian}", "arabic")[0] == "fa"


def test_what_stands_behind_the_limit_is_not_looked_at() -> None:
    german = (SENTENCES["de"] + " ") * 10
    assert profiles.guess(german[: profiles.LONGEST] + SENTENCES["fr"] * 50, "latin") == profiles.guess(
        german[: profiles.LONGEST], "latin"
    )


def test_what_is_known_beforehand_counts() -> None:
    assert profiles.guess("نهر", "arabic", {"ar": 0.0, "fa": 1.0, "ur": 0.0})[0] == "fa"
    assert profiles.guess("نهر", "arabic", {"ar": 1.0, "fa": 0.0, "ur": 0.0})[0] == "ar"
