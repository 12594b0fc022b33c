"""A stream on a runner that can: starts it, tells what it commits, and ends it.

It lasts until it is told to end. Then its source ends, the windows that are open are finished and committed, and the
job ends. Whatever else ends it, the next takes up from the manifests: nothing of the runner's state is needed.
"""

import signal
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from types import FrameType
from typing import Any

import grpc
from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions
from apache_beam.runners.runner import PipelineState

from pipelines.batch import Publisher
from pipelines.config import IngestSettings, require_places
from pipelines.graph import Graph
from pipelines.runners.failures import keep_to_ourselves, stage_error
from pipelines.runners.running import is_flink, runner_of, runs_in_process
from pipelines.streaming.driven import Around, Cancelled, DrivenWindows, drive, work_on
from pipelines.streaming.following import Follower, Tell, gauges_of
from pipelines.streaming.graphs import StreamPlan, ingest_stream
from pipelines.streaming.windows import WindowRuns, bundles_there
from transforms import console
from transforms.bundles.listing import Bundle
from transforms.bundles.overlap import check_watched
from transforms.dedup.definition import check_definition
from transforms.dedup.index.references import references_of
from transforms.errors import RunError, UsageError, command_line
from transforms.filters.running import load_filters
from transforms.runs.catalog import committed_runs, prepare_output
from transforms.runs.cleaning import clean_up
from transforms.runs.lock import lock_output
from transforms.storage import Folder
from transforms.streaming.at_hand import AT_HAND
from transforms.streaming.beam import WatchBundles
from transforms.streaming.turns import Opened

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


def stream(settings: IngestSettings, asked: Asked, options: PipelineOptions, tell: Tell) -> None:
    """Runs a stream until it is told to end; `tell` is told what happens.

    Raises:
        UsageError: the settings, or the runner, are not for streams.
        RunError: it failed; what is committed stays.
    """
    require_places(settings)
    output = settings.folder()
    _check(settings, options)
    check_watched(settings.input.paths)
    _listing(settings)()  # what no store serves is said before any work
    load_filters(settings.filters)
    prepare_output(output)
    end, say = _End(output, at_once=asked.cancel_now), partial(_notice, tell)
    with lock_output(output, "stream", wait=asked.wait) as lease, end, _alone(settings, options, say):
        clean_up(output)
        for name in (DRAIN, AT_HAND):
            output.remove(name)
        check_definition(output.url, committed_runs(output), settings.dedup)
        references_of(settings.dedup, output)  # what is wrong with one is said before any work
        publisher = Publisher(settings, say, time.monotonic)
        follower = Follower(output, tell, publisher)
        runs = WindowRuns(settings, asked.window, lease)
        try:
            _run(Stream(runs, asked, end, follower, say), options)
        except Cancelled:
            tell({"event": "cancelled"})
        finally:
            follower.look()
            publisher.look(now=True)
            output.tidy(DRAIN)


def _notice(tell: Tell, line: str) -> None:
    """Tells a line of the cluster's."""
    tell({"event": "notice", "message": line})


def _check(settings: IngestSettings, options: PipelineOptions) -> None:
    if runs_in_process(options):
        raise UsageError(
            "--streaming: not on the in-process runner; give --runner=PrismRunner or a Flink cluster, "
            f"or use {command_line('watch')}"
        )
    if settings.dedup.join == "partitioned":
        raise UsageError("dedup.join=partitioned: a stream decides each window on one worker; leave it at auto")


def _listing(settings: IngestSettings) -> Callable[[], list[Bundle] | None]:
    asked = settings.input
    return partial(bundles_there, asked.paths, asked.root, asked.endings, asked.config_name)


def _alone(
    settings: IngestSettings, options: PipelineOptions, say: Callable[[str], None]
) -> AbstractContextManager[None]:
    """A context in which nothing that an earlier driver has left on a cluster writes to the output."""
    if not is_flink(options):
        return nullcontext()
    from pipelines.runners.flink import windows_on_flink  # noqa: PLC0415 - it takes a package that others do without

    return windows_on_flink(settings, options, say)


@dataclass(frozen=True)
class Stream:
    """A stream that holds its output.

    Attributes:
        runs: of its windows.
        asked: its options.
        end: knows when it is to end.
        follower: tells what happens.
        say: tells what the cluster says.
    """

    runs: WindowRuns
    asked: Asked
    end: "_End"
    follower: Follower
    say: Callable[[str], None]


def _run(running: Stream, options: PipelineOptions) -> None:
    if is_flink(options):
        _run_on_flink(running, options)
    else:
        _run_on_beam(running, options)


def _run_on_flink(running: Stream, options: PipelineOptions) -> None:
    """This process watches; the cluster is given a batch job a window."""
    from pipelines.runners.flink import end_earlier_jobs, run_window_on_flink  # noqa: PLC0415

    settings, asked, end, follower = running.runs.settings, running.asked, running.end, running.follower

    def check() -> None:
        end.check()
        windows.look(now=end.drains)
        follower.account(windows.oldest)

    def work(opened: Opened) -> None:
        work_on(opened, settings, lambda run: run_window_on_flink(run, settings, options, check, running.say))
        follower.look()

    around = Around(
        _listing(settings),
        is_over=partial(settings.folder().exists, DRAIN),
        work=work,
        clear=partial(end_earlier_jobs, settings, options, running.say),
        say=running.say,
    )
    windows = DrivenWindows(running.runs, asked.window, asked.settle, asked.every, around)
    drive(windows, check)


def _plan(running: Stream) -> StreamPlan:
    runs, asked = running.runs, running.asked
    output, listing = runs.settings.folder(), _listing(runs.settings)
    is_over = partial(output.exists, DRAIN)
    source = WatchBundles(f"{output.url} {time.time_ns()}", listing, asked.settle, asked.every, is_over)
    return StreamPlan(source, runs, runs.settings.run.worker_threads())


def _run_on_beam(running: Stream, options: PipelineOptions) -> None:
    """Beam's own ways of waiting hang when they are interrupted; here the state is asked for."""
    end, follower = running.end, running.follower
    keep_to_ourselves()
    options.view_as(StandardOptions).streaming = True
    pipeline = Graph(runner_of(options), options)
    ingest_stream(pipeline, _plan(running))
    try:
        result = pipeline.run()
        with end:  # again: Beam sets a handler of its own when it starts
            while not PipelineState.is_terminal(result.state):
                follower.look()
                follower.account(partial(gauges_of, result))
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
        self.drains = False  # whether the source has been told to end
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
        if self._signals and not self.drains:
            self._output.write(DRAIN, b"")
            self.drains = True
