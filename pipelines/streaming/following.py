"""Events of a stream: the windows that are committed, and the lag of those that are not."""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

from apache_beam.metrics import MetricsFilter

from pipelines.batch import Publisher
from transforms.runs.catalog import committed_runs
from transforms.runs.manifest import Manifest
from transforms.storage import Folder
from transforms.streaming.beam import OLDEST_IN_FLIGHT, OLDEST_WAITING

Tell = Callable[[dict[str, Any]], None]
# When the oldest bundles arrived that wait, and that are worked on: seconds since the epoch, 0 for none.
Oldest = tuple[float, float]
_TELL_SECONDS = 10.0  # between two accounts of how the stream is


class Follower:
    """Tells of the windows that have been committed, and how far the stream lags."""

    def __init__(self, output: Folder, tell: Tell, publisher: Publisher) -> None:
        self._output, self._tell, self._publisher = output, tell, publisher
        self._told = {each.key for each in committed_runs(output)}
        self._windows = self._kept = 0
        self._last_arrival = 0.0
        self._account = time.monotonic()

    def look(self) -> None:
        """Tells of the windows that are new."""
        for each in committed_runs(self._output):
            if each.key not in self._told:
                self._told.add(each.key)
                self._tell(self._committed(each))
                self._publisher.note(each.run)
        self._publisher.look()

    def account(self, oldest: Callable[[], Oldest]) -> None:
        """Tells the lag every ten seconds; `oldest` gives the times at which the oldest bundles arrived."""
        if time.monotonic() >= self._account + _TELL_SECONDS:
            self._account = time.monotonic()
            lag = self._lag(oldest())
            self._tell({"event": "stream", "lag_seconds": lag, "windows": self._windows, "kept": self._kept})

    def _committed(self, manifest: Manifest) -> dict[str, Any]:
        paragraphs, window = manifest.counts.paragraphs, manifest.window
        assert window is not None  # the runs of a stream have one
        self._windows += 1
        self._kept += paragraphs.kept
        self._last_arrival = _seconds(window.last_arrival)
        return {
            "event": "committed",
            "run": manifest.run,
            "window": window.model_dump(),
            "lag_seconds": round(time.time() - _seconds(window.first_arrival), 3),
            "bundles": len(manifest.inputs),
            "paragraphs": paragraphs.by_place(),
            "seconds": manifest.seconds.model_dump(),
        }

    def _lag(self, oldest: Oldest) -> float:
        """Seconds since the oldest bundle arrived that is not committed; 0 where all are."""
        waiting, in_flight = oldest
        # The queue learns of a commit when the next window's turn has come; we know by now.
        times = [each for each in (waiting, in_flight if in_flight > self._last_arrival else 0.0) if each]
        return round(time.time() - min(times), 3) if times else 0.0


def gauges_of(result: Any) -> Oldest:
    """The times in the gauges of the queue of windows; 0 where the runner has no metrics."""
    result._metrics = None  # Beam would give the first answer again
    found: dict[str, float] = {}
    with suppress(NotImplementedError):
        gauges = result.metrics().query(MetricsFilter().with_namespace("rafid"))["gauges"]
        found = {each.key.metric.name: each.result.value / 1000 for each in gauges}
    return found.get(OLDEST_WAITING, 0.0), found.get(OLDEST_IN_FLIGHT, 0.0)


def _seconds(iso: str) -> float:
    return datetime.fromisoformat(iso).timestamp()
