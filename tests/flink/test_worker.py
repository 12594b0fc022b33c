"""A worker process: what it prints goes into its file, in bounded space; it ends when its runner is gone."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
from apache_beam.portability.api import beam_provision_api_pb2, beam_provision_api_pb2_grpc

from tests.conftest import PROJECT
from tests.flink.cluster import free_port
from tests.processes import wait_until

_PRINTS = """
import os, subprocess, sys, time
from pathlib import Path
from pipelines.runners.worker import log_to_file
path = log_to_file(Path(sys.argv[1]), "1/a b", limit=100_000, check_seconds=0.05)
for line in range(20_000):
    print(f"line {line} of what Python prints")
    if line % 4_000 == 0:
        time.sleep(0.2)
sys.stdout.flush()
subprocess.run(["sh", "-c", "echo from a child >&2"], check=True)
os.abort()
"""
_LOGS = """
import sys
from pathlib import Path
from pipelines.runners.worker import log_to_file
log_to_file(Path(sys.argv[1]), "w")
"""


def test_all_output_goes_to_files_that_stay_small_and_keep_the_last_words(tmp_path: Path) -> None:
    """Proves rotation, that a child's output and a crash's are kept, and that a full pipe holds nobody up."""
    command = [sys.executable, "-X", "faulthandler", "-c", _PRINTS, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=PROJECT) as process:  # a pipe that nobody reads
        process.wait(60)
    (current,) = tmp_path.glob("*.log")
    assert current.name == f"1_a_b-{process.pid}.log"
    aside = current.with_suffix(".log.1")  # what was printed a moment ago may lie there
    last = aside.read_text() + current.read_text()
    assert "line 19999 of" in last
    assert "from a child" in last
    assert "Fatal Python error: Aborted" in last
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 800_000


def test_files_of_workers_that_ended_do_not_pile_up(tmp_path: Path) -> None:
    """Proves that the oldest go: 64 files stay."""
    for number in range(100):
        (tmp_path / f"old-{number:03d}.log").write_text("ended")
    subprocess.run([sys.executable, "-c", _LOGS, str(tmp_path)], check=True, cwd=PROJECT)
    assert len(list(tmp_path.glob("old-*"))) == 64


class _Runner(beam_provision_api_pb2_grpc.ProvisionServiceServicer):  # type: ignore[misc]
    """A runner whose job fails while a worker starts: it answers, and its other services are gone."""

    def __init__(self) -> None:
        self.asked = False
        self.address = f"127.0.0.1:{free_port()}"
        self._server = grpc.server(ThreadPoolExecutor(1))
        beam_provision_api_pb2_grpc.add_ProvisionServiceServicer_to_server(self, self._server)
        self._server.add_insecure_port(self.address)
        self._server.start()

    def GetProvisionInfo(self, request: Any, context: Any) -> Any:  # noqa: N802
        """The addresses of a job that has ended."""
        answer = beam_provision_api_pb2.GetProvisionInfoResponse()
        answer.info.control_endpoint.url = f"127.0.0.1:{free_port()}"
        self.asked = True
        return answer

    def stop(self) -> None:
        """Takes the last service away."""
        self._server.stop(None).wait()


def _start(endpoint: str, logs: Path) -> subprocess.Popen[bytes]:
    boot = PROJECT / "pipelines" / "runners" / "worker_boot"
    return subprocess.Popen([str(boot), "--id=w", f"--provision_endpoint={endpoint}", f"--logs={logs}"], cwd=PROJECT)


def _check_end(worker: subprocess.Popen[bytes], endpoint: str, logs: Path) -> None:
    assert worker.wait(40) == 1  # Beam's harness waits for 60 s
    (log,) = logs.iterdir()
    assert f"worker w: ended, because its runner at {endpoint} is gone" in log.read_text()


def test_worker_ends_when_its_runner_is_gone_before_it_has_asked(tmp_path: Path) -> None:
    endpoint = f"127.0.0.1:{free_port()}"
    _check_end(_start(endpoint, tmp_path), endpoint, tmp_path)


def test_worker_ends_when_its_job_fails_while_it_starts(tmp_path: Path) -> None:
    runner = _Runner()
    worker = _start(runner.address, tmp_path)
    wait_until(lambda: runner.asked)
    runner.stop()
    _check_end(worker, runner.address, tmp_path)
