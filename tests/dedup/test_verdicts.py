"""Verdicts: every removed paragraph in the table of its split, with the place of what stands for it."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dedup.samples import fingerprint_of
from transforms.dedup.verdicts import PLACES, SCHEMA, Decision, places_of, read_verdicts, verdict_tables, write_verdicts
from transforms.runs.run import Run
from transforms.storage import Folder

shapes = st.lists(st.lists(st.integers(0, 4), max_size=4), min_size=1, max_size=4)


def decision_of(pairs: list[tuple[int, int, float]]) -> Decision:
    """A decision from (removed, kept, similarity)."""
    removed, kept, similarity = zip(*pairs, strict=True) if pairs else ((), (), ())
    return Decision(np.array(removed, np.int64), np.array(kept, np.int64), np.array(similarity, np.float64), 0, 0)


@settings(deadline=None)
@given(shapes, st.data())
def test_every_removed_paragraph_is_told_where_its_partner_is(shapes: list[list[int]], data: st.DataObject) -> None:
    """`shapes`: for each split the number of paragraphs of each document."""
    splits = [
        fingerprint_of([[[] for _ in range(count)] for count in shape], f"bundle-{split}")
        for split, shape in enumerate(shapes)
    ]
    where = [
        (split, number, f"bundle-{split}#{document}", index)
        for split, shape in enumerate(shapes)
        for number, (document, index) in enumerate(
            (document, index) for document, count in enumerate(shape) for index in range(count)
        )
    ]
    pairs = [
        (number, data.draw(st.integers(0, number - 1)), data.draw(st.sampled_from([0.7, 0.75, 1.0])))
        for number in range(1, len(where))
        if data.draw(st.booleans())
    ]
    decision = decision_of(pairs)
    tables = list(verdict_tables(splits, decision, places_of(splits, decision.kept, "r1")))
    assert [row for table in tables for row in table.to_pylist()] == [
        {
            "paragraph": where[removed][1],
            "rule": "exact" if similarity == 1.0 else "near",
            "similarity": similarity,
            "kept_doc_id": where[kept][2],
            "kept_bundle": f"bundle-{where[kept][0]}",
            "kept_offset": 20 * where[kept][1],
            "kept_paragraph_index": where[kept][3],
            "kept_length": 11 + where[kept][1],
            "kept_run": "r1",
            "kept_corpus": None,
        }
        for removed, kept, similarity in pairs
    ]
    assert [len(table) for table in tables] == [
        sum(where[removed][0] == split for removed, _, _ in pairs) for split in range(len(shapes))
    ]


def verdicts(rows: int) -> pa.Table:
    """Verdicts on the first paragraphs of a split."""
    split = fingerprint_of([[[] for _ in range(rows + 1)]])
    decision = decision_of([(row + 1, row, 0.7 + row / 100) for row in range(rows)])
    return next(verdict_tables([split], decision, places_of([split], decision.kept, "يوم-1")))


@pytest.mark.parametrize("rows", [0, 1, 30])
def test_what_is_written_is_read_and_the_same_bytes_in_every_store(tmp_path: Path, rows: int) -> None:
    written = set()
    local, store = Folder(str(tmp_path)), Folder("memory://verdicts")
    for folder, name in ((local, "x"), (local, "y"), (store, "x")):
        run = Run(folder, name)
        write_verdicts(run, "one", verdicts(rows))
        found = read_verdicts(run, "one", rows + 1)
        assert found.equals(verdicts(rows))
        assert found.schema == SCHEMA
        written.add(folder.read(run.verdicts("one")).to_pybytes())
    assert len(written) == 1


def test_places_are_in_the_order_they_were_asked_for() -> None:
    splits = [fingerprint_of([[[1]], [[2], [3]]], "a"), fingerprint_of([], "b"), fingerprint_of([[[4]]], "c")]
    found = places_of(splits, np.array([3, 0, 2, 2], np.int64), "r")
    assert found.schema == PLACES
    assert found.to_pydict() == {
        "run": ["r"] * 4,
        "doc_id": ["c#0", "a#0", "a#1", "a#1"],
        "bundle": ["c", "a", "a", "a"],
        "offset": [0, 0, 40, 40],
        "paragraph_index": [0, 0, 1, 1],
        "length": [11, 11, 13, 13],
        "corpus": [None] * 4,
    }


def test_the_columns_are_a_contract() -> None:
    assert [f"{field.name}: {field.type}{'' if field.nullable else '!'}" for field in SCHEMA] == [
        "paragraph: int64!", "rule: string!", "similarity: double!", "kept_doc_id: string!", "kept_bundle: string!",
        "kept_offset: int64!", "kept_paragraph_index: int32!", "kept_length: int64!", "kept_run: string!",
        "kept_corpus: string",
    ]  # fmt: skip
