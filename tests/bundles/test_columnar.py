"""Parquet and Arrow: row groups and ranges, types of every kind, and files that are damaged."""

import datetime
import decimal
from pathlib import Path
from random import Random
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bundles.test_tables import NEWS, read, rejects, texts
from tests.corpus import check_counts, read_corpus
from tests.damaging import DAMAGES
from tests.plain_job import ingest_plainly, settings_for
from tests.tables import FORMATS, parquet
from transforms.bundles.errors import BundleReadError
from transforms.bundles.listing import list_bundles
from transforms.bundles.reader import read_parts
from transforms.bundles.splits import ByteRange, Split, plan_splits
from transforms.shards.corpus import Corpus
from transforms.shards.tracing import check_sources

ROWS = [{"name": str(at), "text": f"{NEWS} رقم {at}", "views": at} for at in range(40)]


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 45), st.integers(64, 5000), st.integers(1, 4000))
def test_parquet_is_the_same_wherever_it_is_cut(
    tmp_path_factory: pytest.TempPathFactory, group: int, target: int, part: int
) -> None:
    data = parquet(ROWS, group)
    parts = read(tmp_path_factory.mktemp("in"), {"a.parquet": data}, target, part_bytes=part)
    assert [each[3] for each in texts(parts)] == [row["text"] for row in ROWS]
    assert [each[0] for each in texts(parts)] == list(range(40))
    assert sum(each.bytes_read for each in parts) == len(data)


def test_a_row_group_that_is_larger_than_a_part_is_read_in_batches(tmp_path: Path) -> None:
    rows = [{"text": f"{at} {NEWS * 20}", "id": at} for at in range(400)]
    parts = read(tmp_path / "in", {"a.parquet": parquet(rows, 400)}, part_bytes=50_000)
    assert len(parts) > 4
    assert max(len(each.text) for each in parts) < 120_000
    assert [text for part in parts for *_, text in texts([part])] == [row["text"] for row in rows]


def odd_table() -> pa.Table:
    """A table with columns of all kinds, some of one name, and some named like Rafid's own."""
    zone = datetime.timezone(datetime.timedelta(hours=3))
    moment = datetime.datetime(2026, 11, 28, 9, 30, tzinfo=zone)
    columns: list[tuple[str, pa.Array]] = [
        ("content", pa.array([f"{NEWS} 1", None, f"{NEWS} 2"], pa.large_string())),
        ("text", pa.array([1, 2, 3], pa.int8())),
        ("doc_id", pa.array(["أ", None, "ج"], pa.string_view())),
        ("run", pa.array([1.5, None, 2.5], pa.float32())),
        ("source", pa.array([{"a": {"b": [1, None]}}, None, {"a": {"b": []}}])),
        ("when", pa.array([moment, None, moment], pa.timestamp("us", "Asia/Riyadh"))),
        ("far", pa.array([1 << 40, None, -(1 << 40)], pa.timestamp("s"))),
        ("price", pa.array([decimal.Decimal("12.340"), None, decimal.Decimal("-1.000")], pa.decimal128(20, 3))),
        ("nothing", pa.nulls(3)),
        ("kind", pa.array(["خبر", "خبر", "رأي"]).dictionary_encode()),
        ("twice", pa.array([1, 2, 3])),
        ("twice", pa.array(["x", "y", "z"])),
        ("bytes", pa.array([b"\xff", None, b"\0"], pa.large_binary())),
        ("fixed", pa.array([[1, 2], [5, 6], [3, 4]], pa.list_(pa.int16(), 2))),
        ("map", pa.array([[("k", 1)], None, []], pa.map_(pa.string(), pa.int32()))),
        ("empty", pa.array([{}, None, {}], pa.struct([]))),
        ("date", pa.array([datetime.date(2026, 1, 1), None, None])),
        ("span", pa.array([1, None, 2], pa.duration("s"))),
        ("half", pa.array([1.0, None, 2.0], pa.float16())),
        ("a.b", pa.array([True, None, False])),
        ("", pa.array([1, 2, 3])),
        ("عمود", pa.array(["ا", "ب", "ت"])),
    ]
    return pa.table([array for _, array in columns], names=[name for name, _ in columns])


