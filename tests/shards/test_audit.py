"""Counts: from what was written, and they must balance."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.runs.manifest import Counts, Tally
from transforms.shards.checking import AuditError, check_balance, check_whole, count_split, total
from transforms.storage import Folder

TALLIES = st.builds(Tally.of, *[st.integers(0, 9)] * 4)


@settings(deadline=None)
@given(st.lists(st.builds(Counts, documents=TALLIES, paragraphs=TALLIES)))
def test_totals_are_sums(counts: list[Counts]) -> None:
    summed = total(counts).by_kind()
    for name in ("documents", "paragraphs"):
        for place in ("in", "kept", "duplicate", "filtered", "rejected"):
            assert summed[name][place] == sum(each.by_kind()[name][place] for each in counts)


@settings(deadline=None)
@given(TALLIES)
def test_in_is_the_sum_of_the_places(tally: Tally) -> None:
    counts = tally.by_place()
    assert counts.pop("in") == sum(counts.values()) == tally.total


def counts(documents: tuple[int, int, int, int], paragraphs: tuple[int, int, int, int]) -> Counts:
    """Counts of kept, duplicate, filtered and rejected."""
    return Counts(documents=Tally.of(*documents), paragraphs=Tally.of(*paragraphs))


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
    assert count_split(Folder(str(tmp_path)), paths) == counts((2, 1, 1, 3), (4, 3, 2, 0))


def test_ledgers_that_are_not_there_count_nothing(tmp_path: Path) -> None:
    assert count_split(Folder(str(tmp_path)), {}) == Counts()
    gone = {"duplicates": write(tmp_path, "u", {"doc_id": ["c", "c", "d"]})}
    assert count_split(Folder(str(tmp_path)), gone) == counts((0, 2, 0, 0), (0, 3, 0, 0))


def test_balance() -> None:
    check_balance((3, 7), counts((1, 1, 0, 1), (5, 2, 0, 0)))


@pytest.mark.parametrize("expected", [(2, 7), (4, 7), (3, 6), (3, 8)])
def test_what_does_not_balance_is_an_error_with_the_figures(expected: tuple[int, int]) -> None:
    with pytest.raises(AuditError) as caught:
        check_balance(expected, counts((1, 1, 0, 1), (5, 2, 0, 0)))
    assert f"read {expected[0]} documents and {expected[1]} paragraphs, wrote 3 and 7" in str(caught.value)
    assert caught.value.exit_code == 1


@pytest.mark.parametrize("written", [0, 4, 6])
def test_splits_that_are_missing_are_an_error_with_the_figures(written: int) -> None:
    check_whole(5, 5)
    with pytest.raises(
        AuditError, match=f"splits are missing: of 5 only {written} were written; nothing was committed"
    ):
        check_whole(5, written)
