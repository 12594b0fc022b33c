"""Which runs name paragraphs of other runs as those that stand for their duplicates."""

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from transforms import storage
from transforms.shards.manifest import read_manifest


def references(output: str, manifest: dict[str, Any]) -> dict[str, int]:
    """The rows of a run's ledger of duplicates, counted by the run of the paragraph that stands for each."""
    counted: dict[str, int] = {}
    for file in manifest["files"]:
        if file["path"].startswith("duplicates/"):
            shard = pq.ParquetFile(storage.read_whole(storage.join(output, file["path"])))
            column = shard.read(["kept_run"]).column("kept_run")
            for each in pc.value_counts(column).to_pylist():
                counted[each["values"]] = counted.get(each["values"], 0) + each["counts"]
    return counted


def referring_runs(output: str, removed: Sequence[str], others: Iterable[str]) -> dict[str, int]:
    """Those of `others` that point to one of `removed`, each with the rows that do."""
    gone = set(removed)
    found = {run: references(output, read_manifest(output, run)) for run in others if run not in gone}
    pointing = {run: sum(rows.get(each, 0) for each in gone) for run, rows in found.items()}
    return {run: rows for run, rows in pointing.items() if rows}
