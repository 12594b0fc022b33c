"""Watches for bundles and takes them as they come to rest, a run a window, until it is told to end."""

import argparse
import sys
from collections.abc import Sequence

from pipelines.cli import (
    Command,
    Parser,
    add_arrival_options,
    job_options,
    pause,
    port_number,
    run,
    settings_of,
    settle_seconds,
)
from pipelines.config import require_places
from pipelines.startup import imports_at_rest
from transforms.errors import command_line

_EVERY = "30s"
_EPILOG = """\
Any other option goes to Apache Beam. Producers do well to write elsewhere, then to rename.
SIGTERM and SIGINT end the watch after the run in progress; a second SIGINT ends it at once. However it ends, nothing is
lost, and what is committed is not taken again.
Exit codes: 0 it was told to end; 1 it failed; 2 wrong use.
"""


def parser() -> Parser:
    """The command line."""
    command = Parser(prog=command_line("watch"), description=__doc__, epilog=_EPILOG, parents=[job_options()])
    add_arrival_options(command, every=_EVERY)
    command.add_argument(
        "--metrics-port", type=port_number, metavar="PORT", help="serve figures for Prometheus at /metrics"
    )
    command.add_argument(
        "--metrics-host", default="127.0.0.1", metavar="HOST", help="on this address (default: loopback)"
    )
    return command


def main(argv: Sequence[str] | None = None) -> int:
    """Watches until it is told to end; returns the exit code."""
    interrupted = "interrupted; what is not committed is taken the next time"
    return run(Command(parser, _watch, interrupted, beam=True), argv)


def _watch(arguments: argparse.Namespace) -> int:
    """Checks what is asked for, before the imports that take a second, and watches."""
    settings = settings_of(arguments)
    require_places(settings)
    every = pause(arguments.every or _EVERY, "--every")
    settle = settle_seconds(arguments.settle, settings.input.paths)
    with imports_at_rest():
        from pipelines.streaming.watch_loop import Figures, run_watch  # noqa: PLC0415

    figures = None if arguments.metrics_port is None else Figures(arguments.metrics_host, arguments.metrics_port)
    run_watch(settings, arguments.beam, every, settle, figures, quiet=arguments.quiet)
    return 0


if __name__ == "__main__":
    sys.exit(main())
