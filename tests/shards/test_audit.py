"""Counts: from what was written, and they must balance."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.shards.audit import AuditError, Counts, Tally, check_balance, count_split, files_as_dicts, total
from transforms.storage import WrittenFile

COUNTS = st.builds(Tally, *[st.integers(0, 9)] * 4)


@given(st.lists(st.builds(Counts, COUNTS, COUNTS)))
def test_totals_are_sums(counts: list[Counts]) -> None:
    summed = total(counts).as_dict()
    for name in ("documents", "paragraphs"):
        for place in ("in", "kept", "duplicate", "filtered", "rejected"):
            assert summed[name][place] == sum(each.as_dict()[name][place] for each in counts)


@given(COUNTS)
def test_in_is_the_sum_of_the_places(tally: Tally) -> None:
    counts = tally.as_dict()
    assert counts.pop("in") == sum(counts.values()) == tally.total


def write(folder: Path, name: str, columns: dict[str, list[object]]) -> str:
    pq.write_table(pa.table(columns), folder / name)
    return name


def test_a_split_is_counted_from_its_files(tmp_path: Path) -> None:
    """Document c is gone: all it had repeats; of a some is left, and some is not."""
    paths = {
        "documents": write(tmp_path, "d", {"doc_id": ["a", "b"], "paragraph_index": [[0, 2, 3], [0]]}),
        "duplicates": write(tmp_path, "u", {"doc_id": ["a", "c", "c"]}),
        "filtered": write(tmp_path, "f", {"paragraph_offset": [[5, 9]]}),
        "rejects": write(tmp_path, "r", {"reason": ["not_text"] * 3}),
    }
    assert count_split(str(tmp_path), paths) == Counts(Tally(2, 1, 1, 3), Tally(4, 3, 2, 0))


def test_ledgers_that_are_not_there_count_nothing(tmp_path: Path) -> None:
    assert count_split(str(tmp_path), {}) == Counts()
    gone = {"duplicates": write(tmp_path, "u", {"doc_id": ["c", "c", "d"]})}
    assert count_split(str(tmp_path), gone) == Counts(Tally(duplicate=2), Tally(duplicate=3))


def test_balance() -> None:
    check_balance((3, 7), Counts(Tally(1, 1, 0, 1), Tally(5, 2, 0, 0)))


@pytest.mark.parametrize("expected", [(2, 7), (4, 7), (3, 6), (3, 8)])
def test_what_does_not_balance_is_an_error_with_the_figures(expected: tuple[int, int]) -> None:
    with pytest.raises(AuditError) as caught:
        check_balance(expected, Counts(Tally(1, 1, 0, 1), Tally(5, 2, 0, 0)))
    assert f"read {expected[0]} documents and {expected[1]} paragraphs, wrote 3 and 7" in str(caught.value)
    assert caught.value.exit_code == 1


def test_files_stand_in_the_manifest_by_path() -> None:
    files = [WrittenFile(path, 1, 2, "ab") for path in ("b", "a")]
    assert files_as_dicts(files) == [{"path": path, "rows": 1, "bytes": 2, "sha256": "ab"} for path in ("a", "b")]
