"""Checking a committed run against its files: what is missing, altered or miscounted."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from posixpath import basename

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from transforms.bundles.errors import RejectReason
from transforms.errors import RafidError, RunError
from transforms.runs.catalog import read_catalog
from transforms.runs.manifest import Counts, Manifest, RunKey, ShardFile, Tally
from transforms.runs.names import LEDGER_FOLDERS, generation_of
from transforms.runs.run import run_folder
from transforms.storage import Folder


def check_run(output: Folder, manifest: Manifest) -> list[str]:
    """The faults of a run, a line each; nothing where all is as its manifest says.

    Args:
        output: the output folder.
        manifest: of the run.
    """
    wrong = [line for file in manifest.files for line in _check_file(output, file)]
    wrong += _unlisted(output, manifest)
    if not wrong:
        wrong = [*_check_counts(output, manifest), *_check_references(output, manifest)]
    return wrong


def _check_file(output: Folder, file: ShardFile) -> Iterator[str]:
    if not output.exists(file.path):
        yield f"{file.path}: missing"
        return
    data = output.read(file.path)
    if data.size != file.bytes:
        yield f"{file.path}: has {data.size:,} bytes, the manifest says {file.bytes:,}"
    elif hashlib.sha256(data).hexdigest() != file.sha256:
        yield f"{file.path}: its bytes are not those that were written"
    else:
        yield from _check_rows(data, file)


def _check_rows(data: pa.Buffer, file: ShardFile) -> Iterator[str]:
    rows = pq.read_metadata(pa.BufferReader(data)).num_rows
    if rows != file.rows:
        yield f"{file.path}: has {rows:,} rows, the manifest says {file.rows:,}"


def _unlisted(output: Folder, manifest: Manifest) -> Iterator[str]:
    listed = {file.path for file in manifest.files}
    for ledger in LEDGER_FOLDERS:
        folder = run_folder(ledger, manifest.run)
        for name in output.files(folder):
            # What a run that was to replace this one has left is no fault of this one.
            if f"{folder}/{name}" not in listed and generation_of(name) == manifest.generation:
                yield f"{folder}/{name}: is not in the manifest"


def _check_counts(output: Folder, manifest: Manifest) -> Iterator[str]:
    splits: dict[str, dict[str, str]] = {}
    for file in manifest.files:
        splits.setdefault(basename(file.path), {})[file.path.split("/", 1)[0]] = file.path
    found = total(count_split(output, paths) for paths in splits.values())
    counted = found.by_kind()
    for what, tally in manifest.counts.by_kind().items():
        for place, count in tally.items():
            if counted[what][place] != count:
                yield f"{what} {place}: the files hold {counted[what][place]:,}, the manifest says {count:,}"


def _check_references(output: Folder, manifest: Manifest) -> Iterator[str]:
    """The rows of duplicates whose kept paragraph is in no run that is there, in this corpus or another."""
    there = _names_there(output)
    seen = {each.url: {key.run: key for key in each.runs} for each in manifest.against}
    for (corpus, run), rows in sorted(kept_runs(output, manifest).items(), key=_by_name):
        if corpus is None and run not in there:
            yield f"{rows:,} duplicates repeat paragraphs of run {run}, which is no more"
        elif corpus is not None and run not in seen.get(corpus, {}):
            yield f"{rows:,} duplicates repeat paragraphs of run {run} of {corpus}, which the manifest does not name"
        elif corpus is not None and seen[corpus][run] not in _keys_there(Folder(corpus)):
            yield f"{rows:,} duplicates repeat paragraphs of run {run} of {corpus}, which is no more, or not as it was"


def _by_name(counted: tuple[tuple[str | None, str], int]) -> tuple[str, str]:
    (corpus, run), _ = counted
    return corpus or "", run


def _names_there(output: Folder) -> set[str]:
    catalog = read_catalog(output)
    return {each.run for each in catalog.runs} | catalog.damaged.keys()


def _keys_there(output: Folder) -> set[RunKey]:
    """The committed runs of another corpus; none where it cannot be read."""
    try:
        return {each.key for each in read_catalog(output).runs}
    except RafidError:
        return set()


def kept_runs(output: Folder, manifest: Manifest) -> dict[tuple[str | None, str], int]:
    """The rows of a run's ledger of duplicates, counted by the corpus and run of the paragraph that stands for each.

    The corpus is None where it is this one.
    """
    counted: Counter[tuple[str | None, str]] = Counter()
    for path in manifest.files_of("duplicates"):
        file = pq.ParquetFile(output.read(path))
        names = [name for name in ("kept_corpus", "kept_run") if name in file.schema_arrow.names]
        for row in file.read(names).group_by(names).aggregate([([], "count_all")]).to_pylist():
            counted[row.get("kept_corpus"), row["kept_run"]] += row["count_all"]
    return dict(counted)


def references(output: Folder, manifest: Manifest) -> dict[str, int]:
    """The rows of a run's ledger of duplicates whose kept paragraph is in this corpus, counted by its run."""
    return {run: rows for (corpus, run), rows in kept_runs(output, manifest).items() if corpus is None}


def referring_runs(output: Folder, removed: Sequence[str], others: Iterable[Manifest]) -> dict[str, int]:
    """Those of `others` that point to one of `removed`, each with the rows that do."""
    gone = set(removed)
    found = {each.run: references(output, each) for each in others if each.run not in gone}
    pointing = {run: sum(rows.get(each, 0) for each in gone) for run, rows in found.items()}
    return {run: rows for run, rows in pointing.items() if rows}


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
    rejected = _rejected(files.get("rejects"))
    documents = Tally.of(rows.get("documents", 0), _gone(files), rows.get("filtered", 0), rejected)
    return Counts(documents=documents, paragraphs=Tally.of(kept, rows.get("duplicates", 0), filtered))


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
