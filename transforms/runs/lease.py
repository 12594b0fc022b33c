"""The lock of an output: its text, and in a store the lease, which others take over when it is not renewed.

The file `.lock` names its holder by a token. In a store it is a lease: a file taken, renewed, taken over and released
by puts on condition. Whoever waits for it takes it over once it has seen it unchanged, by its own clock, for as long as
the lease lasts; the clocks of two machines are never compared for that. A holder that was held up notices that its
lease is over before its next write, and renews it, unless somebody has taken it over (Gray and Cheriton, SOSP 1989).
"""

import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from pydantic import Field, ValidationError

from transforms.errors import RunError
from transforms.filesystems import FileTaken, StorageError, guarded
from transforms.runs.manifest import Record
from transforms.storage import Folder

LOCK = ".lock"
LEASE_SECONDS = 60.0  # a store's lock is free so long after it was last renewed
_LONGEST_SECONDS = 3600.0
_RENEWALS = 3  # times that a lease is renewed while it lasts
_SURE = 0.9  # of its time, in which its holder takes it for its own without asking: clocks run at different speeds
_LOOK_SECONDS = 2.0  # between two looks at a lock that somebody holds

_log = logging.getLogger("rafid.lock")
_warned: set[str] = set()


class OutputLocked(RunError):  # noqa: N818 - says what is
    """Another run is writing to the output."""


class LeaseLost(RunError):  # noqa: N818 - says what is
    """Another writer has taken over the output."""


class Holder(Record):
    """The text of a lock.

    Attributes:
        token: names this holding of the lock, and no other.
        run: what it is held for.
        process: the holder's process; for people to read, as are the next two.
        host: its machine.
        renewed: when it was last renewed, in ISO 8601, by the holder's clock.
        seconds: how long after that it may be taken over.
    """

    token: str = Field(min_length=1)
    run: str
    process: int
    host: str
    renewed: str
    seconds: float = Field(gt=0, le=_LONGEST_SECONDS)

    @classmethod
    def of(cls, run: str, seconds: float = LEASE_SECONDS) -> "Holder":
        """This process, as a holder for `run`."""
        place = {"process": os.getpid(), "host": socket.gethostname()}
        return cls(token=uuid.uuid4().hex, run=run, renewed=_now(), seconds=seconds, **place)

    def text(self) -> bytes:
        """The text of the lock, renewed at this moment."""
        return self.model_copy(update={"renewed": _now()}).model_dump_json().encode()

    def is_fresh(self) -> bool:
        """True where it was renewed lately, if the clocks agree; good for an early answer only."""
        with suppress(ValueError, TypeError):
            return abs((datetime.now(UTC) - datetime.fromisoformat(self.renewed)).total_seconds()) < self.seconds
        return False


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")


def lock_text(folder: Folder) -> str:
    """The text of an output's lock; empty where nobody holds it."""
    try:
        found = folder.local_path(LOCK).read_bytes() if folder.is_local else folder.read(LOCK).to_pybytes()
    except (FileNotFoundError, IsADirectoryError):
        return ""
    except StorageError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return ""
        raise
    return found.decode("utf-8", "replace")


def holder_in(text: str) -> Holder | None:
    """The holder that the text of a lock names; None where it names none."""
    try:
        return Holder.model_validate_json(text)
    except ValidationError:
        return None


def token_of(folder: Folder) -> str:
    """The token of whoever holds the output now; empty where nobody does."""
    holder = holder_in(lock_text(folder))
    return holder.token if holder else ""


def check_token(folder: Folder, token: str) -> None:
    """Makes sure that the output is still held by whoever has this token.

    Raises:
        LeaseLost: it is not.
    """
    if token_of(folder) != token:
        raise _lost(folder)


def _lost(folder: Folder) -> LeaseLost:
    return LeaseLost(
        f"output {folder.url}: another writer has taken over, for the lock was not renewed in time; "
        "nothing more is written, run again"
    )


