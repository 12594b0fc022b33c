"""The tables of a split, from a few lines of Arabic."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from transforms.bundles.listing import list_bundles
from transforms.bundles.reader import read_documents
from transforms.bundles.splits import ByteRange, Split, plan_splits
from transforms.dedup.fingerprints import Fingerprint
from transforms.dedup.first_pass import fingerprint_split
from transforms.dedup.verdicts import SCHEMA
from transforms.settings import DedupSettings
from transforms.shards.schemas import LEDGERS
from transforms.shards.tables import SplitText

BUNDLE = """\
<<<FILE>>> الجسر
افتتح الوزير الجسر الجديد صباح اليوم
\t وحضر الحفل سكان الحي \u00a0
***
<<<FILE>>> مكرر
افتتح الوزير الجسر الجديد صباح اليوم
<<<FILE>>> فارغ
\u3000
<<<FILE>>> خبر آخر
افتتح الوزير الجسر الجديد صباح اليوم
هطلت أمطار غزيرة على الساحل
""".encode()


class Doubler:
    """A segmenter whose work is easy to see: every line twice, a plus between."""

    def segment_buffer(self, text: Any, start: Any, end: Any, progress: Any) -> tuple[Any, Any]:
        paragraphs = [text[first:last].tobytes() for first, last in zip(start, end, strict=True)]
        doubled = [re.sub(rb"[^\n]+", rb"\g<0>+\g<0>", each) for each in paragraphs]
        progress(1.0)
        offsets = np.cumsum([0] + [len(each) for each in doubled]).astype(np.int64)
        return np.frombuffer(b"".join(doubled), np.uint8), offsets


@pytest.fixture
def split(tmp_path: Path) -> Split:
    (tmp_path / "bundle.txt").write_bytes(BUNDLE)
    (found,) = plan_splits(list_bundles([str(tmp_path / "bundle.txt")]), 1 << 20)
    return found


@pytest.fixture
def fingerprint(split: Split) -> Fingerprint:
    return fingerprint_split(split, read_documents(split), "line", DedupSettings())


def verdicts(fingerprint: Fingerprint, *removed: int) -> pa.Table:
    """These paragraphs, removed as repeats of the first."""
    rows = [
        {
            "paragraph": each,
            "rule": "exact",
            "similarity": 1.0,
            "kept_doc_id": fingerprint.documents.column("doc_id")[0].as_py(),
            "kept_bundle": "bundle.txt",
            "kept_offset": int(fingerprint.offset[0]),
            "kept_paragraph_index": 0,
            "kept_length": int(fingerprint.length[0]),
            "kept_run": "x",
        }
        for each in removed
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def tables(split: Split, fingerprint: Fingerprint, *removed: int, segmenter: Any = None) -> dict[str, pa.Table]:
    text = SplitText(read_documents(split), fingerprint, verdicts(fingerprint, *removed), "x", 1, segmenter)
    return text.tables()


def test_every_table_has_its_schema(split: Split, fingerprint: Fingerprint) -> None:
    made = tables(split, fingerprint, 3, 4)
    assert sorted(made) == ["documents", "duplicates", "rejects"]
    assert all(table.schema.equals(LEDGERS[name]) for name, table in made.items())


def test_kept_paragraphs_stand_in_their_documents(split: Split, fingerprint: Fingerprint) -> None:
    rows = tables(split, fingerprint, 3, 4)["documents"].to_pylist()
    assert [(row["name"], row["text"].split("\n"), row["paragraph_index"]) for row in rows] == [
        ("الجسر", ["افتتح الوزير الجسر الجديد صباح اليوم", "وحضر الحفل سكان الحي", "***"], [0, 1, 2]),
        ("خبر آخر", ["هطلت أمطار غزيرة على الساحل"], [1]),
    ]
    for row in rows:
        for text, offset in zip(row["text"].split("\n"), row["paragraph_offset"], strict=True):
            assert BUNDLE[offset:].startswith(text.encode())
        assert BUNDLE[row["offset"] :].startswith(f"<<<FILE>>> {row['name']}".encode())
        assert BUNDLE[row["offset"] + row["length"] :][:10] in (b"<<<FILE>>>", b"")
    assert {row["segmented"] for row in rows} == {None}
    assert {row["encoding"] for row in rows} == {"utf-8"}


def test_removed_paragraphs_stand_in_the_ledger(split: Split, fingerprint: Fingerprint) -> None:
    made = tables(split, fingerprint, 3, 4)
    rows = made["duplicates"].to_pylist()
    assert [row["paragraph_index"] for row in rows] == [0, 0]
    assert {row["text"] for row in rows} == {"افتتح الوزير الجسر الجديد صباح اليوم"}
    assert all(BUNDLE[row["offset"] :].startswith(row["text"].encode()) for row in rows)
    assert rows[1]["doc_id"] == made["documents"].to_pylist()[1]["doc_id"]
    assert {(row["kept_doc_id"], row["kept_offset"]) for row in rows} == {
        (made["documents"].to_pylist()[0]["doc_id"], int(fingerprint.offset[0]))
    }


def test_what_cannot_be_read_is_rejected_with_its_bytes(split: Split, fingerprint: Fingerprint) -> None:
    (row,) = tables(split, fingerprint)["rejects"].to_pylist()
    assert row["payload"] == "<<<FILE>>> فارغ\n\u3000\n".encode()
    assert BUNDLE[row["offset"] : row["offset"] + row["length"]] == row["payload"]
    assert (row["stage"], row["reason"]) == ("read", "empty_document")


@pytest.mark.parametrize("stretch", [1, 70, 100, 1 << 16])
def test_the_segmenter_sees_the_kept_paragraphs_only(
    split: Split, fingerprint: Fingerprint, stretch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transforms.shards.tables._STRETCH", stretch)
    rows = tables(split, fingerprint, 3, 4, segmenter=Doubler())["documents"].to_pylist()
    assert len(rows) == 2
    for row in rows:
        assert row["segmented"].split("\n") == [f"{text}+{text}" for text in row["text"].split("\n")]


def test_where_nothing_is_kept_nothing_is_segmented(split: Split, fingerprint: Fingerprint) -> None:
    everything = range(len(fingerprint.offset))
    assert "documents" not in tables(split, fingerprint, *everything, segmenter=Doubler())


def test_a_document_left_out_by_a_rule_is_filtered_whole(split: Split, fingerprint: Fingerprint) -> None:
    column = fingerprint.documents.schema.get_field_index("filter_rule")
    marked = fingerprint.documents.set_column(column, "filter_rule", pa.array([None, "script", None]))
    fingerprint = Fingerprint(**{**vars(fingerprint), "documents": marked})
    made = tables(split, fingerprint, 4)
    (row,) = made["filtered"].to_pylist()
    assert (row["name"], row["rule"]) == ("مكرر", "script")
    assert row["text"].strip() == "افتتح الوزير الجسر الجديد صباح اليوم"
    assert row["paragraph_offset"] == [int(fingerprint.offset[3])]
    assert "مكرر" not in made["documents"].column("name").to_pylist()


def test_a_split_inside_a_document_has_no_tables(split: Split) -> None:
    part = split.ranges[0]
    inside = Split(0, (ByteRange(part.bundle, 20, 40),))
    assert tables(inside, fingerprint_split(inside, read_documents(inside), "line", DedupSettings())) == {}
