"""The proof on Flink: `make test-flink JAR=...` with Beam's job-server jar.

The same bundles are run in one process and on a cluster of this machine: undisturbed, with the TaskManager killed in
the middle, and with a worker killed in the middle. Each run must end with the rows of the first, and with its bytes.
At last they are given to a stream, which must take them all, end when it is told to, and keep what the run has kept.
With Beam's jar this proves that the graph runs on Flink, and what Flink's second attempts do to it. With another jar it
proves what that jar does: the tests run it with a stand-in, to know that this program works.
"""

import argparse
import contextlib
import os
import re
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from pipelines.runners.flink_job import check_jar
from tests.corpus import read_corpus
from tests.flink.cluster import LocalCluster
from tests.flink.harness import SPLIT_BYTES, Driver, Pool, arguments, on_flink, write_bundles, written
from tests.processes import wait_until
from transforms.errors import RafidError, UsageError
from transforms.runs.catalog import committed_runs
from transforms.runs.run import LEDGER_FOLDERS
from transforms.storage import Folder

_TURNS = 40  # so that there is a middle


@dataclass(frozen=True)
class Case:
    """How a run ended.

    Attributes:
        name: what was done to it.
        code: its exit code.
        error: its error, if it had one.
        seconds: what it took.
        restarts: how often Flink started the job anew.
        rows: rows that it wrote and that were expected.
        differing: rows that it wrote or that were expected, but not both.
        same_bytes: whether its files are those expected, byte by byte; a stream's have the names of its windows.
    """

    name: str
    code: int
    error: str
    seconds: float
    restarts: int
    rows: int
    differing: int
    same_bytes: bool | None

    @property
    def passed(self) -> bool:
        """Whether nothing was lost, doubled or changed."""
        return self.code == 0 and self.differing == 0 and self.rows > 0 and self.same_bytes is not False


def prove(cluster: LocalCluster, pool: Pool, jar: Path, folder: Path, turns: int = _TURNS) -> list[Case]:
    """The three cases, one after the other."""
    bundles = write_bundles(folder / "bundles", turns)
    expected = folder / "expected"
    code, _, errors = Driver(arguments(bundles, expected), expected).end()
    if code:
        raise UsageError(f"the run in one process failed already: {errors}")
    disturbances: dict[str, Callable[[], None]] = {
        "undisturbed": lambda: None,
        "TaskManager killed": lambda: _kill_task_manager(cluster),
        "worker killed": lambda: os.kill(max(pool.workers()), signal.SIGKILL),
    }
    way = on_flink(cluster.url, pool.address, jar)
    return [
        _case(name, disturb, Driver([*arguments(bundles, output), *way], output), expected)
        for number, (name, disturb) in enumerate(disturbances.items())
        for output in [folder / f"case_{number}"]
    ]


def _case(name: str, disturb: Callable[[], None], driver: Driver, expected: Path) -> Case:
    begun = time.monotonic()
    at_work = lambda: list(driver.output.glob("index/run=x/fingerprints/*.arrow"))  # noqa: E731
    wait_until(lambda: at_work() or driver.process.poll() is not None, 600)
    if driver.process.poll() is None:
        disturb()
    code, said, errors = driver.end(1800)
    restarts = max(map(int, re.findall(r"(\d+) restarts", said)), default=0)
    rows, differing = _compare(expected, driver.output) if driver.committed() else (0, 0)
    same_bytes = driver.committed() and written(driver.output) == written(expected)
    return Case(name, code, " ".join(errors), time.monotonic() - begun, restarts, rows, differing, same_bytes)


