"""The wheel of Farasa's data: obtained by hash, and read without running anything in it."""

import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.segmentation.samples import model
from transforms.segmentation import wheel
from transforms.segmentation.model import LISTS, Model
from transforms.segmentation.wheel import WheelError, download, read_wheel

FILES = ("hmListMorph", "hmListGaz", "hmAraLexCom", "hmBuck", "hmLocations", "hmPeople", "hmStop")


def tables_of(source: Model) -> dict[str, Any]:
    """The model as the wheel has it."""
    pairs: dict[str, dict[str, dict[str, float]]] = {"probPrefixSuffix": {}, "probSuffixPrefix": {}}
    for (before, behind), value in source.suffixes_given_prefixes.items():
        pairs["probPrefixSuffix"].setdefault(before, {})[behind] = value
    for (before, behind), value in source.prefixes_given_suffixes.items():
        pairs["probSuffixPrefix"].setdefault(behind, {})[before] = value
    priors = source.priors
    return {
        **pairs,
        **{file: dict.fromkeys(source.lists[name], 1) for name, file in zip(LISTS, FILES, strict=True)},
        "generalVariables": {
            "hasTemplate": priors.has_template,
            "inMorphList": priors.in_morphology,
            "inGazList": priors.in_gazetteer,
            "averageStemLength": priors.stem_length,
        },
        "hPrefixes": dict.fromkeys(source.prefixes, 1),
        "hSuffixes": dict.fromkeys(source.suffixes, 1),
        "wordCount": source.counts,
        "hmPreviouslySeenTokenizations": {word: list(parses) for word, parses in source.tokenised.items()},
        "probPrefixes": dict(reversed(source.prefix_chains.items())),
        "probSuffixes": {"+_": 0.1, **source.suffix_chains},
        "probCondPrefixes": source.likely_prefix_chains,
        "probCondSuffixes": source.likely_suffix_chains,
        "hmTemplateCount": source.template_counts,
    }


def write_wheel(path: Path, source: Model, **changes: bytes) -> Path:
    weights = " ".join(f"{number}:{weight!r}" for number, weight in enumerate(source.weights, 1))
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("farasa/segmentation.py", f'# old = "1:-0.5 2:0.25"\nweights = "{weights}".split()\n')
        for name, numbers in (("roots.txt", source.roots), ("template-count.txt", source.templates)):
            lines = "".join(f"{key}\t{value!r}\n" for key, value in numbers.items())
            file.writestr(f"farasa/pickles/{name}", f"{lines}a line of something else\n")
        for name, table in tables_of(source).items():
            file.writestr(f"farasa/pickles/{name}", changes.get(name, pickle.dumps(table)))
    return path


def test_a_wheel_is_read_as_the_model_it_holds(tmp_path: Path) -> None:
    found = read_wheel(write_wheel(tmp_path / "a.whl", model()))
    assert found == model()
    assert next(iter(found.prefix_chains)) == next(iter(found.suffix_chains)) == ""


class Hostile:
    """What a hostile pickle asks for: to run a command."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch hostile",)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pickle.dumps({"ا": Hostile()}), "it names posix.system"),
        (pickle.dumps({"ا": {1, 2}}, protocol=2), "it names"),
        (pickle.dumps([1, 2]), "wordCount is not a dict of strings"),
        (pickle.dumps({1: 2}), "wordCount is not a dict of strings"),
        (pickle.dumps({"ا": None}), "wordCount holds something other than strings and numbers"),
        (pickle.dumps({"ا": [b"bytes"]}), "wordCount holds something other than strings and numbers"),
        (pickle.dumps({"ا": 1.0})[:-3], "is not the wheel of PyFarasa"),
        (b"", "is not the wheel of PyFarasa"),
    ],
)
def test_tables_of_anything_but_words_and_numbers_are_refused(
    table: bytes, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WheelError, match=message) as caught:
        read_wheel(write_wheel(tmp_path / "a.whl", model(), wordCount=table))
    assert not (tmp_path / "hostile").exists()
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 1


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.whl").write_bytes(b"no wheel")
    with pytest.raises(WheelError, match=r"a\.whl: is not the wheel of PyFarasa 0\.0\.1: File is not a zip file"):
        read_wheel(tmp_path / "a.whl")
    with zipfile.ZipFile(tmp_path / "b.whl", "w") as file:
        file.writestr("farasa/__init__.py", "")
    with pytest.raises(WheelError, match="There is no item named"):
        read_wheel(tmp_path / "b.whl")


def test_pip_is_asked_for_one_wheel_by_its_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = []

    def pip(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        (tmp_path / "PyFarasa-0.0.1-py2.py3-none-any.whl").touch()
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(wheel.subprocess, "run", pip)
    assert download(tmp_path) == tmp_path / "PyFarasa-0.0.1-py2.py3-none-any.whl"
    assert commands[0][:4] == [sys.executable, "-m", "pip", "download"]
    assert {"--require-hashes", "--no-deps", "--only-binary"} <= set(commands[0])
    assert (tmp_path / "requirement.txt").read_text() == f"PyFarasa==0.0.1 --hash=sha256:{wheel.SHA256}\n"


def test_a_wheel_of_another_hash_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real pip, which finds the wheel in a folder."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    write_wheel(folder / "PyFarasa-0.0.1-py2.py3-none-any.whl", model())
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    with pytest.raises(WheelError, match=r"PyFarasa 0\.0\.1: pip could not download it: ") as caught:
        download(tmp_path)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.glob("*.whl")) == []
