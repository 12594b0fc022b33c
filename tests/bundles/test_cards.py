"""Folders of Hugging Face datasets: the files that the card names are taken, and no others."""

from pathlib import Path

import fsspec
import pytest

from tests.corpus import read_corpus
from transforms.bundles.cards import CARD
from transforms.bundles.errors import BundleError
from transforms.bundles.listing import list_input
from transforms.runs.catalog import committed_runs
from transforms.runs.manifest import Manifest
from transforms.settings import ReadSettings
from transforms.storage import Folder

ENDINGS = ReadSettings().endings
FILES = [
    "ar/train-00000-of-00002.parquet",
    "ar/train-00001-of-00002.parquet",
    "ar/test-00000-of-00001.parquet",
    "arz/a/b/1.jsonl.gz",
    "extra/old.parquet",
    "extra/table.csv",
    "no/train.parquet",
    "LICENSE",
]
TWO = """
- config_name: ar
  data_files:
  - split: train
    path: ar/train-*
  - split: test
    path: ar/test-*.parquet
- config_name: arz
  data_files: arz/**
"""


def card(configs: str, text: str = "# القصص\n") -> str:
    return f"---\nlanguage:\n- ar\nconfigs:\n{configs.strip(chr(10))}\n---\n{text}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "set" / name).write_text(name)
    return tmp_path / "set"


def taken(folder: Path | str, text: str, config_name: str | None = None) -> list[str]:
    """The names of the bundles of a folder with that card."""
    with fsspec.open(f"{folder}/{CARD}", "w", encoding="utf-8") as file:
        file.write(text)
    return [bundle.name for bundle in list_input([str(folder)], endings=ENDINGS, config_name=config_name).bundles]


@pytest.mark.parametrize(
    ("configs", "config_name", "wanted"),
    [
        (TWO, "ar", ["ar/test-00000-of-00001.parquet", *FILES[:2]]),
        (TWO, "arz", ["arz/a/b/1.jsonl.gz"]),
        (TWO + "  default: true", None, ["arz/a/b/1.jsonl.gz"]),
        ("- config_name: default\n  data_files: extra/*\n" + TWO, None, ["extra/old.parquet", "extra/table.csv"]),
        ("- data_files: extra/*.csv", None, ["extra/table.csv"]),
        ("- data_files: [extra/*.csv, no/*]", None, ["extra/table.csv", "no/train.parquet"]),
        ("- config_name: 'no'\n  data_files: {train: no/*, test: [ar/test-*]}", None, [FILES[2], "no/train.parquet"]),
        ("- config_name: no\n  data_files: no/*\n" + TWO, "no", ["no/train.parquet"]),
    ],
)
def test_files_that_the_card_names_are_taken(
    folder: Path, configs: str, config_name: str | None, wanted: list[str]
) -> None:
    """Proves all forms of `data_files`, the choice of a configuration, and that a name is never a truth value."""
    assert taken(folder, card(configs), config_name) == wanted


def test_folders_of_a_store_have_cards_too() -> None:
    system = fsspec.filesystem("memory")
    for name in FILES:
        system.pipe(f"/cards/set/{name}", b"x")
    assert taken("memory://cards/set", card(TWO), "arz") == ["arz/a/b/1.jsonl.gz"]


@pytest.mark.parametrize(
    "text",
    ["", "# no card", "---\nlanguage: ar\n---\n", "---\nconfigs: []\n---\n", "---\na rule: [of Markdown\n---\n"],
)
def test_other_cards_say_nothing(folder: Path, text: str) -> None:
    """Proves that without named files those of the usual endings are taken."""
    assert taken(folder, text) == sorted(name for name in FILES if name.endswith((".parquet", ".gz")))


def test_what_the_card_does_not_name_is_told_of(folder: Path) -> None:
    taken(folder, card(TWO), "arz")
    passed = list_input([str(folder)], endings=ENDINGS, config_name="arz").passed_over
    assert {(each.url.removeprefix(f"{folder}/"), str(each.reason)) for each in passed} == {
        (name, "not_in_card") for name in [*FILES, CARD] if not name.startswith("arz")
    }
    assert "not_in_card" in str(Manifest.model_json_schema())


def test_a_corpus_can_be_read_again(tmp_path: Path, seeds: Path) -> None:
    """Proves it with the card that a run writes: the documents are read, and nothing else of the corpus."""
    from pipelines.ingest import main  # noqa: PLC0415 - it brings Beam along

    first, second = tmp_path / "first", tmp_path / "second"
    common = ["--run=x", "--quiet", "--set=segmentation.engine=none"]
    assert main([f"--input={seeds}/*.txt", f"--output={first}", *common]) == 0
    assert main([f"--input={first}", f"--output={second}", *common]) == 0
    kept = [[text for _, text, _, _ in read_corpus(output, "x").kept()] for output in (first, second)]
    assert sorted(kept[0]) == sorted(kept[1]) != []
    assert {each.reason for each in committed_runs(Folder(str(second)))[0].passed_over} == {"not_in_card", "hidden"}


@pytest.mark.parametrize(
    ("configs", "config_name", "said"),
    [
        (TWO, None, "the dataset has ar, arz; set input.config_name to one of them"),
        (TWO, "fa", "has no configuration fa, but ar, arz; set input.config_name"),
        ("- data_files: ../x/*", None, "names ../x/*, which is not below its folder; name those files as input"),
        ("- data_files: data/x**.parquet", None, "names data/x**.parquet, which is not a pattern: "),
        ("- data_files: hf://a/b", None, "names hf://a/b, which is not below its folder; name those files as input"),
        (
            "".join(f"- {{config_name: c{n}, data_files: c}}\n" for n in range(9)),
            None,
            "c0, c1, c2, c3, c4 and 4 more;",
        ),
    ],
)
def test_cards_that_leave_it_open_are_refused(folder: Path, configs: str, config_name: str | None, said: str) -> None:
    with pytest.raises(BundleError, match=r"^input \S+/README.md: ") as caught:
        taken(folder, card(configs), config_name)
    assert said in str(caught.value)


def test_a_card_that_is_broken_is_refused(folder: Path) -> None:
    with pytest.raises(BundleError, match=r"a dataset's card that is not YAML: .*; name its files by a pattern$"):
        taken(folder, "---\nconfigs: [\n---\n")


def test_a_configuration_without_a_card_is_refused(folder: Path) -> None:
    said = "input.config_name ar: no input is a folder whose README.md names configurations"
    with pytest.raises(BundleError, match=f"^{said}$"):
        list_input([f"{folder}/*"], config_name="ar")


def test_a_card_without_its_files_matches_nothing(folder: Path) -> None:
    with pytest.raises(BundleError, match=r"matches no file to take; passed over: 9 not_in_card"):
        taken(folder, card("- data_files: data/*"))
