"""Streams on a real Flink, a job a window, with a stand-in for Beam's jar; see test_flink.py for what that proves.

The driver, its windows, the graph that is staged once, uploading, jobs and kills are real.
"""

import json
import os
import random
import re
import signal
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipelines.runners.flink_rest import FlinkRest
from tests.arriving import arrive, check_whole, small, taken
from tests.conftest import UNSEGMENTED
from tests.flink.cluster import LocalCluster
from tests.flink.harness import Driver, Pool, on_flink, running_task
from tests.flink.proxy import proxy
from tests.plain_job import ingest_plainly, read_whole_output, settings_for
from tests.processes import wait_until

Start = Callable[..., Driver]
Standin = Callable[..., Path]
EVERY = 0.25  # seconds
DRAINED = "rafid: SIGTERM: ending after the windows that are open; once more ends at once"


@pytest.fixture
def start(cluster: LocalCluster, pool: Pool, tmp_path: Path) -> Iterator[Start]:
    """Starts a stream from `in` to `out` of the test's folder on the cluster; ends it after the test."""
    drivers: list[Driver] = []
    (tmp_path / "in").mkdir()

    def begin(jar: Path, *more: str, port: int = 0) -> Driver:
        output = tmp_path / "out"
        places = [f"--input={tmp_path / 'in'}", f"--output={output}", "--threads=1"]
        times = ["--window=1s", "--settle=300ms", f"--every={EVERY}s"]
        way = on_flink(f"127.0.0.1:{port or cluster.port}", pool.address, jar)
        drivers.append(
            Driver(["--streaming", *places, *times, *way, *UNSEGMENTED, *more], output, "tests.flink.counted")
        )
        return drivers[-1]

    yield begin
    for driver in drivers:
        driver.process.kill()
        driver.process.communicate()


def read_until(driver: Driver, words: str) -> str:
    """The line with these words, once the driver has said it."""
    assert driver.process.stdout is not None
    while words not in (line := driver.process.stdout.readline()):
        assert line, "it has ended"
    return line


def check_same_as_one_run(folder: Path) -> None:
    """What was kept is what one run over all bundles keeps."""
    ingest_plainly(settings_for(folder / "one", folder / "in"))
    assert read_whole_output(folder / "out") == read_whole_output(folder / "one")


