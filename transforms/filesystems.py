"""File systems: what fsspec serves, the errors of it, and local files that are written whole."""

import errno
import hashlib
import logging
import os
import re
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import fsspec

from transforms.errors import RunError, UsageError
from transforms.parallel import map_in_order

_FLUSHES = 16  # files that are brought to the disk at a time
MARKER = "rafid.json"  # an output folder has it; a folder without it is somebody else's
Check = Callable[[], None]
_guards: dict[str, Check] = {}
_this_machine = cache(lambda: fsspec.filesystem("file"))


@contextmanager
def guarded(url: str, check: Check) -> Iterator[None]:
    """Lets `check`, which may raise, be called before each change of the folder at `url` by this process."""
    _guards[url] = check
    try:
        yield
    finally:
        _guards.pop(url, None)


def check_guards(url: str) -> None:
    """Raises what the guard of a folder raises that holds the file at `url`."""
    for folder, check in list(_guards.items()):
        if url == folder or url.startswith(f"{folder}/"):
            check()


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
        UsageError: nothing serves it, it is on a web server, or it holds a password.
    """
    protocol, path = fsspec.core.split_protocol(url)
    if protocol in ("http", "https", "ftp"):
        raise UsageError(
            f"{url}: a server of {protocol}:// is no store: nothing tells whether a file changes while it is read; "
            "download it first, for example with curl -O"
        )
    if re.match("[^/]*://[^/@]*:[^/@]*@", url):
        raise UsageError(f"{protocol}://: a password in a URL is written down; give it as the store's library asks")
    if protocol is None and "::" not in url:
        return _this_machine(), str(Path(path).absolute())
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


@contextmanager
def writing(url: str) -> Iterator[None]:
    """Lets a file be written inside the block, where no guard is against it; what refuses it is a StorageError."""
    check_guards(url)
    try:
        yield
    except OSError as error:
        raise refused(url, error) from error


def state_of(path: str) -> tuple[int, ...] | None:
    """Size, time and inode of a local file; None where it cannot be looked at."""
    try:
        status = os.stat(path)  # noqa: PTH116 - twice as fast
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ino


# What `replacing` names a file that is not whole yet.
TEMPORARY = re.compile(r"\.(.+)\.[0-9a-f]{8}\.tmp")


@contextmanager
def replacing(target: Path, *, new: bool = False) -> Iterator[Path]:
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


def flush(path: Path) -> None:
    """Brings a file's content, or the names in a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def flush_all(paths: Iterable[Path]) -> None:
    """As `flush`, for several, many at a time: a file system's journal brings them to the disk together."""
    for _ in map_in_order(flush, [*paths], _FLUSHES):
        pass


_ETAG = "ETag"  # in what s3fs tells of a file


def version(system: Any, path: str) -> str:
    """A text that changes whenever the file is written with other bytes; empty where there is none."""
    try:
        info = system.info(path)
        return str(info[_ETAG]) if _ETAG in info else hashlib.sha256(system.cat_file(path)).hexdigest()
    except FileNotFoundError:
        return ""


def version_of(system: Any, path: str, data: bytes) -> str:
    """The version of the file whose bytes are `data`.

    Raises:
        FileExistsError: its bytes are others.
    """
    found = version(system, path)  # first: it is that of these bytes, if they are there afterwards
    if not found or system.cat_file(path) != data:
        raise FileExistsError(path)
    return found


def put_new(system: Any, path: str, data: bytes) -> None:
    """Writes a file where none is.

    Raises:
        FileExistsError: there is one.
    """
    try:
        _put(system, path, data, None)
    except FileExistsError:
        version_of(system, path, data)  # it may be ours, and only the answer was lost


def put_if(system: Any, path: str, data: bytes, seen: str) -> None:
    """Writes a file whose version is `seen`.

    Raises:
        FileExistsError: it is another file by now, or none.
    """
    try:
        if _has_conditions(system, path):
            _put(system, path, data, seen)
        elif version(system, path) == seen:
            system.pipe_file(path, data)
        else:
            raise FileExistsError(path)
    except (FileNotFoundError, FileExistsError):
        version_of(system, path, data)


