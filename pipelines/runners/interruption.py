"""Signals that end a job on a cluster: taken note of, and heeded where nothing is left half done."""

import signal
import threading
import time
from collections.abc import Callable
from typing import Any

from transforms.errors import RunError

_NUMBERS = (signal.SIGTERM, signal.SIGINT)


class Interruption:
    """Takes note of SIGTERM and SIGINT while it is entered, which may be within itself.

    A signal is only taken note of: cutting short a request would leave open whether the cluster has carried it out.

    Args:
        also: is called too when a signal comes, in place of whatever else waits for signals.
    """

    def __init__(self, also: Callable[[], object] | None = None) -> None:
        self._also = also
        self._signal: signal.Signals | None = None
        self._handlers: list[dict[int, Any]] = []

    def __enter__(self) -> "Interruption":
        if not self._handlers:
            self._signal = None
        is_main = threading.current_thread() is threading.main_thread()  # handlers cannot be set elsewhere
        self._handlers.append({number: signal.signal(number, self._note) for number in _NUMBERS} if is_main else {})
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._handlers.pop().items():
            signal.signal(number, handler)

    def _note(self, number: int, _: object) -> None:
        self._signal = signal.Signals(number)
        if self._also:
            self._also()

    def check(self) -> None:
        """Raises RunError where a signal has come."""
        if self._signal:
            raise RunError(f"ended by {self._signal.name}; nothing was committed")


def within(seconds: float, check: Callable[[], None]) -> Callable[[], None]:
    """A check that raises RunError too once `seconds` of `flink.timeout` have passed from now; 0: they never do."""
    begun = time.monotonic()

    def check_both() -> None:
        check()
        if seconds and time.monotonic() > begun + seconds:
            raise RunError(f"not done after flink.timeout, {seconds:g} s; nothing was committed")

    return check_both
