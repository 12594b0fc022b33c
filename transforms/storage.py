"""Files on any fsspec file system: whole files in, whole files out, never half a file under its final name."""

import hashlib
import os
import posixpath
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import fsspec
import pyarrow as pa

from transforms.errors import RunError, UsageError
from transforms.retries import persist

T = TypeVar("T")


class StorageError(RunError):
    """A file that could not be written or read."""


class OutputError(UsageError):
    """An output that cannot be used."""


@dataclass(frozen=True)
class WrittenFile:
    """A file as it was written.

    Attributes:
        path: relative to the output folder, with `/`.
        rows: rows in the file; 0 where it has none.
        bytes: its size.
        sha256: the hex digest of its bytes.
    """

    path: str
    rows: int
    bytes: int
    sha256: str


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
    """Whether `url` names a file on this machine's own file systems."""
    return fsspec.core.split_protocol(url)[0] in (None, "file", "local")


def join(url: str, *parts: str) -> str:
    """`url` with `parts` below it."""
    return posixpath.join(url.rstrip("/") or "/", *parts)


def write_whole(root: str, path: str, data: Any, rows: int = 0) -> WrittenFile:
    """What was written at `path` below `root`: all of `data` (bytes-like), or nothing under that name.

    Raises:
        StorageError: the store refused it (disk full, no permission).
    """
    view = memoryview(data).cast("B")
    url = join(root, path)
    try:
        if is_local(url):
            _replace_local(Path(filesystem(url)[1]), view)
        else:
            system, inner = filesystem(url)
            persist(lambda: system.pipe_file(inner, bytes(view)))  # stores show a file when all of it is there
    except OSError as error:
        raise refused(url, error) from error
    return WrittenFile(path, rows, len(view), hashlib.sha256(view).hexdigest())


def refused(url: str, error: OSError) -> StorageError:
    """The error of a store that did not write a file."""
    return StorageError(f"{url}: cannot be written: {error.strerror or error}")


def write_arrow(root: str, path: str, table: pa.Table) -> None:
    """Writes an Arrow file at `path` below `root`, as one record batch: all of it, or nothing under that name.

    Raises:
        StorageError: the store refused it.
    """
    url = join(root, path)
    if not is_local(url):
        sink = pa.BufferOutputStream()
        _write_batch(sink, table)
        write_whole(root, path, sink.getvalue())
        return
    try:
        with _replacing(Path(filesystem(url)[1])) as temporary, pa.OSFile(str(temporary), "wb") as file:
            _write_batch(file, table)
    except OSError as error:
        raise refused(url, error) from error


def _write_batch(sink: Any, table: pa.Table) -> None:
    with pa.ipc.new_file(sink, table.schema) as writer:
        for batch in table.combine_chunks().to_batches() or [pa.RecordBatch.from_pylist([], schema=table.schema)]:
            writer.write_batch(batch)


def _replace_local(target: Path, view: memoryview) -> None:
    with _replacing(target) as temporary, temporary.open("wb") as file:
        file.write(view)


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


def sync(path: str) -> None:
    """Makes a local file and its name survive a power cut."""
    for name, flags in ((path, os.O_RDONLY), (str(Path(path).parent), os.O_RDONLY | os.O_DIRECTORY)):
        handle = os.open(name, flags)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def read_whole(url: str) -> pa.Buffer:
    """The bytes of a file; memory-mapped where it is local.

    Raises:
        StorageError: it is not there or cannot be read.
    """
    system, inner = filesystem(url)
    try:
        if is_local(url):
            with pa.memory_map(inner) as file:
                return file.read_buffer()
        return pa.py_buffer(persist(lambda: system.cat_file(inner)))
    except OSError as error:
        raise StorageError(f"{url}: cannot be read: {error.strerror or error}") from error


def _ask(url: str, question: Callable[[Any, str], T]) -> T:
    """The store's answer about `url`."""
    system, inner = filesystem(url)
    try:
        return persist(lambda: question(system, inner))
    except OSError as error:
        raise StorageError(f"{url}: the store says: {error.strerror or error}") from error


def read_arrow(url: str) -> pa.Table:
    """The table in an Arrow file; memory-mapped where it is local."""
    return pa.ipc.open_file(read_whole(url)).read_all()


def exists(url: str) -> bool:
    """Whether there is a file or folder at `url`."""
    return _ask(url, lambda system, inner: bool(system.exists(inner)))


def is_file(url: str) -> bool:
    """Whether there is a file at `url`."""
    return _ask(url, lambda system, inner: bool(system.isfile(inner)))


def list_files(url: str) -> Iterator[str]:
    """The files below `url`, as paths relative to it, sorted; none where the folder is not there."""
    found = _ask(url, lambda system, inner: [posixpath.relpath(path, inner) for path in system.find(inner)])
    yield from sorted(found)


def list_names(url: str) -> Iterator[str]:
    """The names of the files and folders in a folder, sorted; none where it is not there."""
    yield from sorted(_name(item) for item in _items(url))


def list_folders(url: str) -> Iterator[str]:
    """The names of the folders in a folder, sorted; none where it is not there."""
    yield from sorted(_name(item) for item in _items(url) if item["type"] == "directory")


def _items(url: str) -> list[dict[str, Any]]:
    return _ask(url, lambda system, inner: system.ls(inner, detail=True) if system.exists(inner) else [])


def _name(item: dict[str, Any]) -> str:
    return str(item["name"]).rstrip("/").rsplit("/", 1)[-1]


def remove(url: str) -> None:
    """Removes a file or a folder with all below it; nothing happens where it is not there.

    Raises:
        StorageError: it cannot be removed.
    """
    _ask(url, lambda system, inner: system.rm(inner, recursive=True) if system.exists(inner) else None)


class FileTaken(StorageError):  # noqa: N818 - says what is
    """A file that was to be new is there."""


def write_new(root: str, path: str, data: bytes) -> None:
    """Writes all of `data` at `path` below `root`, where nothing may be; as one step, where the store can do it.

    Raises:
        FileTaken: there is a file.
        StorageError: the store refused it (disk full, no permission).
    """
    url = join(root, path)
    system, inner = filesystem(url)
    try:
        if is_local(url):
            _link(Path(inner), data)
        else:
            persist(lambda: _create(system, inner, data))
    except OSError as error:
        taken = isinstance(error, FileExistsError) and exists(url)
        raise FileTaken(f"{url}: is there already") if taken else refused(url, error) from error


def _link(target: Path, data: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        temporary.write_bytes(data)
        os.link(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def _create(system: Any, path: str, data: bytes) -> None:
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
