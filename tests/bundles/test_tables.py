"""Tables: what is one, which column is the text, and the rows of JSON lines and CSV, wherever they are cut."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tables import FORMATS, arrow_file, arrow_stream, bundle, json_lines, parquet, separated
from transforms.bundles.compression import Damaged
from transforms.bundles.documents import Documents
from transforms.bundles.listing import list_bundles
from transforms.bundles.reader import read_parts, why_no_text
from transforms.bundles.splits import plan_splits
from transforms.bundles.tables import Columns, table_of
from transforms.settings import ReadSettings

NEWS = "وصلت القافلة إلى المدينة عند الغروب"
ROWS = [{"name": str(at), "text": f"{NEWS} {at}\n{NEWS}"} for at in range(9)]


def read(folder: Path, files: dict[str, bytes], target: int = 1 << 20, **asked: Any) -> list[Documents]:
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    splits = plan_splits(list_bundles([str(folder / "*")]), target)
    reading = ReadSettings.model_validate(asked)
    return [documents for split in splits for _, documents in read_parts(split, reading)]


def texts(parts: list[Documents]) -> list[tuple[int, int, str, str]]:
    return [
        (offset, length, name, part.text[start:end].tobytes().decode())
        for part in parts
        for offset, length, name, start, end in zip(
            part.offset.tolist(),
            part.length.tolist(),
            part.name.to_pylist(),
            part.text_start,
            part.text_end,
            strict=True,
        )
    ]


def rejects(parts: list[Documents]) -> list[tuple[int, int, str, bytes]]:
    return [(each.offset, each.length, each.reason, each.payload) for part in parts for each in part.rejects]


@pytest.mark.parametrize(
    ("name", "head", "found"),
    [
        ("a.txt", b'{"text": "x"}\n', "jsonl"),
        ("a", b'\xef\xbb\xbf{"text": "x", "id"', "jsonl"),
        ("a.txt", b'\n {"text" : 1}\n', "jsonl"),
        ("a.txt", b"{}\n{}\n", "jsonl"),
        ("a.txt", b'{\n "text": "x"\n}\n', None),
        ("a.txt", b'{"text": broken\n', None),
        ("a.jsonl", b'{"text": broken\n', "jsonl"),
        ("a.jsonl.gz", b"null\n", "jsonl"),
        ("a.json", b'[{"text": "x"}]', None),
        ("a.jsonl", b"<<<FILE>>> a\n", None),
        ("a.jsonl", b"", None),
        ("a.jsonl", '\ufeff{"text": 1}'.encode("utf-16-le"), None),
        ("a.jsonl", b"\x1f\x8b\x08", None),
        ("a.CSV", b"id,text\n", "csv"),
        ("a.tsv.zst", b"id\ttext\n", "csv"),
        ("a.txt", b"id,text\n", None),
        ("a.txt", parquet(ROWS)[:512], "parquet"),
        ("a.txt", arrow_file(ROWS)[:512], "arrow"),
        ("a.txt", arrow_stream(ROWS)[:512], "arrow"),
        ("a.txt", b"\xff" * 40, None),
        ("a.txt", "{الحمد لله}".encode(), None),
    ],
)
def test_a_table_is_known_by_its_first_bytes_and_csv_by_its_name(name: str, head: bytes, found: str | None) -> None:
    assert table_of(name, head, "auto") == found
    assert table_of(name, head, "bundle") is None


@pytest.mark.parametrize("asked", ["jsonl", "csv", "parquet", "arrow"])
def test_a_format_that_is_asked_for_holds_for_all_but_what_is_compressed(asked: str) -> None:
    assert table_of("a.txt", b"<<<FILE>>>", asked) == asked
    assert table_of("a.txt", gzip.compress(b"x"), asked) is None


@pytest.mark.parametrize("name", FORMATS)
def test_rows_have_their_places(tmp_path: Path, name: str) -> None:
    data = FORMATS[name](ROWS)
    found = texts(read(tmp_path / "in", {name: data}, name_column="name"))
    assert [(each[2], each[3]) for each in found] == [(row["name"], row["text"]) for row in ROWS]
    if name.endswith(("jsonl", "csv")):
        assert [data[offset : offset + length].count(NEWS.encode()) for offset, length, *_ in found][::2] == [2] * 5
    else:
        assert [(offset, length) for offset, length, *_ in found] == [
            (at, len(row["text"].encode())) for at, row in enumerate(ROWS)
        ]


@settings(deadline=None, max_examples=100)
@given(
    st.lists(
        st.sampled_from(
            [
                '{"text": "نص أول\\nسطر"}',
                '{"id": 7}',
                "{broken",
                "",
                " \t",
                '{"text": ""}',
                f'{{"text": "{NEWS}"}}',
                "[]",
            ]
        ),
        max_size=12,
    ),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.integers(1, 120),
    st.integers(1, 200),
)
def test_json_lines_are_the_same_wherever_they_are_cut(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], end: str, ended: bool, target: int, part: int
) -> None:
    data = ('{"text": "x"}' + end + end.join(lines) + end * ended).encode()
    folder = tmp_path_factory.mktemp("in")
    whole = read(folder, {"a.jsonl": data})
    expected = [(offset, text) for offset, text in _by_hand(data)]
    assert [(offset, text) for offset, _, _, text in texts(whole)] == expected
    for kind, packed in {"a.jsonl": data, "a.jsonl.zst": zstandard.compress(data)}.items():
        (folder / "a.jsonl").unlink(missing_ok=True)
        again = read(folder, {kind: packed}, target, part_bytes=part)
        assert [each[:2] + each[3:] for each in texts(again)] == [each[:2] + each[3:] for each in texts(whole)]
        assert rejects(again) == rejects(whole)
        (folder / kind).unlink()


def _by_hand(data: bytes) -> list[tuple[int, str]]:
    found, offset = [], 0
    for line in data.split(b"\n"):
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if isinstance(row, dict) and row.get("text"):
            found.append((offset, row["text"]))
        offset += len(line) + 1
    return found


def test_lines_that_are_no_rows_are_rejected_with_their_bytes(tmp_path: Path) -> None:
    lines = [b'{"text": "\xff\xfe"}', b"{", b"[1]", b'{"id": 1}', b'{"text": null}', b'{"text": 5}', b'{"text": "  "}']
    lines += [b'{"a": ' * 150 + b"1" + b"}" * 150, b'{"text": NaN}', b'{"text": "\\ud800"}']
    data = b"\n".join([f'{{"text": "{NEWS}"}}'.encode(), *lines])
    found = rejects(read(tmp_path / "in", {"a.jsonl": data}))
    reasons = ["broken_row"] * 3 + ["no_text"] * 3 + ["empty_document"] + ["broken_row"] * 3
    assert [reason for *_, reason, _ in found] == reasons
    for offset, length, reason, payload in found:
        if reason != "empty_document":  # of which the text is kept
            assert data[offset : offset + length] == payload


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.csv"])
def test_a_row_that_is_too_long_is_rejected_with_its_beginning(tmp_path: Path, name: str) -> None:
    sizes = (1, 90_000, 200, 1)  # the second is longer than what is held of it, the third is not
    data = FORMATS[name]([{"text": " ".join([NEWS] * size)} for size in sizes])
    parts = read(tmp_path / "in", {name: data}, document_bytes=5_000, part_bytes=100)
    assert [text for *_, text in texts(parts)] == [NEWS] * 2
    found = rejects(parts)
    assert [reason for *_, reason, _ in found] == ["document_too_large"] * 2
    for offset, length, _, payload in found:
        assert data[offset - 1 : offset] == data[offset + length : offset + length + 1] == b"\n"
        assert payload == data[offset : offset + min(length, 1 << 20)]


def test_json_lines_that_end_too_early_keep_what_is_whole(tmp_path: Path) -> None:
    whole = gzip.compress(json_lines(ROWS * 300))
    parts = read(tmp_path / "in", {"a.jsonl.gz": whole[: len(whole) // 2]})
    found = texts(parts)
    assert [text for *_, text in found] == [row["text"] for row in ROWS * 300][: len(found)]
    ((offset, _, reason, _),) = rejects(parts)
    assert (offset > found[-1][0], reason) == (True, "truncated_stream")


def test_csv_may_have_other_separators_and_encodings_and_rows_that_are_none(tmp_path: Path) -> None:
    data = f'رقم;text\r\n1;"{NEWS}\r\n""{NEWS}"""\r\n2\r\n\r\n3;"{NEWS}"x\r\n4;{NEWS}\r\n5;"{NEWS}'.encode("cp1256")
    (part,) = parts = read(tmp_path / "in", {"a.csv": data}, text_column="text")
    assert part.encoding == ["windows-1256"] * 2
    assert [reason for *_, reason, _ in rejects(parts)] == ["broken_row"] * 3
    assert all(
        data[offset : offset + length] == payload.rstrip(b"\r") or payload
        for offset, length, _, payload in rejects(parts)
    )
    assert [part.offsets_of(part.text_start, range(2)).tolist()] == [[0, 0]]


