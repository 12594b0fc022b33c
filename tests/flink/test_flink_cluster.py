"""The cluster for everyone: what `make flink` starts listens on loopback only, and `make flink-stop` ends just that."""

import subprocess
import sys
from pathlib import Path

from pipelines.config import FlinkSettings
from pipelines.runners.flink_rest import FlinkRest
from tests.conftest import PROJECT
from tests.flink.cluster import LocalCluster, free_port
from tests.flink.harness import listening


def _command(*arguments: object) -> tuple[int, str]:
    command = [sys.executable, "-m", "tests.flink.cluster", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, check=False)
    return done.returncode, done.stderr.strip()


def test_everything_listens_on_loopback(cluster: LocalCluster) -> None:
    """Proves it for both processes of a real Flink."""
    places = {place for role in ("jobmanager", "taskmanager") for place in listening(cluster.processes(role)[0])}
    assert len(places) >= 5
    assert {host for host, _ in places} == {"127.0.0.1"}


def test_jobs_use_all_slots_unless_they_say_otherwise(cluster: LocalCluster) -> None:
    """Proves it with what the launcher asks for and passes on."""
    assert FlinkRest(cluster.url, FlinkSettings()).default_parallelism() == cluster.offered_slots()


def test_a_taken_port_is_named(cluster: LocalCluster, tmp_path: Path) -> None:
    """Proves the error of a second start; the first cluster goes on."""
    code, said = _command("start", "--home", cluster.home, "--folder", tmp_path, "--port", cluster.port)
    assert code == 2
    assert said.startswith(f"rafid: port {cluster.port}: something listens there;")
    assert cluster.offered_slots() == cluster.slots


def test_stop_ends_nothing_of_others(cluster: LocalCluster, tmp_path: Path) -> None:
    """Proves that process ids which others have by now are left alone: here those of another cluster."""
    (tmp_path / "jobmanager.pids").write_text(f"{cluster.processes('jobmanager')[0]}\n1\n")
    assert _command("stop", "--home", cluster.home, "--folder", tmp_path) == (0, "")
    assert cluster.offered_slots() == cluster.slots


def test_missing_flink_is_named(tmp_path: Path) -> None:
    code, said = _command("start", "--home", tmp_path, "--folder", tmp_path / "x", "--port", free_port())
    assert (code, said) == (2, f"rafid: {tmp_path}: holds no Flink; install one with make flink")