def written(table: pa.Table, name: str) -> bytes:
    sink = pa.BufferOutputStream()
    if name == "a.parquet":
        pq.write_table(table.drop_columns(["empty"]), sink)  # Parquet has no structs without fields
    else:
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
    return bytes(sink.getvalue().to_pybytes())


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow"])
def test_columns_of_all_kinds_are_carried(tmp_path: Path, name: str) -> None:
    table = odd_table()
    (tmp_path / name).write_bytes(written(table, name))
    values = {"input__text_column": "content", "dedup__scope": "off"}
    asked = settings_for(tmp_path / "out", tmp_path / name, **values)
    ingest_plainly(asked)
    corpus = Corpus(str(tmp_path / "out"))
    assert [each["reason"] for each in corpus.dataset("rejects").to_table().to_pylist()] == ["no_text"]
    kept = corpus.dataset("documents").to_table()
    source = kept.column("source").combine_chunks()
    kinds = {field.name: str(field.type) for field in source.type}
    assert kinds.pop("empty", "string") == "string"
    assert kinds == {
        "text": "int8",
        "doc_id": "string",
        "run": "float",
        "source": "struct<a: struct<b: list<element: int64>>>",
        "when": "timestamp[us, tz=Asia/Riyadh]",
        "far": "timestamp[ms]",  # Parquet has no seconds
        "price": "decimal128(20, 3)",
        "nothing": "string",
        "kind": "string",
        "twice": "int64",
        "twice_2": "string",
        "bytes": "binary",
        "fixed": "list<element: int16>",
        "map": "map<string, int32 ('map')>",
        "date": "date32[day]",
        "span": "duration[s]",
        "half": "halffloat",
        "a.b": "bool",
        "": "int64",
        "عمود": "string",
    }
    assert source.field("far").cast(pa.int64()).to_pylist() == [1000 << 40, -1000 << 40]
    assert source.field("twice_2").to_pylist() == ["x", "z"]
    assert source.field("price").to_pylist() == [decimal.Decimal("12.340"), decimal.Decimal("-1.000")]
    assert source.field("source").to_pylist() == [{"a": {"b": [1, None]}}, {"a": {"b": []}}]
    assert source.field("map").to_pylist() == [[("k", 1)], []]
    assert source.field("bytes").to_pylist() == [b"\xff", b"\0"]
    assert source.field("text").to_pylist() == [1, 3]


def test_strings_that_are_not_utf8_are_carried_with_their_bytes_spelt_out(tmp_path: Path) -> None:
    broken = pa.array([b"\xd9\x86\xff", b"x"]).view(pa.string())
    table = pa.table({"text": pa.array([b"\xff\xfe\xd9", NEWS.encode()]).view(pa.string()), "url": broken})
    (tmp_path / "a.parquet").write_bytes(written(table.append_column("empty", broken), "a.parquet"))
    ingest_plainly(settings_for(tmp_path / "out", tmp_path / "a.parquet"))
    corpus = Corpus(str(tmp_path / "out"))
    ((reject),) = corpus.dataset("rejects").to_table().to_pylist()
    assert (reject["reason"], reject["payload"], reject["offset"]) == ("not_text", b"\xff\xfe\xd9", 0)
    assert corpus.dataset("documents").to_table().column("source").to_pylist() == [{"url": "x"}]


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_damaged_tables_are_balanced_and_told(tmp_path: Path, name: str) -> None:
    """Of each damaged file what is whole is kept and the rest is rejected; nothing is lost or raised."""
    check_damaged(tmp_path, name, range(60))


def check_damaged(folder: Path, name: str, seeds: range) -> None:
    whole = FORMATS[name](ROWS)
    (folder / "in").mkdir()
    for seed in seeds:
        random = Random(seed)
        data = DAMAGES[seed % len(DAMAGES)](whole, random)
        (folder / "in" / f"{seed:04d}.{name}").write_bytes(data)
    values: dict[str, Any] = {"run__split_bytes": 700, "input__format": "auto", "dedup__scope": "off"}
    ingest_plainly(settings_for(folder / "out", folder / "in" / "*", run__id="x", **values))
    corpus = read_corpus(folder / "out", "x")
    tally = corpus.manifest["counts"]["documents"]
    lost = [row for row in corpus.rejects if row["reason"] == "columns_lost"]
    assert tally["rejected"] == len(corpus.rejects) - len(lost)
    assert tally["in"] == tally["kept"] + tally["rejected"] + tally["duplicate"] + tally["filtered"]
    seen = {row["bundle"] for row in (*corpus.documents, *corpus.rejects)}
    assert seen == {f"{seed:04d}.{name}" for seed in seeds}
    there = Corpus(str(folder / "out"))
    assert list(check_sources(there.folder, there.manifest("x"))) == []


