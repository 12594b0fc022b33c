"""What README.md and the tutorial tell people to type works, block by block, in a folder like a fresh copy."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT, lacking
from transforms.segmentation.tables import default_data

_LINKED = ("pipelines", "transforms", "seeds", "configs", "setup.py")


def blocks(page: str) -> list[str]:
    """The page's `sh` blocks; those of make are what runs this test."""
    found = re.findall(r"^```sh\n(.*?)^```", (PROJECT / page).read_text(encoding="utf-8"), re.M | re.S)
    return [block for block in found if not block.startswith("make ")]


@pytest.fixture
def folder(tmp_path: Path, seeds: Path) -> Path:
    """A copy of the project as far as commands need it, and a folder of somebody's bundles."""
    if not default_data().exists():
        lacking("Farasa's data is not there: python -m pipelines.farasa fetch")
    for name in _LINKED:
        (tmp_path / name).symlink_to(PROJECT / name)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    shutil.copytree(seeds, tmp_path / "bundles")
    return tmp_path


@pytest.mark.parametrize("page", ["README.md", "docs/tutorial.md"])
def test_every_block_runs(page: str, folder: Path) -> None:
    assert blocks(page)
    for block in blocks(page):
        ended = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block], cwd=folder, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, f"{block}\n{ended.stdout}\n{ended.stderr}"
        assert ended.stdout
