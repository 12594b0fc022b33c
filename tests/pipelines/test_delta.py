"""A corpus is a Delta table too: the log names its own files, and each version holds what the runs of then kept."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from pipelines.export import main
from pipelines.ingest import main as ingest
from pipelines.runs import main as runs
from tests.conftest import UNSEGMENTED
from tests.corpus import files_below
from transforms.shards.corpus import Corpus

Run = Callable[..., None]


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def run(seeds: Path, output: Path) -> Run:
    """A function that ingests bundles of the seeds, or what else is named, as a run of that name."""

    def _run(name: str, pattern: str) -> None:
        inputs = pattern if pattern.startswith("/") else f"{seeds}/{pattern}"
        arguments = ["--input", inputs, "--output", str(output), "--run", name, "--quiet"]
        assert ingest([*arguments, *UNSEGMENTED, "--set", "run.split_bytes=16KB"]) == 0

    return _run


def export(output: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The lines of an export, which writes nothing but the log."""
    before = files_below(output)
    assert main([str(output), "--to", "delta", "--file", str(output / "documents")]) == 0
    after = files_below(output)
    assert {name: content for name, content in after.items() if "_delta_log" not in name} == {
        name: content for name, content in before.items() if "_delta_log" not in name
    }
    return capsys.readouterr().out.splitlines()


def rows_of_table(output: Path, version: int | None = None) -> list[tuple[str, str, list[int]]]:
    return rows(DeltaTable(str(output / "documents"), version=version).to_pyarrow_table())


def rows_of_corpus(output: Path) -> list[tuple[str, str, list[int]]]:
    return rows(Corpus(str(output)).dataset("documents").to_table())


def rows(table: pa.Table) -> list[tuple[str, str, list[int]]]:
    columns = table.select(["run", "doc_id", "paragraph_offset"]).to_pydict().values()
    return sorted(zip(*columns, strict=True))


def test_a_run_is_a_version(output: Path, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run("first", "bundle_000*")
    run("second", "bundle_001*")
    assert export(output, capsys) == ["version 1: run first added", "version 2: run second added"]
    both = rows_of_corpus(output)
    assert rows_of_table(output) == both
    assert rows_of_table(output, 1) == [row for row in both if row[0] == "first"]
    assert export(output, capsys) == ["nothing new"]
    run("third", "bundle_002*")
    assert export(output, capsys) == ["version 3: run third added"]
    assert rows_of_table(output) == rows_of_corpus(output)
    assert rows_of_table(output, 2) == both


def test_a_run_is_replaced_in_one_version(output: Path, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run("first", "bundle_000*")
    run("second", "bundle_002*")
    export(output, capsys)
    run("second", "bundle_001*")
    assert export(output, capsys) == ["version 3: run second replaced"]
    assert rows_of_table(output) == rows_of_corpus(output)


def test_a_removed_run_goes(output: Path, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run("first", "bundle_000*")
    run("second", "bundle_001*")
    export(output, capsys)
    assert runs([str(output), "remove", "second", "--yes"]) == 0
    capsys.readouterr()
    assert export(output, capsys) == ["version 3: run second removed"]
    assert rows_of_table(output) == rows_of_corpus(output)
    assert runs([str(output), "verify"]) == 0


def test_columns_of_tables_come_with_the_run_that_has_them(
    output: Path, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("first", "bundle_000*")
    export(output, capsys)
    (tmp_path / "rows.jsonl").write_text('{"text": "صف من جدول", "url": "a"}\n', encoding="utf-8")
    run("table", str(tmp_path / "rows.jsonl"))
    assert export(output, capsys)[-1].endswith("run table added")
    table = DeltaTable(str(output / "documents")).to_pyarrow_table()
    assert rows(table) == rows_of_corpus(output)
    sources = dict(zip(table.column("run").to_pylist(), table.column("source").to_pylist(), strict=True))
    assert sources == {"first": None, "table": {"url": "a"}}


def test_tables_of_several_kinds_are_no_delta_table(
    output: Path, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, column in (("one", "url"), ("other", "date")):
        (tmp_path / f"{name}.jsonl").write_text(f'{{"text": "صف {name}", "{column}": "a"}}\n', encoding="utf-8")
        run(name, str(tmp_path / f"{name}.jsonl"))
    assert main([str(output), "--to", "delta", "--file", str(output / "documents")]) == 2
    assert capsys.readouterr().err == (
        "rafid: --to delta: the tables of its runs carry different columns in `source`; use --to huggingface\n"
    )
    assert not (output / "documents" / "_delta_log").exists()


def test_nothing_is_written_into_a_corpus_unasked(
    output: Path, run: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    run("first", "bundle_000*")
    before = files_below(output)
    for place in ([], ["--file", str(tmp_path / "elsewhere")], ["--file", str(output)]):
        assert main([str(output), "--to", "delta", *place]) == 2
        assert capsys.readouterr().err == (
            "rafid: --to delta: the log lies beside the files that it names, inside the corpus; "
            f"allow that with --file {output}/documents\n"
        )
    assert main([str(output), "--to", "delta", "--columns", "text", "--file", str(output / "documents")]) == 2
    assert "--columns: not with --to delta" in capsys.readouterr().err
    assert files_below(output) == before


def test_a_damaged_log_is_one_line(output: Path, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run("first", "bundle_000*")
    export(output, capsys)
    for log in (output / "documents" / "_delta_log").glob("*.json"):
        log.write_text("{", encoding="utf-8")
    assert main([str(output), "--to", "delta", "--file", str(output / "documents")]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"rafid: --to delta: {output}/documents/_delta_log: ")
