"""langdetect as the room uses it."""

from pathlib import Path

import pytest
from langdetect import detector_factory

from tests.language.samples import SENTENCES
from transforms.language import clues as profiles


def test_all_profiles_but_those_of_arabic_script_are_used_once() -> None:
    names = [
        name for codes in profiles.PROFILED.values() for code in codes for name in profiles.FILES.get(code, (code,))
    ]
    there = {path.name for path in Path(detector_factory.PROFILES_DIRECTORY).iterdir()}
    assert sorted(names) == sorted(there - {"ar", "fa", "ur"})


@pytest.mark.parametrize("text", ["", " \n", "12345 ٦٧", "@someone http://example.org/x", "😀"])
@pytest.mark.parametrize("script", profiles.PROFILED)
def test_nothing_to_go_by(text: str, script: str) -> None:
    assert profiles.guess(text, script) == ("und", 0.0)


def test_a_script_chooses_among_its_own_languages() -> None:
    assert profiles.guess(SENTENCES["ru"], "other")[0] == "ru"
    assert profiles.guess(SENTENCES["de"], "latin")[0] == "de"
    assert profiles.guess(SENTENCES["zh"], "other")[0] == "zh"


def test_other_scripts_and_addresses_are_left_out() -> None:
    german, names = SENTENCES["de"], "Москва и Санкт-Петербург " * 5
    assert profiles.guess(german + names, "latin") == profiles.guess(german + " ", "latin")
    assert profiles.guess(f"www.les.des.et https://une.dans/ pour@qui {german}", "latin")[0] == "de"


def test_what_stands_after_the_limit_is_not_read() -> None:
    german = (SENTENCES["de"] + " ") * 10
    assert profiles.guess(german[: profiles.LONGEST] + SENTENCES["fr"] * 50, "latin") == profiles.guess(
        german[: profiles.LONGEST], "latin"
    )
