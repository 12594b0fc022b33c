"""Calls of stores, tried again while what fails is said to be temporary."""

import errno
import logging
import time
from collections.abc import Callable
from typing import TypeVar

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
