"""The benchmarks run from an empty folder, as their own help says, and print figures."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT

_ONCE = ("--repeat", "1")
SMALL = {
    "cores": ("--size", "2", "--part", "1", "--threads", "1", "2", *_ONCE),
    "deduplication": ("--megabytes", "1", *_ONCE, "--peers"),
    "growth": ("--sizes", "1", "2", *_ONCE),
    "tables": ("--megabytes", "1", *_ONCE),
    "bulletins": ("--count", "200", *_ONCE),
    "compressed": ("--bundles", "{seeds}", *_ONCE, "--repeated"),
    "slices": ("--bundles", "{seeds}", "--slices", "1", *_ONCE),
    "index_growth": ("--bundles", "{seeds}", "--sizes", "0", "--added", "0", *_ONCE),
}


@pytest.mark.parametrize("name", SMALL)
def test_a_benchmark_runs_from_an_empty_folder(name: str, tmp_path: Path) -> None:
    arguments = [each.format(seeds=f"{PROJECT}/seeds/*.txt") for each in SMALL[name]]
    command = [sys.executable, f"{PROJECT}/tests/benchmarks/{name}.py", *arguments, "--work", str(tmp_path / "work")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^\|.*\d.*\|$|\d CPU s", done.stdout, re.MULTILINE), done.stdout
