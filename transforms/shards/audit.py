"""Counting what was written: every document and paragraph ends in exactly one place."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from transforms import storage
from transforms.bundles.errors import RejectReason
from transforms.errors import RunError


class AuditError(RunError):
    """What was written is not what came in."""


@dataclass(frozen=True)
class Tally:
    """Where documents, or paragraphs, went."""

    kept: int = 0
    duplicate: int = 0
    filtered: int = 0
    rejected: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))

    @property
    def total(self) -> int:
        """All of them."""
        return self.kept + self.duplicate + self.filtered + self.rejected

    def as_dict(self) -> dict[str, int]:
        """The counts, the total first, as `in`."""
        return {"in": self.total, **asdict(self)}


@dataclass(frozen=True)
class Counts:
    """What a split, or a run, came to."""

    documents: Tally = field(default_factory=Tally)
    paragraphs: Tally = field(default_factory=Tally)

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.documents + other.documents, self.paragraphs + other.paragraphs)

    def as_dict(self) -> dict[str, dict[str, int]]:
        """The counts, as they stand in a manifest."""
        return {"documents": self.documents.as_dict(), "paragraphs": self.paragraphs.as_dict()}


def count_split(root: str, paths: Mapping[str, str]) -> Counts:
    """The counts of a split, read back from its files.

    Args:
        root: the output folder.
        paths: the split's files below it, by ledger.
    """
    files = {name: pq.ParquetFile(storage.read_whole(storage.join(root, path))) for name, path in paths.items()}
    rows = {name: file.metadata.num_rows for name, file in files.items()}
    kept = _list_entries(files.get("documents"), "paragraph_index")
    filtered = _list_entries(files.get("filtered"), "paragraph_offset")
    documents = Tally(rows.get("documents", 0), _gone(files), rows.get("filtered", 0), _rejected(files.get("rejects")))
    return Counts(documents, Tally(kept, rows.get("duplicates", 0), filtered, 0))


def _list_entries(file: pq.ParquetFile | None, column: str) -> int:
    if file is None:
        return 0
    return int(pc.sum(pc.list_value_length(file.read([column]).column(column))).as_py() or 0)


def _rejected(file: pq.ParquetFile | None) -> int:
    """The number of documents that could not be read; those that were repaired are kept besides."""
    if file is None:
        return 0
    return int(pc.sum(pc.not_equal(file.read(["reason"]).column("reason"), RejectReason.REPAIRED.value)).as_py() or 0)


def _gone(files: Mapping[str, pq.ParquetFile]) -> int:
    """How many documents have removed paragraphs and no kept one."""
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


def files_as_dicts(files: Iterable[storage.WrittenFile]) -> list[dict[str, Any]]:
    """Written files as they stand in a manifest, by path."""
    return [asdict(file) for file in sorted(files, key=lambda file: file.path)]
