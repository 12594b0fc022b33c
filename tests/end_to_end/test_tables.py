"""Documents in tables through the whole job: the same corpus as from bundles, with what their rows carry."""

import datetime
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.explain import main as explain
from pipelines.export import main as export
from pipelines.ingest import main
from tests.conftest import PROJECT, UNSEGMENTED
from tests.corpus import check_counts, read_corpus
from tests.plain_job import ingest_plainly, settings_for
from tests.tables import FORMATS, Rows, bundle, json_lines, parquet
from transforms.dedup.definition import definition_of
from transforms.shards.corpus import Corpus
from transforms.shards.what_if import preview

PARAGRAPHS = [
    "وصلت القافلة إلى المدينة عند الغروب بعد سفر طويل في الصحراء",
    "وَصَلَتِ القافلةُ إلى المدينةِ عند الغروب بعد سفرٍ طويلٍ في الصحراء",
    "وصلت القافلة إلى المدينة عند الفجر بعد سفر طويل في الصحراء",
    "بلغ عدد السكان 1250 نسمة في عام 2010 بحسب الإحصاء الأخير",
    "بلغ عدد السكان 1270 نسمة في عام 2010 بحسب الإحصاء الأخير",
    "الكتــاب مفتــوح على الصفحة الأولى",
    'نص, فيه فاصلة و"علامة" تنصيص',
    "***",
    "\u200f \t",
    "<<تنبيه>>",
    "ليلٌ",
]
TEXTS = st.lists(st.sampled_from(PARAGRAPHS), max_size=6).flatmap(
    lambda lines: st.sampled_from(["\n", "\r\n", "\n\n", "\u2028"]).map(lambda end: end.join(lines))
)
Fate = dict[tuple[str, int], tuple[str, ...]]


def rows_of(texts: list[str]) -> Rows:
    return [{"name": f"مقال {at}", "text": text, "views": at} for at, text in enumerate(texts)]


def ingested(folder: Path, files: dict[str, bytes], **values: Any) -> Path:
    """The output of a run of files."""
    (folder / "in").mkdir(parents=True)
    for name, data in files.items():
        (folder / "in" / name).write_bytes(data)
    asked = settings_for(folder / "out", folder / "in" / "*", input__name_column="name", **values)
    ingest_plainly(asked)
    return folder / "out"


def fates(output: Path) -> tuple[Fate, list[str]]:
    """Where each paragraph went, by its document's name and its number, and the reasons of the rejects."""
    corpus = Corpus(str(output))
    for manifest in corpus.manifests:
        check_counts(read_corpus(output, manifest.run))
    names = {}
    found: Fate = {}
    for row in corpus.dataset("documents").to_table().to_pylist():
        names[row["doc_id"]] = row["name"]
        for index, text in corpus.paragraphs(row).items():
            found[row["name"], index] = ("kept", text)
    duplicates = corpus.dataset("duplicates").to_table().to_pylist()
    places = {(row["bundle"], row["document_offset"]): row["doc_id"] for row in duplicates}
    order = {doc_id: number for number, (_, doc_id) in enumerate(sorted(places.items()))}
    for row in duplicates:
        kept = (names[row["kept_doc_id"]], str(row["kept_paragraph_index"]), row["rule"], str(row["similarity"]))
        key = f"removed {order[row['doc_id']]}", row["paragraph_index"]
        assert key not in found
        found[key] = ("removed", row["text"], *kept)
    reasons = corpus.dataset("rejects").to_table().column("reason").to_pylist()
    return found, reasons


@settings(deadline=None, max_examples=40)
@given(
    st.lists(TEXTS, min_size=1, max_size=12),
    st.sampled_from(sorted(FORMATS)),
    st.integers(64, 2000),
    st.integers(1, 3000),
)
def test_a_table_gives_the_corpus_of_the_bundle_of_its_texts(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], name: str, split: int, part: int
) -> None:
    folder, rows = tmp_path_factory.mktemp("same"), rows_of(texts)
    expected = fates(ingested(folder / "bundle", {"rows.txt": bundle(rows)}))
    output = ingested(folder / "table", {name: FORMATS[name](rows)}, run__split_bytes=split, input__part_bytes=part)
    assert fates(output) == expected


