"""A corpus read by its manifests: the run of each row, whatever its name and whichever version wrote it."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from tests.plain_run import opening, write_splits
from transforms.runs.run import Run
from transforms.shards.corpus import Corpus, batches_of, rows_at, rows_where
from transforms.shards.schemas import LEDGERS
from transforms.shards.writing import commit_run
from transforms.storage import Folder

TEXT = "<<<FILE>>> أ\nوصلت القافلة إلى المدينة عند الغروب\nوصلت القافلة إلى المدينة عند الغروب\n<<<FILE>>> فارغ\n"


def committed(folder: Path, name: str) -> Path:
    """An output with one run of a kept, a repeated and a rejected piece; committed as an earlier version would."""
    (folder / "a.txt").write_text(TEXT, encoding="utf-8")
    run = Run(Folder(str(folder / "out")), name)
    commit_run(run, write_splits(run, [str(folder / "a.txt")], 1 << 20), opening())
    return folder / "out"


def rows_by_ledger(output: Path) -> dict[str, list[dict[str, object]]]:
    return {ledger: Corpus(str(output)).dataset(ledger).to_table().to_pylist() for ledger in LEDGERS}


@pytest.mark.parametrize("name", ["erste", "007", "1.10", "2026-11-27", "true"])
def test_each_file_holds_the_name_of_its_run_as_text(tmp_path: Path, name: str) -> None:
    output = committed(tmp_path, name)
    files = sorted(output.glob("*/run=*/*.parquet"))
    assert [file.parts[-3] for file in files] == ["documents", "duplicates", "rejects"]
    for file in files:
        table = pq.ParquetFile(file).read()
        assert table.schema.names.count("run") == 1
        assert table.schema.field("run") == LEDGERS[file.parts[-3]].field("run")
        assert table.column("run").to_pylist() == [name] * len(table)


@pytest.mark.parametrize("name", ["erste", "007", "1.10", "2026-11-27", "true"])
@pytest.mark.parametrize("before", [False, True], ids=["now", "before the column"])
def test_a_corpus_has_one_column_of_the_run(tmp_path: Path, name: str, before: bool) -> None:
    output = committed(tmp_path, name)
    if before:
        for file in output.glob("*/run=*/*.parquet"):
            pq.write_table(pq.ParquetFile(file).read().drop_columns(["run"]), file)
    rows = rows_by_ledger(output)
    assert {ledger: [row["run"] for row in found] for ledger, found in rows.items()} == {
        "documents": [name], "duplicates": [name], "filtered": [], "rejects": [name]
    }  # fmt: skip
    corpus = Corpus(str(output))
    for ledger, schema in LEDGERS.items():
        assert corpus.dataset(ledger).schema.names == schema.names
    table = corpus.dataset("duplicates", [name]).to_table()
    assert table.column("run").equals(table.column("kept_run"))
    assert corpus.kept_texts(table) == ["وصلت القافلة إلى المدينة عند الغروب"]
    assert json.loads((output / "manifests" / f"{name}.json").read_text(encoding="utf-8"))["run"] == name


@pytest.fixture
def ledger(tmp_path: Path) -> ds.Dataset:
    """Two files, the second without `run`, of which each has several row groups."""
    for number, name in enumerate(["a", "b"]):
        (tmp_path / f"run={name}").mkdir()
        rows = pa.table(
            {"bundle": [f"{name}{row // 7}" for row in range(40)], "text": [f"{name} {row}" for row in range(40)]}
        )
        whole = rows.append_column("run", pa.array([name] * 40)) if number == 0 else rows
        pq.write_table(whole, tmp_path / f"run={name}" / "x.parquet", row_group_size=9)
    schema = pa.schema([(name, pa.string()) for name in ("bundle", "text", "run")])
    by_run = ds.partitioning(pa.schema([("run", pa.string())]), flavor="hive")
    return ds.dataset(
        [ds.dataset(tmp_path / f"run={name}", schema=schema, format="parquet", partitioning=by_run) for name in "ab"]
    )


@pytest.mark.parametrize("at", [[], [0], [8, 9, 10], [39, 40, 79], range(80)])
def test_rows_at_some_places_are_those_of_the_whole_table(ledger: ds.Dataset, at: list[int]) -> None:
    wanted = ledger.to_table(columns=["run", "text"]).take(pa.array(at, pa.int64()))
    assert rows_at(ledger, np.array(at, np.int64), ["run", "text"]).to_pylist() == wanted.to_pylist()


@pytest.mark.parametrize("bundles", [[], ["a0"], ["a1", "b5"], ["none"], ["a0", "a5", "b0", "b1", "b2"]])
def test_rows_that_are_wanted_are_those_of_the_whole_table(ledger: ds.Dataset, bundles: list[str]) -> None:
    here = pc.field("bundle").isin(pa.array(bundles, pa.string()))
    wanted = ledger.to_table(columns=["run", "text"], filter=here)
    assert rows_where(ledger, here, ["run", "text"]).to_pylist() == wanted.to_pylist()


@pytest.mark.parametrize("size", [1, 300, 1 << 20])
def test_batches_have_all_rows_in_order(ledger: ds.Dataset, size: int) -> None:
    found = pa.Table.from_batches(list(batches_of(ledger, ["text"], size)))
    assert found.column("text").equals(ledger.to_table().column("text"))


def test_a_ledger_without_files_has_no_rows() -> None:
    empty = ds.dataset(pa.schema([("text", pa.string())]).empty_table())
    assert not len(rows_at(empty, np.zeros(0, np.int64), ["text"]))
    assert not len(rows_where(empty, pc.field("text") == "", ["text"]))
    assert not list(batches_of(empty, ["text"], 1))
