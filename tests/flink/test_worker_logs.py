"""What a worker prints: into its file, in bounded space, without ever holding the worker up."""

import subprocess
import sys
from pathlib import Path

from tests.conftest import PROJECT

_PRINTS = """
import os, subprocess, sys, time
from pathlib import Path
from pipelines.runners.worker import log_to_file
path = log_to_file(Path(sys.argv[1]), "1/a b", limit=100_000, check_seconds=0.05)
for line in range(20_000):
    print(f"line {line} of what Python prints")
    if line % 4_000 == 0:
        time.sleep(0.2)
sys.stdout.flush()
subprocess.run(["sh", "-c", "echo from a child >&2"], check=True)
os.abort()
"""
_LOGS = """
import sys
from pathlib import Path
from pipelines.runners.worker import log_to_file
log_to_file(Path(sys.argv[1]), "w")
"""


def test_all_output_goes_to_files_that_stay_small_and_keep_the_last_words(tmp_path: Path) -> None:
    """Proves rotation, that a child's output and a crash's are kept, and that a full pipe holds nobody up."""
    command = [sys.executable, "-X", "faulthandler", "-c", _PRINTS, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=PROJECT) as process:  # a pipe that nobody reads
        process.wait(60)
    (current,) = tmp_path.glob("*.log")
    assert current.name == f"1_a_b-{process.pid}.log"
    aside = current.with_suffix(".log.1")  # what was printed a moment ago may lie there
    last = aside.read_text() + current.read_text()
    assert "line 19999 of" in last
    assert "from a child" in last
    assert "Fatal Python error: Aborted" in last
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 800_000


def test_files_of_workers_that_ended_do_not_pile_up(tmp_path: Path) -> None:
    """Proves that the oldest go: 64 files stay."""
    for number in range(100):
        (tmp_path / f"old-{number:03d}.log").write_text("ended")
    subprocess.run([sys.executable, "-c", _LOGS, str(tmp_path)], check=True, cwd=PROJECT)
    assert len(list(tmp_path.glob("old-*"))) == 64