def test_kinds_may_be_mixed_and_stand_in_the_order_of_their_names(tmp_path: Path) -> None:
    rows = rows_of(PARAGRAPHS[:3])
    files = {f"{at}.{name}": write(rows) for at, (name, write) in enumerate(FORMATS.items())}
    output = ingested(tmp_path, {**files, "9.txt": bundle(rows)})
    corpus = Corpus(str(output))
    kept = corpus.dataset("documents").to_table()
    assert kept.column("bundle").to_pylist() == ["0.rows.jsonl"] * 2
    removed = corpus.dataset("duplicates").to_table()
    assert removed.num_rows == 3 * 6 - 2
    assert [row and row["views"] for row in removed.column("source").to_pylist()][-3:] == [None] * 3


def test_what_tables_carry_is_united_over_a_run_and_over_runs(tmp_path: Path) -> None:
    first = [{"text": PARAGRAPHS[0], "id": 1, "meta": {"lang": "ar"}, "tags": ["خبر"], "mixed": 1}]
    second = [{"text": PARAGRAPHS[3], "id": 2.5, "meta": {"score": 1}, "tags": [], "mixed": "نص", "none": None}]
    output = ingested(tmp_path / "a", {"a.jsonl": json_lines(first), "b.jsonl": json_lines(second)})
    corpus = Corpus(str(output))
    assert corpus.manifests[0].source == {
        "id": "double",
        "meta": "struct<lang: string, score: int64>",
        "tags": "list<element: string>",
        "mixed": "json",
        "none": "string",
    }
    assert corpus.dataset("documents").to_table().column("source").to_pylist() == [
        {"id": 1.0, "meta": {"lang": "ar", "score": None}, "tags": ["خبر"], "mixed": "1", "none": None},
        {"id": 2.5, "meta": {"lang": None, "score": 1}, "tags": [], "mixed": '"نص"', "none": None},
    ]
    for name, text in (("second.parquet", PARAGRAPHS[5]), ("third.txt", PARAGRAPHS[6])):
        path = tmp_path / name
        path.write_bytes(parquet([{"text": text, "id": "x", "date": "أمس"}]) if "parquet" in name else text.encode())
        ingest_plainly(settings_for(output, path))
    sources = Corpus(str(output)).dataset("documents").to_table().column("source").to_pylist()
    assert [row and (row["id"], row["date"], row["meta"]) for row in sources] == [
        ("1", None, {"lang": "ar", "score": None}),
        ("2.5", None, {"lang": None, "score": 1}),
        ("x", "أمس", None),
        None,
    ]


def test_a_damaged_shard_of_a_run_with_tables_is_told_as_others_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = ingested(tmp_path, {"a.jsonl": json_lines(rows_of(PARAGRAPHS[:2]))})
    (shard,) = output.glob("documents/*/*.parquet")
    shard.write_bytes(shard.read_bytes()[:100])
    assert export([str(output), "--to", "text"]) == 1
    (error,) = capsys.readouterr().err.splitlines()
    assert str(shard) in error
    assert error.endswith("verify says what is damaged")


def test_what_is_carried_is_chosen_and_the_id_always(tmp_path: Path) -> None:
    rows = [{"id": 7, "url": "https://example.org/7", "date": "2026", "text": PARAGRAPHS[0]}]
    asked = {"all": ["id", "url", "date"], "none": ["id"], "[url]": ["id", "url"]}
    for number, (carry, names) in enumerate(asked.items()):
        carried = ["url"] if carry == "[url]" else carry
        for name in ("rows.jsonl", "rows.parquet", "rows.csv"):
            output = ingested(
                tmp_path / f"{number}{name}", {name: FORMATS[name](rows)}, input__id_column="id", input__carry=carried
            )
            (row,) = Corpus(str(output)).dataset("documents").to_table().to_pylist()
            assert list(row["source"]) == names
            assert row["name"] == ""  # the column that was named is not there


