"""What a cluster lacks, and errors that no other attempt mends: on a real Flink, with a stand-in for Beam's jar."""

import os
import re
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.runners.flink_rest import FlinkRest
from tests.flink.cluster import LocalCluster
from tests.flink.harness import Driver, Pool, arguments, on_flink, running_task
from tests.processes import wait_until

Standin = Callable[..., Path]


def test_exchanges_of_a_join_find_their_buffers(
    submit: Callable[..., Driver], standin: Standin, rest: FlinkRest
) -> None:
    """Proves the cluster's configuration with more exchanges at a time than Flink's defaults would serve: 35 of 512."""
    code, said, _ = submit(standin("nothing", "exchanges.jar", exchanges="35")).end()
    assert code == 1  # the stand-in writes nothing
    assert "flink: FINISHED" in said


def test_missing_network_buffers_name_the_remedy(submit: Callable[..., Driver], standin: Standin) -> None:
    """Proves the line with Flink's own error: more exchanges at a time than there are buffers, 4,096 of 32 each."""
    code, _, (error,) = submit(standin("nothing", "many.jar", exchanges="140")).end()
    assert code == 1
    assert re.fullmatch(
        r"rafid: the run failed: Flink has too few network buffers \(required \d+, but only \d+ available\);"
        r" set taskmanager\.network\.sort-shuffle\.min-buffers to 32 in the cluster's configuration,"
        r" or raise taskmanager\.memory\.network\.max, see docs/flink\.md; nothing was committed",
        error,
    )


def test_slots_that_do_not_come_are_not_awaited_for_ever(
    submit: Callable[..., Driver], standin: Standin, rest: FlinkRest
) -> None:
    """Proves flink.slot_timeout, what is said before and after, and that a job which waits leaves nothing."""
    jar = standin("nothing", "wide.jar", parallelism="4")
    code, said, errors = submit(jar, "--set=flink.parallelism=4", "--set=flink.slot_timeout=3").end()
    asked = "flink.parallelism asks for 4"
    there = f"2 of the cluster's 2 are free, {asked}"
    assert f"flink: waiting for slots: {there}; given up after flink.slot_timeout, 3 s\nflink: submitted" in said
    assert (code, errors) == (
        1,
        [
            f"rafid: no slot for the job for flink.slot_timeout, 3 s: the cluster has 2 for all its jobs, {asked};"
            " start TaskManagers, or lower flink.parallelism; nothing was committed"
        ],
    )
    assert (rest.running(), rest.jars()) == ({}, {})


def test_slots_that_come_are_awaited(submit: Callable[..., Driver], standin: Standin, cluster: LocalCluster) -> None:
    """Proves that a job which waits for slots goes on when a TaskManager brings them."""
    driver = submit(standin("nothing", "late_slots.jar", parallelism="4"), "--set=flink.parallelism=4")
    wait_until(lambda: "submitted" in str(driver.process.stdout and driver.process.stdout.readline()))
    more = cluster.start_task_manager()
    try:
        _, said, _ = driver.end(90)
        assert "flink: FINISHED" in said
    finally:
        os.kill(more, signal.SIGTERM)
        wait_until(lambda: cluster.offered_slots() == cluster.slots)


def test_bundle_that_is_gone_ends_the_job_at_its_first_failure(
    cluster: LocalCluster, pool: Pool, standin: Standin, rest: FlinkRest, bundles: Path, tmp_path: Path
) -> None:
    """Proves it with a worker's own error: Flink, which would try ten times more, is not let."""
    own, out, gate = tmp_path / "own", tmp_path / "out", tmp_path / "gate"
    shutil.copytree(bundles, own)
    way = on_flink(f"127.0.0.1:{cluster.port}", pool.address, standin("run", "gone.jar", gate=str(gate)))
    driver = Driver([*arguments(own, out), *way], out)
    job = running_task(rest)
    for bundle in own.iterdir():
        bundle.unlink()
    gate.touch()
    code, _, (error,) = driver.end()
    assert code == 1
    assert re.fullmatch(rf"rafid: {own}/\S+: .*gone since it was listed; run again", error)
    wait_until(lambda: rest.view(job).state == "CANCELED")
    assert rest.view(job).restarts < 3
    assert (rest.running(), rest.jars()) == ({}, {})


@pytest.mark.parametrize(
    "line",
    [
        "transforms.filesystems.StorageError: /out/x: cannot be written: No space left on device",
        "transforms.filesystems.OutputError: /out: holds files that are not Rafid's",
    ],
)
def test_errors_that_stay_end_the_job_at_its_first_failure(
    line: str, submit: Callable[..., Driver], standin: Standin, rest: FlinkRest
) -> None:
    """Proves that a full disk and wrong use are not tried again, where other errors are: see the next test."""
    code, _, errors = submit(standin("fail", "lasting.jar", message=f"Traceback:\n{line}", attempts="1000000")).end()
    assert (code, errors) == (1, [f"rafid: {line.partition(': ')[2]}"])
    assert rest.running() == {}


def test_restarts_are_counted_without_the_metric(
    submit: Callable[..., Driver], standin: Standin, rest: FlinkRest
) -> None:
    """Proves that the attempts of subtasks tell it: a job that has ended has no metric any more, or an old one."""
    told = "Traceback:\ntransforms.filesystems.StorageError: the store is slow"
    jar = standin("fail", "thrice.jar", message=told, attempts="3")
    code, said, errors = submit(jar).end()
    assert (code, errors) == (1, ["rafid: the store is slow"])
    assert re.search(r"flink: FAILED, .* 3 restarts\n", said)
