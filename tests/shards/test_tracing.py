"""Each kept paragraph is found again at its place, in whatever its document came; and told of where it is not."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines.runs import main
from tests.conftest import PROJECT
from tests.corpus import read_corpus
from tests.plain_job import ingest_plainly, settings_for
from tests.tables import FORMATS, Rows, bundle
from transforms.shards.corpus import Corpus
from transforms.shards.tracing import check_sources

LINES = (PROJECT / "seeds" / "bundle_000_news.txt").read_text(encoding="utf-8").splitlines()
TEXTS = [line for line in LINES if line and not line.startswith("<<<")][:60]
ROWS: Rows = [
    {"name": f"مقال {at}", "text": f"{TEXTS[at]}\n\n{TEXTS[(at * 7) % 50]}\r\n  {TEXTS[at + 1]}\n"} for at in range(50)
]


def utf16(rows: Rows) -> bytes:
    return ("\ufeff" + bundle(rows).decode()).encode("utf-16-le")


def old_arabic(rows: Rows) -> bytes:
    return bundle(rows).decode().encode("windows-1256", "ignore")


def packed(rows: Rows) -> bytes:
    return gzip.compress(FORMATS["rows.jsonl"](rows))


CASES: dict[str, Callable[[Rows], bytes]] = {
    **FORMATS,
    "rows.txt": bundle,
    "wide.txt": utf16,
    "old.txt": old_arabic,
    "rows.jsonl.gz": packed,
}


@pytest.mark.parametrize("mode", ["line", "blank_line"])
@pytest.mark.parametrize("name", CASES)
def test_each_kept_paragraph_is_found_again(tmp_path: Path, name: str, mode: str) -> None:
    (tmp_path / name).write_bytes(CASES[name](ROWS))
    values = {"run__split_bytes": 3000, "input__part_bytes": 2000, "input__paragraphs": mode}
    ingest_plainly(settings_for(tmp_path / "out", tmp_path / name, run__id="x", **values))
    manifest = Corpus(str(tmp_path / "out")).manifest("x")
    assert manifest.counts.paragraphs.kept > 40
    assert len(manifest.files_of("documents")) > 2 or name == "wide.txt"
    assert main([str(tmp_path / "out"), "verify", "--sources"]) == 0


@pytest.mark.parametrize("name", ["rows.parquet", "rows.jsonl", "rows.txt"])
def test_places_that_are_wrong_are_told(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(CASES[name](ROWS))
    ingest_plainly(settings_for(tmp_path / "out", tmp_path / name, run__id="x"))
    corpus = Corpus(str(tmp_path / "out"))
    manifest = corpus.manifest("x")
    assert list(check_sources(corpus.folder, manifest)) == []
    (path,) = manifest.files_of("documents")
    table = pq.ParquetFile(tmp_path / "out" / path).read()
    rows = table.to_pylist()
    rows[1]["paragraph_offset"][0] += 2
    rows[3]["offset"] += 100_000
    pq.write_table(type(table).from_pylist(rows, table.schema), tmp_path / "out" / path)
    found = list(check_sources(corpus.folder, manifest))
    assert found[0].startswith(f"{name}@{rows[1]['offset']}: the paragraph at ")
    assert found[1] == f"{name}@{rows[3]['offset']}: the document is not there"
    assert len(found) == 2 + len(rows) - 4  # those after it are not found either, as they are looked for in order


def test_a_bundle_that_has_changed_is_told_and_others_are_looked_at(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.txt").write_text(TEXTS[number], encoding="utf-8")
    ingest_plainly(settings_for(tmp_path / "out", tmp_path / "*.txt", run__id="x"))
    (tmp_path / "0.txt").unlink()
    (tmp_path / "1.txt").write_text(TEXTS[5], encoding="utf-8")
    corpus = Corpus(str(tmp_path / "out"))
    first, second = check_sources(corpus.folder, corpus.manifest("x"))
    assert "0.txt" in first
    assert second == f"{tmp_path}/1.txt: is not what it was when it was taken"
    assert read_corpus(tmp_path / "out", "x").documents[2]["bundle"] == "2.txt"