def prove_stream(way: Sequence[str], folder: Path, seconds: float = 900) -> Case:
    """The case of a stream over the bundles of the others, on the runner that options name, with so many seconds."""
    begun, bundles, output = time.monotonic(), folder / "bundles", folder / "stream"
    size = f"--set=run.split_bytes={SPLIT_BYTES}"
    times = ["--streaming", "--window=2s", "--settle=500ms", f"--input={bundles}", f"--output={output}", size]
    driver = Driver([*times, "--threads=1", *way], output)
    wanted = len(list(bundles.iterdir()))
    with contextlib.suppress(AssertionError):  # the rows tell
        wait_until(lambda: driver.process.poll() is not None or _taken(output) == wanted, seconds)
    driver.process.terminate()
    code, said, errors = driver.end(600)
    restarts = max(map(int, re.findall(r"(\d+) restarts", said)), default=0)
    rows, differing = _compare(folder / "expected", output)
    wrong = [error for error in errors if "SIGTERM" not in error]
    return Case("stream, drained", code, " ".join(wrong), time.monotonic() - begun, restarts, rows, differing, None)


def _taken(output: Path) -> int:
    return sum(len(run.inputs) for run in committed_runs(Folder(str(output)))) if output.exists() else 0


def _compare(expected: Path, output: Path) -> tuple[int, int]:
    """How many rows are in both, and how many in one only."""
    ours, theirs = (_rows(folder) for folder in (output, expected))
    return (ours & theirs).total(), (ours - theirs).total() + (theirs - ours).total()


def _rows(output: Path) -> Counter[str]:
    """The rows of all runs, but for the names of runs: theirs, and of those that kept what duplicates repeat."""
    corpora = [read_corpus(output, run.run) for run in committed_runs(Folder(str(output)))]
    rows = ((ledger, row) for corpus in corpora for ledger in LEDGER_FOLDERS for row in getattr(corpus, ledger))
    apart = ("run", "kept_run")
    return Counter(
        f"{ledger} { {name: value for name, value in row.items() if name not in apart and value is not None} }"
        for ledger, row in rows
    )


def _kill_task_manager(cluster: LocalCluster) -> None:
    os.kill(cluster.processes("taskmanager")[0], signal.SIGKILL)
    wait_until(lambda: not cluster.processes("taskmanager"))
    cluster.start_task_manager()


def print_table(cases: Sequence[Case]) -> None:
    """Prints a row a case."""
    table = Table("run", "exit", "seconds", "restarts", "rows the same", "rows differing", "bytes", "")
    for case in cases:
        figures = (str(case.code), f"{case.seconds:.1f}", str(case.restarts), f"{case.rows:,}", f"{case.differing:,}")
        table.add_row(case.name, *figures, _bytes(case), "ok" if case.passed else "FAILED")
    console = Console(width=120, highlight=False)
    console.print(table)
    for case in cases:
        if case.error:
            console.print(f"{case.name}: {case.error}", markup=False, soft_wrap=True)


def _bytes(case: Case) -> str:
    return "–" if case.same_bytes is None else "same" if case.same_bytes else "other"


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the proof; returns 0 where every case passed, 1 where one did not, 2 for wrong use."""
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command.add_argument("--home", type=Path, required=True, help="the Flink installation")
    command.add_argument("--jar", default="", help="Beam's job-server jar")
    command.add_argument("--turns", type=int, default=_TURNS, help="how many times the seeds (default: %(default)s)")
    asked = command.parse_args(argv)
    try:
        cases = _run(asked.home, asked.jar, asked.turns)
    except RafidError as error:
        print(f"rafid: {error}", file=sys.stderr)
        return error.exit_code
    print_table(cases)
    return 0 if all(case.passed for case in cases) else 1


def _run(home: Path, jar: str, turns: int) -> list[Case]:
    if not jar:
        raise UsageError("no jar: name Beam's job server, make test-flink JAR=path; see docs/flink.md")
    version = next((home / "lib").glob("flink-dist-*.jar")).stem.removeprefix("flink-dist-")
    check_jar(jar, version)
    with tempfile.TemporaryDirectory(prefix="rafid-proof-") as name:
        folder = Path(name)
        cluster, pool = LocalCluster(home, folder / "cluster"), Pool(folder / "pool")
        try:
            cluster.start()
            path = Path(jar).absolute()
            cases = prove(cluster, pool, path, folder, turns)
            return [*cases, prove_stream(on_flink(cluster.url, pool.address, path), folder)]
        finally:
            pool.stop()
            cluster.stop()


if __name__ == "__main__":
    sys.exit(main())
