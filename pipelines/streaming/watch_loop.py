"""The watch: one run after another over the bundles that have come to rest. It knows no Beam and no clock."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event

from pipelines.config import IngestSettings
from pipelines.job import RunSlice, run_job
from pipelines.streaming.metrics import WatchMetrics
from transforms.bundles.errors import BundleError
from transforms.bundles.listing import Bundle
from transforms.errors import RunError
from transforms.runs.lock import OutputLocked
from transforms.runs.manifest import Manifest
from transforms.streaming.arrivals import Arrivals


@dataclass(frozen=True)
class Surroundings:
    """The world around a watch, so that tests can give it another.

    Attributes:
        listing: the bundles that are there now, in input order.
        clock: seconds, never going back: by it bundles come to rest.
        time: seconds since the epoch.
        run_slice: runs the graph for one slice.
        in_process: whether memory is this machine's.
        say: prints a line.
    """

    listing: Callable[[], Sequence[Bundle]]
    clock: Callable[[], float]
    time: Callable[[], float]
    run_slice: RunSlice
    in_process: bool
    say: Callable[[str], None]


class Watch:
    """Takes what has come to rest, a run a window, one after the other; each is deduplicated against those before."""

    def __init__(self, settings: IngestSettings, settle: float, around: Surroundings, metrics: WatchMetrics) -> None:
        self._settings, self._around, self._metrics = settings, around, metrics
        self._arrivals = Arrivals(settle)
        self._said = ""
        self.windows = 0

    def step(self, stop: Event) -> None:
        """Lists once, and takes what is ready.

        Args:
            stop: once set, the window ends with the run in progress.

        Raises:
            UsageError: what will not go away by itself: other settings, an output that cannot be used.
        """
        listed = self._listed()
        if listed is None:
            return
        fresh = self._arrivals.look(listed, self._around.clock())
        self._metrics.wait(self._arrivals.waiting)
        if fresh:
            self._take(fresh, stop)

    def _listed(self) -> Sequence[Bundle] | None:
        """The bundles that are there; None where that cannot be told for the moment."""
        try:
            return self._around.listing()
        except BundleError as error:
            self._say_once(str(error))
            return None

    def _take(self, bundles: Sequence[Bundle], stop: Event) -> None:
        around = self._around
        runs = run_job(
            bundles,
            self._settings,
            around.run_slice,
            in_process=around.in_process,
            new_only=True,
            notice=self._say_once,
        )
        try:
            for manifest in runs:
                self._commit(manifest)
                if stop.is_set():
                    return
            self._arrivals.finish(bundles)
        except OutputLocked as error:
            self._say_once(f"{error}; waiting")
        except RunError as error:
            self._metrics.fail()
            self._around.say(f"{error}; the window is tried again")

    def _commit(self, manifest: Manifest) -> None:
        self.windows += 1
        self._said = ""
        self._metrics.commit(manifest, self._around.time())
        paragraphs = manifest.counts.paragraphs
        self._around.say(
            f"run {manifest.run}: {len(manifest.inputs):,} bundles, {paragraphs.total:,} paragraphs, "
            f"{paragraphs.kept:,} kept, {manifest.seconds.total:.1f} s"
        )

    def _say_once(self, line: str) -> None:
        if line != self._said:
            self._around.say(line)
            self._said = line


def watch(watcher: Watch, stop: Event, every: float) -> None:
    """Steps every so many seconds until `stop` is set; a step that takes longer is followed by the next at once."""
    while not stop.is_set():
        watcher.step(stop)
        stop.wait(every)
