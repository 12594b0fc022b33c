"""The graph inside the tasks of a real Flink: two TaskManagers, workers of their own, real exchanges, and kills.

The jar is a small translation of our own (see translation/), made for these tests: Beam's, which the product uses,
cannot be had everywhere. All else is real: Beam's harness library, which starts workers and gives them bundles of
elements, Flink's tasks, exchanges and restarts, and the launcher.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipelines.config import FlinkSettings
from pipelines.runners.flink_rest import FlinkRest
from tests.corpus import read_corpus
from tests.flink.cluster import LocalCluster
from tests.flink.harness import Driver, Pool, arguments, on_flink, write_bundles
from tests.flink.proof import Cases
from tests.processes import wait_until

Run = Callable[..., Driver]


@pytest.fixture(scope="module")
def pools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Pool]]:
    """A worker pool for each of two TaskManagers."""
    pools = [Pool(tmp_path_factory.mktemp("pool")) for _ in range(2)]
    yield pools
    assert [pool.stop() for pool in pools] == [0, 0]


@pytest.fixture(scope="module")
def pair(flink_home: Path, pools: list[Pool], tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """A cluster of two TaskManagers with a slot each."""
    cluster = LocalCluster(flink_home, tmp_path_factory.mktemp("pair"), slots=1)
    try:
        cluster.start(2, [pool.address for pool in pools])
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture
def nothing_left(pair: LocalCluster, pools: list[Pool]) -> Iterator[None]:
    """Looks after the test that no job, no jar and no worker is left."""
    yield
    rest = FlinkRest(pair.url, FlinkSettings())
    assert (rest.running(), rest.jars()) == ({}, {})
    wait_until(lambda: not any(pool.workers() for pool in pools))


@pytest.fixture
def run(pair: LocalCluster, pools: list[Pool], translation: Path, tmp_path: Path) -> Run:
    """Starts a run of bundles of the test's own, in 52 splits, with more arguments."""

    def begin(*more: str) -> Driver:
        bundles, output = write_bundles(tmp_path / "bundles", 4), tmp_path / "out"
        return Driver([*arguments(bundles, output), *on_flink(pair.url, pools[0].address, translation), *more], output)

    return begin


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("nothing_left")
def test_both_joins_and_their_second_attempts_write_the_bytes_of_one_process(
    pair: LocalCluster, pools: list[Pool], translation: Path, tmp_path: Path
) -> None:
    """Proves it with two tasks a step, on two TaskManagers, for more splits than slots; one is killed, and a worker."""
    cases = Cases(pair, pools, translation, tmp_path).prove(turns=4)
    assert [(case.name, case.passed, case.error) for case in cases] == [
        ("one pass", True, ""),
        ("partitioned", True, ""),
        ("TaskManager killed", True, ""),
        ("worker killed", True, ""),
    ]
    assert [min(case.restarts, 1) for case in cases] == [0, 0, 1, 1]
    assert all(case.rows > 100 for case in cases)
    assert [len(case.spread) for case in cases] == [2] * 4
    assert min(min(case.spread) for case in cases) > 20
    rows = read_corpus(tmp_path / "expected", "x")  # what the cases were compared with
    assert any(row["kept_corpus"] == str(tmp_path / "other") for row in rows.duplicates)
    assert {"harbour"} == {row["reason"] for row in rows.filtered}


@pytest.mark.usefixtures("nothing_left")
def test_missing_slots_are_one_line(run: Run) -> None:
    """Proves flink.slot_timeout with real stages: three tasks a step find two slots."""
    driver = run("--set=flink.parallelism=3", "--set=flink.slot_timeout=3")
    code, said, errors = driver.end()
    assert "flink: waiting for slots: 2 of the cluster's 2 are free, flink.parallelism asks for 3" in said
    assert code == 1
    assert [error.partition(":")[2].partition(":")[0] for error in errors] == [
        " no slot for the job for flink.slot_timeout, 3 s"
    ]
    assert not driver.committed()


@pytest.mark.usefixtures("nothing_left")
def test_error_of_a_stage_is_the_launcher_s_line(run: Run, tmp_path: Path) -> None:
    """Proves that what a stage raises comes through Beam's harness and Flink's stack trace, and ends the job."""
    driver = run()
    wait_until(lambda: "submitted" in str(driver.process.stdout and driver.process.stdout.readline()))
    for bundle in (tmp_path / "bundles").iterdir():
        bundle.unlink()
    code, said, (error,) = driver.end()
    assert code == 1
    assert re.fullmatch(rf"rafid: {tmp_path}/bundles/\S+: .*gone since it was listed; run again", error)
    assert max(map(int, re.findall(r"(\d+) restarts", said)), default=0) < 3
    assert not driver.committed()
