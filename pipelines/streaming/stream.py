"""A stream on a runner that can: starts it, tells what it commits, and ends it.

It lasts until it is told to end. Then its source ends, the windows that are open are finished and committed, and the
job ends. Whatever else ends it, the next takes up from the manifests: nothing of the runner's state is needed.
"""

import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import FrameType
from typing import Any

import apache_beam as beam
import grpc
from apache_beam.metrics import MetricsFilter
from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions
from apache_beam.runners.runner import PipelineState

from pipelines.config import IngestSettings, require_places
from pipelines.graph import StreamPlan, ingest_stream
from pipelines.runners.failures import keep_to_ourselves, stage_error
from pipelines.runners.running import is_flink, runner_of, runs_in_process
from pipelines.streaming.windows import WindowRuns, bundles_there
from transforms import console
from transforms.dedup.definition import check_definition
from transforms.dedup.index.references import references_of
from transforms.errors import RunError, UsageError
from transforms.filters.running import load_filters
from transforms.runs.catalog import committed_runs, prepare_output
from transforms.runs.cleaning import clean_up
from transforms.runs.lock import lock_output
from transforms.runs.manifest import Manifest
from transforms.storage import Folder
from transforms.streaming.beam import OLDEST_IN_FLIGHT, OLDEST_WAITING, WatchBundles

Tell = Callable[[dict[str, Any]], None]
_TELL_SECONDS = 10.0  # between two accounts of how the stream is


class Follower:
    """Tells of the windows that have been committed, and how far the stream lags."""

    def __init__(self, output: Folder, tell: Tell) -> None:
        self._output, self._tell = output, tell
        self._told = {each.key for each in committed_runs(output)}
        self._windows = self._kept = 0
        self._last_arrival = 0.0
        self._account = time.monotonic()

    def say(self, line: str) -> None:
        """Tells what the cluster says."""
        self._tell({"event": "notice", "message": line})

    def look(self, result: Any = None) -> None:
        """Looks what is new; the metrics of `result`, which is Beam's, know when the oldest bundle arrived."""
        for each in committed_runs(self._output):
            if each.key not in self._told:
                self._told.add(each.key)
                self._tell(self._committed(each))
        if result is not None and time.monotonic() >= self._account + _TELL_SECONDS:
            self._account = time.monotonic()
            lag = self._lag(_gauges(result))
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

    def _lag(self, oldest: dict[str, float]) -> float:
        """Seconds since the oldest bundle arrived that is not committed; 0 where all are."""
        waiting, in_flight = oldest.get(OLDEST_WAITING, 0.0), oldest.get(OLDEST_IN_FLIGHT, 0.0)
        # The queue learns of a commit when the next window's turn has come; we know by now.
        times = [each for each in (waiting, in_flight if in_flight > self._last_arrival else 0.0) if each]
        return round(time.time() - min(times), 3) if times else 0.0


def _gauges(result: Any) -> dict[str, float]:
    """The gauges of the queue of windows by name, in seconds since the epoch; none where the runner has no metrics."""
    result._metrics = None  # Beam would give the first answer again
    with suppress(NotImplementedError):
        found = result.metrics().query(MetricsFilter().with_namespace("rafid"))["gauges"]
        return {each.key.metric.name: each.result.value / 1000 for each in found}
    return {}


def _seconds(iso: str) -> float:
    return datetime.fromisoformat(iso).timestamp()


_REST = "what is committed stays, start again"
_LOOK_SECONDS = 0.5
DRAIN = ".drain"  # a file of this name in the output tells a stream to end


@dataclass(frozen=True)
class Asked:
    """The options of a stream.

    Attributes:
        window: its length in milliseconds.
        settle: the seconds for which a bundle must have been still.
        every: seconds between two looks at the input.
        cancel_now: end at once when told to end; what is not committed then is not there.
        wait: wait while another run is writing to the output.
    """

    window: int
    settle: float
    every: float
    cancel_now: bool = False
    wait: bool = False


class Cancelled(RunError):  # noqa: N818 - says what was asked for
    """A stream that was told to end at once."""


def stream(settings: IngestSettings, asked: Asked, options: PipelineOptions, tell: Tell) -> None:
    """Runs a stream until it is told to end; `tell` is told what happens.

    Raises:
        UsageError: the settings, or the runner, are not for streams.
        RunError: it failed; what is committed stays.
    """
    require_places(settings)
    output = settings.folder()
    _check(settings, options)
    inputs = settings.input.paths, settings.input.root, settings.input.endings
    bundles_there(*inputs)  # what no store serves is said before any work
    load_filters(settings.filters)
    options.view_as(StandardOptions).streaming = True
    prepare_output(output)
    with lock_output(output, "stream", wait=asked.wait) as lease:
        if is_flink(options):
            from pipelines.runners.flink import end_earlier_jobs  # noqa: PLC0415

            end_earlier_jobs(settings, options, lambda line: tell({"event": "notice", "message": line}))
        clean_up(output)
        output.remove(DRAIN)
        check_definition(output.url, committed_runs(output), settings.dedup)
        references_of(settings.dedup, output)  # what is wrong with one is said before any work
        follower = Follower(output, tell)
        try:
            _run(_plan(settings, asked, lease), options, _End(output, at_once=asked.cancel_now), follower)
        except Cancelled:
            tell({"event": "cancelled"})
        finally:
            follower.look()
            output.tidy(DRAIN)


