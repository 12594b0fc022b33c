"""The graph on Prism, a portable runner in Go: the second opinion beside the in-process runner.

Prism speaks the Job API and the Fn API that Flink's job server speaks: what is proven is that the graph is portable,
staged, started over the Job API, and run by workers in three environments. Nothing of Flink runs here.
"""

import json
import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.ingest import main
from tests.conftest import PROJECT, UNSEGMENTED
from tests.corpus import read_corpus
from tests.flink.harness import Driver, Pool, arguments, written
from tests.flink.proof import prove_stream


@pytest.mark.parametrize("environment", ["LOOPBACK", "EXTERNAL", "PROCESS"])
def test_prism_writes_the_bytes_of_the_in_process_run(
    environment: str,
    start_run: Callable[..., Driver],
    prism: Path,
    pool: Pool,
    expected: dict[str, str],
) -> None:
    """Proves the graph on a second runner, with workers in the driver, in a pool, and as processes of the runner."""
    boot = json.dumps({"command": str(PROJECT / "pipelines" / "runners" / "worker_boot")})
    config = {
        "LOOPBACK": [],
        "EXTERNAL": [f"--environment_config={pool.address}"],
        "PROCESS": [f"--environment_config={boot}"],
    }
    options = [f"--prism_location={prism}", f"--environment_type={environment}", *config[environment]]
    driver = start_run("--runner=PrismRunner", *options)
    code, _, errors = driver.end()
    assert (code, errors) == (0, [])
    assert written(driver.output) == expected


def test_references_and_filters_on_workers_of_a_pool(
    start_run: Callable[..., Driver], bundles: Path, prism: Path, pool: Pool, tmp_path: Path
) -> None:
    """Proves that workers in other processes find a function by its name, and read the other corpus, by both joins."""
    other = tmp_path / "benchmarks"
    first = sorted(bundles.glob("*.txt"))[0]
    common = [f"--set=dedup.against=[{other}]", "--set=filters=[tests.filters.examples:foreign]", *UNSEGMENTED]
    assert main([f"--input={first}", f"--output={other}", "--run=o", "--quiet", *UNSEGMENTED]) == 0
    assert main([*arguments(bundles, tmp_path / "here"), *common, "--quiet"]) == 0
    rows = read_corpus(tmp_path / "here", "x")
    assert any(row["kept_corpus"] == str(other) for row in rows.duplicates)
    options = [f"--prism_location={prism}", "--environment_type=EXTERNAL", f"--environment_config={pool.address}"]
    for join in ("one_pass", "partitioned"):
        driver = start_run("--runner=PrismRunner", *options, *common, f"--set=dedup.join={join}")
        code, _, errors = driver.end()
        assert (code, errors) == (0, [])
        there = read_corpus(driver.output, "x")
        assert (there.documents, there.duplicates, there.filtered) == (rows.documents, rows.duplicates, rows.filtered)


def test_stage_that_fails_in_the_driver_is_one_line(start_run: Callable[..., Driver], prism: Path) -> None:
    """Proves that the user of a full disk is told of it in the stage's own words, and of nothing else."""
    driver = start_run("--runner=PrismRunner", f"--prism_location={prism}")
    resource.prlimit(driver.process.pid, resource.RLIMIT_FSIZE, (8192, 8192))
    code, _, errors = driver.end()
    assert code == 1
    (line,) = errors
    assert line.endswith("File too large")
    assert not list(driver.output.glob("manifests/*"))


def test_stream_on_prism_passes_the_proof_that_flink_will_be_put_to(bundles: Path, prism: Path, tmp_path: Path) -> None:
    """Proves the case of a stream in `make test-flink`: what it does and what it compares; nothing of Flink."""
    (tmp_path / "bundles").symlink_to(bundles)
    expected = tmp_path / "expected"
    assert main([*arguments(bundles, expected), "--quiet"]) == 0
    case = prove_stream(["--runner=PrismRunner", f"--prism_location={prism}"], tmp_path, 300)
    assert (case.passed, case.error, case.differing) == (True, "", 0)
    assert case.rows > 100


def test_stream_that_takes_nothing_does_not_pass_the_proof(bundles: Path, prism: Path, tmp_path: Path) -> None:
    """Proves that the comparison can fail."""
    (tmp_path / "bundles").mkdir()
    (tmp_path / "bundles" / ".hidden.txt").write_text("x")
    expected = tmp_path / "expected"
    assert main([*arguments(bundles, expected), "--quiet"]) == 0
    case = prove_stream(["--runner=PrismRunner", f"--prism_location={prism}"], tmp_path, 3)
    assert not case.passed
    assert case.differing > 100
