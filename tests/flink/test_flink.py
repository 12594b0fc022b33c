"""The launcher against a real Flink, with a stand-in for Beam's job-server jar.

Real are: the command line, Beam's Flink runner, which stages the graph in the jar and posts it to the REST interface,
Flink itself, its workers' processes, and every failure. Not real is the jar: the stand-in's job does not run the graph
as Flink operators, its one task gives the staged graph to Beam's in-process runner (see standin/). So nothing here
proves that Beam's translation runs our graph on Flink; `make test-flink JAR=...` does.
"""

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.runners.flink_rest import FlinkRest
from tests.flink.cluster import LocalCluster
from tests.flink.harness import Driver, running_task, written
from tests.flink.proxy import proxy
from tests.processes import wait_until

Start = Callable[..., Driver]
Standin = Callable[..., Path]


def test_staged_graph_is_run_and_followed_to_its_manifest(
    submit: Callable[..., Driver], standin: Standin, rest: FlinkRest, expected: dict[str, str]
) -> None:
    """Proves submission, the staged graph, progress, the judgement by the manifest, and that no jar stays behind.

    The graph that is run is the one that came out of Flink's class path; it is run by the in-process runner.
    """
    driver = submit(standin("run"))
    code, said, errors = driver.end()
    assert (code, errors) == (0, [])
    assert re.search(r"flink: submitted rafid-x-[0-9a-f]{8} as job [0-9a-f]{32}\n", said)
    assert "flink: RUNNING, " in said
    assert "flink: FINISHED, 2 of 2 vertices done" in said
    assert written(driver.output) == expected
    assert rest.jars() == {}


def test_finished_job_without_a_manifest_has_failed(
    submit: Callable[..., Driver], standin: Standin, rest: FlinkRest
) -> None:
    """Proves that Flink's word FINISHED does not make a run a success."""
    code, _, (error,) = submit(standin("nothing")).end()
    assert code == 1
    assert re.fullmatch(
        r"rafid: Flink says that job [0-9a-f]{32} has FINISHED, but the run has no manifest; nothing was committed\."
        r" Do the workers write to the same folder as is read here\?",
        error,
    )
    assert (rest.running(), rest.jars()) == ({}, {})


def test_failed_job_with_a_manifest_has_succeeded(
    submit: Callable[..., Driver], standin: Standin, expected: dict[str, str]
) -> None:
    """Proves that Flink's word FAILED does not undo a run that was committed before."""
    driver = submit(standin("fail after run", "late.jar", message="too late to matter"))
    code, said, errors = driver.end()
    assert (code, errors) == (0, [])
    assert "flink: FAILED" in said
    assert written(driver.output) == expected


def test_failed_job_gives_the_stage_s_own_line(
    submit: Callable[..., Driver], standin: Standin, rest: FlinkRest
) -> None:
    """Proves that the error of a worker is found in Flink's stack trace, in the form in which Beam puts it there."""
    told = (
        "Error received from SDK harness for instruction 7: Traceback (most recent call last):\n"
        '  File "worker.py", line 3, in process\n'
        "transforms.filesystems.StorageError: /out/x.parquet: cannot be written: No space left on device"
        " [while running 'WriteSplit/Write']\n"
    )
    code, _, errors = submit(standin("fail", "fail.jar", message=told)).end()
    assert (code, errors) == (1, ["rafid: /out/x.parquet: cannot be written: No space left on device"])
    assert rest.running() == {}