def test_columns_are_named_by_pattern(tmp_path: Path) -> None:
    (tmp_path / "in" / "web").mkdir(parents=True)
    (tmp_path / "in" / "a.jsonl").write_bytes(json_lines([{"text": PARAGRAPHS[0], "other": "x"}]))
    web = [{"raw_content": PARAGRAPHS[3], "text": "لا شيء من هذا", "url": "https://example.org"}]
    (tmp_path / "in" / "web" / "b.parquet").write_bytes(parquet(web))
    rules = [{"match": "web/*", "text": "raw_content", "name": "url", "carry": "none"}]
    ingest_plainly(settings_for(tmp_path / "out", tmp_path / "in", input__tables=rules))
    rows = Corpus(str(tmp_path / "out")).dataset("documents").to_table().to_pylist()
    assert [(row["name"], row["text"], row["source"]) for row in rows] == [
        ("a.jsonl", PARAGRAPHS[0], {"other": "x"}),
        ("https://example.org", PARAGRAPHS[3], {"other": None}),
    ]


def test_what_is_carried_is_exported(tmp_path: Path) -> None:
    when = datetime.datetime(2026, 11, 28, tzinfo=datetime.UTC)
    rows = [{"text": PARAGRAPHS[0], "when": when, "raw": b"\xffa", "meta": {"lang": "ar"}, "price": Decimal("1.50")}]
    output = ingested(tmp_path, {"a.parquet": parquet(rows), "b.txt": PARAGRAPHS[3].encode()})
    for form, path in (("jsonl", "lines.jsonl"), ("huggingface", "folder")):
        columns = ["--columns", "name", "source"] if form == "jsonl" else []
        assert export([str(output), "--to", form, "--file", str(tmp_path / path), *columns]) == 0
    first, second = map(json.loads, (tmp_path / "lines.jsonl").read_text(encoding="utf-8").splitlines())
    assert (first["name"], second) == ("", {"name": "b.txt", "source": None})
    assert first["source"] == {
        "when": "2026-11-28 00:00:00+00:00", "raw": "\\xffa", "meta": {"lang": "ar"}, "price": "1.50"
    }  # fmt: skip
    (file,) = (tmp_path / "folder" / "data").iterdir()
    carried = {name: value for name, value in rows[0].items() if name != "text"}
    assert pq.read_table(file).column("source").to_pylist() == [carried, None]


def test_a_corpus_of_rafids_is_input_again(tmp_path: Path) -> None:
    """Nothing in it repeats anything else in it; and all of it is there already where it comes from."""
    ingest_plainly(settings_for(tmp_path / "out", PROJECT / "seeds" / "bundle_*.txt"))
    shards = [tmp_path / "again" / path.name for path in sorted((tmp_path / "out").glob("documents/*/*.parquet"))]
    (tmp_path / "again").mkdir()
    for path in shards:
        path.write_bytes(next((tmp_path / "out").glob(f"documents/*/{path.name}")).read_bytes())
    first = Corpus(str(tmp_path / "out")).manifests[0].counts
    ingest_plainly(settings_for(tmp_path / "new", *shards))
    new = Corpus(str(tmp_path / "new"))
    assert new.manifests[0].counts.paragraphs.kept == first.paragraphs.kept
    assert new.manifests[0].counts.paragraphs.total == first.paragraphs.kept
    carried = new.dataset("documents").to_table().column("source").combine_chunks()
    kept = pq.read_table(shards).drop_columns(["text"])
    assert carried.field("doc_id").to_pylist() == kept.column("doc_id").to_pylist()
    assert carried.type.field("paragraph_index").type == pa.list_(pa.int32())
    ingest_plainly(settings_for(tmp_path / "out", *shards, run__id="again"))
    again = Corpus(str(tmp_path / "out")).manifest("again").counts.paragraphs
    assert (again.kept, again.duplicate) == (0, first.paragraphs.kept)


