"""The command as a process: its exit code, its words, and nothing else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT, UNSEGMENTED
from tests.corpus import read_corpus


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    path = tmp_path / "in" / "أخبار.txt"
    path.parent.mkdir()
    path.write_text("<<<FILE>>> الميناء\nوصلت السفينة إلى الميناء قبل شروق الشمس\n", encoding="utf-8")
    return path


def python(*arguments: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """The ended process `python -m pipelines.ingest ARGUMENTS`."""
    command = [sys.executable, "-m", "pipelines.ingest", *UNSEGMENTED, *map(str, arguments)]
    environment = {**os.environ, **settings}
    return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)


def test_a_process_ends_with_the_code_and_the_line(bundle: Path, tmp_path: Path) -> None:
    ended = python("--input", bundle, "--output", tmp_path / "out", "--bogus")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "rafid: --bogus: unknown option, neither Rafid's nor Beam's; see --help\n"


def test_help_explains_itself() -> None:
    ended = python("--help")
    assert (ended.returncode, ended.stderr) == (0, "")
    for said in ("--input", "--output", "--config", "--set", "--run", "--dry-run", "Apache Beam", "Exit codes"):
        assert said in ended.stdout


def test_a_process_leaves_nothing_behind(bundle: Path, tmp_path: Path) -> None:
    """Neither temporary files nor words on the error output."""
    (tmp_path / "tmp").mkdir()
    ended = python("--input", bundle, "--output", tmp_path / "out", "--run", "x", TMPDIR=str(tmp_path / "tmp"))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert list((tmp_path / "tmp").iterdir()) == []
    assert len(read_corpus(tmp_path / "out", "x").documents) == 1


def test_home_is_found_in_quoted_paths(bundle: Path, tmp_path: Path) -> None:
    """As a shell would have found it, had nobody quoted: in patterns, options, places and the file of settings."""
    (tmp_path / "settings.yaml").write_text("output: ~/out\nrun: {id: x, report: false}\n")
    ended = python("--input", "~/in/*.txt", "--config=$HOME/settings.yaml", HOME=str(tmp_path))
    assert (ended.returncode, ended.stderr) == (0, "")
    command = [sys.executable, "-m", "pipelines.export", "~/out", "--to", "text", "--file=${HOME}/a.txt"]
    subprocess.run(command, cwd=PROJECT, env={**os.environ, "HOME": str(tmp_path)}, check=True)
    assert "وصلت السفينة" in (tmp_path / "a.txt").read_text(encoding="utf-8")


# Python calls the hook for whatever goes to the network, by name (PEP 578).
OFFLINE = """
import sys
def forbid(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "urllib.Request"):
        raise SystemExit(f"network: {event} {arguments}")
sys.addaudithook(forbid)
from pipelines.ingest import main
sys.exit(main(sys.argv[1:]))
"""


def test_the_local_runner_never_asks_the_network(bundle: Path, tmp_path: Path) -> None:
    options = [
        "--input",
        str(bundle),
        "--output",
        str(tmp_path / "out"),
        "--run",
        "x",
        "--quiet",
        "--runner=DirectRunner",
    ]
    command = [sys.executable, "-c", OFFLINE, *UNSEGMENTED, *options]
    ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert len(read_corpus(tmp_path / "out", "x").documents) == 1