def test_failed_job_of_another_cause_gives_the_cause(submit: Callable[..., Driver], standin: Standin) -> None:
    """Proves the one line where no stage of ours has spoken."""
    code, _, errors = submit(standin("fail", "broken.jar", message="the task is broken")).end()
    assert code == 1
    assert errors == ["rafid: the run failed: java.lang.RuntimeException: the task is broken; nothing was committed"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_cancels_the_job(
    number: signal.Signals, submit: Callable[..., Driver], standin: Standin, rest: FlinkRest
) -> None:
    """Proves that a driver that is told to end leaves no job, no jar and no half run."""
    driver = submit(standin("wait"))
    job = running_task(rest)
    driver.process.send_signal(number)
    code, _, errors = driver.end()
    assert (code, errors) == (1, [f"rafid: ended by {number.name}; nothing was committed"])
    wait_until(lambda: rest.view(job).state == "CANCELED")  # Flink shows a view some seconds old
    assert (rest.running(), rest.jars(), driver.committed()) == ({}, {}, False)


def test_signal_before_the_submission_leaves_nothing(
    submit: Callable[..., Driver], standin: Standin, rest: FlinkRest, cluster: LocalCluster
) -> None:
    """Proves that a driver which is told to end when its first file is there removes it, and submits nothing."""
    with proxy(cluster.port) as way:
        way.hold(b"GET /v1/jobmanager/config")  # the last question before the graph is staged
        driver = submit(standin("wait"), port=way.port)
        wait_until(lambda: way.requests(b"GET /v1/jobmanager/config"))
        assert list(driver.output.rglob("opening.json"))
        driver.process.send_signal(signal.SIGTERM)
        way.let_go()
        code, said, errors = driver.end()
    assert (code, errors) == (1, ["rafid: ended by SIGTERM; nothing was committed"])
    assert "submitted" not in said
    left = {path.name for path in driver.output.rglob("*") if path.is_file() and path.stat().st_size}
    assert left == {"rafid.json"}  # says what the folder is
    assert (rest.running(), rest.jars()) == ({}, {})


def test_signal_while_submitting_leaves_no_job(
    submit: Callable[..., Driver], standin: Standin, rest: FlinkRest, cluster: LocalCluster
) -> None:
    """Proves that a signal is heeded between the requests of a submission: here while the upload is on its way."""
    with proxy(cluster.port) as way:
        driver = submit(standin("wait"), port=way.port)
        wait_until(lambda: way.requests(b"POST /v1/jars/upload"))
        driver.process.send_signal(signal.SIGTERM)
        code, _, errors = driver.end()
    assert (code, errors) == (1, ["rafid: ended by SIGTERM; nothing was committed"])
    assert (rest.running(), rest.jars()) == ({}, {})


def test_timeout_cancels_the_job(submit: Callable[..., Driver], standin: Standin, rest: FlinkRest) -> None:
    """Proves flink.timeout."""
    code, _, errors = submit(standin("wait"), "--set=flink.timeout=5").end()
    assert (code, errors) == (1, ["rafid: not done after flink.timeout, 5 s; nothing was committed"])
    assert rest.running() == {}


def test_job_cancelled_by_another_is_said(submit: Callable[..., Driver], standin: Standin, rest: FlinkRest) -> None:
    """Proves that the driver ends when somebody cancels its job in Flink's own interface."""
    driver = submit(standin("wait"))
    job = running_task(rest)
    rest.cancel(job)
    code, _, errors = driver.end()
    assert (code, errors) == (1, [f"rafid: Flink job {job} was cancelled; nothing was committed"])


def test_orphan_of_a_killed_driver_is_cancelled_by_the_next_run(
    submit: Callable[..., Driver], standin: Standin, rest: FlinkRest, expected: dict[str, str]
) -> None:
    """Proves that a job whose driver was killed is found by its name and ended before its successor is submitted."""
    killed = submit(standin("wait"))
    orphan = running_task(rest)
    killed.process.kill()
    killed.process.communicate()
    assert list(rest.running()) == [orphan]
    assert len(rest.jars()) == 1
    driver = submit(standin("run"))
    code, said, errors = driver.end()
    assert (code, errors) == (0, [])
    assert re.search(rf"flink: cancelling rafid-x-\w+, job {orphan}\n.*submitted", said, re.DOTALL)
    wait_until(lambda: rest.view(orphan).state == "CANCELED")
    assert rest.jars() == {}
    assert written(driver.output) == expected


def test_orphan_is_ended_before_the_output_is_touched(
    submit: Callable[..., Driver], standin: Standin, rest: FlinkRest, tmp_path: Path
) -> None:
    """Proves it with a successor that comes no further than its own check of the jar."""
    killed = submit(standin("wait"))
    orphan = running_task(rest)
    killed.process.kill()
    killed.process.communicate()
    code, said, (error,) = submit(tmp_path / "none.jar").end()
    assert code == 2
    assert "none.jar: is not there" in error
    assert re.search(rf"flink: cancelling rafid-x-\w+, job {orphan}\n", said)
    assert (rest.running(), rest.jars()) == ({}, {})


def test_rest_outage_is_waited_out(
    submit: Callable[..., Driver],
    standin: Standin,
    cluster: LocalCluster,
    rest: FlinkRest,
    expected: dict[str, str],
    tmp_path: Path,
) -> None:
    """Proves that the job goes on, and is followed to its end, when the REST interface is away for some seconds."""
    gate = tmp_path / "gate"
    with proxy(cluster.port) as way:
        driver = submit(standin("run", "gated.jar", gate=str(gate)), port=way.port)
        running_task(rest)
        way.cut()
        gate.touch()
        wait_until(lambda: not rest.running())  # the job ends while nobody sees it
        way.mend()
        code, said, errors = driver.end()
    assert (code, errors) == (0, [])
    assert re.search(r"flink: Flink at \S+ does not answer: .*; waiting\n(.*\n)*flink: FINISHED", said)
    assert written(driver.output) == expected


def test_restarted_job_manager_that_forgot_the_job_is_one_line(
    submit: Callable[..., Driver], standin: Standin, cluster: LocalCluster, rest: FlinkRest
) -> None:
    """Proves what a JobManager without high availability does to a run: it is lost, said so, and nothing stays."""
    driver = submit(standin("wait"), "--set=flink.outage=40")
    job = running_task(rest)
    os.kill(cluster.processes("jobmanager")[0], signal.SIGKILL)
    wait_until(lambda: not cluster.processes("jobmanager"))
    cluster.start_job_manager()
    code, said, errors = driver.end()
    assert code == 1
    assert re.search(r"flink: Flink at \S+ does not (answer|know job .*).*; waiting", said)  # it may be back at once
    assert errors == [f"rafid: Flink at {cluster.url} does not know job {job}, for 40 s now; nothing was committed"]
    assert rest.running() == {}


def test_job_manager_that_stays_away_is_one_line(
    submit: Callable[..., Driver], standin: Standin, cluster: LocalCluster, rest: FlinkRest
) -> None:
    """Proves the end of patience; that the job's end cannot be seen is said too."""
    driver = submit(standin("wait"), "--set=flink.outage=2")
    running_task(rest)
    os.kill(cluster.processes("jobmanager")[0], signal.SIGKILL)
    code, _, errors = driver.end()
    assert code == 1
    assert errors == [
        f"rafid: Flink at {cluster.url} does not answer: Connection refused, for 2 s now; nothing was committed;"
        f" its job may still run at {cluster.url}, the next run with this output ends it"
    ]


def test_no_cluster_is_one_line(start: Start, standin: Standin) -> None:
    """Proves the error where nobody listens at flink.master."""
    driver = start("--set=flink.master=127.0.0.1:1", f"--set=flink.job_server_jar={standin('run')}")
    assert driver.end()[::2] == (1, ["rafid: Flink at http://127.0.0.1:1 does not answer: Connection refused"])


def test_flink_runner_without_a_master_is_wrong_use(start: Start) -> None:
    """Proves the error where the runner is named and no cluster is."""
    code, _, errors = start("--runner=FlinkRunner").end()
    assert code == 2
    assert errors == [
        "rafid: no Flink cluster: name its REST interface with flink.master, for example flink.master=host:8081"
    ]


def test_other_jars_are_refused_before_anything_is_submitted(
    submit: Callable[..., Driver], tmp_path: Path, rest: FlinkRest
) -> None:
    """Proves the check of the jar where it is called; test_flink_job.py has all its cases."""
    code, _, (error,) = submit(tmp_path / "none.jar").end()
    assert code == 2
    assert error.startswith(f"rafid: flink.job_server_jar {tmp_path}/none.jar: is not there;")
    assert rest.jars() == {}
