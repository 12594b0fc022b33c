"""Workers outside the driver's process: the graph over real gRPC through the worker pool and the boot script.

The runner is Beam's in-process one, so that what is proven is everything but Flink: the graph's elements and functions
survive the way to other processes, the workers get their options, and what they write is what one process writes.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.conftest import PROJECT
from tests.flink.cluster import free_port
from tests.flink.harness import Driver, Pool, listening, written
from tests.processes import wait_until


def _workers_at(address: str, number: int = 2) -> list[str]:
    return ["--environment_type=EXTERNAL", f"--environment_config={address}", f"--direct_num_workers={number}"]


def test_two_external_workers_write_the_bytes_of_the_in_process_run(
    start: Callable[..., Driver],
    pool: Pool,
    expected: dict[str, str],
) -> None:
    """Proves pool, boot script and graph with two worker processes; not Flink's way of running the graph."""
    before = pool.said().count("Starting worker")
    driver = start(*_workers_at(pool.address))
    code, _, errors = driver.end()
    assert (code, errors) == (0, [])
    assert pool.said().count("Starting worker") == before + 2
    assert written(driver.output) == expected


def test_killed_worker_is_one_line_and_leaves_no_manifest(start: Callable[..., Driver], own_pool: Pool) -> None:
    """Proves that the in-process runner's user is told of a lost worker; Flink would start the worker anew."""
    driver = start(*_workers_at(own_pool.address, 1))  # one, so that it is at work
    wait_until(lambda: list(driver.output.glob("index/run=x/fingerprints/*.arrow")))
    os.kill(own_pool.workers()[0], signal.SIGKILL)
    code, _, errors = driver.end()
    assert code == 1
    assert len(errors) == 1
    assert "nothing was committed" in errors[0]
    assert not driver.committed()


def test_no_pool_is_one_line(start: Callable[..., Driver]) -> None:
    """Proves the driver's error where nobody listens at the address of the workers."""
    driver = start(*_workers_at(f"127.0.0.1:{free_port()}"))
    code, _, errors = driver.end()
    assert code == 1
    assert len(errors) == 1
    assert "onnect" in errors[0]
    assert not driver.committed()


def test_pool_ends_its_workers_with_itself(start: Callable[..., Driver], own_pool: Pool) -> None:
    """Proves that SIGTERM to the pool leaves no worker behind, and that the pool listens on loopback only."""
    driver = start(*_workers_at(own_pool.address))
    wait_until(lambda: list(driver.output.glob("index/run=x/fingerprints/*.arrow")))
    workers = own_pool.workers()
    assert len(workers) == 2
    assert listening(own_pool.process.pid) == {("127.0.0.1", own_pool.port)}
    assert own_pool.stop() == 0
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)


def test_pool_says_that_its_port_is_taken(pool: Pool) -> None:
    """Proves the error of a second pool on one port."""
    command = [sys.executable, "-m", "pipelines.worker_pool", "--port", str(pool.port)]
    second = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, check=False)
    assert second.returncode == 1
    assert second.stderr.splitlines()[-1] == (
        f"rafid: worker pool: {pool.address} cannot be listened on; name a free port with --port"
    )
