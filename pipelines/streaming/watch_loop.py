"""The watch: one run after another over the bundles that have come to rest. It knows no Beam and no clock."""

import signal
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from threading import Event
from types import FrameType

from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server

from pipelines.batch import Publisher
from pipelines.cli import say_once
from pipelines.complaints import explained
from pipelines.config import IngestSettings
from pipelines.job import RunSlice, Slice, run_job
from pipelines.runners.interruption import Interruption
from pipelines.runners.running import beam_options, context_of_job, run_slice, runs_in_process
from transforms import console
from transforms.bundles.errors import BundleError
from transforms.bundles.listing import Bundle, list_bundles
from transforms.bundles.overlap import check_watched
from transforms.errors import RunError, UnexpectedError, UsageError
from transforms.runs.lease import OutputLocked
from transforms.runs.manifest import Manifest
from transforms.runs.run import Run
from transforms.segmentation.segmenter import shared_segmenter
from transforms.streaming.turns import Arrivals


class WatchMetrics:
    """Counts what a watch has done since it began, and what it waits for."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._windows = Counter("rafid_windows", "Runs committed", registry=self.registry)
        self._failures = Counter(
            "rafid_window_failures", "Windows that failed and are tried again", registry=self.registry
        )
        self._bytes = Counter("rafid_read_bytes", "Bytes read by committed runs", registry=self.registry)
        self._bundles = Counter("rafid_bundles", "Bundles taken", registry=self.registry)
        self._documents = Counter("rafid_documents", "Documents by where they went", ["place"], registry=self.registry)
        self._paragraphs = Counter(
            "rafid_paragraphs", "Paragraphs by where they went", ["place"], registry=self.registry
        )
        self._waiting = Gauge("rafid_bundles_waiting", "Bundles that are not still yet", registry=self.registry)
        self._committed = Gauge(
            "rafid_last_commit_timestamp_seconds", "When a run was last committed", registry=self.registry
        )
        self._seconds = Gauge("rafid_last_window_seconds", "What the last run took", registry=self.registry)

    def commit(self, manifest: Manifest, now: float) -> None:
        """Counts a committed run; `now` in seconds since the epoch."""
        self._windows.inc()
        self._bytes.inc(manifest.bytes)
        self._bundles.inc(len(manifest.inputs))
        for counter, tally in (
            (self._documents, manifest.counts.documents),
            (self._paragraphs, manifest.counts.paragraphs),
        ):
            for place, count in tally.by_place().items():
                if place != "in":
                    counter.labels(place).inc(count)
        self._committed.set(now)
        self._seconds.set(manifest.seconds.total)

    def fail(self) -> None:
        """Counts a window that failed."""
        self._failures.inc()

    def wait(self, bundles: int) -> None:
        """Says how many bundles are not still yet."""
        self._waiting.set(bundles)

    def serve(self, host: str, port: int) -> int:
        """The port on which `/metrics` is served from now on; port 0 takes a free one.

        Raises:
            UsageError: the port cannot be had.
        """
        try:
            server, _ = start_http_server(port, addr=host, registry=self.registry)
        except OSError as error:
            raise UsageError(f"--metrics-port {port}: {error.strerror or error} on {host}; choose another") from error
        return int(server.server_port)


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
        context: surrounds each job while it holds the output.
        publisher: writes what people look at.
    """

    listing: Callable[[], Sequence[Bundle]]
    clock: Callable[[], float]
    time: Callable[[], float]
    run_slice: RunSlice
    in_process: bool
    say: Callable[[str], None]
    publisher: Publisher
    context: Callable[[], AbstractContextManager[None]] = nullcontext


class Watch:
    """Takes what has come to rest, a run a window, one after the other; each is deduplicated against those before."""

    def __init__(self, settings: IngestSettings, settle: float, around: Surroundings, metrics: WatchMetrics) -> None:
        self._settings, self._around, self._metrics = settings, around, metrics
        self._arrivals = Arrivals(settle)
        self._said = ""
        self._notice = say_once(around.say)
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
            self._take(fresh, listed, stop)
        self._around.publisher.look()

    def end(self) -> None:
        """Publishes what is due."""
        self._around.publisher.look(now=True)

    def _listed(self) -> Sequence[Bundle] | None:
        """The bundles that are there; None where that cannot be told for the moment."""
        try:
            return self._around.listing()
        except BundleError as error:
            self._say_once(str(error))
            return None

    def _take(self, bundles: Sequence[Bundle], there: Sequence[Bundle], stop: Event) -> None:
        around = self._around
        runs = run_job(
            bundles,
            self._settings,
            around.run_slice,
            in_process=around.in_process,
            new_only=True,
            reports=around.in_process and self._settings.run.report,
            notice=self._notice,
            context=around.context,
            there=there,
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
        self._around.publisher.note(manifest.run)
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
    watcher.end()


@dataclass(frozen=True)
class Figures:
    """The address at which a watch serves its figures."""

    host: str
    port: int


def run_watch(
    settings: IngestSettings,
    beam: Sequence[str],
    every: float,
    settle: float,
    figures: Figures | None,
    *,
    quiet: bool,
) -> None:
    """Watches until SIGTERM or SIGINT.

    Args:
        settings: of its runs.
        beam: options of Apache Beam's.
        every: seconds between two looks at the input.
        settle: seconds for which a bundle must have been still.
        figures: where Prometheus finds them; None for nowhere.
        quiet: print errors only.

    Raises:
        RafidError: what will not go away by itself.
    """
    options = beam_options([*settings.flink.beam_arguments(), *beam])
    check_watched(settings.input.paths)
    say: Callable[[str], None] = _silent if quiet else console.say
    if runs_in_process(options):
        shared_segmenter(settings.segmentation)  # what it lacks is said before any work
    inputs, stop = settings.input, _stop_on_signals()
    interruption = Interruption(stop.set)
    around = Surroundings(
        listing=partial(
            list_bundles, inputs.paths, inputs.root, endings=inputs.endings, empty=True, refused=say_once(say)
        ),
        clock=time.monotonic,
        time=time.time,
        run_slice=_explained(
            partial(run_slice, settings=settings, options=options, say=say, interruption=interruption)
        ),
        context=context_of_job(settings, options, say, interruption),
        in_process=runs_in_process(options),
        say=say,
        publisher=Publisher(settings, say, time.monotonic),
    )
    metrics = WatchMetrics()
    if figures:
        say(f"figures at http://{figures.host}:{metrics.serve(figures.host, figures.port)}/metrics")
    say(f"watching {', '.join(settings.input.paths)} every {every:g} s")
    watcher = Watch(settings, settle, around, metrics)
    watch(watcher, stop, every)
    say(f"ended after {watcher.windows:,} runs")


def _silent(_: str) -> None:
    pass


def _explained(run_slice: RunSlice) -> RunSlice:
    """`run_slice`, whose unexpected errors say where their tracebacks are kept: the watch goes on after them."""

    def run(run: Run, part: Slice) -> None:
        try:
            run_slice(run, part)
        except UnexpectedError as error:
            raise explained(error) from error

    return run


def _stop_on_signals() -> Event:
    """An event that SIGTERM and SIGINT set; a second SIGINT interrupts."""
    stop = Event()

    def ask(number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        console.tell(f"rafid: {signal.Signals(number).name}: ending after the run in progress")

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, ask)
    return stop
