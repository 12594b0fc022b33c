"""Whole runs on a real S3 server: as on local disks, through outages, and one at a time."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.corpus import check_files, files_below
from tests.s3.conftest import ACCESS, SECRET, Server
from transforms.storage import Folder

# Files that say when they were written, where, and by whom.
TIMED = {"manifests/x.json", "reports/x.html", "reports/index.html", "README.md", ".lock"}
# A run whose store may be away for a few seconds only; nothing else of it is changed.
IMPATIENT = "import sys; from transforms import filesystems; filesystems.PATIENCE = 3.0; from pipelines.ingest import main; sys.exit(main())"  # noqa: E501


@pytest.fixture
def alone(program: str, tmp_path: Path) -> Iterator[Server]:
    """A server that a test may stop."""
    server = Server(program, tmp_path / "s3")
    server.folder.joinpath("corpus").mkdir(parents=True)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def bundles(seeds: Path, tmp_path: Path) -> Path:
    """Bundles of the seeds, so many that a run takes some seconds."""
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(5):
        for path in sorted(seeds.glob("*.txt")):
            (folder / f"{number}_{path.name}").write_bytes(path.read_bytes())
    return folder


def begin(server: Server, *arguments: str, code: str = "") -> subprocess.Popen[str]:
    """A run that has begun."""
    command = [sys.executable, *(["-c", code] if code else ["-m", "pipelines.ingest"]), *arguments]
    environment = os.environ | server.environment
    return subprocess.Popen(command, cwd=PROJECT, env=environment, stderr=subprocess.PIPE, text=True)


def options(folder: Path | str, output: str) -> list[str]:
    return ["--input", f"{folder}/*.txt", "--output", output, "--run", "x", "--quiet", "--set", "run.split_bytes=8KiB"]


def result(run: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit code, and what was said; never a traceback or a secret."""
    said = run.communicate(timeout=300)[1]
    assert "Traceback" not in said
    assert SECRET not in said
    return run.returncode, said


def same(one: Path, other: Path) -> None:
    """The two outputs hold the same files, and their manifests say the same but for times and places."""
    first, second = (
        {path: digest for path, digest in files_below(each).items() if path not in TIMED} for each in (one, other)
    )
    assert first == second
    manifests = [json.loads((each / "manifests" / "x.json").read_text()) for each in (one, other)]
    for key in ("counts", "files", "bytes", "preambles", "rejects"):
        assert manifests[0][key] == manifests[1][key]
    digests = [[(each["name"], each["size"], each["sha256"]) for each in manifest["inputs"]] for manifest in manifests]
    assert digests[0] == digests[1]


def test_a_run_on_a_server_equals_a_local_one(server: Server, bucket: str, bundles: Path, tmp_path: Path) -> None:
    for path in bundles.iterdir():
        Folder(bucket).write(f"in/{path.name}", path.read_bytes())
    assert result(begin(server, *options(f"{bucket}/in", f"{bucket}/out")))[0] == 0
    assert result(begin(server, *options(bundles, str(tmp_path / "out"))))[0] == 0
    there = server.folder / bucket.removeprefix("s3://") / "out"
    same(there, tmp_path / "out")
    check_files(there, "x")
    assert all(
        key not in path.read_text(errors="replace") for path in there.rglob("*.json") for key in (ACCESS, SECRET)
    )


def _wait_for(folder: Path, pattern: str, run: subprocess.Popen[str]) -> None:
    """Returns when the run has written such a file."""
    while run.poll() is None and not list(folder.glob(pattern)):
        time.sleep(0.02)
    assert run.poll() is None, "the run has ended before the server was stopped"


@pytest.mark.parametrize("stage", ["index/run=x/fingerprints/*", "documents/run=x/*"])
def test_a_server_that_is_away_for_seconds_is_waited_for(
    alone: Server, bundles: Path, tmp_path: Path, stage: str
) -> None:
    run = begin(alone, *options(bundles, "s3://corpus/out"))
    _wait_for(alone.folder / "corpus" / "out", stage, run)
    alone.stop()
    time.sleep(5)
    alone.start()
    assert result(run) == (0, "")
    assert result(begin(alone, *options(bundles, str(tmp_path / "out"))))[0] == 0
    same(alone.folder / "corpus" / "out", tmp_path / "out")


def test_a_server_that_stays_away_ends_the_run(alone: Server, bundles: Path) -> None:
    run = begin(alone, *options(bundles, "s3://corpus/out"), code=IMPATIENT)
    _wait_for(alone.folder / "corpus" / "out", "index/run=x/fingerprints/*", run)
    alone.stop()
    code, said = result(run)
    assert code == 1
    assert said.startswith("rafid: s3://corpus/out/")
    assert "connect" in said.lower()
    assert len(said.splitlines()) == 1
    assert not (alone.folder / "corpus" / "out" / "manifests").exists()


def test_the_next_run_goes_on_where_a_dead_one_left_its_lock(alone: Server, bundles: Path) -> None:
    run = begin(alone, *options(bundles, "s3://corpus/out"))
    _wait_for(alone.folder / "corpus" / "out", "index/run=x/fingerprints/*", run)
    run.kill()
    run.wait()
    assert run.stderr is not None
    run.stderr.close()
    assert (alone.folder / "corpus" / "out" / ".lock").stat().st_size > 0
    assert result(begin(alone, *options(bundles, "s3://corpus/out"), "--wait")) == (0, "")
    check_files(alone.folder / "corpus" / "out", "x")


def test_of_two_writers_of_a_run_one_wins(alone: Server, bundles: Path) -> None:
    runs = [begin(alone, *options(bundles, "s3://corpus/out")) for _ in range(2)]
    (_, lost), (code, said) = sorted((result(run) for run in runs), key=lambda each: -each[0])
    assert (code, said) == (0, "")
    assert "is writing to it" in lost
    check_files(alone.folder / "corpus" / "out", "x")


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [("AWS_SECRET_ACCESS_KEY", "wrong", "Forbidden"), ("AWS_ACCESS_KEY_ID", "", "credentials")],
)
def test_wrong_credentials_are_said_in_one_line(
    server: Server, bucket: str, seeds: Path, key: str, value: str, said: str
) -> None:
    environment = {**os.environ, **server.environment, key: value, "AWS_EC2_METADATA_DISABLED": "true"}
    command = [sys.executable, "-m", "pipelines.ingest", *options(seeds, f"{bucket}/out")]
    run = subprocess.Popen(command, cwd=PROJECT, env=environment, stderr=subprocess.PIPE, text=True)
    code, error = result(run)
    assert code == 2
    assert error.startswith(f"rafid: output {bucket}/out: ")
    assert said in error
    assert len(error.splitlines()) == 1
