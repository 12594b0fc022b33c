"""The runs of a stream's windows, as they lie in the output: which have ended, and opening the next. Knows no Beam."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from pipelines.cli import say_once
from pipelines.config import IngestSettings
from pipelines.opening import Facts, open_run
from transforms.bundles.errors import BundleError, BundleFailed
from transforms.bundles.listing import Bundle, check_unchanged, digest_bundle, list_bundles
from transforms.bundles.sequential import bundle_is_stream
from transforms.bundles.splits import Split, plan_splits
from transforms.dedup.index.references import references_of
from transforms.runs.catalog import committed_runs
from transforms.runs.inputs import TakenInputs
from transforms.runs.lease import check_token
from transforms.runs.manifest import WindowSpan
from transforms.runs.run import Run
from transforms.settings import ANY_ENDING
from transforms.streaming.turns import Arrival, Opened, Outcome

_log = logging.getLogger("rafid.windows")
_warn = say_once(_log.warning)
_FAILURES = 2  # windows given up, after which a bundle is looked at by itself


def bundles_there(
    paths: Sequence[str], root: str | None, endings: Sequence[str] = (ANY_ENDING,), config_name: str | None = None
) -> list[Bundle] | None:
    """The bundles that are there now, in input order; None where that cannot be told for the moment."""
    try:
        return list_bundles(paths, root, endings=endings, config_name=config_name, empty=True, refused=_warn)
    except BundleError as error:
        _warn(str(error))
        return None


@dataclass(frozen=True)
class WindowRuns:
    """The runs of windows of `size` milliseconds.

    Attributes:
        settings: how they are worked on.
        size: how long a window is.
        lease: the token of the output's lock that the stream holds; a stream whose lock was taken over opens no run.
    """

    settings: IngestSettings
    size: int
    lease: str = ""

    def outcome(self, name: str) -> Outcome | None:
        """The end of the run of that name; None while it is being worked on."""
        run = self._run(name)
        if run.is_committed():
            return Outcome.COMMITTED
        return Outcome.GIVEN_UP if run.is_given_up() else None

    def drop(self, name: str) -> None:
        """Removes what a run that was given up has left."""
        run = self._run(name)
        check_token(run.folder, self.lease)
        _log.warning("window %s: %s; its bundles go into the next", name, run.why_given_up())
        run.remove()

    def open(self, end: int, arrivals: Sequence[Arrival]) -> Opened:
        """Opens the run of the window that ends at `end`, with those of its bundles that are still to be taken."""
        run = self._run(window_name(end - self.size, self.size))
        check_token(run.folder, self.lease)
        runs = committed_runs(run.folder)
        if any(each.run == run.name for each in runs):  # as a clock that is set back would have it
            return Opened(run.name, (), tuple(arrivals), ())
        run.remove()  # what an attempt before this one has left
        broken = _broken(arrivals)
        try:
            taken, left = self._within_limit(self._fresh(arrivals, broken))
            splits = _split(taken, broken, self.settings)
        except BundleFailed as error:
            _log.warning("window %s: %s; its bundles go into the next", run.name, error)
            return Opened(run.name, (), tuple(replace(each, failures=each.failures + 1) for each in arrivals), ())
        if splits:
            against = references_of(self.settings.dedup, run.folder)
            facts = Facts(len(splits), window=self._span(end, taken), against=against)
            open_run(run, runs, self.settings, facts)
        return Opened(run.name, taken, left, splits)

    def _run(self, name: str) -> Run:
        return Run(self.settings.folder(), name)

    def _fresh(self, arrivals: Sequence[Arrival], broken: Mapping[str, str]) -> list[Arrival]:
        """The arrivals that no run has taken, in input order; a bundle that has changed since will arrive again."""
        last = {each.bundle.url: each for each in sorted(arrivals, key=lambda each: each.time)}
        there = {url: each for url, each in last.items() if _is_there(each.bundle)}
        bundles = sorted((each.bundle for each in there.values()), key=lambda bundle: bundle.name)
        runs = committed_runs(self.settings.folder())
        earlier = TakenInputs(taken for run in runs for taken in run.inputs)
        found = earlier.sort_out(bundles, lambda bundle: "" if bundle.url in broken else digest_bundle(bundle))
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

    def _span(self, end: int, taken: Sequence[Arrival]) -> WindowSpan:
        """The window, as its manifest tells it."""
        times = [each.time for each in taken]
        return WindowSpan(
            start=_iso(end - self.size), end=_iso(end), first_arrival=_iso(min(times)), last_arrival=_iso(max(times))
        )


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


def _split(arrivals: Sequence[Arrival], broken: Mapping[str, str], settings: IngestSettings) -> tuple[Split, ...]:
    """The splits of the bundles, in input order; each broken bundle whole, and marked."""

    def must_be_whole(bundle: Bundle) -> bool:
        return bundle.url in broken or bundle_is_stream(bundle, settings.input.format)

    planned = plan_splits([each.bundle for each in arrivals], settings.run.split_bytes, must_be_whole)
    return tuple(
        replace(split, ranges=tuple(replace(part, unreadable=broken.get(part.bundle.url, "")) for part in split.ranges))
        for split in planned
    )
