"""Runs that end in the middle, killed or refused by the disk: nothing half is there, and a rerun is whole."""

import json
import multiprocessing
import os
import random
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pipelines.ingest import main
from tests.conftest import UNSEGMENTED
from tests.corpus import check_files, files_below, read_corpus

MOMENTS = random.Random(14)
FRACTIONS = [(number + MOMENTS.random()) / 10 for number in range(10)]  # anywhere in each tenth


def arguments(seeds: Path, output: Path, run: str, split: str = "8kB") -> list[str]:
    """An earlier run takes the news; the one that is disturbed takes the other bundles."""
    bundles = ["bundle_000_news"] if run == "earlier" else ["bundle_001_encyclopedia", "bundle_002_stories"]
    inputs = [f"{seeds}/{name}.txt" for name in bundles]
    settings = ["--set", f"run.split_bytes={split}", "--set", "run.report=false"]
    return ["--input", *inputs, "--output", str(output), "--run", run, "--quiet", *UNSEGMENTED, *settings]


def lasting(output: Path) -> dict[str, str]:
    """The digests of all files: they are the same however a run came about. Notes tell the time: their names count."""
    return {
        without_generation(path): "" if path.startswith("manifests/") or path.endswith("/index.json") else digest
        for path, digest in files_below(output).items()
        if path != ".lock"
    }


def without_generation(path: str) -> str:
    """The path that a file would have if its run had replaced none."""
    return re.sub(r"~[0-9]+", "", path)


def told(output: Path, run: str) -> dict[str, Any]:
    """What a manifest says, without times and figures of the process."""
    manifest = read_corpus(output, run).manifest
    return {key: manifest[key] for key in ("run", "state", "inputs", "counts", "bytes", "settings", "sequence")} | {
        "files": [file | {"path": without_generation(file["path"])} for file in manifest["files"]]
    }


class Undisturbed:
    """The two runs as they come about when nothing happens."""

    def __init__(self, seeds: Path, folder: Path, split: str) -> None:
        assert main(arguments(seeds, folder, "earlier", split)) == 0
        self.steps = Worker(arguments(seeds, folder, "x", split)).watch(folder)
        check_files(folder, "earlier", "x")
        self.files = lasting(folder)
        self.manifests = [told(folder, run) for run in ("earlier", "x")]


@pytest.fixture(scope="module")
def undisturbed(seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    return Undisturbed(seeds, tmp_path_factory.mktemp("undisturbed"), "8kB")


class Worker:
    """A process that runs the command, with Beam loaded before."""

    def __init__(self, argv: Sequence[str]) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["pipelines.job", "pipelines.runners.running"])
        self._process = context.Process(target=main, args=(argv,))
        self._process.start()

    def watch(self, output: Path, most: float = float("inf")) -> int:
        """How many files and folders it has been seen to make, until it ended; when it has made `most` it is killed."""
        before = names_below(output)
        seen = set(before)
        while self._process.is_alive() and len(seen - before) <= most:
            seen |= names_below(output)
        self._process.kill()
        self._process.join()
        return len(seen - before)


def names_below(folder: Path) -> set[str]:
    """The paths of all files and folders; what vanishes meanwhile does no harm."""
    return {f"{place}/{name}" for place, folders, files in os.walk(folder) for name in (*folders, *files)}


def check_nothing_half(output: Path) -> None:
    """The earlier run is whole; the disturbed one has no manifest, or it is whole too."""
    names = sorted(path.name for path in (output / "manifests").iterdir() if not path.name.startswith("."))
    assert names in (["earlier.json"], ["earlier.json", "x.json"])
    for name in names:
        manifest = json.loads((output / "manifests" / name).read_text(encoding="utf-8"))
        found = files_below(output)
        assert {file["path"]: file["sha256"] for file in manifest["files"]}.items() <= found.items()


def check_the_same(output: Path, undisturbed: Undisturbed) -> None:
    """The output is what it would be had nothing happened: the same files, and none that are left over."""
    check_files(output, "earlier", "x")
    assert lasting(output) == undisturbed.files
    assert [told(output, run) | {"settings": None} for run in ("earlier", "x")] == [
        each | {"settings": None} for each in undisturbed.manifests
    ]


