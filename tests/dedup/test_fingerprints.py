"""Fingerprint files: what goes in comes out, and the same goes in as the same bytes."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings

from tests.dedup.samples import fingerprint_of, fingerprints
from transforms.dedup.fingerprints import DOCUMENT_FIELDS, SCHEMA, Fingerprint, read_fingerprint, write_fingerprint
from transforms.filesystems import StorageError
from transforms.runs.run import Run
from transforms.sealed import unseal
from transforms.storage import Folder


def content(fingerprint: Fingerprint) -> dict[str, Any]:
    """All that a fingerprint says."""
    columns = ("first_paragraph", "offset", "length")
    numbers = fingerprint.sets.numbers
    sets = (
        fingerprint.sets.wordless,
        fingerprint.sets.shingles,
        fingerprint.sets.offsets,
        numbers.numbers,
        numbers.offsets,
    )
    arrays = [*(getattr(fingerprint, name) for name in columns), *sets]
    return {
        "documents": fingerprint.documents.to_pylist(),
        "columns": [(each.dtype.str, each.tolist()) for each in arrays],
        "facts": fingerprint.facts,
    }


@settings(deadline=None, max_examples=50)
@given(fingerprints)
def test_what_is_written_is_read(fingerprint: Fingerprint) -> None:
    run = Run(Folder("memory://fingerprints"), "x")
    write_fingerprint(run, "one", fingerprint)
    assert content(read_fingerprint(run, "one")) == content(fingerprint)


@settings(deadline=None, max_examples=20)
@given(fingerprints)
def test_the_same_fingerprint_is_the_same_bytes_in_every_store(
    tmp_path_factory: pytest.TempPathFactory, fingerprint: Fingerprint
) -> None:
    local, store = Folder(str(tmp_path_factory.mktemp("output"))), Folder("memory://output")
    written = set()
    for run in (Run(local, "a"), Run(local, "b"), Run(store, "a")):
        write_fingerprint(run, "one", fingerprint)
        assert content(read_fingerprint(run, "one")) == content(fingerprint)
        written.add(run.folder.read(run.fingerprint("one")).to_pybytes())
    assert len(written) == 1
    assert local.names(Run(local, "a").fingerprint_folder()) == ["one.arrow"]


@pytest.mark.parametrize("documents", [[], [[]], [[], []], [[[]]], [[[], [7]], [], [[2**64 - 1, 0]]]])
def test_what_is_empty_comes_back_empty(tmp_path: Path, documents: list[list[list[int]]]) -> None:
    fingerprint = fingerprint_of(documents)
    run = Run(Folder(str(tmp_path)), "x")
    write_fingerprint(run, "one", fingerprint)
    again = read_fingerprint(run, "one")
    assert content(again) == content(fingerprint)
    assert again.first_paragraph.tolist()[-1] == len(again.offset) == len(again.sets.offsets) - 1


def test_paragraphs_know_their_document_and_ordinal() -> None:
    fingerprint = fingerprint_of([[[1], [2], [3]], [], [[4]], [[5], [6]]])
    assert fingerprint.paragraph_document().tolist() == [0, 0, 0, 2, 3, 3]
    assert fingerprint.paragraph_index().tolist() == [0, 1, 2, 0, 0, 1]
    assert fingerprint.paragraph_index().dtype == np.int32


def test_the_columns_are_a_contract() -> None:
    assert [f"{field.name}: {field.type}{'' if field.nullable else '!'}" for field in DOCUMENT_FIELDS] == [
        "doc_id: string!", "bundle: string!", "offset: int64!", "length: int64!", "name: string!", "encoding: string!",
        "repaired: int32!",
        "language: string", "language_probability: float", "filter_rule: string", "filter_reason: string",
    ]  # fmt: skip
    assert [f"{field.name}: {field.type}" for field in list(SCHEMA)[len(DOCUMENT_FIELDS) :]] == [
        "paragraphs: large_list<item: struct<offset: int64 not null, length: int64 not null, wordless: bool not null>>",
        "shingles: large_list<item: large_list<item: uint64>>",
        "numbers: large_list<item: large_list<item: uint64>>",
    ]


def test_a_file_is_arrow_and_a_seal(tmp_path: Path) -> None:
    run = Run(Folder(str(tmp_path)), "x")
    write_fingerprint(run, "one", fingerprint_of([[[1, 2], [3]], [[]]]))
    content, _ = unseal(run.folder.read(run.fingerprint("one")))
    rows = pa.ipc.open_file(content).read_all().to_pylist()
    assert [row["shingles"] for row in rows] == [[[1, 2], [3]], [[]]]
    assert [[place["length"] for place in row["paragraphs"]] for row in rows] == [[11, 12], [13]]


def test_a_missing_file_is_an_error_of_one_line(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"^.*/none\.arrow: cannot be read: .*$"):
        read_fingerprint(Run(Folder(str(tmp_path)), "x"), "none")
