"""Ingests bundles of Arabic text into a clean, deduplicated Parquet corpus."""

import argparse
import gc
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from pipelines.cli import Parser, complain, seconds, settle_seconds
from pipelines.config import IngestSettings, load_settings, require_places
from pipelines.planning import estimate
from pipelines.views.summary import event_speaker, print_plan, speakers
from transforms.errors import RafidError, RunError, UsageError
from transforms.settings import parse_size

if TYPE_CHECKING:  # it brings the kernels along
    from pipelines.job import RunSlice

NOTHING_NEW = 99  # what schedulers take for "skipped"

_EPILOG = """\
Any other option goes to Apache Beam, for example --runner=FlinkRunner. The default runner works in this process.
Settings come from the file given with --config, then from --set, then from the options above.
Exit codes: 0 the run is committed; 1 it failed, nothing is committed; 2 wrong use, nothing was begun;
99 --new-only found nothing new. A stream ends with 0 when it is told to: by SIGTERM, or by a file .drain in its output.
"""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    command = Parser(
        prog="python -m pipelines.ingest",
        description=__doc__,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.add_argument(
        "--input", action="extend", nargs="+", metavar="PATTERN", help="files, a folder or a pattern; may be repeated"
    )
    command.add_argument("--output", metavar="FOLDER", help="where the corpus is written")
    command.add_argument("--config", metavar="FILE", help="settings in YAML; see configs/")
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="assignments",
        help="one setting, for example dedup.threshold=0.8; may be repeated",
    )
    command.add_argument(
        "--run", metavar="ID", help="names the run; a committed run of that name is replaced (default: the time)"
    )
    command.add_argument("--threads", type=int, metavar="N", help="splits worked on at a time (default: the cores)")
    command.add_argument("--dry-run", action="store_true", help="print what would be read and the settings, and stop")
    command.add_argument("--assume", type=parse_size, metavar="SIZE", help="with --dry-run: estimate for 10TB of text")
    command.add_argument("--new-only", action="store_true", help="take only bundles that no committed run has taken")
    command.add_argument("--wait", action="store_true", help="wait while another run is writing to the output")
    streams = command.add_argument_group(
        "streams", "one unbounded job that takes bundles as they arrive, on a runner that can: Prism, Flink"
    )
    streams.add_argument("--streaming", action="store_true", help="run until told to end, a run a window")
    streams.add_argument("--window", metavar="TIME", help="the length of a window (default: 60s)")
    streams.add_argument(
        "--settle", metavar="TIME", help="how long a bundle must have been still (default: 10s; in a store 60s)"
    )
    streams.add_argument("--every", metavar="TIME", help="between two looks at the input (default: 1s)")
    streams.add_argument(
        "--cancel-now", action="store_true", help="at SIGTERM drop what is not committed, instead of finishing it"
    )
    command.add_argument("--quiet", action="store_true", help="print errors only")
    command.add_argument("--log-format", choices=("text", "json"), default="text", help="json: a JSON object a line")
    return command


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the job; returns the exit code."""
    try:
        return _ingest(*parser().parse_known_args(argv))
    except RafidError as error:
        return complain(error)
    except KeyboardInterrupt:
        print("rafid: interrupted; what is not committed is not there", file=sys.stderr)
        return 130


def settings_of(arguments: argparse.Namespace) -> IngestSettings:
    """The settings that the command line asks for, complete."""
    given = {
        "input.paths": arguments.input,
        "output": arguments.output,
        "run.id": arguments.run,
        "run.threads": arguments.threads,
    }
    overrides = {key: value for key, value in given.items() if value is not None}
    return load_settings(arguments.config, arguments.assignments, overrides)


@contextmanager
def imports_at_rest() -> Iterator[None]:
    """Imports make a million objects that stay; looking for garbage among them takes a tenth of the start.

    And Beam warns of packages of a cloud that nobody asked for.
    """
    gc.disable()
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        gc.freeze()  # nor need it look at them later, or when the process ends
        gc.enable()
        logging.disable(logging.NOTSET)


def _ingest(arguments: argparse.Namespace, rest: Sequence[str]) -> int:
    settings = settings_of(arguments)
    _check_streaming(arguments)
    if arguments.streaming:
        return _stream(arguments, settings, rest)
    with imports_at_rest():  # errors of use come before imports that take a second
        from pipelines.job import listed_input, plan_slices, run_job  # noqa: PLC0415

        listing = listed_input(settings)
        bundles = listing.bundles
        from pipelines.runners.running import beam_options, run_slice, runs_in_process  # noqa: PLC0415
        from pipelines.views.progress import with_progress  # noqa: PLC0415
        from transforms.segmentation.segmenter import shared_segmenter  # noqa: PLC0415

    options = beam_options([*settings.flink.beam_arguments(), *rest])
    in_process = runs_in_process(options)
    if arguments.dry_run:
        size = arguments.assume or sum(bundle.size for bundle in bundles)
        expected = estimate(size, settings, in_process=in_process)
        print_plan(listing, plan_slices(bundles, settings, in_process=in_process), settings, expected)
        return 0
    if in_process:
        shared_segmenter(settings.segmentation)  # what it lacks is said before any work
    say, summarize = speakers(arguments.log_format, quiet=arguments.quiet)
    runner: RunSlice = partial(run_slice, settings=settings, options=options, say=say)
    if in_process and not arguments.quiet:
        runner = with_progress(runner, arguments.log_format)
    flags = {"new_only": arguments.new_only, "wait": arguments.wait, "passed_over": listing.passed_over}
    committed = False
    for manifest in run_job(bundles, settings, runner, in_process=in_process, notice=say, **flags):
        committed = True
        summarize(str(settings.output), manifest)
        if in_process and settings.run.report:
            _report(str(settings.output), manifest["run"], say)
    if not committed:
        say("nothing new")
    return 0 if committed else NOTHING_NEW


def _check_streaming(arguments: argparse.Namespace) -> None:
    """Raises UsageError for options that do not go together."""
    of_streams, of_runs = ("window", "settle", "every", "cancel_now"), ("run", "dry_run", "assume", "new_only")
    wrong = [name for name in (of_runs if arguments.streaming else of_streams) if getattr(arguments, name)]
    if wrong:
        named = f"--{wrong[0].replace('_', '-')}"
        raise UsageError(f"{named}: not with --streaming" if arguments.streaming else f"{named}: only with --streaming")


def _stream(arguments: argparse.Namespace, settings: IngestSettings, rest: Sequence[str]) -> int:
    """Runs a stream until it is told to end."""
    require_places(settings)
    window = round(1000 * seconds(arguments.window or "60s", "--window"))
    if window < 100:
        raise UsageError(f"--window {arguments.window}: must be at least 100ms")
    every = seconds(arguments.every or "1s", "--every")
    settle = settle_seconds(arguments.settle, settings.input.paths)
    with imports_at_rest():
        from pipelines.runners.running import beam_options  # noqa: PLC0415
        from pipelines.streaming.stream import Asked, stream  # noqa: PLC0415

    options = beam_options([*settings.flink.beam_arguments(), *rest])
    asked = Asked(window, settle, every, arguments.cancel_now, arguments.wait)
    stream(settings, asked, options, event_speaker(arguments.log_format, quiet=arguments.quiet))
    return 0


def _report(output: str, run: str, say: Callable[[str], None]) -> None:
    """Writes what people look at; the run stands, whatever becomes of it."""
    from pipelines.views.card import write_card  # noqa: PLC0415 - templates are of no use before
    from pipelines.views.report import write_report  # noqa: PLC0415
    from transforms.shards.corpus import Corpus  # noqa: PLC0415

    try:
        corpus = Corpus(output)
        say(write_report(corpus, run))
        write_card(corpus)
    except RafidError as error:
        complain(RunError(f"run {run} is committed, but its report is not written: {error}"))


if __name__ == "__main__":
    sys.exit(main())
