"""The program that proves the graph on Flink, run as far as it goes without Beam's jar."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import apache_beam as beam
import pytest

from tests.conftest import PROJECT
from tests.flink.cluster import LocalCluster
from tests.flink.harness import Pool
from tests.flink.jars import write_jar
from tests.flink.proof import Case, print_table, prove


def test_killed_task_manager_and_killed_worker_change_no_byte_with_the_stand_in(
    cluster: LocalCluster, own_pool: Pool, standin: Callable[..., Path], tmp_path: Path
) -> None:
    """Proves the program, and that a second attempt over what the first has written ends with the same bytes.

    Flink kills and starts again for real; but the stand-in's one task runs the graph, not Beam's translation of it, so
    here the whole graph is tried again, where Beam on Flink tries a stage again.
    """
    cases = prove(cluster, own_pool, standin("run"), tmp_path, turns=4)
    assert [(case.name, case.passed, case.error) for case in cases] == [
        ("undisturbed", True, ""),
        ("TaskManager killed", True, ""),
        ("worker killed", True, ""),
    ]
    assert [min(case.restarts, 1) for case in cases] == [0, 1, 1]
    assert all(case.rows > 100 for case in cases)


@pytest.mark.parametrize(
    ("jar", "said"),
    [("", "rafid: no jar: name Beam's job server"), ("none.jar", "rafid: flink.job_server_jar none.jar: is not there")],
)
def test_missing_jar_is_named(jar: str, said: str, flink_home: Path) -> None:
    done = _proof("--home", str(flink_home), "--jar", jar)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].startswith(said)


def test_jar_for_another_flink_is_named(flink_home: Path, tmp_path: Path) -> None:
    (tmp_path / "FlinkPipelineRunner.class").write_bytes(b"")
    folder = tmp_path / "classes" / "org" / "apache" / "beam" / "runners" / "flink"
    folder.mkdir(parents=True)
    (tmp_path / "FlinkPipelineRunner.class").rename(folder / "FlinkPipelineRunner.class")
    jar = write_jar(tmp_path / f"beam-runners-flink-2.2-job-server-{beam.__version__}.jar", tmp_path / "classes")
    done = _proof("--home", str(flink_home), "--jar", str(jar))
    assert done.returncode == 2
    assert "is for Flink 2.2, the cluster is 1.20.5" in done.stderr


def test_table_tells_failures(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(
        [
            Case("a", 0, "", 1, 0, 1200, 0, same_bytes=True),
            Case("b", 0, "", 1, 2, 7, 1, same_bytes=False),
            Case("c", 1, "rafid: x", 1, 0, 0, 0, same_bytes=False),
        ]
    )
    said = capsys.readouterr().out
    rows = [line for line in said.splitlines() if line.startswith("│")]
    assert [row.split("│")[-2].strip() for row in rows] == ["ok", "FAILED", "FAILED"]
    assert "1,200" in rows[0]
    assert "c: rafid: x" in said


def _proof(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.flink.proof", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, check=False)