def said_to_hold(folder: Folder, text: str, remedy: str) -> OutputLocked:
    """The error that says who holds an output, from the text of its lock."""
    holder = holder_in(text)
    who = f"run {holder.run} (process {holder.process} on {holder.host})" if holder else "another run"
    return OutputLocked(f"output {folder.url}: {who} is writing to it; {remedy}")


class Lease:
    """A lock in a store that this process holds."""

    def __init__(self, folder: Folder, holder: Holder) -> None:
        self._folder, self._holder = folder, holder
        self._version = ""
        self._sure_until = 0.0
        self._is_lost = False
        self._mutex, self._is_over = threading.Lock(), threading.Event()

    @property
    def token(self) -> str:
        """The name of this holding."""
        return self._holder.token

    def take(self, seen: str) -> None:
        """Takes the lock whose version is `seen`; FileTaken where somebody else was quicker."""
        begun = time.monotonic()
        self._version = self._folder.replace_if(LOCK, self._holder.text(), seen)
        self._sure_until = begun + _SURE * self._holder.seconds

    @contextmanager
    def held(self) -> Iterator[None]:
        """Renews it in the background, lets nothing be written once it is lost, and releases it at the end."""
        thread = threading.Thread(target=self._keep_up, name="rafid-lease", daemon=True)
        thread.start()
        try:
            with guarded(self._folder.at(), self.check):
                yield
        finally:
            self._is_over.set()
            self._release()

    def check(self) -> None:
        """Makes sure that it is still ours.

        Raises:
            LeaseLost: somebody has taken it over.
            StorageError: that cannot be told.
        """
        if self._is_lost:
            raise _lost(self._folder)
        if time.monotonic() > self._sure_until:
            self.renew()

    def renew(self) -> None:
        """Renews it; raises as `check` does."""
        with self._mutex:
            while True:
                try:
                    self.take(self._version)
                    return
                except FileTaken as error:  # or an earlier try has come through, whose answer was lost
                    seen = self._folder.version(LOCK)
                    if self._is_over.is_set() or token_of(self._folder) != self.token:
                        self._is_lost = True
                        raise _lost(self._folder) from error
                    self._version = seen

    def _keep_up(self) -> None:
        while not self._is_over.wait(self._holder.seconds / _RENEWALS):
            try:
                self.renew()
            except LeaseLost:
                return
            except StorageError as error:
                _log.warning("%s; the lock of the output is not renewed, tried again", error)

    def _release(self) -> None:
        """Empties the lock if it is still ours: what ended the run says more than an error here could."""
        with self._mutex, suppress(StorageError):
            self._folder.replace_if(LOCK, b"", self._version)


def take_lease(folder: Folder, run: str, seconds: float, *, wait: bool) -> Lease:
    """The lock of an output in a store, taken; it is to be released with `held`.

    Raises:
        OutputLocked: somebody holds it, and `wait` is not set.
    """
    lease, seen, since, changes = Lease(folder, Holder.of(run, seconds)), "", 0.0, -1
    while True:
        found, text = folder.version(LOCK), lock_text(folder)  # in this order: what is taken is what was read, or older
        if found != seen:
            seen, since, changes = found, time.monotonic(), changes + 1
        holder = holder_in(text)
        life = holder.seconds if holder else LEASE_SECONDS
        if not text or time.monotonic() - since > life:
            with suppress(FileTaken):
                lease.take(found)
                _warn_of(folder)
                return lease
            continue
        if not wait and (changes or (holder and holder.is_fresh())):
            remedy = f"wait until it ends; the lock of a crashed one is free {life:g} s after it was last renewed"
            raise said_to_hold(folder, text, remedy)
        time.sleep(min(_LOOK_SECONDS, life / 10))


def _warn_of(folder: Folder) -> None:
    """Warns of a store in which two writers at the same moment may both succeed."""
    scheme = folder.url.partition("://")[0]
    if scheme not in _warned and not folder.keeps_conditions(LOCK):
        _warned.add(scheme)
        _log.warning("%s: the store has no puts on condition: make sure that no two runs write at once", folder.url)
