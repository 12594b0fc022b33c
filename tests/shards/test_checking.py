"""Checking runs: whatever is altered behind Rafid's back is named."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.plain_job import ingest_plainly, settings_for, write_bundles
from transforms.runs.manifest import read_manifest, remove_run
from transforms.shards.checking import check_run, references, referring_runs

TEXT = "قال الراوي إن النهر كان يفيض كل عام في الربيع ويسقي الحقول\nنشر الخبر اليوم\n"


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Run a, and run b that repeats its two paragraphs and has a reject."""
    write_bundles(tmp_path / "in", {"a.txt": TEXT, "b.txt": TEXT + "<<<FILE>>> فارغ\n<<<FILE>>> آخر\nنص جديد\n"})
    for run in "ab":
        ingest_plainly(settings_for(tmp_path / "out", tmp_path / "in" / f"{run}.txt", run__id=run))
    return tmp_path / "out"


def check(output: Path, run: str) -> list[str]:
    return check_run(str(output), read_manifest(str(output), run))


def shard(output: Path, ledger: str, run: str) -> Path:
    (path,) = (output / ledger / f"run={run}").iterdir()
    return path


def test_what_is_whole_is_right(output: Path) -> None:
    assert check(output, "a") == check(output, "b") == []


def test_a_missing_file(output: Path) -> None:
    path = shard(output, "documents", "a")
    path.unlink()
    assert check(output, "a") == [f"documents/run=a/{path.name}: missing"]
    assert check(output, "b") == []


def test_a_file_cut_short_and_a_flipped_byte(output: Path) -> None:
    path = shard(output, "duplicates", "b")
    data = path.read_bytes()
    path.write_bytes(data[:-1])
    name = f"duplicates/run=b/{path.name}"
    assert check(output, "b") == [f"{name}: has {len(data) - 1:,} bytes, the manifest says {len(data):,}"]
    path.write_bytes(bytes([data[0] ^ 1]) + data[1:])
    assert check(output, "b") == [f"{name}: its bytes are not those that were written"]


def test_a_file_too_many(output: Path) -> None:
    (output / "rejects" / "run=b" / "more.parquet").write_bytes(b"")
    assert check(output, "b") == ["rejects/run=b/more.parquet: is not in the manifest"]


def altered(output: Path, run: str) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((output / "manifests" / f"{run}.json").read_text(encoding="utf-8"))
    return manifest


def test_rows_and_counts_that_the_manifest_has_wrong(output: Path) -> None:
    manifest = altered(output, "b")
    manifest["counts"]["paragraphs"]["duplicate"] = 7
    assert check_run(str(output), manifest) == ["paragraphs duplicate: the files hold 2, the manifest says 7"]
    manifest["files"][0]["rows"] += 1
    rows = pq.read_metadata(output / manifest["files"][0]["path"]).num_rows
    (line,) = check_run(str(output), manifest)
    assert line == f"{manifest['files'][0]['path']}: has {rows} rows, the manifest says {rows + 1}"


def test_duplicates_of_a_run_that_is_no_more(output: Path) -> None:
    assert references(str(output), read_manifest(str(output), "b")) == {"a": 2}
    assert referring_runs(str(output), ["a"], ["a", "b"]) == {"b": 2}
    assert referring_runs(str(output), ["b"], ["a", "b"]) == {}
    remove_run(str(output), "a")
    assert check(output, "b") == ["2 duplicates repeat paragraphs of run a, which is no more"]
