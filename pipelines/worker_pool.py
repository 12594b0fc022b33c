"""A worker pool: starts Beam workers when a runner asks for them, and ends them with itself.

The pool is Beam's own. Beam's program for it listens on every interface, although whoever reaches a pool can have
code run, leaves its workers behind when it is terminated, and does not reap them: this one does none of that.
"""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from pipelines.cli import Command, Parser, imports_at_rest, port_number, run
from transforms.console import LogHandler

_EPILOG = "Exit codes: 0 it was told to end; 1 the address cannot be listened on; 2 wrong use."
_BOOT = Path(__file__).with_name("runners") / "worker_boot"


def parser() -> Parser:
    """The command line."""
    command = Parser(prog="python -m pipelines.worker_pool", description=__doc__, epilog=_EPILOG)
    command.add_argument("--port", type=port_number, default=50000, help="where runners ask (default: %(default)s)")
    command.add_argument("--host", default="127.0.0.1", help="the address listened on (default: %(default)s)")
    command.add_argument("--executable", default=str(_BOOT), help="what starts a worker (default: %(default)s)")
    return command


def main(argv: Sequence[str] | None = None) -> int:
    """Serves until SIGTERM or SIGINT; returns the exit code."""
    return run(Command(parser, _serve), argv)


def _serve(arguments: argparse.Namespace) -> int:
    with imports_at_rest():
        from pipelines.runners.pool import serve  # noqa: PLC0415

    logging.basicConfig(handlers=[LogHandler(timed=True)], level=logging.INFO, force=True)
    serve(arguments.host, arguments.port, arguments.executable)
    return 0


if __name__ == "__main__":
    sys.exit(main())
