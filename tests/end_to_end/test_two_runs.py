"""Several runs on one output: one at a time, each after the other, each itself."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pipelines.ingest import main
from tests.conftest import PROJECT, UNSEGMENTED
from tests.corpus import check_counts, check_files, check_places, files_below, read_corpus

# A run in whose graph somebody falls asleep, until its input ends.
SLEEPER = """
import sys
from pipelines.runners import running
from pipelines.ingest import main
graph = running.ingest
def asleep(pipeline, plan):
    print("at work", flush=True)
    sys.stdin.read()
    return graph(pipeline, plan)
running.ingest = asleep
sys.exit(main(sys.argv[1:]))
"""


def arguments(seeds: Path, output: Path, run: str, bundle: str = "*") -> list[str]:
    return ["--input", f"{seeds}/{bundle}.txt", "--output", str(output), "--run", run, "--quiet", *UNSEGMENTED]


def test_the_second_at_once_says_who_writes(seeds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, "-c", SLEEPER, *arguments(seeds, tmp_path, "first")]
    with subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "at work\n"
        before = files_below(tmp_path)
        assert main(arguments(seeds, tmp_path, "second")) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith(f"rafid: output {tmp_path}: run first (process {first.pid} on ")
        assert "is writing to it" in line
        assert files_below(tmp_path) == before
        first.communicate("go on")
    assert first.returncode == 0
    check_files(tmp_path, "first")


def test_one_may_wait_for_the_other(seeds: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", SLEEPER, *arguments(seeds, tmp_path, "first", "bundle_000*")]
    with subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        assert first.stdin is not None
        assert first.stdout.readline() == "at work\n"
        first.stdin.close()
        assert main([*arguments(seeds, tmp_path, "second", "bundle_001*"), "--wait"]) == 0
    check_files(tmp_path, "first", "second")


def test_a_second_run_repeats_nothing_of_the_first(seeds: Path, tmp_path: Path) -> None:
    """The same bundles again: all that was kept is a duplicate of itself, by the same places."""
    bundles = {path.name: path.read_bytes() for path in seeds.glob("*.txt")}
    for run in ("first", "second"):
        assert main(arguments(seeds, tmp_path, run)) == 0
    check_files(tmp_path, "first", "second")
    first, second = (read_corpus(tmp_path, run) for run in ("first", "second"))
    for corpus in (first, second):
        check_counts(corpus)
        check_places(corpus, bundles)
    kept = {(row["bundle"], offset) for row, _, _, offset in first.kept()}
    again = {(row["bundle"], row["offset"]): row for row in second.duplicates}
    assert {row["kept_run"] for row in again.values()} <= {"first", "second"}
    for place in kept & again.keys():
        row = again[place]
        assert (row["kept_bundle"], row["kept_offset"], row["kept_run"]) == (*place, "first")
    wordless = {(row["bundle"], offset) for row, _, _, offset in second.kept()}
    assert kept - again.keys() == wordless


def test_bundles_one_by_one_give_what_all_at_once_give(seeds: Path, tmp_path: Path) -> None:
    assert main(arguments(seeds, tmp_path / "once", "all")) == 0
    names = sorted(path.stem for path in seeds.glob("*.txt"))
    for name in names:
        assert main(arguments(seeds, tmp_path / "each", name, name)) == 0
    check_files(tmp_path / "each", *names)
    runs = [read_corpus(tmp_path / "each", name) for name in names]
    whole = read_corpus(tmp_path / "once", "all")
    for ledger in ("documents", "duplicates"):
        rows = [row for run in runs for row in getattr(run, ledger)]
        assert list(map(without_runs, rows)) == list(map(without_runs, getattr(whole, ledger)))


def without_runs(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row but for the columns that say which run it is of."""
    return {name: value for name, value in row.items() if name not in ("run", "kept_run")}
