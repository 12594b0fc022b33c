"""The manifest of a run: the commit. A run that has one is whole; a run without one does not exist."""

import json
from pathlib import Path
from typing import Any

from transforms import storage
from transforms.errors import RunError
from transforms.runs.run import (
    INDEX,
    LEDGER_FOLDERS,
    MANIFESTS,
    MARKER,
    REPORTS,
    RunPaths,
    manifest_path,
    run_folder,
)
from transforms.storage import FileTaken, OutputError, write_new

_MARKER_TEXT = {"format": 1, "about": "A corpus written by Rafid. Follow manifests/ to read it."}


class RunTaken(RunError):  # noqa: N818 - says what is
    """A run that another writer has committed."""


def prepare_output(output: str) -> None:
    """Makes sure that `output` is an output folder of Rafid's, and makes it one where it is new or empty.

    Raises:
        OutputError: it is a file, holds something else, or cannot be written.
    """
    if not storage.is_local(output) and any(wildcard in output for wildcard in "*?["):
        # Stores take a path with wildcards for a pattern when they remove what lies below it.
        raise OutputError(f"output {output}: holds one of * ? [; name a folder without them")
    try:
        if _is_marked(output):
            _write_marker(output, storage.read_whole(storage.join(output, MARKER)))
        else:
            _check_free(output)
            _write_marker(output, json.dumps(_MARKER_TEXT, indent=1).encode())
    except (OSError, storage.StorageError) as error:
        raise OutputError(f"output {output}: cannot be written ({error}); name a folder that can") from error


def _is_marked(output: str) -> bool:
    return storage.exists(storage.join(output, MARKER))


def _check_free(output: str) -> None:
    """Makes sure that a folder without a marker may become an output; others may be making it one at this moment."""
    if storage.is_file(output):
        raise OutputError(f"output {output}: is a file; name a folder")
    unfinished = f".{MARKER}."  # markers that are being written
    if any(not name.startswith(unfinished) for name in storage.list_names(output)) and not _is_marked(output):
        raise OutputError(f"output {output}: holds files that are not Rafid's; name a new or an empty folder")


def _write_marker(output: str, text: Any) -> None:
    for left in reversed(range(5)):
        try:
            storage.write_whole(output, MARKER, text)
            return
        except storage.StorageError as error:
            # A run that cleans up takes every unfinished file, this one too.
            if not (left and isinstance(error.__cause__, FileNotFoundError)):
                raise


def write_manifest(output: str, manifest: dict[str, Any]) -> None:
    """Commits a run: its manifest appears whole, or not at all; of two writers of one run, one commits it.

    Raises:
        RunTaken: another has.
    """
    text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=False) + "\n"
    path = manifest_path(manifest["run"])
    if storage.is_local(output):
        for file in manifest["files"]:
            storage.sync(storage.filesystem(storage.join(output, file["path"]))[1])
    try:
        write_new(output, path, text.encode())
    except FileTaken as error:
        if read_manifest(output, manifest["run"])["started"] != manifest["started"]:  # else this is a second attempt
            raise RunTaken(
                f"{storage.join(output, path)}: another writer has committed run {manifest['run']} in the meantime; "
                "give this one another name with --run"
            ) from error
    if storage.is_local(output):
        storage.sync(storage.filesystem(storage.join(output, path))[1])


def read_manifest(output: str, run: str) -> dict[str, Any]:
    """The manifest of a committed run.

    Raises:
        OutputError: there is none, or it cannot be read.
    """
    url = storage.join(output, manifest_path(run))
    if not storage.exists(url):
        raise OutputError(
            f"{output}: has no committed run {run}; its runs: {', '.join(committed_runs(output)) or 'none'}"
        )
    try:
        manifest: dict[str, Any] = json.loads(storage.read_whole(url).to_pybytes())
    except ValueError as error:
        raise OutputError(f"{url}: is not a manifest ({error}); restore it from a backup or remove the run") from error
    return manifest


def is_committed(paths: RunPaths) -> bool:
    """Whether the run has a manifest."""
    return storage.exists(storage.join(paths.output, manifest_path(paths.run)))


def committed_runs(output: str) -> list[str]:
    """The ids of the committed runs, sorted."""
    found = storage.list_files(storage.join(output, MANIFESTS))
    return sorted(name.removesuffix(".json") for name in found if name.endswith(".json") and "/" not in name)


def remove_run(output: str, run: str) -> None:
    """Removes a run, its manifest first: from then on it does not exist."""
    storage.remove(storage.join(output, manifest_path(run)))
    for kind in (*LEDGER_FOLDERS, INDEX):
        storage.remove(storage.join(output, run_folder(kind, run)))
    storage.remove(storage.join(output, REPORTS, f"{run}.html"))


def uncommitted_runs(output: str) -> list[str]:
    """The ids of runs that left files and no manifest, sorted."""
    folders = [name for kind in (*LEDGER_FOLDERS, INDEX) for name in storage.list_folders(storage.join(output, kind))]
    found = {name.removeprefix("run=") for name in folders if name.startswith("run=")}
    return sorted(found - set(committed_runs(output)))


def clean_up(output: str) -> list[str]:
    """Removes what crashed runs left; returns their ids. Nobody else may be writing to the output."""
    crashed = uncommitted_runs(output)
    for run in crashed:
        remove_run(output, run)
    if storage.is_local(output):
        for left in Path(storage.filesystem(output)[1]).rglob(".*.tmp"):
            left.unlink(missing_ok=True)
    return crashed
