"""One writer at a time: a lock on an output folder."""

import fcntl
import os
import secrets
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from types import FrameType

from transforms.filesystems import FileTaken, refused
from transforms.runs.lease import LEASE_SECONDS, LOCK, Holder, check_token, lock_text, said_to_hold, take_lease
from transforms.storage import Folder


class _Ended(BaseException):
    """A signal that ends the process."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def lock_output(folder: Folder, run: str, *, wait: bool = False, seconds: float = LEASE_SECONDS) -> Iterator[str]:
    """Holds the output folder for `run`, and gives the token that the lock names its holder by.

    A local folder is held by a lock of the system's, which it releases when the process ends, however that happens;
    one in a store by a lease.

    Args:
        folder: the output.
        run: what it is held for.
        wait: wait until it is free.
        seconds: how long a lease lasts that is not renewed.

    Raises:
        OutputLocked: another run holds it, and `wait` is not set.
    """
    lock = _lock_local(folder, run, wait=wait) if folder.is_local else _lock_store(folder, run, seconds, wait=wait)
    with lock as token:
        yield token


@contextmanager
def _lock_local(folder: Folder, run: str, *, wait: bool) -> Iterator[str]:
    with _opened(folder) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError as error:
            raise said_to_hold(folder, lock_text(folder), "wait until it ends") from error
        holder = Holder.of(run)
        file.truncate(0)
        written = False
        with suppress(OSError):  # a full disk keeps nobody from removing a run
            written = file.write(holder.text()) == len(holder.text())
        if not written:
            file.truncate(0)
        try:
            yield holder.token if written else ""
        finally:
            file.truncate(0)


def _opened(folder: Folder) -> FileIO:
    try:
        return folder.local_path(LOCK).open("ab+", buffering=0)
    except OSError as error:
        raise refused(folder.at(LOCK), error) from error


@contextmanager
def _lock_store(folder: Folder, run: str, seconds: float, *, wait: bool) -> Iterator[str]:
    with _signals_unwind():
        lease = take_lease(folder, run, seconds, wait=wait)
        with lease.held():
            void_claims(folder)
            yield lease.token


@contextmanager
def _signals_unwind() -> Iterator[None]:
    """Lets SIGTERM and SIGHUP, where nobody handles them, end the process only after all that is held is released."""

    def end(number: int, _: FrameType | None) -> None:
        raise _Ended(number)

    ours: list[int] = []
    if threading.current_thread() is threading.main_thread():
        ours = [each for each in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(each) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, end)
    try:
        yield
    except _Ended as error:
        signal.signal(error.number, signal.SIG_DFL)
        os.kill(os.getpid(), error.number)
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


MANIFESTS = "manifests"
_CLAIM_BYTES = 64  # a manifest has more
_TRIES = 5  # two attempts of one worker may take each other's claim


def is_claim(size: int) -> bool:
    """True for the size of a claim: the file is still to be written."""
    return size == _CLAIM_BYTES


def create_fenced(folder: Folder, path: str, data: bytes, token: str) -> None:
    """Writes all of `data` at `path`, where nothing may be, for the holder of the output.

    Args:
        folder: the output.
        path: a file that commits something, below `MANIFESTS`.
        data: its bytes.
        token: that of the lock; empty where nobody holds it.

    Raises:
        FileTaken: there is a file, which is no claim.
        LeaseLost: somebody else holds the output.
        StorageError: the store refused it.
    """
    check_token(folder, token)
    if folder.is_local:  # a lock of the system's is not lost
        folder.create(path, data)
        return
    for left in reversed(range(_TRIES)):
        claim = _claim(folder, path)
        check_token(folder, token)
        try:
            folder.replace_if(path, data, claim)
            return
        except FileTaken:
            if not left:
                raise


def _claim(folder: Folder, path: str) -> str:
    """The version of a new claim."""
    seen = folder.version(path)
    if seen and not is_claim(folder.size(path)):
        raise FileTaken(f"{folder.at(path)}: is there already")
    return folder.replace_if(path, _new_claim(), seen)


def _new_claim() -> bytes:
    return secrets.token_hex(_CLAIM_BYTES // 2).encode()


def void_claims(folder: Folder) -> None:
    """Makes sure that nothing is committed by a claim that was made before; for the holder of the output."""
    for path, size in folder.sizes(MANIFESTS).items():
        if is_claim(size):
            _void(folder, f"{MANIFESTS}/{path}")


def _void(folder: Folder, path: str) -> None:
    seen = folder.version(path)
    if seen and is_claim(folder.size(path)):
        try:
            folder.replace_if(path, _new_claim(), seen)
        except FileTaken:  # it has just been committed: then it counts
            return
        folder.tidy(path)
