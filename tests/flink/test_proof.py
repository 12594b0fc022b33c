"""The program that proves the graph on Flink: its errors and its table; test_translation.py runs it."""

import subprocess
import sys
from pathlib import Path

import apache_beam as beam
import pytest

from tests.conftest import PROJECT
from tests.flink.jars import write_jar
from tests.flink.proof import Case, print_table


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
            Case("a", 0, "", 1, 0, 1200, 0, same_bytes=True, spread=(1500, 300)),
            Case("b", 0, "", 1, 2, 7, 1, same_bytes=False),
            Case("c", 1, "rafid: x", 1, 0, 0, 0, same_bytes=False),
        ]
    )
    said = capsys.readouterr().out
    rows = [line for line in said.splitlines() if line.startswith("│")]
    assert [row.split("│")[-2].strip() for row in rows] == ["ok", "FAILED", "FAILED"]
    assert "1,200" in rows[0]
    assert "1,500 + 300" in rows[0]
    assert "c: rafid: x" in said


def _proof(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.flink.proof", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, check=False)
