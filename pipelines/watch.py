"""Watches for bundles and takes them as they come to rest, a run a window, until it is told to end."""

import argparse
import signal
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from threading import Event
from types import FrameType

from pipelines.cli import Parser, complain, say_once, seconds, settle_seconds
from pipelines.config import require_places
from pipelines.ingest import imports_at_rest, settings_of
from transforms.bundles.listing import list_bundles
from transforms.errors import RafidError

_EPILOG = """\
Any other option goes to Apache Beam. Producers do well to write elsewhere, then to rename.
SIGTERM and SIGINT end the watch after the run in progress; a second SIGINT ends it at once. However it ends, nothing is
lost, and what is committed is not taken again.
Exit codes: 0 it was told to end; 1 it failed; 2 wrong use.
"""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    command = Parser(
        prog="python -m pipelines.watch",
        description=__doc__,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.add_argument(
        "--input", action="extend", nargs="+", metavar="PATTERN", help="files, a folder or a pattern; may be repeated"
    )
    command.add_argument("--output", metavar="FOLDER", help="where the corpus is written")
    command.add_argument("--every", default="30s", metavar="TIME", help="between two looks (default: 30s)")
    command.add_argument(
        "--settle", metavar="TIME", help="how long a bundle must have been still (default: 10s; in a store 60s)"
    )
    command.add_argument("--config", metavar="FILE", help="settings in YAML; see configs/")
    command.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", dest="assignments", help="one setting"
    )
    command.add_argument("--threads", type=int, metavar="N", help="splits worked on at a time (default: the cores)")
    command.add_argument("--metrics-port", type=int, metavar="PORT", help="serve figures for Prometheus at /metrics")
    command.add_argument(
        "--metrics-host", default="127.0.0.1", metavar="HOST", help="on this address (default: loopback)"
    )
    command.add_argument("--quiet", action="store_true", help="print errors only")
    command.set_defaults(run=None)
    return command


def main(argv: Sequence[str] | None = None) -> int:
    """Watches; returns the exit code."""
    try:
        return _watch(*parser().parse_known_args(argv))
    except RafidError as error:
        return complain(error)
    except KeyboardInterrupt:
        print("rafid: interrupted; what is not committed is taken the next time", file=sys.stderr)
        return 130


def _watch(arguments: argparse.Namespace, rest: Sequence[str]) -> int:
    settings = settings_of(arguments)
    require_places(settings)
    every, settle = seconds(arguments.every, "--every"), settle_seconds(arguments.settle, settings.input.paths)
    with imports_at_rest():
        from pipelines.runners.running import beam_options, run_slice, runs_in_process  # noqa: PLC0415
        from pipelines.streaming.metrics import WatchMetrics  # noqa: PLC0415
        from pipelines.streaming.watch_loop import Surroundings, Watch, watch  # noqa: PLC0415
        from transforms.segmentation.segmenter import shared_segmenter  # noqa: PLC0415

    options = beam_options([*settings.flink.beam_arguments(), *rest])
    say: Callable[[str], None] = _silent if arguments.quiet else partial(print, flush=True)
    if runs_in_process(options):
        shared_segmenter(settings.segmentation)  # what it lacks is said before any work
    inputs = settings.input
    listing = partial(
        list_bundles, inputs.paths, inputs.root, endings=inputs.endings, empty=True, refused=say_once(say)
    )
    around = Surroundings(
        listing=listing,
        clock=time.monotonic,
        time=time.time,
        run_slice=partial(run_slice, settings=settings, options=options, say=say),
        in_process=runs_in_process(options),
        say=say,
    )
    metrics, stop = WatchMetrics(), _stop_on_signals()
    if arguments.metrics_port is not None:
        port = metrics.serve(arguments.metrics_host, arguments.metrics_port)
        say(f"figures at http://{arguments.metrics_host}:{port}/metrics")
    say(f"watching {', '.join(settings.input.paths)} every {every:g} s")
    watcher = Watch(settings, settle, around, metrics)
    watch(watcher, stop, every)
    say(f"ended after {watcher.windows:,} runs")
    return 0


def _silent(_: str) -> None:
    pass


def _stop_on_signals() -> Event:
    """An event that SIGTERM and SIGINT set; a second SIGINT interrupts."""
    stop = Event()

    def ask(number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        print(f"rafid: {signal.Signals(number).name}: ending after the run in progress", file=sys.stderr, flush=True)

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, ask)
    return stop


if __name__ == "__main__":
    sys.exit(main())
