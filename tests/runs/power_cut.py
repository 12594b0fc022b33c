"""A disk that loses what was not synchronised: records what is done to a folder, and shows it after a power cut.

Operations are recorded by the interpreter's audit events, so that none can be missed: renaming, linking, removing,
making folders; and by `os.fsync`. A power cut may come after any of them. It keeps the contents of files that were
synchronised, and the names in folders that were; of the others it keeps, as the file system likes, none, all, or only
the removals (Pillai et al., OSDI 2014; Mohan et al., OSDI 2018). A file that has its name and no content yet is empty.
"""

import os
import posixpath
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

_recorders: list["Recorder"] = []


class Keeps(Enum):
    """The names that were not synchronised and are kept."""

    NONE = "none of them"
    ALL = "all of them"
    REMOVALS = "the removals only"


@dataclass(frozen=True)
class Operation:
    """One operation.

    Attributes:
        kind: `name` for a new name, `folder` for a new folder, `gone`, `content` and `names` for a synchronisation.
        path: relative to the recorded folder.
        file: the number of the file or folder, which no other ever has.
        content: its bytes, where they are synchronised.
        source: the name that it had before.
    """

    kind: str
    path: str
    file: int = 0
    content: bytes = b""
    source: str = ""


@dataclass(frozen=True)
class _Disk:
    """What is on a disk: the names in memory and those that are sure, the contents that are sure, and the folders."""

    names: dict[str, int]
    sure: dict[str, int]
    contents: dict[int, bytes]
    folders: frozenset[int]

    def after(self, done: Operation) -> "_Disk":
        """The disk after one more operation."""
        if done.kind == "content":
            return replace(self, contents=self.contents | {done.file: done.content})
        if done.kind == "names":
            return replace(self, sure=self._sure_after(done.path))
        left = {path: file for path, file in self.names.items() if not _is_within(path, done.source or done.path)}
        if done.kind == "gone":
            return replace(self, names=left)
        folders = self.folders | {done.file} if done.kind == "folder" else self.folders
        return replace(self, names=left | {done.path: done.file}, folders=folders)

    def _sure_after(self, folder: str) -> dict[str, int]:
        """The sure names when those in a folder are."""
        own = {path: file for path, file in self.names.items() if posixpath.dirname(path) == folder}
        changed = [
            path for path, file in self.sure.items() if posixpath.dirname(path) == folder and own.get(path) != file
        ]
        others = {path: f for path, f in self.sure.items() if not any(_is_within(path, each) for each in changed)}
        return others | own

    def files(self, keeps: Keeps) -> dict[str, bytes]:
        """The files after a power cut; a folder is an entry with `/` at its end."""
        if keeps is Keeps.ALL:
            kept = self.names
        else:
            gone = self.sure.keys() - self.names.keys() if keeps is Keeps.REMOVALS else set()
            kept = {path: file for path, file in self.sure.items() if path not in gone}
        reachable = {path: file for path, file in kept.items() if all(each in kept for each in _above(path))}
        return {
            f"{path}/" if file in self.folders else path: b"" if file in self.folders else self.contents.get(file, b"")
            for path, file in reachable.items()
        }


def _above(path: str) -> Iterator[str]:
    while path := posixpath.dirname(path):
        yield path


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


class Recorder:
    """Records what is done to a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._numbers: dict[int, int] = {}
        self._last = 0
        self._start = self._look()
        self.operations: list[Operation] = []

    def _look(self) -> _Disk:
        """The folder as it is, all of it synchronised."""
        found = {str(each.relative_to(self._folder)): each for each in self._folder.rglob("*")}
        names = {path: self._number(each.stat().st_ino) for path, each in found.items()}
        contents = {names[path]: each.read_bytes() for path, each in found.items() if each.is_file()}
        folders = frozenset(names[path] for path, each in found.items() if each.is_dir())
        return _Disk(names, dict(names), contents, folders)

    def _number(self, inode: int) -> int:
        """The number of a file; the system gives the inodes of removed ones to others."""
        if inode not in self._numbers:
            self._last += 1
            self._numbers[inode] = self._last
        return self._numbers[inode]

    def _forget(self, path: Path) -> None:
        """Takes note that a name goes; the last one of a file takes its inode along."""
        if path.exists() and (path.is_dir() or path.stat().st_nlink == 1):
            self._numbers.pop(path.stat().st_ino, None)

    def _path(self, path: Any, folder: int) -> Path:
        place = Path.cwd() if folder < 0 else Path(f"/proc/self/fd/{folder}").readlink()
        return place / os.fsdecode(path)

    def _add(self, kind: str, path: Path, **facts: Any) -> None:
        if path == self._folder or self._folder in path.parents:
            relative = "" if path == self._folder else str(path.relative_to(self._folder))
            self.operations.append(Operation(kind, relative, **facts))

    def see(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Records an audit event, which comes before what it tells of."""
        if event in ("os.rename", "os.link"):
            source, target = self._path(arguments[0], arguments[2]), self._path(arguments[1], arguments[3])
            is_inside = event == "os.rename" and self._folder in source.parents
            number = self._number(source.stat().st_ino)
            if event == "os.rename":
                self._forget(target)
            gone = str(source.relative_to(self._folder)) if is_inside else ""
            self._add("name", target, file=number, source=gone)
        elif event in ("os.remove", "os.rmdir"):
            path = self._path(*arguments)
            self._forget(path)
            self._add("gone", path)
        elif event == "os.mkdir":
            path = self._path(arguments[0], arguments[2])
            if not path.exists() and path.parent.exists():
                self._last += 1
                self._add("folder", path, file=self._last)

    def synchronise(self, handle: int) -> None:
        """Records a synchronisation."""
        path = Path(f"/proc/self/fd/{handle}").readlink()
        if path.is_dir():
            self._add("names", path)
        else:
            self._add("content", path, file=self._number(os.fstat(handle).st_ino), content=path.read_bytes())

    def power_cuts(self) -> Iterator[tuple[str, dict[str, bytes]]]:
        """What is left after each power cut, with a name for it; each different one once."""
        disk, seen = self._start, set()
        for number, done in enumerate([None, *self.operations]):
            disk = disk.after(done) if done else disk
            for keeps in Keeps:
                files = disk.files(keeps)
                state = tuple(sorted(files.items()))
                if state not in seen:
                    seen.add(state)
                    yield f"after {number} operations, the last {done}, keeping {keeps.value}", files

    def left(self, keeps: Keeps) -> dict[str, bytes]:
        """What is left when the power goes after all of it."""
        disk = self._start
        for done in self.operations:
            disk = disk.after(done)
        return disk.files(keeps)


@contextmanager
def recorded(folder: Path) -> Iterator[Recorder]:
    """Records what this process does to the folder."""
    recorder, fsync = Recorder(folder), os.fsync

    def noted(handle: int) -> None:
        recorder.synchronise(handle)
        fsync(handle)

    _recorders.append(recorder)
    os.fsync = noted  # it has no event
    try:
        yield recorder
    finally:
        _recorders.remove(recorder)
        os.fsync = fsync


def lay_out(files: dict[str, bytes], folder: Path) -> None:
    """Makes a folder that holds these files."""
    for path, content in files.items():
        whole = folder / path
        (whole if path.endswith("/") else whole.parent).mkdir(parents=True, exist_ok=True)
        if not path.endswith("/"):
            whole.write_bytes(content)


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    for each in _recorders:
        each.see(event, arguments)


sys.addaudithook(_hear)
