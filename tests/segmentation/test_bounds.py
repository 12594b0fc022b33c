"""The kernels of segmentation stay inside their arrays: their tests once more, with every index checked."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT

# First, a kernel that is told to read beyond its letters: if that passes, nothing is checked.
CHECKED = """
import sys
import numpy as np
import pytest
from transforms.machine_code import KernelError
from transforms.segmentation.kernels.forms import fill_slots

slots, letters, bounds = np.zeros(3, np.uint64), np.ones(4, np.uint8), np.array([0, 9])
with pytest.raises(KernelError):
    fill_slots(letters, bounds, np.ones(1, np.uint64), slots)
sys.exit(pytest.main(["--quiet", *sys.argv[1:]]))
"""
FILES = ("test_kernels.py", "test_forms.py", "test_templates.py", "test_compiling.py")


@pytest.mark.timeout(1200)
def test_kernels_stay_inside_their_arrays(tmp_path: Path) -> None:
    # Kernels that were cached without the check would be loaded: these are compiled into a folder of their own.
    environment = os.environ | {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path)}
    files = [str(Path(__file__).with_name(name)) for name in FILES]
    command = [sys.executable, "-c", CHECKED, *files, "-k", "not hostile"]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert " passed" in done.stdout
