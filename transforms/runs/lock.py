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

from transforms import storage
from transforms.errors import RunError
from transforms.storage import FileTaken, write_new

LOCK = ".lock"
_PAUSE = 2.0  # seconds between two looks at a lock in a store


class OutputLocked(RunError):  # noqa: N818 - says what is
    """Another run is writing to the output."""


@contextmanager
def lock_output(output: str, run: str, *, wait: bool = False) -> Iterator[None]:
    """Holds the output folder for `run`: by a lock that a crash releases, or in a store by a file that says so.

    Raises:
        OutputLocked: another run holds it, and `wait` is not set.
    """
    lock = _lock_local if storage.is_local(output) else _lock_store
    with lock(output, {"run": run, "process": os.getpid(), "host": socket.gethostname()}, wait=wait):
        yield


@contextmanager
def _lock_local(output: str, holder: dict[str, Any], *, wait: bool) -> Iterator[None]:
    with _opened(output) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError as error:
            file.seek(0)
            raise OutputLocked(
                f"output {output}: {_holder(file.read().decode())} is writing to it; wait until it ends"
            ) from error
        try:
            file.truncate(0)
            file.write(json.dumps(holder).encode())
        except OSError as error:
            raise storage.StorageError(f"{output}/{LOCK}: cannot be written: {error.strerror}") from error
        try:
            yield
        finally:
            file.truncate(0)


def _opened(output: str) -> FileIO:
    try:
        return (Path(storage.filesystem(output)[1]) / LOCK).open("ab+", buffering=0)
    except OSError as error:
        raise storage.refused(f"{output}/{LOCK}", error) from error


@contextmanager
def _lock_store(output: str, holder: dict[str, Any], *, wait: bool) -> Iterator[None]:
    url = storage.join(output, LOCK)
    while not _taken(output, holder):
        text = _text(url)
        if _is_dead(text):
            storage.remove(url)
        elif wait:
            time.sleep(_PAUSE)
        else:
            remedy = f"wait until it ends; if it crashed, remove {url}"
            raise OutputLocked(f"output {output}: {_holder(text)} is writing to it; {remedy}")
    try:
        yield
    finally:
        with contextlib.suppress(storage.StorageError):  # what ended the run says more
            storage.remove(url)


def _text(url: str) -> str:
    """What the lock says of its holder; nothing where it has just been released."""
    try:
        return str(storage.read_whole(url).to_pybytes(), "utf-8")
    except storage.StorageError:
        if storage.exists(url):
            raise
        return ""


def _taken(output: str, holder: dict[str, Any]) -> bool:
    try:
        write_new(output, LOCK, json.dumps(holder | {"token": uuid.uuid4().hex}).encode())
    except FileTaken:
        return False
    return True


def _is_dead(text: str) -> bool:
    """Whether the holder was a process of this machine that is no more."""
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
