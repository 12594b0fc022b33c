"""A corpus read by its manifests: the run of each row, whatever its name and whichever version wrote it."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.plain_run import opening, write_splits
from transforms.runs.run import Run
from transforms.shards.corpus import Corpus
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
