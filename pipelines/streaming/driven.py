"""Streams whose driver watches by itself: it has each window worked on as a run of its own, one after the other.

So it is on Flink: a function that polls for days as part of a job leaves more of the runner's state behind with each
poll. Here nothing on the cluster is older than a window.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from pipelines.complaints import explained
from pipelines.config import IngestSettings
from transforms.bundles.listing import Bundle
from transforms.errors import RafidError, RunError
from transforms.runs.lease import LeaseLost
from transforms.runs.run import Run
from transforms.streaming.at_hand import AT_HAND, put_at_hand
from transforms.streaming.turns import Arrival, Arrivals, Flight, Opened, Runs, Waiting, admit, take_turn

_TICK = 0.2  # seconds at most between two looks at what this process has been told


class Cancelled(RunError):  # noqa: N818 - says what was asked for
    """A stream that was told to end at once."""


@dataclass(frozen=True)
class Around:
    """The world around a stream, so that tests can give it another.

    Attributes:
        listing: the bundles that are there now, in input order; None where that cannot be told for the moment.
        is_over: whether the stream has been told to end.
        work: works on a run that is opened, to its end.
        clear: ends what may still go on of a window that has failed.
        say: told of a window that has failed.
        clock: seconds, never going back: by it bundles come to rest.
        time: seconds since the epoch.
    """

    listing: Callable[[], Sequence[Bundle] | None]
    is_over: Callable[[], bool]
    work: Callable[[Opened], None]
    clear: Callable[[], None]
    say: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    time: Callable[[], float] = time.time


class DrivenWindows:
    """The windows of a stream: looks at the input every so often, and works on the windows whose turn has come."""

    def __init__(self, runs: Runs, size: int, settle: float, every: float, around: Around) -> None:
        self._runs, self._size, self.every, self._around = runs, size, every, around
        self._arrivals = Arrivals(settle)
        self._waiting: tuple[Waiting, ...] = ()
        self._flight: Flight | None = None
        self._now = 0  # the time of the last look, in milliseconds: nothing arrives before it any more
        self._next_look = self._next_try = 0.0
        self._is_over = False

    @property
    def is_done(self) -> bool:
        """True once the stream has been told to end, and no window is left."""
        return self._is_over and not self._waiting

    def look(self, *, now: bool = False) -> None:
        """Looks at the input, where its turn has come or with `now`; never again after the stream was told to end."""
        clock = self._around.clock()
        if self._is_over or (clock < self._next_look and not now):
            return
        self._next_look = clock + self.every
        self._is_over = self._around.is_over()  # asked first: what is there when the stream is told to end is taken
        listed = self._around.listing()
        self._now = max(int(self._around.time() * 1000), self._now + 1)  # clocks are set back
        fresh = [] if listed is None else self._arrivals.look(listed, clock)
        self._waiting += tuple(admit(Arrival(bundle, self._now), self._flight, self._size) for bundle in fresh)
        self._arrivals.finish(fresh)

    def take(self) -> bool:
        """Works on the next window to its end; False where there is none to work on now.

        A window that fails is tried again when as much time has passed as a window takes.

        Raises:
            RafidError: what will not go away by itself; any failure of a window, where the stream is told to end.
        """
        if self._around.clock() < self._next_try and not self._is_over:
            return False
        try:
            return self._take()
        except (Cancelled, LeaseLost):
            raise
        except RunError as error:
            if self._is_over:
                raise
            self._next_try = self._around.clock() + self._size / 1000
            self._around.say(f"{explained(error)}; the window is tried again")
            return False

    def _take(self) -> bool:
        if self._next_try:
            self._around.clear()
            self._next_try = 0.0
        now = max([self._now, *(each.end for each in self._waiting if self._is_over)])
        turn = take_turn(self._waiting, None, now, self._size, self._runs)
        self._waiting, self._flight = turn.waiting, turn.flight
        if turn.opened is None or turn.flight is None:
            return False
        try:
            self._around.work(turn.opened)
        except RunError:
            failed = (replace(each, failures=each.failures + 1) for each in turn.flight.arrivals)
            self._waiting += tuple(Waiting(turn.flight.end, each) for each in failed)
            raise
        finally:
            self._flight = None
        return True

    def oldest(self) -> tuple[float, float]:
        """The times at which the oldest bundles arrived that wait, and that are worked on; seconds, 0 for none."""
        waiting = min((each.arrival.time for each in self._waiting), default=0)
        in_flight = min((each.time for each in self._flight.arrivals), default=0) if self._flight else 0
        return waiting / 1000, in_flight / 1000


def drive(windows: DrivenWindows, check: Callable[[], None]) -> None:
    """Takes window after window until the stream is told to end; `check` is called again and again, and may raise."""
    while not windows.is_done:
        check()
        if not windows.take():
            time.sleep(min(_TICK, windows.every))


def work_on(opened: Opened, settings: IngestSettings, run_window: Callable[[Run], None]) -> None:
    """Has `run_window` work on a window's run, and removes what it leaves where it is not committed."""
    run = Run(settings.folder(), opened.run)
    try:
        put_at_hand(run.folder, opened.run, opened.splits)
        run_window(run)
    except BaseException:
        if not run.is_committed():
            with suppress(RafidError):
                run.remove()
        raise
    finally:
        run.folder.tidy(AT_HAND)
