"""Runs from a notebook."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines import Result, run
from tests.conftest import PROJECT
from transforms.errors import UsageError

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
    assert "&lt;out&gt;: first</caption>" in shown
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
