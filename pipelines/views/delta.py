"""A corpus as a Delta table: a log beside its documents that names the same Parquet files, a version a run."""

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from transforms.errors import RunError, UsageError
from transforms.filesystems import is_local
from transforms.runs.manifest import Manifest
from transforms.shards.corpus import Corpus

try:
    from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, Schema
    from deltalake.exceptions import DeltaError
    from deltalake.transaction import AddAction, RemoveAction
except ImportError as error:
    raise UsageError(f"--to delta: needs the extra delta, pip install 'rafid[delta]' ({error})") from error

_TABLE, _PARTITION = "documents", ["run"]
# A checkpoint is a Parquet file, which would be among the files of a pattern like documents/*/*.parquet.
_NO_CHECKPOINTS = PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)
Files = set[tuple[str, int]]  # paths relative to the table, and sizes


def register(corpus: Corpus, folder: str) -> Iterator[str]:
    """Brings the table up to date with the committed runs, each in a version of its own; yields what each version did.

    No row is copied. A run that was replaced has its files replaced in one version; one that was removed goes in one.

    Args:
        corpus: the corpus.
        folder: where its documents are: the log is written there.

    Raises:
        UsageError: `folder` is elsewhere, or the runs cannot be one table.
        RunError: the log cannot be read or written.
    """
    _check_place(corpus, folder)
    schema = _schema(corpus)
    try:
        table = _opened(folder, schema)
        known = _registered(table)
        runs = {each.run: each for each in corpus.manifests}
        for run in [each for each in known if each not in runs]:
            _commit(table, schema, run, [])
            yield f"version {table.version()}: run {run} removed"
        for run, manifest in runs.items():
            if _files(manifest) != known.get(run, set()):
                _commit(table, schema, run, [_action(Path(folder), run, manifest, *each) for each in _files(manifest)])
                yield f"version {table.version()}: run {run} {'replaced' if run in known else 'added'}"
    except (DeltaError, OSError, ValueError) as error:
        raise RunError(f"--to delta: {folder}/_delta_log: {' '.join(str(error).split())}") from error


def _check_place(corpus: Corpus, folder: str) -> None:
    documents = corpus.folder.at(_TABLE)
    if not is_local(documents):
        raise UsageError(f"--to delta: {documents}: only a corpus in a local folder can be a Delta table so far")
    if Path(folder).absolute() != corpus.folder.local_path(_TABLE):
        raise UsageError(
            f"--to delta: the log lies beside the files that it names, inside the corpus; allow that with --file "
            f"{documents}"
        )


def _schema(corpus: Corpus) -> pa.Schema:
    """The columns of all runs; readers of Delta do not unite what tables carry, as Rafid does."""
    dataset = corpus.dataset(_TABLE)
    types = {str(dict(each.source)) for each in corpus.manifests if each.source}
    if len(types) > 1:
        raise UsageError("--to delta: the tables of its runs carry different columns in `source`; use --to huggingface")
    return dataset.schema


def _opened(folder: str, schema: pa.Schema) -> DeltaTable:
    """The table, with the columns of the runs; made where there is none."""
    if not DeltaTable.is_deltatable(folder):
        return DeltaTable.create(folder, Schema.from_arrow(schema), partition_by=_PARTITION, name="rafid")
    table, wanted = DeltaTable(folder), Schema.from_arrow(schema)
    present = {field.name for field in table.schema().fields}
    more = [field for field in wanted.fields if field.name not in present]
    if more:
        table.alter.add_columns(more, post_commithook_properties=_NO_CHECKPOINTS)
    if {each.name: each for each in table.schema().fields} != {each.name: each for each in wanted.fields}:
        raise UsageError(f"--to delta: {folder}/_delta_log: its columns are others; move it away and export again")
    return table


def _registered(table: DeltaTable) -> dict[str, Files]:
    """The files that the table names, by run."""
    found: dict[str, Files] = {}
    actions = pa.table(table.get_add_actions(flatten=True)).select(["path", "size_bytes", "partition.run"])
    for path, size, run in zip(*actions.to_pydict().values(), strict=True):
        found.setdefault(run, set()).add((path, size))
    return found


def _files(manifest: Manifest) -> Files:
    start = f"{_TABLE}/"
    return {(each.path.removeprefix(start), each.bytes) for each in manifest.files if each.path.startswith(start)}


def _action(folder: Path, run: str, manifest: Manifest, path: str, size: int) -> AddAction:
    (rows,) = (each.rows for each in manifest.files if each.path == f"{_TABLE}/{path}")
    modified = int(1000 * (folder / path).stat().st_mtime)
    return AddAction(path, size, {"run": run}, modified, data_change=True, stats=json.dumps({"numRecords": rows}))


def _commit(table: DeltaTable, schema: pa.Schema, run: str, actions: list[AddAction | RemoveAction]) -> None:
    """A version in which these are the files of a run, and those that it had go."""
    table.create_write_transaction(
        actions,
        "overwrite",
        schema,
        _PARTITION,
        partition_filters=[("run", "=", run)],
        commit_properties=CommitProperties(custom_metadata={"rafid.run": run}),
        post_commithook_properties=_NO_CHECKPOINTS,
    )
    table.update_incremental()
