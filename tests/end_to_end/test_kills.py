"""SIGKILL at random moments of a sequence of runs: the corpus is that of an undisturbed one, nothing is left over."""

import random
import signal
import subprocess
import sys
import time
from itertools import count
from pathlib import Path

import pytest

from pipelines.runs import main as runs
from tests.conftest import PROJECT, UNSEGMENTED
from tests.end_to_end.kills import ENDED, kinds_below
from tests.plain_job import read_whole_output
from transforms.runs.catalog import committed_runs
from transforms.storage import Folder

KILLS = 20
RUNS = 10


def start(bundles: Path, output: Path) -> "subprocess.Popen[bytes]":
    """A job of ten slices and more, each a run."""
    sizes = sum(path.stat().st_size for path in bundles.glob("*.txt")) // RUNS
    cut = ["--set", f"run.max_bytes={sizes}", "--set", "run.split_bytes=4000", "--threads", "2", "--quiet"]
    command = [sys.executable, "-m", "pipelines.ingest", "--input", str(bundles / "*.txt"), "--output", str(output)]
    return subprocess.Popen([*command, "--run", "x", *cut, *UNSEGMENTED], cwd=PROJECT)


def kill_at_random(process: "subprocess.Popen[bytes]", output: Path, chance: random.Random) -> bool:
    """Kills the process at some moment after it has begun to write; whether it was still there."""
    lock = output / ".lock"
    while process.poll() is None and not (
        lock.exists() and f'"process":{process.pid},' in lock.read_text().replace(" ", "")
    ):
        time.sleep(0.01)
    try:
        process.wait(chance.uniform(0, 2))
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
    return process.returncode == -signal.SIGKILL


@pytest.mark.timeout(900)
def test_twenty_kills_change_nothing(seeds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert start(seeds, tmp_path / "whole").wait() == 0
    wanted = read_whole_output(tmp_path / "whole")
    assert len(committed_runs(Folder(str(tmp_path / "whole")))) >= RUNS
    chance, kills = random.Random(20), 0
    for sequence in count():
        output = tmp_path / f"killed-{sequence}"
        process = start(seeds, output)
        while kills < KILLS and kill_at_random(process, output, chance):
            kills += 1
            process = start(seeds, output)
        assert process.wait() == 0
        assert read_whole_output(output) == wanted
        assert runs([str(output), "verify"]) == 0, capsys.readouterr().out
        assert [path for path in output.rglob("*") if path.name.endswith(".tmp")] == []
        if kills == KILLS:
            break


def test_whatever_is_killed_leaves_old_or_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The short form of `make kills`: each kind of work twice."""
    monkeypatch.chdir(PROJECT)
    chance = random.Random(21)
    done = [kind.kill(chance) for kind in kinds_below(tmp_path) * 2]
    assert sum(each != ENDED for each in done) > len(done) / 4
