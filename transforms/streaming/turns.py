"""Windows that take their turns: one begins when the one before it is over. It knows no Beam and no clock.

A window is a run. Its bundles are deduplicated against what the windows before it kept, so these must be committed
when it is opened. Times are milliseconds since the epoch, which is as exact as runners keep them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from transforms.bundles.listing import Bundle
from transforms.bundles.splits import Split


@dataclass(frozen=True)
class Arrival:
    """A bundle that has come to rest.

    Attributes:
        bundle: as it was then.
        time: when that was.
        failures: the windows with it that were given up.
    """

    bundle: Bundle
    time: int
    failures: int = 0


@dataclass(frozen=True)
class Waiting:
    """An arrival, and the end of the window whose turn it waits for."""

    end: int
    arrival: Arrival


@dataclass(frozen=True)
class Flight:
    """A window that is being worked on: its end, its run, and the arrivals that the run takes."""

    end: int
    run: str
    arrivals: tuple[Arrival, ...]


class Outcome(Enum):
    """The end of a window's run."""

    COMMITTED = auto()
    GIVEN_UP = auto()


@dataclass(frozen=True)
class Opened:
    """A window's run, opened.

    Attributes:
        run: its name.
        taken: the arrivals that it takes.
        left: those that have to wait for a later window; the others are not to be taken at all.
        splits: its work; none where it takes nothing, and there is no run.
    """

    run: str
    taken: tuple[Arrival, ...]
    left: tuple[Arrival, ...]
    splits: tuple[Split, ...]


class Runs(Protocol):
    """The runs of windows, as they lie in the output."""

    def outcome(self, run: str) -> Outcome | None:
        """The end of a run; None while it is being worked on."""

    def drop(self, run: str) -> None:
        """Removes what a run that was given up has left."""

    def open(self, end: int, arrivals: Sequence[Arrival]) -> Opened:
        """Opens the run of the window that ends at `end`; every run before it has ended."""


@dataclass(frozen=True)
class Turn:
    """The state of the queue of windows after a look.

    Attributes:
        waiting: what waits for its window's turn.
        flight: the window that is being worked on.
        opened: the run that has just been opened.
        wake: the time at which to look again, at the latest; None where there is nothing to look after.
        soon: whether to look again a moment from now: what is being worked on is overdue.
    """

    waiting: tuple[Waiting, ...] = ()
    flight: Flight | None = None
    opened: Opened | None = None
    wake: int | None = None
    soon: bool = False


def window_end(time: int, size: int) -> int:
    """The end of the window of `size` milliseconds that `time` is in."""
    return (time // size + 1) * size


def admit(arrival: Arrival, flight: Flight | None, size: int) -> Waiting:
    """The arrival in its window; one that comes too late for its own is in the next."""
    earliest = flight.end + size if flight else 0
    return Waiting(max(window_end(arrival.time, size), earliest), arrival)


def take_turn(waiting: Sequence[Waiting], flight: Flight | None, now: int, size: int, runs: Runs) -> Turn:
    """Checks on the window that is being worked on, and opens the next one whose turn has come.

    Args:
        waiting: what waits.
        flight: what is being worked on.
        now: no bundle arrives before this time any more.
        size: of a window.
        runs: the runs.
    """
    if flight is not None:
        outcome = runs.outcome(flight.run)
        if outcome is None:
            return Turn(tuple(waiting), flight, soon=True)
        if outcome is Outcome.GIVEN_UP:
            runs.drop(flight.run)
            waiting = [*waiting, *(Waiting(flight.end + size, _failed(each)) for each in flight.arrivals)]
    while waiting:
        end = min(each.end for each in waiting)
        if end > now:
            return Turn(tuple(waiting), wake=end)
        opened = runs.open(end, [each.arrival for each in waiting if each.end == end])
        left = [Waiting(end + size, each) for each in opened.left]
        waiting = [*(each for each in waiting if each.end > end), *left]
        if opened.splits:
            # A window that is given up is noticed one window later, even if no bundle arrives.
            return Turn(tuple(waiting), Flight(end, opened.run, opened.taken), opened, wake=end + size)
    return Turn()


def _failed(arrival: Arrival) -> Arrival:
    return Arrival(arrival.bundle, arrival.time, arrival.failures + 1)