def _check(settings: IngestSettings, options: PipelineOptions) -> None:
    if runs_in_process(options):
        raise UsageError(
            "--streaming: not on the in-process runner; give --runner=PrismRunner or a Flink cluster, "
            "or use python -m pipelines.watch"
        )
    if settings.dedup.join == "partitioned":
        raise UsageError("dedup.join=partitioned: a stream decides each window on one worker; leave it at auto")


def _plan(settings: IngestSettings, asked: Asked, lease: str) -> StreamPlan:
    output = settings.folder()
    listing = partial(bundles_there, settings.input.paths, settings.input.root, settings.input.endings)
    is_over = partial(output.exists, DRAIN)
    source = WatchBundles(f"{output.url} {time.time_ns()}", listing, asked.settle, asked.every, is_over)
    return StreamPlan(source, WindowRuns(settings, asked.window, lease), settings.run.worker_threads())


def _run(plan: StreamPlan, options: PipelineOptions, end: "_End", follower: Follower) -> None:
    with end:  # before there is anything to be left behind
        keep_to_ourselves()
        if is_flink(options):
            _run_on_flink(plan, options, end, follower)
        else:
            _run_on_beam(plan, options, end, follower)


def _run_on_flink(plan: StreamPlan, options: PipelineOptions, end: "_End", follower: Follower) -> None:
    from pipelines.runners.flink import Work, work_on_flink  # noqa: PLC0415 - it takes a package that others do without

    def check() -> None:
        follower.look()
        end.check()

    work = Work(
        "stream",
        plan.runs.settings.folder(),
        lambda pipeline: ingest_stream(pipeline, plan),
        lambda view: view is not None and view.state == "FINISHED",
        what="the stream",
        rest=_REST,
    )
    work_on_flink(work, plan.runs.settings.flink, options, check, follower.say)


def _run_on_beam(plan: StreamPlan, options: PipelineOptions, end: "_End", follower: Follower) -> None:
    """Beam's own ways of waiting hang when they are interrupted; here the state is asked for."""
    pipeline = beam.Pipeline(runner_of(options), options)
    ingest_stream(pipeline, plan)
    try:
        result = pipeline.run()
        with end:  # again: Beam sets a handler of its own when it starts
            while not PipelineState.is_terminal(result.state):
                follower.look(result)
                _check_end(end, result)
                time.sleep(_LOOK_SECONDS)
        if result.state != PipelineState.DONE:
            result.wait_until_finish()  # raises what it knows
    except Cancelled:
        raise
    except grpc.RpcError as error:
        raise RunError(f"the runner does not answer any more; {_REST}") from error
    except Exception as error:
        raise stage_error(error, "the stream", _REST) from error


def _check_end(end: "_End", result: Any) -> None:
    try:
        end.check()
    except Cancelled:
        result.cancel()
        raise


class _End:
    """Ends the stream when it is told to: a first SIGTERM or SIGINT drains it, a second one cancels it.

    With `at_once` the first one cancels it. As a context, which may be entered within itself, it takes note of signals.
    """

    def __init__(self, output: Folder, *, at_once: bool) -> None:
        self._output, self._at_once = output, at_once
        self._signals = 0
        self._drains = False
        self._handlers: list[dict[int, Any]] = []

    def __enter__(self) -> None:
        numbers = (signal.SIGTERM, signal.SIGINT)
        self._handlers.append({number: signal.signal(number, self._note) for number in numbers})

    def __exit__(self, *_: object) -> None:
        for number, handler in self._handlers.pop().items():
            signal.signal(number, handler)

    def _note(self, number: int, _: FrameType | None) -> None:
        self._signals += 1
        if self._at_once or self._signals > 1:
            said = "ending at once"
        else:
            said = "ending after the windows that are open; once more ends at once"
        console.tell(f"rafid: {signal.Signals(number).name}: {said}")

    def check(self) -> None:
        """Tells the source to end, where that has been asked for.

        Raises:
            Cancelled: the stream is to end at once.
        """
        if self._signals and (self._at_once or self._signals > 1):
            raise Cancelled
        if self._signals and not self._drains:
            self._output.write(DRAIN, b"")
            self._drains = True
