"""Exports hold the kept documents, all and in order, whatever the form."""

import json
from itertools import count
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines.export import main
from pipelines.ingest import main as ingest
from pipelines.views.card import card
from tests.conftest import UNSEGMENTED
from tests.corpus import files_below
from tests.faults import Killed, operations
from tests.plain_job import ingest_plainly, settings_for, write_bundles
from transforms.runs.names import shard_path
from transforms.shards.corpus import Corpus

RUNS = ("run-000", "run-001")


@pytest.fixture(scope="module")
def output(seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    output = str(tmp_path_factory.mktemp("corpus") / "out")
    for run in RUNS:
        arguments = ["--input", f"{seeds}/bundle_{run[-3:]}*.txt", "--output", output, "--run", run, "--quiet"]
        assert ingest([*arguments, *UNSEGMENTED]) == 0
    return output


def texts(output: str) -> list[str]:
    found: list[str] = Corpus(output).dataset("documents").to_table(columns=["text"]).column("text").to_pylist()
    return found


def test_text_is_documents_parted_by_empty_lines(output: str, tmp_path: Path) -> None:
    assert main([output, "--to", "text", "--file", str(tmp_path / "a.txt")]) == 0
    assert (tmp_path / "a.txt").read_text(encoding="utf-8").split("\n\n")[:-1] == texts(output)


def test_text_goes_to_standard_output(output: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main([output, "--to", "text", "--run", "run-001"]) == 0
    assert capfdbinary.readouterr().out.decode("utf-8").split("\n\n")[:-1] == _of(output, "run-001")


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
    text = (Path(output) / "README.md").read_text(encoding="utf-8")
    patterns = [line.removeprefix("    - ") for line in text.splitlines() if line.startswith("    - documents/")]
    found = [Path(output).glob(pattern) for pattern in patterns]
    assert [sorted(str(path.relative_to(output)) for path in paths) for paths in found] == [
        manifest.files_of("documents") for manifest in Corpus(output).manifests
    ]


def test_the_card_leaves_out_what_is_about_to_take_the_place_of_a_run(tmp_path: Path) -> None:
    """Whoever reads by patterns sees the old run until the card is written anew."""
    write_bundles(tmp_path / "in", {"a.txt": "نص أول\n", "b.txt": "نص ثان\n"})
    settings = settings_for(tmp_path / "out", tmp_path / "in", run__id="x", run__split_bytes=64)
    for generation in range(3):
        ingest_plainly(settings)
        (manifest,) = Corpus(str(tmp_path / "out")).manifests
        assert manifest.generation == generation
        (line,) = (line for line in card(Corpus(str(tmp_path / "out"))).splitlines() if "- documents/" in line)
        for other in (generation + 1, generation + 2):  # beside it
            file = shard_path("documents", "x", other, "000000-0123456789ab-0001")
            (tmp_path / "out" / file).write_bytes(b"")
        found = sorted((tmp_path / "out").glob(line.removeprefix("    - ")))
        assert [str(path.relative_to(tmp_path / "out")) for path in found] == manifest.files_of("documents")
        for other in (generation + 1, generation + 2):
            (tmp_path / "out" / shard_path("documents", "x", other, "000000-0123456789ab-0001")).unlink()


@pytest.mark.parametrize("form", ["text", "huggingface"])
def test_an_export_is_there_whole_or_not_at_all(output: str, tmp_path: Path, form: str) -> None:
    command = [output, "--to", form, "--file", str(tmp_path / "whole")]
    assert main(command) == 0
    wanted = files_below(tmp_path / "whole") or (tmp_path / "whole").read_bytes()
    for most in count():
        place = tmp_path / f"killed-{most}" / "out"
        place.parent.mkdir()
        try:
            with operations(place.parent, most):
                main([output, "--to", form, "--file", str(place)])
            break
        except Killed:
            assert not place.is_file() or place.read_bytes() == wanted
            assert not (place / "data").exists() or files_below(place / "data") == files_below(tmp_path / "whole/data")
    assert most > 2
    assert (files_below(place) or place.read_bytes()) == wanted


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--to", "text", "--columns", "name"], "one column"),
        (["--to", "jsonl", "--columns", "colour"], "unknown column"),
        (["--to", "huggingface"], "name it with --file"),
        (["--to", "jsonl", "--run", "none"], "has no committed run none; its runs: run-000, run-001"),
        (["--to", "jsonl", "--run", "../rafid"], "cannot be the name of a run"),
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