@pytest.mark.parametrize("fraction", FRACTIONS, ids=lambda fraction: f"{fraction:.2f}")
def test_killed_at_a_random_moment(fraction: float, undisturbed: Undisturbed, seeds: Path, tmp_path: Path) -> None:
    """A moment is a share of the files that the run writes, so that each is one of work."""
    assert main(arguments(seeds, tmp_path, "earlier")) == 0
    Worker(arguments(seeds, tmp_path, "x")).watch(tmp_path, fraction * undisturbed.steps)
    check_nothing_half(tmp_path)
    assert main(arguments(seeds, tmp_path, "x")) == 0
    check_the_same(tmp_path, undisturbed)


class FullDisk:
    """A disk that takes so many files and refuses the next; every name is given to a file by a rename."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
        self.room = room
        rename = Path.replace

        def replace(temporary: Path, target: Path) -> Path:
            self.room -= 1
            if self.room < 0:
                raise OSError(28, "No space left on device")
            return rename(temporary, target)

        monkeypatch.setattr(Path, "replace", replace)


def test_refused_at_every_file(
    undisturbed: Undisturbed,
    seeds: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(arguments(seeds, tmp_path, "earlier")) == 0
    room = 0
    while True:
        with monkeypatch.context() as patch:
            FullDisk(patch, room)
            code = main(arguments(seeds, tmp_path, "x"))
        if code == 0:
            break
        (line,) = capsys.readouterr().err.splitlines()
        assert "cannot be written" in line
        assert "No space left on device" in line
        assert code == (2 if room == 0 else 1)
        check_files(tmp_path, "earlier")
        room += 1
    assert room > 15
    check_the_same(tmp_path, undisturbed)


def test_a_report_that_is_refused_leaves_the_run_as_it_is(
    seeds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [*arguments(seeds, tmp_path, "earlier"), "--set", "run.report=true"]
    with monkeypatch.context() as patch:
        disk = FullDisk(patch, 1 << 30)
        assert main(command) == 0
        written = (1 << 30) - disk.room
    (tmp_path / "reports" / "earlier.html").unlink()
    with monkeypatch.context() as patch:
        # The manifest is written once more than in a first run; the report and the card are not.
        FullDisk(patch, written + 1 - 2)
        assert main(command) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert "run earlier is committed, but its report is not written" in line
    assert "No space left on device" in line
    check_files(tmp_path, "earlier")


def test_a_rerun_replaces_its_run(undisturbed: Undisturbed, seeds: Path, tmp_path: Path) -> None:
    for run in ("earlier", "x", "x"):
        assert main(arguments(seeds, tmp_path, run)) == 0
    check_the_same(tmp_path, undisturbed)


def test_a_rerun_with_other_splits_leaves_nothing_of_the_first(seeds: Path, tmp_path: Path) -> None:
    for split in ("4kB", "16kB"):
        assert main(arguments(seeds, tmp_path, "earlier", split)) == 0
        check_files(tmp_path, "earlier")
    assert len([path for path in files_below(tmp_path) if path.startswith("documents/")]) == 3


def test_files_between_stages_that_a_crash_left_behind_their_index_go(seeds: Path, tmp_path: Path) -> None:
    """Killed after a run's index was noted and before what it was made of was removed."""
    assert main(arguments(seeds, tmp_path / "out", "earlier")) == 0
    shutil.copytree(tmp_path / "out" / "index" / "run=earlier", tmp_path / "scratch")
    assert main(arguments(seeds, tmp_path / "out", "x")) == 0
    indexed = {path for path in files_below(tmp_path / "out" / "index") if path.startswith("run=earlier")}
    shutil.copytree(tmp_path / "scratch", tmp_path / "out" / "index" / "run=earlier", dirs_exist_ok=True)
    assert main(arguments(seeds, tmp_path / "out", "x")) == 0
    assert {path for path in files_below(tmp_path / "out" / "index") if path.startswith("run=earlier")} == indexed
