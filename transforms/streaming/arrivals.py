"""When a bundle that somebody is writing may be read: once it has been still for a while.

A file's age says nothing: writers copy times along, pause, or replace a file by another of the same size. What counts
is that its state (size, time and inode, or size and version) was the same in at least two listings, for long enough on
our own clock. Listings and times are passed in.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from transforms.bundles.listing import Bundle


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
