"""Runs from a notebook."""

import json
import logging
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from docs.notebook import NOTEBOOK, executed
from pipelines import Result, run
from tests.conftest import PROJECT, lacking
from transforms.errors import UsageError
from transforms.segmentation.embedded import default_data

PLAIN = {"segmentation.engine": "none"}
_QUIET = """
import logging, signal, sys, warnings
before = (logging.root.level, list(logging.root.handlers), logging.root.manager.disable, list(warnings.filters))
handlers = signal.getsignal(signal.SIGINT)
from pipelines import run
assert (logging.root.level, list(logging.root.handlers), logging.root.manager.disable) == before[:3]
assert signal.getsignal(signal.SIGINT) is handlers
print("unchanged")
"""


def test_a_run_gives_a_result_that_shows_itself(seeds: Path, tmp_path: Path) -> None:
    result = run(f"{seeds}/*.txt", str(tmp_path / "<out>"), name="first", settings=PLAIN)
    assert isinstance(result, Result)
    assert result.counts()["paragraphs"] == {"in": 278, "kept": 205, "duplicate": 73, "filtered": 0, "rejected": 0}
    assert result.corpus.dataset("documents").count_rows() == 44
    shown = result._repr_html_()
    assert "&lt;out&gt;</bdi>: <bdi>first</bdi></caption>" in shown
    assert "<td>205</td><td>73</td>" in shown
    assert (tmp_path / "<out>" / "reports" / "first.html").exists()


def test_nothing_new_is_a_result_too(seeds: Path, tmp_path: Path) -> None:
    for _ in range(2):
        result = run([f"{seeds}/*.txt"], str(tmp_path), new_only=True, settings={**PLAIN, "run.report": False})
    assert result.manifests == ()
    assert "nothing new" in result._repr_html_()


def test_wrong_use_is_an_error_of_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"dedup\.threshold"):
        run("x", str(tmp_path), settings={"dedup.threshold": 7.0})


def test_importing_changes_nothing_global() -> None:
    ended = subprocess.run([sys.executable, "-c", _QUIET], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert ended.stdout == "unchanged\n"


def test_running_leaves_logging_as_it_was(seeds: Path, tmp_path: Path) -> None:
    before = (logging.root.level, list(logging.root.handlers), logging.root.manager.disable)
    run(f"{seeds}/bundle_000*", str(tmp_path), settings={**PLAIN, "run.report": False})
    assert (logging.root.level, list(logging.root.handlers), logging.root.manager.disable) == before


_NO_PANDAS = """
class NoPandas:
    def find_spec(name, path, target=None):
        if name.partition(".")[0] == "pandas":
            raise ModuleNotFoundError("No module named 'pandas'", name="pandas")
sys.meta_path.insert(0, NoPandas)
"""


@pytest.fixture
def _own_jupyter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel writes its history and its ports below the test's folder."""
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))


def shown(cell: Any) -> Any:
    """What a cell shows; times are not compared."""
    return json.loads(re.sub(r"\d+ s\b", "0 s", json.dumps(cell["outputs"])))


@pytest.mark.usefixtures("_own_jupyter")
def test_the_tutorial_runs_in_a_kernel_without_pandas(tmp_path: Path) -> None:
    if not default_data().exists():
        lacking("Farasa's data is not there: python -m pipelines.farasa fetch")
    cells = executed(tmp_path, _NO_PANDAS)["cells"]
    saved = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    code = [(cell, before) for cell, before in zip(cells, saved, strict=True) if cell["cell_type"] == "code"]
    for cell, before in code:
        assert shown(cell) == shown(before), f"{cell['source']}\npython -m docs.notebook"
    (bar, *rest) = code[0][0]["outputs"]
    assert rest == []
    assert bar["data"]["text/html"].count("<progress value='1.000'>") == 3
    assert (tmp_path / "out" / "notebook" / "reports" / "seeds.html").exists()