def refuses_others(system: Any, path: str, data: bytes) -> bool:
    """True where the store refuses a put whose condition does not hold; tried on a file whose bytes are `data`."""
    if not _has_conditions(system, path):
        return False
    try:
        _put(system, path, data, f'"{hashlib.md5(b"no file", usedforsecurity=False).hexdigest()}"')
    except FileExistsError:
        return True
    return False


def _has_conditions(system: Any, path: str) -> bool:
    try:
        return _ETAG in system.info(path)
    except FileNotFoundError:
        raise FileExistsError(path) from None


def _put(system: Any, path: str, data: bytes, seen: str | None) -> None:
    """A put of a file whose version is `seen`, or that is new; FileExistsError where it is not so."""
    try:
        if seen is None:
            system.pipe_file(path, data, mode="create")
        else:
            system.pipe_file(path, data, IfMatch=seen)
    except (NotImplementedError, TypeError, ValueError):  # it knows no puts of new files
        if system.exists(path):
            raise FileExistsError(path) from None
        system.pipe_file(path, data)
    except OSError as error:
        code = _code(error)
        if code == "PreconditionFailed":
            raise FileExistsError(path) from error
        if code == "ConditionalRequestConflict":  # another put of it is being decided: to be tried again
            raise OSError(errno.EAGAIN, str(error)) from error
        raise


def _code(error: BaseException) -> str:
    """The store's own code of an error, which s3fs leaves with what caused it."""
    response = getattr(error.__cause__, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))


T = TypeVar("T")

# Seconds that a store may be away, and the pauses between tries.
PATIENCE, FIRST_PAUSE, LONGEST_PAUSE = 60.0, 0.2, 5.0

_TEMPORARY = {
    errno.EAGAIN, errno.EBUSY, errno.ECONNABORTED, errno.ECONNREFUSED, errno.ECONNRESET, errno.EHOSTUNREACH,
    errno.EIO, errno.ENETUNREACH, errno.EPIPE, errno.EREMOTEIO, errno.ETIMEDOUT,
}  # fmt: skip
# Errors of stores' libraries that are no OSError; known by name, for the libraries may not be installed.
_TEMPORARY_NAMES = {
    "ConnectionError", "HTTPClientError", "ResponseParserError", "ClientConnectionError", "ClientPayloadError",
    "ServerTimeoutError", "FSTimeoutError", "IncompleteRead", "IncompleteReadError",
}  # fmt: skip


class StoreError(OSError):
    """An error of a store's library, as an error of the system in one line."""


def is_temporary(error: Exception) -> bool:
    """True where the same call may succeed later."""
    if isinstance(error, ConnectionError | TimeoutError) or (isinstance(error, OSError) and error.errno in _TEMPORARY):
        return True
    return any(kind.__name__ in _TEMPORARY_NAMES for kind in type(error).__mro__)


def persist(call: Callable[[], T]) -> T:
    """The result of `call`, which is made again, after ever longer pauses, while its error is temporary.

    Raises:
        OSError: it is not, or `PATIENCE` is at its end.
    """
    logging.getLogger("asyncio").addFilter(_is_news)
    begun, pause = time.monotonic(), FIRST_PAUSE
    while True:
        try:
            return call()
        except Exception as error:
            if not is_temporary(error) or time.monotonic() - begun + pause > PATIENCE:
                raise _one_line(error) from error
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


def _is_news(record: logging.LogRecord) -> bool:
    """True for a record of asyncio that is more than the traceback of a lost connection, whose request is repeated."""
    error = record.exc_info[1] if record.exc_info else None
    return not (isinstance(error, Exception) and is_temporary(error))


def _one_line(error: Exception) -> Exception:
    if isinstance(error, OSError) or type(error).__module__ == "builtins":
        return error
    return StoreError(" ".join(str(error).split()) or type(error).__name__)
