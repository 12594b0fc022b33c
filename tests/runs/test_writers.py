"""Several processes that write to one local folder at once: one after the other, and each sees all before it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.s3.writers import COMMITTED
from transforms.runs.catalog import committed_runs
from transforms.storage import Folder

EACH = 8  # runs of a writer


@pytest.mark.parametrize("writers", [2, 5])
def test_writers_take_turns(writers: int, tmp_path: Path) -> None:
    output = str(tmp_path / "out")
    Path(output).mkdir()
    command = [sys.executable, "-m", "tests.s3.writers"]
    started = [
        subprocess.Popen(
            [*command, f"w{number}", "60", *[output] * EACH], cwd=PROJECT, stdout=subprocess.PIPE, text=True
        )
        for number in range(writers)
    ]
    said = [json.loads(line) for process in started for line in process.communicate()[0].splitlines()]
    assert [what for _, _, what in said] == [COMMITTED] * writers * EACH
    runs = committed_runs(Folder(output))
    assert [each.sequence for each in runs] == list(range(1, writers * EACH + 1))
    for number, each in enumerate(runs):
        assert each.settings["earlier"] == [before.run for before in runs[:number]]
