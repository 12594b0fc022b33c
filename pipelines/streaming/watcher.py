"""A watch in this process: the world as it sees it, and the signals that end it."""

import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Event
from types import FrameType

from pipelines.cli import say_once
from pipelines.complaints import explained
from pipelines.config import IngestSettings
from pipelines.job import RunSlice, Slice
from pipelines.runners.running import beam_options, run_slice, runs_in_process
from pipelines.streaming.metrics import WatchMetrics
from pipelines.streaming.watch_loop import Surroundings, Watch, watch
from transforms import console
from transforms.bundles.listing import list_bundles
from transforms.errors import UnexpectedError
from transforms.runs.run import Run
from transforms.segmentation.segmenter import shared_segmenter


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
    say: Callable[[str], None] = _silent if quiet else console.say
    if runs_in_process(options):
        shared_segmenter(settings.segmentation)  # what it lacks is said before any work
    inputs = settings.input
    around = Surroundings(
        listing=partial(list_bundles, inputs.paths, inputs.root, endings=inputs.endings, empty=True, refused=say_once(say)),
        clock=time.monotonic,
        time=time.time,
        run_slice=_explained(partial(run_slice, settings=settings, options=options, say=say)),
        in_process=runs_in_process(options),
        say=say,
    )
    metrics, stop = WatchMetrics(), _stop_on_signals()
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
