"""Ingests bundles of Arabic text into a clean, deduplicated Parquet corpus."""

import argparse
import sys
from collections.abc import Sequence

from pipelines.cli import (
    Command,
    Parser,
    add_arrival_options,
    job_options,
    pause,
    run,
    seconds,
    settings_of,
    settle_seconds,
    size,
)
from pipelines.config import IngestSettings, require_places
from pipelines.startup import imports_at_rest
from transforms.errors import UsageError, command_line

_EPILOG = """\
Any other option goes to Apache Beam, for example --runner=FlinkRunner. The default runner works in this process.
Settings come from the file given with --config, then from --set, then from the options above.
Exit codes: 0 the run is committed; 1 it failed, nothing is committed, or with --strict it took nothing in; 2 wrong use,
nothing was begun; 99 --new-only found nothing new. A stream ends with 0 when it is told to: by SIGTERM, or by a file
.drain in its output.
"""
_OF_STREAMS, _OF_RUNS = ("window", "settle", "every", "cancel_now"), ("run", "dry_run", "assume", "new_only", "strict")


def parser() -> Parser:
    """The command line."""
    command = Parser(prog=command_line("ingest"), description=__doc__, epilog=_EPILOG, parents=[job_options()])
    command.add_argument(
        "--run", metavar="ID", help="names the run; a committed run of that name is replaced (default: the time)"
    )
    command.add_argument("--dry-run", action="store_true", help="print what would be read and the settings, and stop")
    command.add_argument("--assume", type=size, metavar="SIZE", help="with --dry-run: estimate for 10TB of text")
    command.add_argument("--new-only", action="store_true", help="take only bundles that no committed run has taken")
    command.add_argument("--wait", action="store_true", help="wait while another run is writing to the output")
    command.add_argument("--strict", action="store_true", help="exit with 1 where a run takes nothing in")
    command.add_argument("--log-format", choices=("text", "json"), default="text", help="json: a JSON object a line")
    streams = command.add_argument_group(
        "streams", "bundles are taken as they arrive: by one unbounded job on Prism, by a job a window on Flink"
    )
    streams.add_argument("--streaming", action="store_true", help="run until told to end, a run a window")
    streams.add_argument("--window", metavar="TIME", help="the length of a window (default: 60s)")
    add_arrival_options(streams, every="1s")
    streams.add_argument(
        "--cancel-now", action="store_true", help="at SIGTERM drop what is not committed, instead of finishing it"
    )
    return command


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the job; returns the exit code."""
    interrupted = "interrupted; what is not committed is not there"
    return run(Command(parser, _ingest, interrupted, beam=True), argv)


def _ingest(arguments: argparse.Namespace) -> int:
    """Checks what is asked for, before the imports that take a second, and has it done."""
    settings = settings_of(arguments)
    _check_streaming(arguments)
    with imports_at_rest():
        import transforms.bundles.overlap  # noqa: F401, PLC0415 - it brings Arrow along, and the next line needs it

    require_places(settings)
    return _stream(arguments, settings) if arguments.streaming else _batch(arguments, settings)


def _check_streaming(arguments: argparse.Namespace) -> None:
    """Raises UsageError for options that do not go together."""
    wrong = [name for name in (_OF_RUNS if arguments.streaming else _OF_STREAMS) if getattr(arguments, name)]
    if wrong:
        named = f"--{wrong[0].replace('_', '-')}"
        raise UsageError(f"{named}: not with --streaming" if arguments.streaming else f"{named}: only with --streaming")
    if arguments.assume is not None and not arguments.dry_run:
        raise UsageError("--assume: only with --dry-run")


def _batch(arguments: argparse.Namespace, settings: IngestSettings) -> int:
    """Runs a job, or says what it would come to."""
    with imports_at_rest():
        from transforms.bundles.listing import list_input  # noqa: PLC0415 - it brings Arrow along

    asked = settings.input
    listing = list_input(asked.paths, asked.root, endings=asked.endings, config_name=asked.config_name)
    with imports_at_rest():
        from pipelines.batch import Request, print_estimate, run_batch  # noqa: PLC0415
        from transforms.bundles.reader import check_tables  # noqa: PLC0415

    check_tables(listing.bundles, settings.input)
    if arguments.dry_run:
        return print_estimate(listing, settings, arguments.beam, arguments.assume)
    request = Request(
        arguments.beam,
        arguments.new_only,
        arguments.wait,
        quiet=arguments.quiet,
        strict=arguments.strict,
        log_format=arguments.log_format,
    )
    return run_batch(listing, settings, request)


def _stream(arguments: argparse.Namespace, settings: IngestSettings) -> int:
    """Runs a stream until it is told to end."""
    window = round(1000 * seconds(arguments.window or "60s", "--window"))
    if window < 100:
        raise UsageError(f"--window {arguments.window}: must be at least 100ms")
    every = pause(arguments.every or "1s", "--every")
    settle = settle_seconds(arguments.settle, settings.input.paths)
    with imports_at_rest():
        from pipelines.runners.running import beam_options  # noqa: PLC0415
        from pipelines.streaming.stream import Asked, stream  # noqa: PLC0415
        from pipelines.views.summary import event_speaker  # noqa: PLC0415

    options = beam_options([*settings.flink.beam_arguments(), *arguments.beam])
    asked = Asked(window, settle, every, arguments.cancel_now, arguments.wait)
    stream(settings, asked, options, event_speaker(arguments.log_format, quiet=arguments.quiet))
    return 0


if __name__ == "__main__":
    sys.exit(main())
