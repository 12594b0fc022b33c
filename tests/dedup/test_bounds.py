"""No kernel reads or writes outside its arrays: their tests, run with every index checked."""

import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[2]

# A kernel that is told to read outside its array must raise: else nothing is checked, and the tests say nothing.
CHECKED = """
import sys
import numpy as np
import pytest
from transforms.dedup.one_pass.kernels.order import count_frequencies
from transforms.machine_code import KernelError

with pytest.raises(KernelError):
    few, far = np.zeros(1, np.uint64), np.array([0, 9])
    count_frequencies(few, far, np.ones(1, np.uint8), np.uint64(54), np.zeros(1 << 10, np.uint32))
sys.exit(pytest.main(["-q", *sys.argv[1:]]))
"""
TESTS = [
    "kernels",
    "one_pass",
    "index/test_kernels.py",
    "index/test_postings.py",
    "partitioned",
    "test_shingles.py",
    "test_hostile.py",
]
SLOW = "not (megabyte or hundred_thousand or million or 256 or template or by_definition or in_one)"


def test_kernels_stay_inside_their_arrays(tmp_path: Path) -> None:
    environment = os.environ | {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    tests = [f"tests/dedup/{name}" for name in TESTS]
    done = subprocess.run(
        [sys.executable, "-c", CHECKED, *tests, "-k", SLOW],
        cwd=PROJECT, env=environment, capture_output=True, text=True, check=False, timeout=500,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