@pytest.mark.parametrize(
    ("names", "strings", "text", "wanted"),
    [
        (["id", "text", "title"], ["text", "title"], None, "text"),
        (["id", "body"], ["body"], None, "body"),
        (["id", "text"], ["text"], "text", "text"),
        (["id", "a", "b"], ["a", "b"], None, "2 of them hold strings; name one with input.text_column"),
        (["id"], [], None, "none holds strings"),
        (["id", "text"], ["text"], "body", "column body is not there; the columns are: id, text"),
        (["id", "text"], ["text"], "id", "column id holds no strings"),
    ],
)
def test_the_column_of_the_text(names: list[str], strings: list[str], text: str | None, wanted: str) -> None:
    columns = Columns(text, None, None, "all")
    if " " not in wanted:
        assert columns.text_among(names, strings) == wanted
        return
    with pytest.raises(Damaged, match=re.escape(wanted)) as caught:
        columns.text_among(names, strings)
    assert caught.value.reason == "no_text"


@pytest.mark.parametrize("name", FORMATS)
def test_a_table_without_a_text_is_said_beforehand_or_rejected_whole(tmp_path: Path, name: str) -> None:
    data = FORMATS[name]([{"one": "أ", "two": "ب"}] * 40)
    parts = read(tmp_path / "in", {name: data}, 100)
    ((offset, length, reason, _),) = rejects(parts)
    assert (offset, length, reason, texts(parts)) == (0, len(data), "no_text", [])
    (listed,) = list_bundles([str(tmp_path / "in" / "*")])
    assert "the columns are: one, two" in why_no_text(listed, ReadSettings())
    assert why_no_text(listed, ReadSettings(text_column="two")) == ""
    assert why_no_text(listed, ReadSettings(format="bundle")) == ""