def test_damage_to_a_row_group_costs_that_group(tmp_path: Path) -> None:
    data = bytearray(parquet(ROWS, 10))
    metadata = pq.ParquetFile(pa.BufferReader(bytes(data))).metadata
    column = metadata.row_group(1).column(1)
    place = column.dictionary_page_offset or column.data_page_offset
    data[place : place + column.total_compressed_size] = bytes(column.total_compressed_size)
    parts = read(tmp_path / "in", {"a.parquet": bytes(data)}, 500)
    assert [each[0] for each in texts(parts)] == [at for at in range(40) if not 10 <= at < 20]
    ((offset, length, reason, _),) = rejects(parts)
    assert (offset, length > 0, reason) == (10, True, "corrupt_table")


def test_rows_whose_carried_columns_are_damaged_are_kept_without_them_and_told(tmp_path: Path) -> None:
    data = bytearray(parquet(ROWS, 10))
    column = pq.ParquetFile(pa.BufferReader(bytes(data))).metadata.row_group(1).column(2)
    place = column.dictionary_page_offset or column.data_page_offset
    data[place : place + column.total_compressed_size] = bytes(column.total_compressed_size)
    (tmp_path / "a.parquet").write_bytes(data)
    ingest_plainly(settings_for(tmp_path / "out", tmp_path / "a.parquet", run__id="x", dedup__scope="off"))
    corpus = read_corpus(tmp_path / "out", "x")
    assert [row["source"] and row["source"]["views"] for row in corpus.documents] == [
        None if 10 <= at < 20 else at for at in range(40)
    ]
    assert corpus.manifest["rejects"] == {"columns_lost": 1}
    (reject,) = corpus.rejects
    assert (reject["offset"], reject["reason"]) == (10, "columns_lost")
    assert "10 rows are kept without them" in reject["detail"]
    assert corpus.manifest["counts"]["documents"] == {
        "in": 40,
        "kept": 40,
        "duplicate": 0,
        "filtered": 0,
        "rejected": 0,
    }


def test_a_store_that_fails_is_no_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.parquet").write_bytes(parquet(ROWS, 10))
    (bundle,) = list_bundles([str(tmp_path / "a.parquet")])
    calls = []

    def failing(self: Any, target: memoryview, offset: int) -> int:
        calls.append(offset)
        if len(calls) > 2:
            raise OSError(5, "Input/output error")
        return original(self, target, offset)

    from transforms.bundles.stores import LocalSource  # noqa: PLC0415

    original = LocalSource.read_into
    monkeypatch.setattr(LocalSource, "read_into", failing)
    with pytest.raises(BundleReadError, match="cannot be read: Input/output error"):
        list(read_parts(Split(0, (ByteRange(bundle, 0, bundle.size),))))


def test_counts_balance_where_whole_files_are_rejected(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(parquet(ROWS)[:-30])
    (tmp_path / "b.parquet").write_bytes(parquet(ROWS))
    ingest_plainly(settings_for(tmp_path / "out", tmp_path / "*.parquet", run__id="x", run__split_bytes=300))
    corpus = read_corpus(tmp_path / "out", "x")
    check_counts(corpus)
    (reject,) = corpus.rejects
    assert (reject["bundle"], reject["length"]) == ("a.parquet", (tmp_path / "a.parquet").stat().st_size)


def test_tables_are_read_from_stores(tmp_path: Path) -> None:
    system = fsspec.filesystem("memory")
    for name, write in FORMATS.items():
        system.pipe(f"/tables-in-a-store/{name}", write(ROWS))
    bundles = list_bundles(["memory://tables-in-a-store/*"])
    splits = plan_splits(bundles, 500)
    assert len(splits) > len(bundles)
    found = [documents for split in splits for _, documents in read_parts(split)]
    assert [each[3] for each in texts(found)] == [row["text"] for row in ROWS] * len(FORMATS)
    system.rm("/tables-in-a-store", recursive=True)
