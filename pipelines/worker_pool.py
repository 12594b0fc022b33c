"""A worker pool: starts Beam workers when a runner asks for them, and ends them with itself.

The pool is Beam's own. Beam's program for it listens on every interface, although whoever reaches a pool can have
code run, leaves its workers behind when it is terminated, and does not reap them: this one does none of that.
"""

import argparse
import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import grpc
from apache_beam.portability.api import beam_fn_api_pb2_grpc
from apache_beam.runners.worker.worker_pool_main import BeamFnExternalWorkerPoolServicer, kill_process_gracefully
from apache_beam.utils.thread_pool_executor import UnboundedThreadPoolExecutor

from pipelines.cli import Command, Parser, port_number, run
from transforms.console import LogHandler
from transforms.errors import RunError, command_line

_LOG = logging.getLogger("worker_pool")


class _WorkerPool(BeamFnExternalWorkerPoolServicer):
    """Beam's pool, which remembers each process that it started."""

    def __init__(self, executable: str) -> None:
        super().__init__(use_process=True, container_executable=executable)
        self._started: list[tuple[str, subprocess.Popen[bytes]]] = []

    def StartWorker(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Beam's answer; the worker's process is kept in mind."""
        response = super().StartWorker(request, context)
        if response.error:
            _LOG.error("worker %s: cannot be started: %s", request.worker_id, response.error.strip().splitlines()[-1])
        else:
            self._started.append((request.worker_id, self._worker_processes[request.worker_id]))
        return response

    def reap(self) -> None:
        """Takes note of the workers that have ended."""
        for worker in list(self._started):
            if worker[1].poll() is not None:
                self._started.remove(worker)
                _LOG.info("worker %s ended with code %d", worker[0], worker[1].returncode)

    def stop(self) -> None:
        """Ends all workers, and waits until they have ended."""
        for _, process in self._started:
            kill_process_gracefully(process)


def serve(host: str, port: int, executable: str) -> None:
    """Serves until SIGTERM or SIGINT.

    Args:
        host: the address that is listened on.
        port: where runners ask.
        executable: what starts a worker.

    Raises:
        RunError: the address cannot be listened on.
    """
    pool, address = _WorkerPool(executable), f"{host}:{port}"
    server = grpc.server(UnboundedThreadPoolExecutor(), options=[("grpc.so_reuseport", 0)])
    beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(pool, server)
    try:
        server.add_insecure_port(address)
    except RuntimeError as error:
        raise RunError(f"worker pool: {address} cannot be listened on; name a free port with --port") from error
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    server.start()
    _LOG.info("listening on %s", address)
    while not stopped.is_set():
        time.sleep(0.5)
        pool.reap()
    server.stop(None).wait()
    pool.stop()


_EPILOG = "Exit codes: 0 it was told to end; 1 the address cannot be listened on; 2 wrong use."
_BOOT = Path(__file__).with_name("runners") / "worker_boot"


def parser() -> Parser:
    """The command line."""
    command = Parser(prog=command_line("worker_pool"), description=__doc__, epilog=_EPILOG)
    command.add_argument("--port", type=port_number, default=50000, help="where runners ask (default: %(default)s)")
    command.add_argument("--host", default="127.0.0.1", help="the address listened on (default: %(default)s)")
    command.add_argument("--executable", default=str(_BOOT), help="what starts a worker (default: %(default)s)")
    return command


def main(argv: Sequence[str] | None = None) -> int:
    """Serves until SIGTERM or SIGINT; returns the exit code."""
    return run(Command(parser, _serve), argv)


def _serve(arguments: argparse.Namespace) -> int:
    logging.basicConfig(handlers=[LogHandler(timed=True)], level=logging.INFO, force=True)
    serve(arguments.host, arguments.port, arguments.executable)
    return 0


if __name__ == "__main__":
    sys.exit(main())