@pytest.mark.parametrize("name", FORMATS)
def test_a_table_without_rows_is_rejected_as_an_empty_bundle_is(tmp_path: Path, name: str) -> None:
    data = {"rows.jsonl": b"\n \n", "rows.csv": b"id,text\n"}.get(name) or _without_rows(name)
    ((offset, length, reason, payload),) = rejects(read(tmp_path / "in", {name: data}))
    assert (offset, length, reason, payload) == (0, len(data), "empty_document", data[:512])


def _without_rows(name: str) -> bytes:
    sink, schema = pa.BufferOutputStream(), pa.schema([("text", pa.string())])
    if name == "rows.parquet":
        pq.write_table(schema.empty_table(), sink)
    else:
        (pa.ipc.new_file if name == "rows.arrow" else pa.ipc.new_stream)(sink, schema).close()
    return bytes(sink.getvalue().to_pybytes())


def test_what_stands_in_a_row_is_no_delimiter(tmp_path: Path) -> None:
    text = f"<<<FILE>>> x\n{NEWS}\n<<<FILE>>> y\n{NEWS}"
    (part,) = parts = read(tmp_path / "in", {"a.jsonl": json_lines([{"text": text}])})
    assert [each[3] for each in texts(parts)] == [text]
    assert part.findings.counts == {}


def test_bundles_and_tables_share_a_part(tmp_path: Path) -> None:
    files = {"a.txt": bundle(ROWS[:2]), "b.jsonl": json_lines(ROWS[2:4]), "c.parquet": parquet(ROWS[4:6])}
    files |= {"d.csv": separated(ROWS[6:8]), "e.txt": bundle(ROWS[8:])}
    (part,) = parts = read(tmp_path / "in", files)
    assert [each[3].strip() for each in texts(parts)] == [row["text"] for row in ROWS]
    assert part.bundle.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4]
