"""Folders on any fsspec file system: files go in whole and come out whole, and no path leads outside."""

import hashlib
import logging
import os
import posixpath
import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import fsspec
import pyarrow as pa

from transforms import conditional
from transforms.errors import RunError, UsageError
from transforms.guards import check_guards
from transforms.retries import persist
from transforms.seal import Damaged, SealingSink, check_file, sealed_json, unseal, unsealed_json

T = TypeVar("T")
_log = logging.getLogger("rafid.storage")

# The sealed files that this process has checked, by path: size, time and inode as they were.
_checked: dict[str, tuple[int, ...] | None] = {}
_MOST_CHECKED = 100_000


class StorageError(RunError):
    """A file that could not be written or read."""


class DamagedFileError(StorageError):
    """A file of Rafid's that is not as it was written."""


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
        check_guards(url)
        try:
            if self.is_local:
                with _replacing(self.local_path(path)) as temporary:
                    temporary.write_bytes(view)
                    if durable:
                        _flush(temporary)
            else:
                system, inner = filesystem(url)
                persist(lambda: system.pipe_file(inner, bytes(view)))  # stores show a file when all of it is there
        except OSError as error:
            raise refused(url, error) from error
        return WrittenFile(path, rows, len(view), hashlib.sha256(view).hexdigest())

    def write_arrow(self, path: str, table: pa.Table) -> str:
        """Writes a sealed Arrow file of one record batch at `path`, whole or not at all; returns its digest.

        Raises:
            StorageError: the store refused it.
        """
        check_guards(self.at(path))
        if not self.is_local:
            sink = pa.BufferOutputStream()
            found = _write_batch(sink.write, table)
            self.write(path, sink.getvalue())
            return found
        try:
            with _replacing(self.local_path(path)) as temporary, temporary.open("wb", buffering=0) as file:
                return _write_batch(partial(_write_all, file), table)
        except OSError as error:
            raise refused(self.at(path), error) from error

    def create(self, path: str, data: bytes) -> None:
        """Writes all of `data` at `path`, where nothing may be: of two writers one succeeds, if the store can do it.

        Raises:
            FileTaken: there is a file.
            StorageError: the store refused it.
        """
        url = self.at(path)
        check_guards(url)
        try:
            if self.is_local:
                _link(self.local_path(path), data)
            else:
                system, inner = filesystem(url)
                persist(lambda: conditional.put_new(system, inner, data))
        except OSError as error:
            taken = isinstance(error, FileExistsError) and self.exists(path)
            raise FileTaken(f"{url}: is there already") if taken else refused(url, error) from error

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

    def read_arrow(self, path: str, digest: str | None = None) -> pa.RecordBatch:
        """The record batch in a sealed Arrow file, looked at; memory-mapped where it is local.

        Args:
            path: the file.
            digest: the digest that it must have; None for whichever it was sealed with.

        Raises:
            DamagedFileError: it is not as it was written, or another file.
            StorageError: it cannot be read.
        """
        try:
            content, found = self._unseal(path)
            if digest not in (None, found):
                raise Damaged("it is another file than the one that was written")
            return pa.ipc.open_file(content).get_batch(0)
        except (Damaged, pa.ArrowInvalid) as error:
            raise self._damaged(path, error) from error

    def _unseal(self, path: str) -> tuple[pa.Buffer, str]:
        """The content of a sealed file and its digest; a process checks a local file once in each state it has."""
        if not self.is_local:
            return unseal(self.read(path))
        file = str(self.local_path(path))
        state = _state_of(file)
        content = self.read(path)
        if _checked.get(file) != state:
            check_file(file)
        found = unseal(content, check=False)
        if len(_checked) > _MOST_CHECKED:
            _checked.clear()
        _checked[file] = state
        return found

    def write_json(self, path: str, fields: Any, *, durable: bool = False) -> None:
        """Writes a sealed JSON file that holds `fields` at `path`, whole or not at all; `durable` as `write` has it.

        Raises:
            StorageError: the store refused it.
        """
        self.write(path, sealed_json(fields), durable=durable)

    def read_json(self, path: str) -> Any:
        """The fields in a sealed JSON file, looked at.

        Raises:
            DamagedFileError: it is not as it was written.
            StorageError: it cannot be read.
        """
        try:
            return unsealed_json(self.read(path).to_pybytes())
        except Damaged as error:
            raise self._damaged(path, error) from error

    def _damaged(self, path: str, why: Exception) -> DamagedFileError:
        return DamagedFileError(f"{self.at(path)}: is damaged: {why}")

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

    def remove(self, path: str) -> None:
        """Removes a file, or a folder with all below it; nothing happens where it is not there.

        Raises:
            StorageError: it cannot be removed.
        """
        check_guards(self.at(self._inside(path)))
        self._ask(path, lambda system, inner: system.rm(inner, recursive=True) if system.exists(inner) else None)

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
            for each in paths:
                _flush(each)
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


def _state_of(path: str) -> tuple[int, ...] | None:
    try:
        status = os.stat(path)  # noqa: PTH116 - twice as fast
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ino


def _write_batch(write: Callable[[Any], Any], table: pa.Table) -> str:
    """Writes a sealed Arrow file through `write`; returns its digest."""
    sink = SealingSink(write)
    batches = table.combine_chunks().to_batches() or [pa.RecordBatch.from_pylist([], schema=table.schema)]
    if len(batches) > 1:
        raise StorageError("more than 2 GiB of text in one column of a working file; lower run.split_bytes")
    with pa.ipc.new_file(pa.PythonFile(sink, "w"), table.schema) as writer:
        writer.write_batch(batches[0])
    return sink.seal()


def _write_all(file: Any, view: memoryview) -> None:
    """Writes all of `view`; the system may take it in pieces."""
    while view.nbytes:
        view = view[file.write(view) :]


@contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    """A temporary file beside `target` that takes its name when all went well."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        yield temporary
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _link(target: Path, data: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        temporary.write_bytes(data)
        _flush(temporary)
        os.link(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    """Brings a file's content, or the names in a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _name(item: dict[str, Any]) -> str:
    return str(item["name"]).rstrip("/").rsplit("/", 1)[-1]