def test_a_table_in_which_no_column_is_the_text_ends_the_job_beforehand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.jsonl").write_bytes(json_lines([{"id": 1, "one": "أ", "two": "ب"}]))
    arguments = ["--input", str(tmp_path / "a.jsonl"), "--output", str(tmp_path / "out"), *UNSEGMENTED]
    assert main(arguments) == 2
    assert capsys.readouterr().err == (
        f"rafid: input {tmp_path}/a.jsonl: no column is named text, and 2 of them hold strings; "
        "name one with input.text_column; the columns are: id, one, two\n"
    )
    assert not (tmp_path / "out").exists()
    assert main([*arguments, "--quiet", "--set", "input.text_column=two"]) == 0


def test_a_paragraph_of_a_row_is_explained_by_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"name": "أ", "text": PARAGRAPHS[0]}, {"name": "ب", "text": f"{PARAGRAPHS[3]}\n{PARAGRAPHS[0]}"}]
    output = ingested(tmp_path, {"rows.parquet": parquet(rows)})
    second = len(f"{PARAGRAPHS[3]}\n".encode())
    for place, found in (("0:0", "Kept: paragraph 0"), ("1:0", "Kept: paragraph 0"), (f"1:{second}", "exact  sim")):
        assert explain([str(output), "--paragraph", f"rows.parquet@{place}"]) == 0
        assert found in capsys.readouterr().out
    assert explain([str(output), "--paragraph", f"rows.parquet@0:{second}"]) == 2


def test_a_preview_of_tables_decides_them_in_their_order(tmp_path: Path) -> None:
    """The first row is kept, though the second one's paragraph begins nearer to the start of its text."""
    rows = [{"name": "أ", "text": f"{PARAGRAPHS[3]}\n{PARAGRAPHS[0]}"}, {"name": "ب", "text": PARAGRAPHS[0]}]
    corpus = Corpus(str(ingested(tmp_path, {"rows.parquet": parquet(rows)})))
    now = definition_of(corpus.manifests[0])
    found = preview(corpus, now, now, 1)
    assert found.paragraphs.column("document_offset").to_pylist() == [0, 0, 1]
    assert found.now.removed.tolist() == [2]


@pytest.mark.parametrize("join", ["one_pass", "partitioned"])
def test_the_graph_writes_what_the_stages_in_a_row_write(tmp_path: Path, join: str) -> None:
    """Both joins hand on what the tables of a run carry."""
    rows = rows_of(PARAGRAPHS * 3)
    mixed = [{**row, "mixed": at if at % 2 else str(at)} for at, row in enumerate(rows)]
    values = {"run__split_bytes": 2000, "input__part_bytes": 1000, "run__id": "x"}
    files = {"a.jsonl": json_lines(mixed), "b.parquet": parquet(rows), "c.txt": bundle(rows)}
    plain = read_corpus(ingested(tmp_path, files, **values), "x")
    asked = [f"--set={name.replace('__', '.')}={value}" for name, value in values.items()]
    asked += [f"--set=dedup.join={join}", "--set=input.name_column=name", "--quiet", *UNSEGMENTED]
    assert main(["--input", f"{tmp_path}/in/*", "--output", f"{tmp_path}/graph", *asked]) == 0
    graph = read_corpus(tmp_path / "graph", "x")
    assert graph.manifest["source"] == {"name": "string", "views": "int64", "mixed": "json"}
    assert graph.documents == plain.documents
    assert graph.duplicates == plain.duplicates
    assert graph.rejects == plain.rejects
