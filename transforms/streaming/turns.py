"""Windows that take their turns: one begins when the one before it is over. It knows no Beam and no clock.

A window is a run. Its bundles are deduplicated against what the windows before it kept, so these must be committed
when it is opened. Times are milliseconds since the epoch, which is as exact as runners keep them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple, Protocol

from transforms.bundles.listing import Bundle
from transforms.bundles.splits import Split


class Sighting(NamedTuple):
    """A bundle's state, and since when it has been so."""

    state: str
    since: float


def observe(
    seen: Mapping[str, Sighting], listed: Sequence[Bundle], now: float, settle: float
) -> tuple[dict[str, Sighting], list[Bundle]]:
    """The sightings of the listed bundles by URL, for the next call, and those that may be read.

    Args:
        seen: what the call before gave; empty at first.
        listed: the bundles that are there now; one that is gone is forgotten.
        now: seconds on a clock that never goes back.
        settle: the seconds for which a bundle must have been still.

    Returns:
        The sightings, and the bundles that may be read in the order of the listing.
    """
    sightings: dict[str, Sighting] = {}
    ready = []
    for bundle in listed:
        before = seen.get(bundle.url)
        if before is None or before.state != bundle.state:
            sightings[bundle.url] = Sighting(bundle.state, now)
            continue
        sightings[bundle.url] = before
        if now - before.since >= settle:
            ready.append(bundle)
    return sightings, ready


class Arrivals:
    """Listings one after the other: which bundles may be read, and have not been dealt with."""

    def __init__(self, settle: float) -> None:
        self._settle = settle
        self._seen: dict[str, Sighting] = {}
        self._done: set[tuple[str, str]] = set()
        self.waiting = 0  # how many were not still yet when last looked at

    def look(self, listed: Sequence[Bundle], now: float) -> list[Bundle]:
        """The bundles of the listing that may be read, and that are not done with in the state they are in.

        Args:
            listed: the bundles that are there now; one that is gone is forgotten.
            now: seconds on a clock that never goes back.
        """
        self._seen, ready = observe(self._seen, listed, now, self._settle)
        self._done.intersection_update((bundle.url, bundle.state) for bundle in listed)
        self.waiting = len(listed) - len(ready)
        return [bundle for bundle in ready if (bundle.url, bundle.state) not in self._done]

    def finish(self, bundles: Iterable[Bundle]) -> None:
        """Has done with bundles as they are."""
        self._done.update((bundle.url, bundle.state) for bundle in bundles)


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
