"""Folders on any fsspec file system: files go in whole and come out whole, and no path leads outside."""

import hashlib
import logging
import posixpath
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from transforms import filesystems as conditional
from transforms.filesystems import (
    FileTaken,
    StorageError,
    check_guards,
    filesystem,
    flush,
    flush_all,
    is_local,
    persist,
    refused,
    replacing,
    writing,
)
from transforms.sealed import SealedFiles
from transforms.written import DigestingSink, WrittenFile, write_all

T = TypeVar("T")
_log = logging.getLogger("rafid.storage")


@dataclass(frozen=True)
class Folder(SealedFiles):
    """A folder somewhere. Its files are written whole or not at all; `path` is always relative to it, with `/`.

    Nothing is asked of the file system when one is made. Every method that takes a path raises StorageError for one
    that leads outside: paths may come from files.

    Attributes:
        url: what fsspec opens.
    """

    url: str

    def at(self, path: str = "") -> str:
        """The URL of a file or folder in it; its own without a path."""
        root = self.url if self.url.endswith("://") else self.url.rstrip("/") or "/"
        return posixpath.join(root, self._inside(path)) if path else root

    def below(self, path: str) -> "Folder":
        """A folder in it."""
        return Folder(self.at(path))

    def _inside(self, path: str) -> str:
        if path.startswith("/") or "\0" in path or any(part in ("", ".", "..") for part in path.split("/")):
            raise StorageError(f"{self.url}: path {path!r} is not inside the folder; the file that names it is damaged")
        return path

    @property
    def is_local(self) -> bool:
        """True for a folder on this machine's own file systems."""
        return is_local(self.url)

    def local_path(self, path: str = "") -> Path:
        """The absolute path of a file, where the folder is local."""
        return Path(filesystem(self.at(path))[1])

    def write(self, path: str, data: Any, rows: int = 0, *, durable: bool = False) -> WrittenFile:
        """Writes all of `data` (bytes-like) at `path`, or nothing under that name.

        Args:
            path: the file; folders above it are made.
            data: its bytes.
            rows: the rows in it, for the record that is returned.
            durable: where the folder is local, it survives a power cut as soon as it has its name.

        Raises:
            StorageError: the store refused it (disk full, no permission).
        """
        view, url = memoryview(data).cast("B"), self.at(path)
        with writing(url):
            if self.is_local:
                with replacing(self.local_path(path)) as temporary:
                    temporary.write_bytes(view)
                    if durable:
                        flush(temporary)
            else:
                system, inner = filesystem(url)
                persist(lambda: system.pipe_file(inner, bytes(view)))  # stores show a file when all of it is there
        return WrittenFile(path, rows, len(view), hashlib.sha256(view).hexdigest())

    def write_by(self, path: str, fill: Callable[[pa.NativeFile], Any], rows: int = 0) -> WrittenFile:
        """As `write`, but of what `fill` writes into a file; where the folder is local, it is not held in memory.

        Raises:
            StorageError: the store refused it.
        """
        if not self.is_local:
            fill(held := pa.BufferOutputStream())
            return self.write(path, held.getvalue(), rows)
        with (
            writing(self.at(path)),
            replacing(self.local_path(path)) as temporary,
            temporary.open("wb", buffering=0) as file,
        ):
            sink = DigestingSink(partial(write_all, file), hashlib.sha256())
            fill(pa.PythonFile(sink, "w"))
        return WrittenFile(path, rows, sink.size, sink.digest())

    def create(self, path: str, data: bytes) -> None:
        """Writes all of `data` at `path`, where nothing may be: of two writers one succeeds, if the store can do it.

        Raises:
            FileTaken: there is a file.
            StorageError: the store refused it.
        """
        url = self.at(path)
        try:
            with writing(url):
                if self.is_local:
                    with replacing(self.local_path(path), new=True) as temporary:
                        temporary.write_bytes(data)
                        flush(temporary)
                else:
                    system, inner = filesystem(url)
                    persist(lambda: conditional.put_new(system, inner, data))
        except StorageError as error:
            taken = isinstance(error.__cause__, FileExistsError) and self.exists(path)
            raise FileTaken(f"{url}: is there already") if taken else error from error.__cause__

    def version(self, path: str) -> str:
        """A text that changes whenever a file is written with other bytes; empty where there is none.

        Not for a local folder.
        """
        return self._ask(path, conditional.version)

    def replace_if(self, path: str, data: bytes, seen: str) -> str:
        """Writes `data` at `path` where the file's version is still `seen`; returns its new version.

        Of two writers one succeeds, if the store can do it; else the file is looked at and then written. No guard is
        asked. Not for a local folder.

        Args:
            path: the file.
            data: its new bytes; nobody else ever writes the same there.
            seen: its version when it was looked at; empty where there was none.

        Raises:
            FileTaken: it is another file by now.
            StorageError: the store refused it.
        """
        url = self.at(path)
        system, inner = filesystem(url)
        try:
            put = partial(conditional.put_if, seen=seen) if seen else conditional.put_new
            persist(lambda: put(system, inner, data))
            return persist(lambda: conditional.version_of(system, inner, data))
        except FileExistsError as error:
            raise FileTaken(f"{url}: another writer has written it") from error
        except OSError as error:
            raise refused(url, error) from error

    def keeps_conditions(self, path: str) -> bool:
        """True where the store refuses what `replace_if` must not write; tried on a file that is there."""
        return self._ask(path, lambda system, inner: conditional.refuses_others(system, inner, system.cat_file(inner)))

    def read(self, path: str) -> pa.Buffer:
        """The bytes of a file; memory-mapped where it is local.

        Raises:
            StorageError: it is not there or cannot be read.
        """
        url = self.at(path)
        system, inner = filesystem(url)
        try:
            if self.is_local:
                with pa.memory_map(inner) as file:
                    return file.read_buffer()
            return pa.py_buffer(persist(lambda: system.cat_file(inner)))
        except OSError as error:
            raise StorageError(f"{url}: cannot be read: {error.strerror or error}") from error

    def exists(self, path: str = "") -> bool:
        """True where there is a file or a folder."""
        return self._ask(path, lambda system, inner: bool(system.exists(inner)))

    def is_file(self, path: str = "") -> bool:
        """True where there is a file."""
        return self._ask(path, lambda system, inner: bool(system.isfile(inner)))

    def files(self, path: str = "") -> list[str]:
        """The files below a folder in it, as paths relative to that folder, sorted; none where it is not there."""
        return sorted(
            self._ask(path, lambda system, inner: [posixpath.relpath(each, inner) for each in system.find(inner)])
        )

    def size(self, path: str) -> int:
        """The bytes of a file; 0 where it is not there."""
        return self._ask(path, lambda system, inner: int(system.size(inner)) if system.exists(inner) else 0)

    def sizes(self, path: str = "") -> dict[str, int]:
        """The bytes of the files below a folder in it, by their paths relative to that folder."""
        found = self._ask(path, lambda system, inner: system.find(inner, detail=True))
        top = filesystem(self.at(path))[1]
        return {posixpath.relpath(name, top): int(info["size"]) for name, info in found.items()}

    def names(self, path: str = "") -> list[str]:
        """The names of the files and folders in a folder of it, sorted; none where it is not there."""
        return sorted(_name(item) for item in self._items(path))

    def folders(self, path: str = "") -> list[str]:
        """The names of the folders in a folder of it, sorted; none where it is not there."""
        return sorted(_name(item) for item in self._items(path) if item["type"] == "directory")

    def is_link(self, path: str) -> bool:
        """True for a link, where the folder is local."""
        return bool(self._inside(path)) and self.is_local and self.local_path(path).is_symlink()

    def remove(self, path: str) -> None:
        """Removes a file, a link, or a folder with all below it; nothing happens where it is not there.

        Raises:
            StorageError: it cannot be removed.
        """
        check_guards(self.at(self._inside(path)))
        if self.is_link(path):
            self._ask(path, lambda _, inner: Path(inner).unlink(missing_ok=True))
        else:
            self._ask(path, _remove)

    def remove_files(self, paths: Iterable[str]) -> None:
        """Removes files that are there, in as few requests as the store can do it; StorageError where it refuses."""
        files = [self.at(path) for path in paths]
        for each in files:
            check_guards(each)
        if inner := [filesystem(each)[1] for each in files]:
            self._ask("", lambda system, _: system.rm(inner))

    def tidy(self, path: str) -> None:
        """Removes what is of no more use; where the store refuses that, it is a warning."""
        self._inside(path)
        try:
            self.remove(path)
        except StorageError as error:
            _log.warning("%s; it is of no more use, and is removed the next time", error)

    def sync(self, paths: Iterable[str]) -> None:
        """Makes files survive a power cut, where the folder is local: first their contents, then their names.

        Raises:
            StorageError: one is not there, or the disk refused it.
        """
        if self.is_local:
            files = [self.local_path(path) for path in paths]
            self._flush(files)
            self._flush(self._above(files))

    def sync_names(self, paths: Iterable[str]) -> None:
        """Makes it survive a power cut that files are there, or are gone, where the folder is local."""
        if self.is_local:
            self._flush(filter(Path.is_dir, self._above([self.local_path(path) for path in paths])))

    def _above(self, files: Iterable[Path]) -> list[Path]:
        """The folders that hold the files, up to this one; the deepest first."""
        root = self.local_path()
        above = {each for file in files for each in file.parents if each == root or root in each.parents}
        return sorted(above, key=lambda each: len(each.parts), reverse=True)

    def _flush(self, paths: Iterable[Path]) -> None:
        try:
            flush_all(paths)
        except OSError as error:
            raise StorageError(f"{self.url}: cannot be made safe on disk: {error.strerror or error}") from error

    def _items(self, path: str) -> list[dict[str, Any]]:
        return self._ask(path, lambda system, inner: system.ls(inner, detail=True) if system.exists(inner) else [])

    def _ask(self, path: str, question: Callable[[Any, str], T]) -> T:
        """The store's answer about a path."""
        url = self.at(path)
        system, inner = filesystem(url)
        try:
            return persist(lambda: question(system, inner))
        except OSError as error:
            raise StorageError(f"{url}: the store says: {error.strerror or error}") from error


def _remove(system: Any, path: str) -> None:
    with suppress(FileNotFoundError):  # it may go at the same moment
        if system.exists(path):
            system.rm(path, recursive=True)


def _name(item: dict[str, Any]) -> str:
    return str(item["name"]).rstrip("/").rsplit("/", 1)[-1]
