"""The runs of an output folder that are committed, in order, and the folder itself."""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, NamedTuple

from transforms.bundles.stores import open_store
from transforms.errors import RafidError, UsageError
from transforms.filesystems import MARKER, OutputError, StorageError
from transforms.runs.lock import MANIFESTS, is_claim
from transforms.runs.manifest import FORMAT, Manifest, RunKey
from transforms.runs.names import check_name
from transforms.runs.run import WAITING, Run
from transforms.runs.switch import SWITCH, Switch, parse_switch, switch_record
from transforms.storage import Folder

_MARKER_TEXT = {"format": FORMAT, "about": "A corpus written by Rafid. Follow manifests/ to read it."}


@dataclass(frozen=True)
class Catalog:
    """The committed runs of an output at one moment.

    Attributes:
        folder: the output.
        runs: their manifests, in the order of their commits.
        damaged: what is wrong with a manifest that cannot be read, by the name of its run or file.
    """

    folder: Folder
    runs: tuple[Manifest, ...]
    damaged: Mapping[str, OutputError]

    def whole(self) -> list[Manifest]:
        """All manifests; OutputError where one cannot be read."""
        for error in self.damaged.values():
            raise error
        return list(self.runs)

    def run(self, name: str) -> Manifest:
        """The manifest of one run, whatever becomes of others; OutputError where there is none that can be read."""
        check_name(name)
        if name in self.damaged:
            raise self.damaged[name]
        for each in self.runs:
            if each.run == name:
                return each
        there = ", ".join(sorted(each.run for each in self.runs)) or "none"
        raise OutputError(f"{self.folder.url}: has no committed run {name}; its runs: {there}")


class _Listing(NamedTuple):
    """The files that tell which runs there are: manifests, each with its state, and the record of a switch."""

    states: dict[str, str]
    record: bytes


def read_catalog(folder: Folder) -> Catalog:
    """The committed runs, as they are at one moment; a process reads each manifest once.

    A listing takes time, and so does reading. What is listed again afterwards and has not changed was so in between.
    """
    listed = _list(folder)
    while True:
        catalog = _catalog(folder, listed)
        again = _list(folder)
        if again == listed:
            return catalog
        listed = again


def committed_runs(folder: Folder) -> list[Manifest]:
    """The manifests of the committed runs, in the order of their commits.

    Raises:
        OutputError: a manifest cannot be read.
    """
    return read_catalog(folder).whole()


def _list(folder: Folder) -> _Listing:
    states = _local_states(folder) if folder.is_local else _stored_states(folder.at(MANIFESTS))
    named = {name: each for name, each in states.items() if name.endswith(".json") and not name.startswith((".", "_"))}
    return _Listing(named, switch_record(folder))  # last: a switch that begins later has changed none of these


def _local_states(folder: Folder) -> dict[str, str]:
    path = folder.local_path(MANIFESTS)
    try:
        with os.scandir(path) as items:
            return {item.name: _local_state(item) for item in items}
    except FileNotFoundError:
        return {}
    except NotADirectoryError as error:
        raise OutputError(f"output {folder.url}: is a file; name the folder of a corpus") from error
    except OSError as error:
        raise OutputError(f"{path}: cannot be read: {error.strerror}") from error


def _local_state(item: os.DirEntry[str]) -> str:
    try:
        status = item.stat()
    except OSError as error:  # it has just gone, or whoever reads it will say what is wrong with it
        return str(error)
    return f"{status.st_size}-{status.st_mtime_ns}-{status.st_ino}"


def _stored_states(url: str) -> dict[str, str]:
    store, path = open_store(url)
    entries = store.walk(path, 1) if store.kind(path) == "folder" else ()
    return {entry.path.rsplit("/", 1)[-1]: entry.state for entry in entries if not is_claim(entry.size)}


def _catalog(folder: Folder, listed: _Listing) -> Catalog:
    found: dict[str, Manifest] = {}
    damaged: dict[str, OutputError] = {}
    switch = Switch(come=(), gone=())
    try:
        switch = parse_switch(listed.record, folder)
    except OutputError as error:
        damaged[SWITCH] = error
    states = {file.removesuffix(".json"): state for file, state in listed.states.items()}
    readers: dict[str, Callable[[], Manifest]]
    readers = {name: partial(_manifest, folder, name, states[name]) for name in states.keys() - set(switch.gone)}
    readers |= {run.name: run.manifest for run in switch.coming(folder)}
    for name, read in readers.items():
        try:
            found[name] = read()
        except RafidError as error:
            damaged[name] = OutputError(str(error))
    return Catalog(folder, tuple(sorted(found.values(), key=in_order)), damaged)


@lru_cache(maxsize=100_000)
def _manifest(folder: Folder, name: str, _state: str) -> Manifest:
    """The state makes sure that a manifest which was replaced is read again."""
    try:
        run = Run(folder, name)
    except UsageError as error:
        raise OutputError(f"{folder.at(MANIFESTS)}/{name}.json: is not named after a run; move it elsewhere") from error
    return run.manifest_of_name()


def in_order(manifest: Manifest) -> tuple[int, RunKey]:
    """The key that manifests are sorted by, to be in the order of their commits."""
    return manifest.sequence, manifest.key


def waiting_runs(folder: Folder) -> list[Manifest]:
    """The manifests that wait for the last run of their job, in order; those that cannot be read do not wait."""
    found = []
    for run in waiting(folder):
        with suppress(OutputError):
            found.append(run.manifest())
    return sorted(found, key=in_order)


def waiting(folder: Folder) -> list[Run]:
    """The runs whose manifests wait."""
    files = (name for name, size in folder.sizes(WAITING).items() if name.endswith(".json") and not is_claim(size))
    return runs_of(folder, (file.removesuffix(".json") for file in files))


def runs_of(folder: Folder, ids: Iterable[str]) -> list[Run]:
    """The runs of those ids that are ids; whatever has another name is not ours."""
    found = []
    for each in ids:
        with suppress(UsageError):
            found.append(Run.of(folder, each))
    return found


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
    """True for an output folder of Rafid's.

    Raises:
        OutputError: it is one of another format, which another version wrote.
    """
    there = folder.exists(MARKER)
    if there:
        check_format(folder)
    return there


def check_format(folder: Folder) -> None:
    """Raises OutputError for an output whose marker names another format; a damaged marker names none."""
    with suppress(ValueError, OSError, StorageError):
        marker = json.loads(folder.read(MARKER).to_pybytes())
        if isinstance(marker, dict) and marker.get("format", FORMAT) != FORMAT:
            raise OutputError(
                f"output {folder.url}: {MARKER}: is of format {str(marker['format'])[:20]}, and this Rafid reads and "
                f"writes format {FORMAT}; use the version that wrote it, or another output"
            )


def _check_free(folder: Folder) -> None:
    """Makes sure that a folder without a marker may become an output; others may be making it one at this moment."""
    if folder.is_file() or (folder.is_local and folder.local_path().exists() and not folder.local_path().is_dir()):
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