@pytest.mark.timeout(900)
def test_ten_windows_are_ten_jobs_and_one_upload(
    start: Start,
    standin: Standin,
    cluster: LocalCluster,
    rest: FlinkRest,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Proves the corpus, its events, that `--every` is heeded, and that neither jobs, nor jars, nor files stay."""
    begun = time.monotonic()
    with proxy(cluster.port) as way:
        driver = start(standin("run"), "--log-format=json", port=way.port)
        for number in range(10):
            arrive(tmp_path, small(number))
            wait_until(lambda: len(taken(driver.output)) == number + 1 if driver.output.exists() else False)  # noqa: B023
        polls, seconds = (tmp_path / "polls").stat().st_size, time.monotonic() - begun
        driver.process.terminate()
        code, said, errors = driver.end()
        uploads = way.requests(b"POST /v1/jars/upload")
    assert (code, errors) == (0, [DRAINED])
    events = [json.loads(line) for line in said.splitlines()]
    assert sum(event["event"] == "committed" for event in events) == 10
    assert sum("submitted" in event.get("message", "") for event in events) == 10
    assert all(event["windows"] <= 10 for event in events if event["event"] == "stream")
    assert uploads == 1
    assert 20 < polls <= seconds / EVERY + 2
    assert (rest.running(), rest.jars()) == ({}, {})
    check_same_as_one_run(tmp_path)
    check_whole(driver.output, capsys)


@pytest.mark.timeout(900)
def test_kills_of_driver_and_task_manager_change_nothing(
    start: Start,
    standin: Standin,
    cluster: LocalCluster,
    rest: FlinkRest,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Proves it with a window at work each time; the next driver ends the job of a killed one, and takes it up."""
    chance = random.Random(18)
    for number in range(4):
        arrive(tmp_path, small(number))
        driver = start(standin("run"))
        read_until(driver, "submitted")
        time.sleep(chance.uniform(0, 3))
        if number % 2:
            os.kill(cluster.processes("taskmanager")[0], signal.SIGKILL)
            wait_until(lambda: not cluster.processes("taskmanager"))
            cluster.start_task_manager()
            wait_until(lambda: len(taken(driver.output)) == number + 1)  # noqa: B023
        driver.process.kill()
        driver.process.communicate()
    driver = start(standin("run"))
    arrive(tmp_path, small(4))
    wait_until(lambda: len(taken(driver.output)) == 5)
    driver.process.terminate()
    assert driver.end()[::2] == (0, [DRAINED])
    assert sorted(name for name, _ in taken(driver.output)) == [f"{each:03d}.txt" for each in range(5)]
    assert (rest.running(), rest.jars()) == ({}, {})
    check_same_as_one_run(tmp_path)
    check_whole(driver.output, capsys)


def test_a_drain_file_ends_a_stream_after_the_window_at_work(
    start: Start, standin: Standin, rest: FlinkRest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Proves it with a bundle that has come to rest behind the window at work: it is in a window too."""
    gate = tmp_path / "gate"
    arrive(tmp_path, small(0))
    driver = start(standin("run", "drained.jar", gate=str(gate)))
    running_task(rest)
    arrive(tmp_path, small(1))
    polls = (tmp_path / "polls").stat().st_size
    wait_until(lambda: (tmp_path / "polls").stat().st_size > polls + 4)
    (driver.output / ".drain").touch()
    gate.touch()
    assert driver.end()[::2] == (0, [])
    assert len(taken(driver.output)) == 2
    assert (rest.running(), rest.jars()) == ({}, {})
    check_whole(driver.output, capsys)


def test_a_cancelled_stream_leaves_no_job(
    start: Start, standin: Standin, rest: FlinkRest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Proves that a stream which is to end at once cancels its window's job, and waits until that has ended."""
    arrive(tmp_path, small(0))
    driver = start(standin("wait"), "--cancel-now")
    job = running_task(rest)
    driver.process.terminate()
    code, said, errors = driver.end()
    assert (code, errors) == (0, ["rafid: SIGTERM: ending at once"])
    assert "ended at once; what is not committed is not there\n" in said
    wait_until(lambda: rest.view(job).state == "CANCELED")  # Flink shows a view some seconds old
    assert (rest.running(), rest.jars()) == ({}, {})
    check_whole(driver.output, capsys)


def test_a_window_that_fails_is_tried_again(
    start: Start, standin: Standin, rest: FlinkRest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Proves that the stream goes on, that draining it gives up, and that the next one takes the window."""
    arrive(tmp_path, small(0))
    driver = start(standin("fail", "failing.jar", message="the task is broken"))
    cause = r"window \S+ failed: java\.lang\.RuntimeException: the task is broken; nothing was committed"
    assert re.fullmatch(rf"{cause}; the window is tried again\n", read_until(driver, "tried again"))
    driver.process.terminate()
    code, _, (told, error) = driver.end()
    assert (code, told) == (1, DRAINED)
    assert re.fullmatch(f"rafid: {cause}", error)
    assert (rest.running(), rest.jars()) == ({}, {})
    driver = start(standin("run"))
    wait_until(lambda: len(taken(driver.output)) == 1)
    driver.process.terminate()
    assert driver.end()[0] == 0
    check_same_as_one_run(tmp_path)
    check_whole(driver.output, capsys)


def test_options_of_beam_s_java_arrive_in_the_job(
    start: Start, standin: Standin, cluster: LocalCluster, rest: FlinkRest, tmp_path: Path
) -> None:
    """Proves it with the jar as it lies on the cluster; the stand-in does not heed them, as Beam's jar does."""
    arrive(tmp_path, small(0))
    given = [
        "shutdown_sources_after_idle_ms=9000",
        "re_iterable_group_by_key_result=true",
        "jdk_add_open_modules=[a, b]",
    ]
    driver = start(standin("wait"), "--cancel-now", *(f"--set=flink.beam.{each}" for each in given))
    running_task(rest)
    (jar,) = (cluster.folder / "upload").rglob("*.jar")
    with zipfile.ZipFile(jar) as file:
        arrived = json.loads(file.read("BEAM-PIPELINE/pipeline/pipeline-options.json"))
    assert arrived["beam:option:shutdown_sources_after_idle_ms:v1"] == "9000"
    assert arrived["beam:option:re_iterable_group_by_key_result:v1"] is True
    assert arrived["beam:option:jdk_add_open_modules:v1"] == ["a", "b"]
    driver.process.terminate()
    assert driver.end()[0] == 0


def test_options_that_beam_s_python_has_are_refused(start: Start, standin: Standin, rest: FlinkRest) -> None:
    """Proves that none of them would contradict the command line."""
    driver = start(standin("wait"), "--set=flink.beam.parallelism=3")
    said = "rafid: flink.beam.parallelism: is not of Beam's Java only; give --parallelism on the command line instead"
    assert driver.end()[::2] == (2, [said])
    assert rest.jars() == {}
