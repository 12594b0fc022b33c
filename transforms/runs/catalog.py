"""The runs of an output folder: those that are committed, in order, and what unfinished ones have left."""

import json
from functools import lru_cache
from typing import Any

from transforms.bundles.stores import open_store
from transforms.filesystems import OutputError, StorageError
from transforms.runs.lock import MANIFESTS, is_claim
from transforms.runs.manifest import Manifest
from transforms.runs.run import INDEX, LEDGER_FOLDERS, Run
from transforms.storage import Folder

MARKER = "rafid.json"  # an output folder has it; a folder without it is somebody else's
_MARKER_TEXT = {"format": 1, "about": "A corpus written by Rafid. Follow manifests/ to read it."}


def committed_runs(folder: Folder) -> list[Manifest]:
    """The manifests of the committed runs, in the order of their commits; a process reads each once.

    Raises:
        OutputError: a manifest cannot be read.
    """
    store, path = open_store(folder.at(MANIFESTS))
    if store.kind(path) != "folder":
        return []
    files = (entry for entry in store.walk(path, 1) if not is_claim(entry.size))
    states = {entry.path.rsplit("/", 1)[-1]: entry.state for entry in files}
    runs = [_manifest(folder, name.removesuffix(".json"), states[name]) for name in states if name.endswith(".json")]
    return sorted(runs, key=lambda each: (each.sequence, each.key))


@lru_cache(maxsize=100_000)
def _manifest(folder: Folder, run: str, _state: str) -> Manifest:
    """The state makes sure that a manifest which was replaced is read again."""
    return Run(folder, run).manifest()


def unfinished_runs(folder: Folder) -> list[Run]:
    """The runs that left files and no manifest, by name."""
    names = [name for kind in (*LEDGER_FOLDERS, INDEX) for name in folder.folders(kind)]
    found = {name.removeprefix("run=") for name in names if name.startswith("run=")}
    committed = {name.removesuffix(".json") for name in folder.names(MANIFESTS)}
    return [Run(folder, name) for name in sorted(found - committed)]


def clean_up(folder: Folder) -> list[str]:
    """Removes what crashed runs left; returns their names. Nobody else may be writing to the output."""
    crashed = unfinished_runs(folder)
    for run in crashed:
        run.remove()
    if folder.is_local:
        for left in folder.local_path().rglob(".*.tmp"):
            left.unlink(missing_ok=True)
    return [run.name for run in crashed]


def prepare_output(folder: Folder) -> None:
    """Makes sure that the folder is an output of Rafid's, and makes it one where it is new or empty.

    Raises:
        OutputError: it is a file, holds something else, or cannot be written.
    """
    if not folder.is_local and any(wildcard in folder.url for wildcard in "*?["):
        # Stores take a path with wildcards for a pattern when they remove what lies below it.
        raise OutputError(f"output {folder.url}: holds one of * ? [; name a folder without them")
    try:
        if is_output(folder):
            _write_marker(folder, folder.read(MARKER))
        else:
            _check_free(folder)
            _write_marker(folder, json.dumps(_MARKER_TEXT, indent=1).encode())
    except (OSError, StorageError) as error:
        raise OutputError(f"output {folder.url}: cannot be written ({error}); name a folder that can") from error


def is_output(folder: Folder) -> bool:
    """True for an output folder of Rafid's."""
    return folder.exists(MARKER)


def _check_free(folder: Folder) -> None:
    """Makes sure that a folder without a marker may become an output; others may be making it one at this moment."""
    if folder.is_file():
        raise OutputError(f"output {folder.url}: is a file; name a folder")
    unfinished = f".{MARKER}."  # markers that are being written
    if any(not name.startswith(unfinished) for name in folder.names()) and not is_output(folder):
        raise OutputError(f"output {folder.url}: holds files that are not Rafid's; name a new or an empty folder")


def _write_marker(folder: Folder, text: Any) -> None:
    for left in reversed(range(5)):
        try:
            folder.write(MARKER, text, durable=True)
            return
        except StorageError as error:
            # A run that cleans up takes every unfinished file, this one too.
            if not (left and isinstance(error.__cause__, FileNotFoundError)):
                raise
