"""Counting what was written: every document and paragraph ends in exactly one place."""

from collections.abc import Iterable, Mapping

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from transforms.errors import RunError
from transforms.runs.manifest import Counts, Tally
from transforms.storage import Folder


class AuditError(RunError):
    """The counts of what was written differ from those of what came in."""


def count_split(folder: Folder, paths: Mapping[str, str]) -> Counts:
    """The counts of a split, read back from its files.

    Args:
        folder: the output.
        paths: the split's files in it, by ledger.
    """
    files = {name: pq.ParquetFile(folder.read(path)) for name, path in paths.items()}
    rows = {name: file.metadata.num_rows for name, file in files.items()}
    kept = _list_entries(files.get("documents"), "paragraph_index")
    filtered = _list_entries(files.get("filtered"), "paragraph_offset")
    documents = Tally.of(rows.get("documents", 0), _gone(files), rows.get("filtered", 0), rows.get("rejects", 0))
    return Counts(documents=documents, paragraphs=Tally.of(kept, rows.get("duplicates", 0), filtered))


def _list_entries(file: pq.ParquetFile | None, column: str) -> int:
    if file is None:
        return 0
    return int(pc.sum(pc.list_value_length(file.read([column]).column(column))).as_py() or 0)


def _gone(files: Mapping[str, pq.ParquetFile]) -> int:
    """The number of documents that have removed paragraphs and no kept one."""
    if "duplicates" not in files:
        return 0
    removed = pc.unique(files["duplicates"].read(["doc_id"]).column("doc_id"))
    if "documents" not in files:
        return len(removed)
    kept = files["documents"].read(["doc_id"]).column("doc_id")
    return int(pc.sum(pc.invert(pc.is_in(removed, value_set=pa.array(kept.combine_chunks())))).as_py())


def check_balance(expected: tuple[int, int], counts: Counts) -> None:
    """Raises AuditError unless the counts add up to the documents and paragraphs that were read."""
    found = counts.documents.total, counts.paragraphs.total
    if found != expected:
        raise AuditError(
            f"counts do not balance: read {expected[0]} documents and {expected[1]} paragraphs, "
            f"wrote {found[0]} and {found[1]}; nothing was committed"
        )


def check_whole(opened: int, written: int) -> None:
    """Raises AuditError unless all splits of a run were written."""
    if written != opened:
        raise AuditError(f"splits are missing: of {opened} only {written} were written; nothing was committed")


def total(counts: Iterable[Counts]) -> Counts:
    """The sum of counts."""
    return sum(counts, Counts())
