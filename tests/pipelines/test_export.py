"""Exports hold the kept documents, all and in order, whatever the form."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines.export import main
from pipelines.ingest import main as ingest
from tests.conftest import UNSEGMENTED
from transforms.shards.corpus import Corpus


@pytest.fixture(scope="module")
def output(seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    output = str(tmp_path_factory.mktemp("corpus") / "out")
    for run in ("000", "001"):
        arguments = ["--input", f"{seeds}/bundle_{run}*.txt", "--output", output, "--run", run, "--quiet"]
        assert ingest([*arguments, *UNSEGMENTED]) == 0
    return output


def texts(output: str) -> list[str]:
    found: list[str] = Corpus(output).dataset("documents").to_table(columns=["text"]).column("text").to_pylist()
    return found


def test_text_is_documents_parted_by_empty_lines(output: str, tmp_path: Path) -> None:
    assert main([output, "--to", "text", "--file", str(tmp_path / "a.txt")]) == 0
    assert (tmp_path / "a.txt").read_text(encoding="utf-8").split("\n\n")[:-1] == texts(output)


def test_text_goes_to_standard_output(output: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main([output, "--to", "text", "--run", "001"]) == 0
    assert capfdbinary.readouterr().out.decode("utf-8").split("\n\n")[:-1] == _of(output, "001")


def _of(output: str, run: str) -> list[str]:
    found: list[str] = Corpus(output).dataset("documents", [run]).to_table().column("text").to_pylist()
    return found


def test_json_lines_have_the_columns_asked_for(output: str, tmp_path: Path) -> None:
    assert main([output, "--to", "jsonl", "--columns", "run", "text", "--file", str(tmp_path / "a.jsonl")]) == 0
    rows = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["text"] for row in rows] == texts(output)
    assert {tuple(row) for row in rows} == {("run", "text")}


def test_a_folder_for_the_hub_has_data_and_card(output: str, tmp_path: Path) -> None:
    assert main([output, "--to", "huggingface", "--file", str(tmp_path / "hub")]) == 0
    (shard,) = (tmp_path / "hub" / "data").iterdir()
    assert pq.read_table(shard).column("text").to_pylist() == texts(output)
    assert "    path: data/*.parquet\n---\n" in (tmp_path / "hub" / "README.md").read_text(encoding="utf-8")


def test_the_card_names_the_folders_of_all_runs(output: str) -> None:
    card = (Path(output) / "README.md").read_text(encoding="utf-8")
    assert all(f"    - documents/run={run}/*.parquet\n" in card for run in ("000", "001"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--to", "text", "--columns", "name"], "one column"),
        (["--to", "jsonl", "--columns", "colour"], "unknown column"),
        (["--to", "huggingface"], "name it with --file"),
        (["--to", "jsonl", "--run", "none"], "has no committed run none; its runs: 000, 001"),
        (["--to", "parquet"], "invalid choice"),
        (["--to", "text", "--file", "/proc/none/a.txt"], "cannot be written"),
        (["--to", "text", "--file", __file__], "is there already"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    output: str, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([output, *arguments]) in (1, 2)
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
