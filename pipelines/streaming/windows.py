"""The runs of a stream's windows, as they lie in the output: which have ended, and opening the next. Knows no Beam."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from pipelines.cli import say_once
from pipelines.config import IngestSettings
from pipelines.job import open_run
from transforms.bundles.errors import BundleError, BundleFailed
from transforms.bundles.listing import Bundle, check_unchanged, digest_bundle, list_bundles
from transforms.bundles.sequential import bundle_is_stream
from transforms.bundles.settings import ANY_ENDING
from transforms.bundles.splits import Split, plan_splits
from transforms.runs.catalog import committed
from transforms.runs.inputs import InputLedger
from transforms.runs.manifest import is_committed, remove_run
from transforms.runs.run import RunPaths, is_given_up, read_setback
from transforms.streaming.turns import Arrival, Opened, Outcome

_log = logging.getLogger("rafid.windows")
_warn = say_once(_log.warning)
_FAILURES = 2  # windows given up, after which a bundle is looked at by itself


def bundles_there(
    paths: Sequence[str], root: str | None, endings: Sequence[str] = (ANY_ENDING,)
) -> list[Bundle] | None:
    """The bundles that are there now, in input order; None where that cannot be told for the moment."""
    try:
        return list_bundles(paths, root, endings=endings, empty=True, refused=_warn)
    except BundleError as error:
        _warn(str(error))
        return None


@dataclass(frozen=True)
class WindowRuns:
    """The runs of windows of `size` milliseconds."""

    settings: IngestSettings
    size: int

    def outcome(self, run: str) -> Outcome | None:
        """How the run ended; None while it is being worked on."""
        paths = self._paths(run)
        if is_committed(paths):
            return Outcome.COMMITTED
        return Outcome.GIVEN_UP if is_given_up(paths) else None

    def drop(self, run: str) -> None:
        """Removes what a run that was given up has left."""
        _log.warning("window %s: %s; its bundles go into the next", run, read_setback(self._paths(run)))
        remove_run(str(self.settings.output), run)

    def open(self, end: int, arrivals: Sequence[Arrival]) -> Opened:
        """Opens the run of the window that ends at `end`, with those of its bundles that are still to be taken."""
        paths = self._paths(window_name(end - self.size, self.size))
        if is_committed(paths):  # as a clock that is set back would have it
            return Opened(paths.run, (), tuple(arrivals), ())
        remove_run(paths.output, paths.run)  # what an attempt before this one has left
        broken = _broken(arrivals)
        try:
            taken, left = self._within_limit(self._fresh(arrivals, broken))
            splits = _split(taken, broken, self.settings.run.split_bytes)
        except BundleFailed as error:
            _log.warning("window %s: %s; its bundles go into the next", paths.run, error)
            return Opened(paths.run, (), tuple(replace(each, failures=each.failures + 1) for each in arrivals), ())
        if splits:
            open_run(paths, self.settings, len(splits), {"window": self._facts(end, taken)})
        return Opened(paths.run, taken, left, splits)

    def _paths(self, run: str) -> RunPaths:
        return RunPaths(str(self.settings.output), run)

    def _fresh(self, arrivals: Sequence[Arrival], broken: Mapping[str, str]) -> list[Arrival]:
        """What no run has taken, in input order; a bundle that has changed since will arrive again as it is then."""
        last = {each.bundle.url: each for each in sorted(arrivals, key=lambda each: each.time)}
        there = {url: each for url, each in last.items() if _is_there(each.bundle)}
        bundles = sorted((each.bundle for each in there.values()), key=lambda bundle: bundle.name)
        runs = committed(str(self.settings.output))
        ledger = InputLedger(taken for run in runs for taken in run.inputs)
        found = ledger.sort_out(bundles, lambda bundle: "" if bundle.url in broken else digest_bundle(bundle))
        for bundle in found.changed:
            _log.warning("%s: has changed since it was taken; taken as new", bundle.name)
        return [there[bundle.url] for bundle in found.fresh]

    def _within_limit(self, arrivals: Sequence[Arrival]) -> tuple[tuple[Arrival, ...], tuple[Arrival, ...]]:
        """As many arrivals as `run.max_bytes` allows, one at least, and the others."""
        limit, size = self.settings.run.max_bytes, 0
        for number, each in enumerate(arrivals):
            size += each.bundle.size
            if limit and number and size > limit:
                return tuple(arrivals[:number]), tuple(arrivals[number:])
        return tuple(arrivals), ()

    def _facts(self, end: int, taken: Sequence[Arrival]) -> dict[str, Any]:
        """What the manifest says of the window."""
        times = [each.time for each in taken]
        facts = {"start": end - self.size, "end": end, "first_arrival": min(times), "last_arrival": max(times)}
        return {name: _iso(moment) for name, moment in facts.items()}


def window_name(start: int, size: int) -> str:
    """The name of the run of the window that begins at `start` and lasts `size` milliseconds."""
    begin = datetime.fromtimestamp(start // 1000, UTC)
    seconds = f"{size / 1000:.3f}".rstrip("0").rstrip(".")
    return f"{begin:%Y%m%dT%H%M%S}.{start % 1000:03d}Z-{seconds}s"


def _iso(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")


def _is_there(bundle: Bundle) -> bool:
    with suppress(BundleFailed):
        check_unchanged(bundle)
        return True
    return False


def _broken(arrivals: Sequence[Arrival]) -> dict[str, str]:
    """Those of the bundles that have failed again and again that cannot be read, by URL, and why."""
    return dict(_tried(each.bundle for each in arrivals if each.failures >= _FAILURES))


def _tried(bundles: Iterable[Bundle]) -> Iterator[tuple[str, str]]:
    for bundle in bundles:
        try:
            digest_bundle(bundle)
        except BundleFailed as error:
            yield bundle.url, str(error)


def _split(arrivals: Sequence[Arrival], broken: Mapping[str, str], split_bytes: int) -> tuple[Split, ...]:
    """The splits of the bundles, in input order; each broken bundle whole, and marked."""

    def must_be_whole(bundle: Bundle) -> bool:
        return bundle.url in broken or bundle_is_stream(bundle)

    planned = plan_splits([each.bundle for each in arrivals], split_bytes, must_be_whole)
    return tuple(
        replace(split, ranges=tuple(replace(part, unreadable=broken.get(part.bundle.url, "")) for part in split.ranges))
        for split in planned
    )
