"""Folders on any fsspec file system: files go in whole and come out whole, and no path leads outside."""

import hashlib
import os
import posixpath
import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import fsspec
import pyarrow as pa

from transforms.errors import RunError, UsageError
from transforms.retries import persist

T = TypeVar("T")
TEMPORARY = re.compile(r"\.(.+)\.[0-9a-f]{8}\.tmp")  # what `written_whole` names a file that is not whole yet


class StorageError(RunError):
    """A file that could not be written or read."""


class FileTaken(StorageError):  # noqa: N818 - says what is
    """A file that was to be new is there."""


class OutputError(UsageError):
    """An output that cannot be used."""


@dataclass(frozen=True)
class WrittenFile:
    """A file as it was written.

    Attributes:
        path: relative to its folder, with `/`.
        rows: rows in the file; 0 where it has none.
        bytes: its size.
        sha256: the hex digest of its bytes.
    """

    path: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Folder:
    """A folder somewhere. Its files are written whole or not at all; `path` is always relative to it, with `/`.

    Nothing is asked of the file system when one is made. Every method that takes a path raises StorageError for one
    that leads outside: paths may come from files.

    Attributes:
        url: what fsspec opens.
    """

    url: str

    def at(self, path: str = "") -> str:
        """The URL of a file or folder in it; its own without a path."""
        root = self.url.rstrip("/") or "/"
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

    def write(self, path: str, data: Any, rows: int = 0) -> WrittenFile:
        """Writes all of `data` (bytes-like) at `path`, or nothing under that name.

        Args:
            path: the file; folders above it are made.
            data: its bytes.
            rows: the rows in it, for the record that is returned.

        Raises:
            StorageError: the store refused it (disk full, no permission).
        """
        view, url = memoryview(data).cast("B"), self.at(path)
        try:
            if self.is_local:
                with written_whole(self.local_path(path)) as temporary, temporary.open("wb") as file:
                    file.write(view)
            else:
                system, inner = filesystem(url)
                persist(lambda: system.pipe_file(inner, bytes(view)))  # stores show a file when all of it is there
        except OSError as error:
            raise refused(url, error) from error
        return WrittenFile(path, rows, len(view), hashlib.sha256(view).hexdigest())

    def write_arrow(self, path: str, table: pa.Table) -> None:
        """Writes an Arrow file of one record batch at `path`: all of it, or nothing under that name.

        Raises:
            StorageError: the store refused it.
        """
        if not self.is_local:
            sink = pa.BufferOutputStream()
            _write_batch(sink, table)
            self.write(path, sink.getvalue())
            return
        try:
            with written_whole(self.local_path(path)) as temporary, pa.OSFile(str(temporary), "wb") as file:
                _write_batch(file, table)
        except OSError as error:
            raise refused(self.at(path), error) from error

    def create(self, path: str, data: bytes) -> None:
        """Writes all of `data` at `path`, where nothing may be: of two writers one succeeds, if the store can do it.

        Raises:
            FileTaken: there is a file.
            StorageError: the store refused it.
        """
        url = self.at(path)
        try:
            if self.is_local:
                with written_whole(self.local_path(path), new=True) as temporary:
                    temporary.write_bytes(data)
            else:
                system, inner = filesystem(url)
                persist(lambda: _put_new(system, inner, data))
        except OSError as error:
            taken = isinstance(error, FileExistsError) and self.exists(path)
            raise FileTaken(f"{url}: is there already") if taken else refused(url, error) from error

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

    def read_arrow(self, path: str) -> pa.Table:
        """The table in an Arrow file; memory-mapped where it is local."""
        return pa.ipc.open_file(self.read(path)).read_all()

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
        self._inside(path)
        if self.is_link(path):
            self._ask(path, lambda _, inner: Path(inner).unlink())
        else:
            self._ask(path, lambda system, inner: system.rm(inner, recursive=True) if system.exists(inner) else None)

    def remove_files(self, paths: Iterable[str]) -> None:
        """Removes files that are there, in as few requests as the store can do it; StorageError where it refuses."""
        files = [filesystem(self.at(path))[1] for path in paths]
        if files:
            self._ask("", lambda system, _: system.rm(files))

    def sync(self, path: str) -> None:
        """Makes a file and its name survive a power cut, where the folder is local."""
        if self.is_local:
            file = self.local_path(path)
            for name, flags in ((file, os.O_RDONLY), (file.parent, os.O_RDONLY | os.O_DIRECTORY)):
                handle = os.open(name, flags)
                try:
                    os.fsync(handle)
                finally:
                    os.close(handle)

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


def filesystem(url: str) -> tuple[Any, str]:
    """The fsspec file system that serves `url`, shared by the process, and the path inside it.

    Nothing that a store once listed is remembered: it is asked again.

    Raises:
        UsageError: nothing serves it, or it holds a password.
    """
    protocol, path = fsspec.core.split_protocol(url)
    if re.match("[^/]*://[^/@]*:[^/@]*@", url):
        raise UsageError(f"{protocol}://: a password in a URL is written down; give it as the store's library asks")
    try:
        system, inner = fsspec.core.url_to_fs(url, **({} if is_local(url) else {"use_listings_cache": False}))
    except (ImportError, ValueError) as error:
        raise UsageError(f"{protocol}://: {error}; install the package that serves it") from error
    return system, inner if protocol else str(Path(path).absolute())


def is_local(url: str) -> bool:
    """True for a URL on this machine's own file systems."""
    return fsspec.core.split_protocol(url)[0] in (None, "file", "local")


def refused(url: str, error: OSError) -> StorageError:
    """The error of a store that did not write a file."""
    return StorageError(f"{url}: cannot be written: {error.strerror or error}")


def _write_batch(sink: Any, table: pa.Table) -> None:
    with pa.ipc.new_file(sink, table.schema) as writer:
        for batch in table.combine_chunks().to_batches() or [pa.RecordBatch.from_pylist([], schema=table.schema)]:
            writer.write_batch(batch)


@contextmanager
def written_whole(target: Path, *, new: bool = False) -> Iterator[Path]:
    """A temporary file beside `target` that takes its name when all went well; with `new` where nothing may be yet."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        yield temporary
        if new:
            os.link(temporary, target)
        else:
            temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _put_new(system: Any, path: str, data: bytes) -> None:
    """A put on condition where the store has one; else a look, and a put."""
    try:
        system.pipe_file(path, data, mode="create")
    except (NotImplementedError, TypeError, ValueError):
        if system.exists(path):
            raise FileExistsError(path) from None
        system.pipe_file(path, data)
    except FileExistsError:
        if system.cat_file(path) != data:  # else it is ours, and only the answer was lost
            raise


def _name(item: dict[str, Any]) -> str:
    return str(item["name"]).rstrip("/").rsplit("/", 1)[-1]
