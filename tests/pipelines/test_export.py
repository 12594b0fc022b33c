"""Exports hold the kept documents, all and in order, whatever the form."""

import json
from itertools import count
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from huggingface_hub import DatasetCard

from pipelines.export import main
from pipelines.ingest import main as ingest
from pipelines.runs import main as runs
from pipelines.views.card import card
from tests.conftest import UNSEGMENTED
from tests.corpus import files_below
from tests.faults import Killed, operations
from tests.plain_job import ingest_plainly, settings_for, write_bundles
from transforms.runs.names import shard_path
from transforms.shards.corpus import Corpus
from transforms.shards.schemas import LEDGERS

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
    assert DatasetCard.load(tmp_path / "hub" / "README.md").data.configs == [
        {
            "config_name": "documents",
            "default": True,
            "data_files": [{"split": "train", "path": ["data/*.parquet"]}],
        }
    ]


def files_by_card(output: str) -> dict[str, list[str]]:
    """The files that the card names, by the configuration that they are in."""
    named = {}
    for each in DatasetCard.load(Path(output) / "README.md").data.configs:
        (split,) = each["data_files"]
        found = [path for pattern in split["path"] for path in Path(output).glob(pattern)]
        named[each["config_name"]] = sorted(str(path.relative_to(output)) for path in found)
    return named


def files_by_manifests(output: str) -> dict[str, list[str]]:
    """The same of the ledgers that have any, as the manifests say."""
    named = {
        ledger: sorted(path for each in Corpus(output).manifests for path in each.files_of(ledger))
        for ledger in LEDGERS
    }
    return {ledger: paths for ledger, paths in named.items() if paths}


def test_the_card_has_a_configuration_for_each_ledger(output: str) -> None:
    assert list(files_by_manifests(output)) == ["documents", "duplicates", "rejects"]
    assert files_by_card(output) == files_by_manifests(output)


@pytest.mark.parametrize("report", ["true", "false"])
def test_the_card_is_made_anew_when_a_run_is_replaced_or_removed(tmp_path: Path, report: str) -> None:
    """A card that is there follows, also where the run that changes the corpus writes no report."""
    output = str(tmp_path / "out")
    bundles = write_bundles(tmp_path / "in", {"a.txt": "نص أول\n", "b.txt": "نص ثان\n"})
    for name, run, wanted in (("a", "x", "true"), ("b", "y", "true"), ("b", "x", report)):
        asked = ["--input", f"{bundles}/{name}.txt", "--output", output, "--run", run, "--quiet"]
        if (name, run) == ("b", "x"):
            assert runs([output, "remove", "y", "--yes"]) == 0
            assert files_by_card(output) == files_by_manifests(output)
        assert ingest([*asked, "--set", f"run.report={wanted}", *UNSEGMENTED]) == 0
        assert files_by_card(output) == files_by_manifests(output)
    (again,) = Corpus(output).manifests
    assert again.generation == 1


@pytest.mark.parametrize("form", ["text", "jsonl", "huggingface"])
@pytest.mark.parametrize("place", ["", "documents", "new", "a/b"])
def test_an_export_never_writes_into_a_corpus(
    output: str, form: str, place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files_below(Path(output))
    (tmp_path / "link").symlink_to(output)
    for corpus in (Path(output), tmp_path / "link"):
        assert main([output, "--to", form, "--file", str(corpus / place)]) == 2
        said = (
            f"rafid: --file {corpus / place}: is in the corpus {output}; an export writes into none, name another place"
        )
        assert capsys.readouterr() == ("", f"{said}\n")
    assert files_below(Path(output)) == before


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
