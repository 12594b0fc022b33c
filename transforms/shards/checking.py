"""Checking a committed run against its files: what is missing, altered or miscounted."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from posixpath import basename
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from transforms import storage
from transforms.runs.manifest import committed_runs, read_manifest
from transforms.runs.run import LEDGER_FOLDERS, run_folder
from transforms.shards.audit import count_split, total


def check_run(output: str, manifest: dict[str, Any]) -> list[str]:
    """What is wrong with a run, a line each; nothing where all is as its manifest says.

    Args:
        output: the output folder.
        manifest: of the run.
    """
    wrong = [line for file in manifest["files"] for line in _check_file(output, file)]
    wrong += _unlisted(output, manifest)
    if not wrong:
        wrong = [*_check_counts(output, manifest), *_check_references(output, manifest)]
    return wrong


def _check_file(output: str, file: dict[str, Any]) -> Iterator[str]:
    url = storage.join(output, file["path"])
    if not storage.exists(url):
        yield f"{file['path']}: missing"
        return
    data = storage.read_whole(url)
    if data.size != file["bytes"]:
        yield f"{file['path']}: has {data.size:,} bytes, the manifest says {file['bytes']:,}"
    elif hashlib.sha256(data).hexdigest() != file["sha256"]:
        yield f"{file['path']}: its bytes are not those that were written"
    else:
        yield from _check_rows(data, file)


def _check_rows(data: pa.Buffer, file: dict[str, Any]) -> Iterator[str]:
    rows = pq.read_metadata(pa.BufferReader(data)).num_rows
    if rows != file["rows"]:
        yield f"{file['path']}: has {rows:,} rows, the manifest says {file['rows']:,}"


def _unlisted(output: str, manifest: dict[str, Any]) -> Iterator[str]:
    listed = {file["path"] for file in manifest["files"]}
    for ledger in LEDGER_FOLDERS:
        folder = run_folder(ledger, manifest["run"])
        for name in storage.list_files(storage.join(output, folder)):
            if f"{folder}/{name}" not in listed:
                yield f"{folder}/{name}: is not in the manifest"


def _check_counts(output: str, manifest: dict[str, Any]) -> Iterator[str]:
    splits: dict[str, dict[str, str]] = {}
    for file in manifest["files"]:
        splits.setdefault(basename(file["path"]), {})[file["path"].split("/", 1)[0]] = file["path"]
    found = total(count_split(output, paths) for paths in splits.values()).as_dict()
    for what, tally in manifest["counts"].items():
        for place, count in tally.items():
            if found[what][place] != count:
                yield f"{what} {place}: the files hold {found[what][place]:,}, the manifest says {count:,}"


def _check_references(output: str, manifest: dict[str, Any]) -> Iterator[str]:
    there = set(committed_runs(output))
    for run, rows in sorted(references(output, manifest).items()):
        if run not in there:
            yield f"{rows:,} duplicates repeat paragraphs of run {run}, which is no more"


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
