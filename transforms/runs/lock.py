"""One writer at a time: a lock on an output folder."""

import contextlib
import fcntl
import json
import os
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Any

from transforms.errors import RunError
from transforms.storage import FileTaken, Folder, StorageError, refused

LOCK = ".lock"
_PAUSE = 2.0  # seconds between two looks at a lock in a store


class OutputLocked(RunError):  # noqa: N818 - says what is
    """Another run is writing to the output."""


@contextmanager
def lock_output(folder: Folder, run: str, *, wait: bool = False) -> Iterator[None]:
    """Holds the output folder for `run`: by a lock that a crash releases, or in a store by a file that says so.

    Raises:
        OutputLocked: another run holds it, and `wait` is not set.
    """
    lock = _lock_local if folder.is_local else _lock_store
    with lock(folder, {"run": run, "process": os.getpid(), "host": socket.gethostname()}, wait=wait):
        yield


@contextmanager
def _lock_local(folder: Folder, holder: dict[str, Any], *, wait: bool) -> Iterator[None]:
    with _opened(folder) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError as error:
            file.seek(0)
            raise OutputLocked(
                f"output {folder.url}: {_holder(file.read().decode())} is writing to it; wait until it ends"
            ) from error
        try:
            file.truncate(0)
            file.write(json.dumps(holder).encode())
        except OSError as error:
            raise StorageError(f"{folder.url}/{LOCK}: cannot be written: {error.strerror}") from error
        try:
            yield
        finally:
            file.truncate(0)


def _opened(folder: Folder) -> FileIO:
    try:
        return folder.local_path(LOCK).open("ab+", buffering=0)
    except OSError as error:
        raise refused(folder.at(LOCK), error) from error


@contextmanager
def _lock_store(folder: Folder, holder: dict[str, Any], *, wait: bool) -> Iterator[None]:
    while not _taken(folder, holder):
        text = _text(folder)
        if _is_dead(text):
            folder.remove(LOCK)
        elif wait:
            time.sleep(_PAUSE)
        else:
            remedy = f"wait until it ends; if it crashed, remove {folder.at(LOCK)}"
            raise OutputLocked(f"output {folder.url}: {_holder(text)} is writing to it; {remedy}")
    try:
        yield
    finally:
        with contextlib.suppress(StorageError):  # what ended the run says more
            folder.remove(LOCK)


def _text(folder: Folder) -> str:
    """The text of the lock; nothing where it has just been released."""
    try:
        return str(folder.read(LOCK).to_pybytes(), "utf-8")
    except StorageError:
        if folder.exists(LOCK):
            raise
        return ""


def _taken(folder: Folder, holder: dict[str, Any]) -> bool:
    try:
        folder.create(LOCK, json.dumps(holder | {"token": uuid.uuid4().hex}).encode())
    except FileTaken:
        return False
    return True


def _is_dead(text: str) -> bool:
    """True where the holder was a process of this machine that is no more."""
    try:
        holder = json.loads(text)
        return bool(holder["host"] == socket.gethostname() and not Path(f"/proc/{int(holder['process'])}").exists())
    except (ValueError, KeyError, TypeError):
        return False


def _holder(text: str) -> str:
    try:
        holder = json.loads(text)
        return f"run {holder['run']} (process {holder['process']} on {holder['host']})"
    except (ValueError, KeyError, TypeError):
        return "another run"
