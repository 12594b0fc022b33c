"""Parquet files: the same bytes for the same table, row groups by bytes, zstd, the run in the metadata."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from transforms.settings import ShardSettings
from transforms.shards.schemas import DUPLICATES, REJECTS
from transforms.shards.writing import row_groups, write_table
from transforms.storage import Folder

SETTINGS = ShardSettings()
SENTENCE = "قال وزير النقل إن الخط الجديد سيعمل في الربيع المقبل"


def duplicates(rows: int) -> pa.Table:
    texts = [SENTENCE[: 3 + row % 40] for row in range(rows)]
    columns: dict[str, list[Any]] = {
        "doc_id": [f"{row:032x}" for row in range(rows)],
        "bundle": ["أخبار.txt"] * rows,
        "offset": [100 * row for row in range(rows)],
        "paragraph_index": [row % 7 for row in range(rows)],
        "text": texts,
        "rule": ["exact", "near"] * (rows // 2) + ["exact"] * (rows % 2),
        "similarity": [1.0] * rows,
        "kept_doc_id": [f"{row:032x}" for row in range(rows)],
        "kept_bundle": ["أخبار.txt"] * rows,
        "kept_offset": [3 * row for row in range(rows)],
        "kept_paragraph_index": [0] * rows,
        "kept_length": [9] * rows,
        "kept_run": ["x"] * rows,
        "kept_corpus": [None, "أسئلة"] * (rows // 2) + [None] * (rows % 2),
        "run": ["x"] * rows,
    }
    return pa.table(columns, schema=DUPLICATES)


def rejects(payloads: list[bytes]) -> pa.Table:
    same = {"bundle": "a", "offset": 0, "stage": "s", "reason": "r", "detail": "", "run": "x"}
    rows = [{**same, "length": len(each), "payload": each} for each in payloads]
    return pa.Table.from_pylist(rows, schema=REJECTS)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    table = duplicates(1000)
    written = write_table(Folder(str(tmp_path)), "duplicates/run=x/a.parquet", table, "x", SETTINGS)
    file = pq.ParquetFile(tmp_path / "duplicates" / "run=x" / "a.parquet")
    assert (written.path, written.rows) == ("duplicates/run=x/a.parquet", 1000)
    assert file.schema_arrow.remove_metadata().equals(DUPLICATES)
    assert file.read().replace_schema_metadata().equals(table)


def test_the_file_says_whose_it_is(tmp_path: Path) -> None:
    write_table(Folder(str(tmp_path)), "a", duplicates(3), "2026-11", SETTINGS)
    assert pq.read_schema(tmp_path / "a").metadata[b"rafid.run"] == b"2026-11"
    assert pq.read_schema(tmp_path / "a").metadata[b"rafid.format"] == b"1"


def test_the_same_table_gives_the_same_bytes(tmp_path: Path) -> None:
    first = write_table(Folder(str(tmp_path)), "a", duplicates(5000), "x", SETTINGS)
    second = write_table(Folder(str(tmp_path)), "b", duplicates(5000), "x", SETTINGS)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert first.sha256 == second.sha256


def test_everything_is_compressed_by_zstd(tmp_path: Path) -> None:
    write_table(Folder(str(tmp_path)), "a", duplicates(1000), "x", ShardSettings(row_group_bytes=8192))
    metadata = pq.read_metadata(tmp_path / "a")
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    chunks = [group.column(number) for group in groups for number in range(metadata.num_columns)]
    assert {chunk.compression for chunk in chunks} == {"ZSTD"}


def test_row_groups_are_cut_by_bytes(tmp_path: Path) -> None:
    table = rejects([b"x" * 600] * 100)
    write_table(Folder(str(tmp_path)), "a", table, "x", ShardSettings(row_group_bytes=6000))
    metadata = pq.read_metadata(tmp_path / "a")
    rows = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
    assert sum(rows) == 100
    assert len(rows) > 10
    assert max(rows) <= 10


def test_stored_text_has_no_statistics(tmp_path: Path) -> None:
    """They would repeat whole paragraphs in the footer."""
    write_table(Folder(str(tmp_path)), "a", duplicates(10), "x", SETTINGS)
    group = pq.read_metadata(tmp_path / "a").row_group(0)
    columns = {group.column(number).path_in_schema: group.column(number) for number in range(group.num_columns)}
    assert not columns["text"].is_stats_set
    assert columns["offset"].statistics.max == 900


@settings(deadline=None, max_examples=100)
@given(st.lists(st.integers(0, 5000), min_size=1, max_size=60), st.integers(1024, 20000))
def test_row_groups_hold_every_row_once_and_no_more_than_they_must(sizes: list[int], target: int) -> None:
    groups = list(row_groups(rejects([b"x" * size for size in sizes]), target))
    assert [row for begin, end in groups for row in range(begin, end)] == list(range(len(sizes)))
    assert all(begin < end for begin, end in groups)
    assert all(sum(sizes[begin + 1 : end]) < target for begin, end in groups)


@pytest.mark.parametrize("wrong", [{"compression_level": 0}, {"compression_level": 20}, {"row_group_bytes": 10}])
def test_settings_have_bounds(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ShardSettings(**wrong)
