"""File systems: what fsspec serves, the errors of it, and local files that are written whole."""

import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fsspec

from transforms.errors import RunError, UsageError


class StorageError(RunError):
    """A file that could not be written or read."""


class DamagedFileError(StorageError):
    """A file of Rafid's that is not as it was written."""


class FileTaken(StorageError):  # noqa: N818 - says what is
    """A file that was to be new is there."""


class OutputError(UsageError):
    """An output that cannot be used."""


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


def state_of(path: str) -> tuple[int, ...] | None:
    """Size, time and inode of a local file; None where it cannot be looked at."""
    try:
        status = os.stat(path)  # noqa: PTH116 - twice as fast
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ino


def write_all(file: Any, view: memoryview) -> None:
    """Writes all of `view`; the system may take it in pieces."""
    while view.nbytes:
        view = view[file.write(view) :]


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A temporary file beside `target` that takes its name when all went well."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        yield temporary
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def link(target: Path, data: bytes) -> None:
    """Writes a local file whole where nothing may be; FileExistsError where there is something."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        temporary.write_bytes(data)
        flush(temporary)
        os.link(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def flush(path: Path) -> None:
    """Brings a file's content, or the names in a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
