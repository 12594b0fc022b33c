"""What the tests of clusters share: real runners, real workers, a real Flink, and the proof that none of it stays."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipelines.config import FlinkSettings
from pipelines.ingest import main
from pipelines.runners.flink_rest import FlinkRest
from tests.conftest import PROJECT, lacking, require_tool
from tests.flink.cluster import LocalCluster
from tests.flink.harness import Driver, Pool, arguments, on_flink, write_bundles, written
from tests.flink.jars import compile_standin, write_jar
from tests.processes import nothing_stays, prism, wait_until  # noqa: F401 - fixtures

FLINK = PROJECT / ".cluster" / "flink-1.20.5"
TRANSLATION = PROJECT / ".tools" / "translation" / "flink.jar"


@pytest.fixture(scope="session")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of bundles."""
    return write_bundles(tmp_path_factory.mktemp("bundles"), 4)


@pytest.fixture(scope="session")
def expected(bundles: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The files of the in-process run of the bundles: path, and digest of the bytes."""
    output = tmp_path_factory.mktemp("in_process") / "out"
    assert main([*arguments(bundles, output), "--quiet"]) == 0
    return written(output)


@pytest.fixture
def start(bundles: Path, tmp_path: Path) -> Iterator[Callable[..., Driver]]:
    """Starts a run of the bundles into `out` of the test's folder, with more arguments; ends it after the test."""
    drivers: list[Driver] = []

    def begin(*more: str) -> Driver:
        drivers.append(Driver([*arguments(bundles, tmp_path / "out"), *more], tmp_path / "out"))
        return drivers[-1]

    yield begin
    for driver in drivers:
        if driver.process.poll() is None:
            driver.process.kill()
        driver.process.communicate()


@pytest.fixture(scope="session")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    """A worker pool for the whole session."""
    pool = Pool(tmp_path_factory.mktemp("pool"))
    yield pool
    assert pool.stop() == 0


@pytest.fixture
def own_pool(tmp_path: Path) -> Iterator[Pool]:
    """A worker pool for one test, which may do with it what it likes."""
    pool = Pool(tmp_path / "pool")
    yield pool
    assert pool.stop() == 0


@pytest.fixture(scope="session")
def flink_home() -> Path:
    """The Flink that `make flink` installs."""
    require_tool("java")
    require_tool(str(FLINK / "bin" / "jobmanager.sh"))  # make flink-tools
    return FLINK


@pytest.fixture(scope="session")
def shared_cluster(flink_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """A cluster of one JobManager and one TaskManager with two slots."""
    cluster = LocalCluster(flink_home, tmp_path_factory.mktemp("cluster"))
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture
def cluster(shared_cluster: LocalCluster) -> LocalCluster:
    """The cluster, whole again whatever the test before has done to it."""
    if not shared_cluster.processes("jobmanager"):
        shared_cluster.start_job_manager()
    if not shared_cluster.processes("taskmanager"):
        shared_cluster.start_task_manager()
    wait_until(lambda: shared_cluster.offered_slots() == shared_cluster.slots, 120)
    return shared_cluster


@pytest.fixture
def submit(start: Callable[..., Driver], cluster: LocalCluster, pool: Pool) -> Callable[..., Driver]:
    """Starts a run on the cluster with the given jar."""

    def begin(jar: Path, *more: str, port: int = 0) -> Driver:
        return start(*on_flink(f"127.0.0.1:{port or cluster.port}", pool.address, jar), *more)

    return begin


@pytest.fixture
def rest(cluster: LocalCluster) -> FlinkRest:
    """The cluster's REST interface; no jar of a test before is there, which may have killed the driver or Flink."""
    rest = FlinkRest(cluster.url, FlinkSettings())
    for jar in rest.jars():
        rest.remove_jar(jar)
    return rest


@pytest.fixture(scope="session")
def translation(flink_home: Path) -> Path:
    """The jar whose job runs a graph inside the tasks of that Flink."""
    return TRANSLATION if TRANSLATION.is_file() else lacking(f"{TRANSLATION}: not built; make flink-tools")


@pytest.fixture(scope="session")
def standin(flink_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Makes a stand-in for Beam's job-server jar whose job does as it is told; see standin/FlinkPipelineRunner.java."""
    folder = tmp_path_factory.mktemp("standin")
    classes = compile_standin(require_tool("javac"), flink_home, folder)

    def make(mode: str, name: str = "", **told: str) -> Path:
        script = str(Path(__file__).with_name("run_staged.py"))
        path = folder / (name or f"{mode}.jar")
        return write_jar(path, classes, mode=mode, python=sys.executable, script=script, **told)

    return make
