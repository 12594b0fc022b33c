"""Checking runs: whatever is altered behind Rafid's back is named."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.corpus import manifest_of
from tests.plain_job import ingest_plainly, settings_for, write_bundles
from transforms.filesystems import OutputError
from transforms.runs.catalog import committed_runs
from transforms.runs.manifest import Manifest
from transforms.runs.run import Run, parse_manifest
from transforms.shards.checking import check_run, references, referring_runs
from transforms.storage import Folder

TEXT = "قال الراوي إن النهر كان يفيض كل عام في الربيع ويسقي الحقول\nنشر الخبر اليوم\n"


@pytest.fixture
def output(tmp_path: Path) -> Folder:
    """Run a, and run b that repeats its two paragraphs and has a reject."""
    write_bundles(tmp_path / "in", {"a.txt": TEXT, "b.txt": TEXT + "<<<FILE>>> فارغ\n<<<FILE>>> آخر\nنص جديد\n"})
    for run in "ab":
        ingest_plainly(settings_for(tmp_path / "out", tmp_path / "in" / f"{run}.txt", run__id=run))
    return Folder(str(tmp_path / "out"))


def check(output: Folder, run: str) -> list[str]:
    return check_run(output, Run(output, run).manifest())


def shard(output: Folder, ledger: str, run: str) -> Path:
    (path,) = output.local_path(f"{ledger}/run={run}").iterdir()
    return path


def test_what_is_whole_is_right(output: Folder) -> None:
    assert check(output, "a") == check(output, "b") == []


def test_a_missing_file(output: Folder) -> None:
    path = shard(output, "documents", "a")
    path.unlink()
    assert check(output, "a") == [f"documents/run=a/{path.name}: missing"]
    assert check(output, "b") == []


def test_a_file_cut_short_and_a_flipped_byte(output: Folder) -> None:
    path = shard(output, "duplicates", "b")
    data = path.read_bytes()
    path.write_bytes(data[:-1])
    name = f"duplicates/run=b/{path.name}"
    assert check(output, "b") == [f"{name}: has {len(data) - 1:,} bytes, the manifest says {len(data):,}"]
    path.write_bytes(bytes([data[0] ^ 1]) + data[1:])
    assert check(output, "b") == [f"{name}: its bytes are not those that were written"]


def test_a_file_too_many(output: Folder) -> None:
    output.write("rejects/run=b/more.parquet", b"")
    assert check(output, "b") == ["rejects/run=b/more.parquet: is not in the manifest"]


def altered(fields: dict[str, Any]) -> Manifest:
    return parse_manifest(json.dumps(fields).encode(), "altered.json")


def test_rows_and_counts_that_the_manifest_has_wrong(output: Folder) -> None:
    fields = manifest_of(output.url, "b")
    fields["counts"]["paragraphs"]["duplicate"] = 7
    assert check_run(output, altered(fields)) == ["paragraphs duplicate: the files hold 2, the manifest says 7"]
    fields["files"][0]["rows"] += 1
    path = fields["files"][0]["path"]
    rows = pq.read_metadata(output.local_path(path)).num_rows
    (line,) = check_run(output, altered(fields))
    assert line == f"{path}: has {rows} rows, the manifest says {rows + 1}"


@pytest.mark.parametrize("path", ["../mine.parquet", "/etc/passwd", "documents/../../mine.parquet"])
def test_a_manifest_that_names_a_file_outside_is_damaged(output: Folder, path: str) -> None:
    fields = manifest_of(output.url, "b")
    fields["files"][0]["path"] = path
    with pytest.raises(OutputError, match="is no file of this run"):
        check_run(output, altered(fields))


def test_duplicates_of_a_run_that_is_no_more(output: Folder) -> None:
    runs = committed_runs(output)
    assert references(output, runs[1]) == {"a": 2}
    assert referring_runs(output, ["a"], runs) == {"b": 2}
    assert referring_runs(output, ["b"], runs) == {}
    Run(output, "a").remove()
    assert check(output, "b") == ["2 duplicates repeat paragraphs of run a, which is no more"]
