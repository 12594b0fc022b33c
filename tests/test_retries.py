"""Calls of stores: made again while the failure is temporary, and not a moment longer."""

import asyncio
import errno
import gc
import logging
from typing import Any

import pytest

from transforms import filesystems as retries
from transforms.filesystems import StoreError, is_temporary, persist


class EndpointConnectionError(Exception):
    """Named as a library names it, below a class of the name that counts."""


class HTTPClientError(Exception):
    """Named as a library names it."""


class ReadTimeoutError(HTTPClientError):
    """Below it."""


class NoCredentialsError(Exception):
    """Named as a library names it."""


TEMPORARY = [ConnectionRefusedError(), TimeoutError(), OSError(errno.EBUSY, "slow down"), ReadTimeoutError("late")]
FINAL = [
    FileNotFoundError(), FileExistsError(), PermissionError(), OSError(errno.EINVAL, "wrong"), OSError("odd"),
    NoCredentialsError("Unable to locate\ncredentials"), EndpointConnectionError(), KeyError("a"),
]  # fmt: skip


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses, which take no time."""
    pauses: list[float] = []
    monkeypatch.setattr(retries.time, "sleep", pauses.append)
    monkeypatch.setattr(retries.time, "monotonic", lambda: sum(pauses))
    return pauses


def _failing(*errors: Exception) -> Any:
    left = list(errors)

    def call() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return call


@pytest.mark.parametrize("error", TEMPORARY, ids=repr)
def test_a_temporary_failure_is_waited_out(error: Exception, clock: list[float]) -> None:
    assert is_temporary(error)
    assert persist(_failing(error, error, error)) == "done"
    assert clock == [0.2, 0.4, 0.8]


@pytest.mark.parametrize("error", FINAL, ids=repr)
def test_another_is_not(error: Exception, clock: list[float]) -> None:
    with pytest.raises(OSError if not isinstance(error, KeyError) else KeyError):
        persist(_failing(error))
    assert clock == []


def test_patience_has_an_end(clock: list[float]) -> None:
    with pytest.raises(ConnectionRefusedError):
        persist(_failing(*[ConnectionRefusedError()] * 100))
    assert retries.PATIENCE - retries.LONGEST_PAUSE <= sum(clock) <= retries.PATIENCE
    assert max(clock) == retries.LONGEST_PAUSE


def test_what_a_library_says_is_one_line() -> None:
    with pytest.raises(StoreError, match=r"^Unable to locate credentials$"):
        persist(_failing(NoCredentialsError("Unable to locate\n credentials")))


@pytest.mark.parametrize(("error", "told"), [(ConnectionResetError("away"), False), (KeyError("a"), True)], ids=repr)
def test_a_lost_connection_that_nobody_asks_after_is_not_told(
    error: Exception, told: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def forgets() -> None:
        async def fail() -> None:
            raise error

        task = asyncio.create_task(fail())
        await asyncio.sleep(0)
        del task
        gc.collect()

    assert persist(lambda: "done") == "done"
    with caplog.at_level(logging.ERROR, "asyncio"):
        asyncio.run(forgets())
    assert ["never retrieved" in text for text in caplog.messages] == [True] * told
