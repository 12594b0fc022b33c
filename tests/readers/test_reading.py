"""Every program of docs/reading.md gives what it says, in whichever environment has its package."""

import json
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from pipelines.ingest import main
from tests.conftest import PROJECT, UNSEGMENTED, lacking

READERS = PROJECT / ".readers" / "bin" / "python"  # made by `make test-readers`
_PARTS = (PROJECT / "docs" / "reading.md").read_text(encoding="utf-8").split("\n## ")[1:]
_SECTIONS = [(part.splitlines()[0], *re.findall(r"```python\n(.*?)```", part, re.S)) for part in _PARTS]


def interpreter(program: str) -> str:
    """A Python that has the packages which the program imports."""
    packages = re.findall(r"^(?:import|from) (\w+)", program, re.M)
    if all(find_spec(package) for package in packages):
        return sys.executable
    if not READERS.exists():
        lacking(f"{', '.join(packages)}: not all installed; make test-readers")
    return str(READERS)


@pytest.fixture(scope="module")
def folder(seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the corpus `out` in it, of two runs."""
    folder = tmp_path_factory.mktemp("readers")
    for run, pattern in (("first", "bundle_00[01]*.txt"), ("second", "bundle_002*.txt")):
        arguments = ["--input", f"{seeds}/{pattern}", "--output", str(folder / "out"), "--run", run, "--quiet"]
        assert main([*arguments, *UNSEGMENTED]) == 0
    return folder


def test_there_is_a_program_for_each_reader() -> None:
    names = [name for name, _ in _SECTIONS]
    assert names[:5] == ["DuckDB", "Polars", "pandas", "Hugging Face datasets", "Spark"]


@pytest.mark.parametrize(("name", "program"), _SECTIONS, ids=[name for name, _ in _SECTIONS])
def test_the_program_reads_all_documents(name: str, program: str, folder: Path) -> None:
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(folder), "PYTHONPATH": str(PROJECT)}
    command = [interpreter(program), "-c", program]
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    manifests = [json.loads(path.read_text()) for path in (folder / "out" / "manifests").iterdir()]
    expected = sum(manifest["counts"]["documents"]["kept"] for manifest in manifests)
    assert ended.stdout.split()[-1] == str(expected)
