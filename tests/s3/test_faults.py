"""Whole runs on an S3 server whose answers are late, lost or refusals: what is committed is right, and said so."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.runs import main as runs
from tests.conftest import PROJECT, UNSEGMENTED
from tests.s3.conftest import Server
from tests.s3.proxy import Decide, Fault, Request, Weather, faulty_way, pass_on
from transforms.runs.catalog import committed_runs
from transforms.runs.manifest import Manifest
from transforms.storage import Folder


def ingest(server: Server, decide: Decide, folder: Path, output: str, run: str) -> str:
    """Runs a job through a way on which `decide` says what happens; what it printed as errors."""
    with faulty_way(server.port, decide) as way:
        environment = os.environ | server.environment | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{way.port}"}
        command = [sys.executable, "-m", "pipelines.ingest", "--input", f"{folder}/*.txt", "--output", output]
        options = ["--run", run, "--quiet", "--set", "run.split_bytes=8KiB", *UNSEGMENTED]
        done = subprocess.run(
            [*command, *options], cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=300, check=False
        )
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.fixture
def bundles(seeds: Path, tmp_path: Path) -> Path:
    """One bundle of the seeds."""
    (tmp_path / "in").mkdir()
    source = min(seeds.glob("*.txt"), key=lambda path: path.stat().st_size)
    (tmp_path / "in" / source.name).write_bytes(source.read_bytes())
    return tmp_path / "in"


def shards(manifest: Manifest) -> list[tuple[str, int, str]]:
    return [(each.path, each.rows, each.sha256) for each in manifest.files]


def test_a_run_in_bad_weather_is_that_of_a_quiet_day(
    server: Server, bucket: str, bundles: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ingest(server, pass_on, bundles, str(tmp_path / "quiet"), "x")
    ingest(server, Weather(3, 0.1, 0.1, 0.5), bundles, f"{bucket}/out", "x")
    (quiet,), (found,) = (committed_runs(Folder(each)) for each in (str(tmp_path / "quiet"), f"{bucket}/out"))
    assert shards(found) == shards(quiet)
    assert found.counts == quiet.counts
    assert runs([f"{bucket}/out", "verify"]) == 0, capsys.readouterr().out


def refuse_deletes(request: Request) -> Fault:
    return Fault.DENIED if request.deletes else Fault.NONE


def left(output: Folder) -> list[str]:
    """The files that are of no use once the runs are committed and indexed."""
    return [path for path in output.files("index") if path.split("/")[1] in ("fingerprints", "verdicts", "scratch")]


def test_a_store_that_refuses_deletes_fails_no_run(
    server: Server, bucket: str, bundles: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = Folder(f"{bucket}/out")
    for name in ("x", "y"):
        said = ingest(server, refuse_deletes, bundles, output.url, name)
        assert "it is of no more use, and is removed the next time" in said
        assert "Traceback" not in said
    assert {path.split("/")[0] for path in left(output)} == {"run=x", "run=y"}
    assert ingest(server, pass_on, bundles, output.url, "z") == ""
    assert {path.split("/")[0] for path in left(output)} == {"run=z"}  # indexed with the next run
    assert [each.run for each in committed_runs(output)] == ["x", "y", "z"]
    assert runs([output.url, "verify"]) == 0, capsys.readouterr().out
