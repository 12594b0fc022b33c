"""The proof on Flink: `make test-flink JAR=...` with Beam's job-server jar.

The same bundles are run in one process and on a cluster of this machine, with as many tasks as slots and more splits:
with both joins undisturbed, with a TaskManager killed in the middle, and with a worker killed in the middle; all with
a filter, and against another corpus. Each run
must end with the rows of the run in one process, and with its bytes; how records were spread over slots is printed.
At last they are given to a stream, which must take them all, end when it is told to, and keep what the run has kept.
With Beam's jar this proves that the graph runs on Flink, and what Flink's second attempts do to it. With another jar it
proves what that jar does: the tests run it with a translation of their own (translation/).
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
from typing import Any

from rich.console import Console
from rich.table import Table

from pipelines.config import FlinkSettings
from pipelines.runners.flink_job import check_jar
from pipelines.runners.flink_rest import ENDED, FlinkRest
from tests.corpus import read_corpus
from tests.flink.cluster import LocalCluster
from tests.flink.harness import SPLIT_BYTES, Driver, Pool, arguments, on_flink, write_bundles, written
from tests.processes import wait_until
from transforms.errors import RafidError, UsageError
from transforms.runs.catalog import committed_runs
from transforms.runs.cleaning import clean_up
from transforms.runs.run import LEDGER_FOLDERS
from transforms.storage import Folder

_TURNS = 40  # so that there is a middle
_FILTER = "{use: tests.filters.examples:named, part: harbour}"
_EXPECTED = {"one_pass": "expected", "partitioned": "expected_partitioned"}  # folders of runs in one process, by join


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
        spread: records that each slot's tasks took, of all steps that have a task in each slot.
    """

    name: str
    code: int
    error: str
    seconds: float
    restarts: int
    rows: int
    differing: int
    same_bytes: bool | None
    spread: tuple[int, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing was lost, doubled or changed."""
        return self.code == 0 and self.differing == 0 and self.rows > 0 and self.same_bytes is not False


@dataclass(frozen=True)
class Cases:
    """What runs of the cases have in common.

    Attributes:
        cluster: where they run; its first TaskManager is the one that is killed.
        pools: the worker pools of its TaskManagers, in their order.
        jar: of the job server.
        folder: what is written.
    """

    cluster: LocalCluster
    pools: Sequence[Pool]
    jar: Path
    folder: Path

    @property
    def way(self) -> list[str]:
        """The arguments of a run on the cluster."""
        return on_flink(self.cluster.url, self.pools[0].address, self.jar)

    def prove(self, turns: int = _TURNS) -> list[Case]:
        """The cases of runs, one after the other, on so many turns of the seeds."""
        bundles = write_bundles(self.folder / "bundles", turns)
        self._run_here(self.folder / "other", f"--input={min(bundles.glob('*.txt'))}", "--set=dedup.against=[]")
        for join, name in _EXPECTED.items():
            self._run_here(self.folder / name, f"--set=dedup.join={join}")
        return [
            self._case("one pass", "one_pass"),
            self._case("partitioned", "partitioned"),
            self._case("TaskManager killed", "partitioned", self._kill_task_manager),
            self._case("worker killed", "partitioned", self._kill_worker),
        ]

    def _driver(self, output: Path, *more: str) -> Driver:
        """A run of the bundles, with a filter, and without what another corpus keeps."""
        all_stages = [f"--set=dedup.against=[{self.folder / 'other'}]", f"--set=filters=[{_FILTER}]"]
        return Driver([*arguments(self.folder / "bundles", output), *all_stages, *more], output)

    def _run_here(self, output: Path, *more: str) -> None:
        """Runs it in one process."""
        code, _, errors = self._driver(output, *more).end()
        if code:
            raise UsageError(f"the run in one process failed already: {errors}")

    def _case(self, name: str, join: str, kill: Callable[[], None] | None = None) -> Case:
        begun, output = time.monotonic(), self.folder / name.replace(" ", "_")
        driver, expected = self._driver(output, f"--set=dedup.join={join}", *self.way), self.folder / _EXPECTED[join]
        at_work = lambda: list(output.glob("index/run=x/fingerprints/*.arrow"))  # noqa: E731
        wait_until(lambda: at_work() or driver.process.poll() is not None, 600)
        if kill and driver.process.poll() is None:
            kill()
        code, said, errors = driver.end(1800)
        if kill:
            clean_up(Folder(str(output)))  # as the next run does: a worker that is killed leaves what it was writing
        seconds = time.monotonic() - begun
        rows, differing = _compare(expected, output) if driver.committed() else (0, 0)
        same_bytes = driver.committed() and written(output) == written(expected)
        tasks = self._tasks(said)
        restarts = max((task["attempt"] for step in tasks for task in step), default=0)
        return Case(name, code, " ".join(errors), seconds, restarts, rows, differing, same_bytes, _spread(tasks))

    def _tasks(self, said: str) -> list[list[dict[str, Any]]]:
        """What Flink tells of each task of each step, in the job that the driver spoke of, once it has ended."""
        if not (submitted := re.search(r"submitted \S+ as job (\w+)", said)):
            return []
        rest, job = FlinkRest(self.cluster.url, FlinkSettings()), f"v1/jobs/{submitted[1]}"
        wait_until(lambda: rest.request("GET", job)["state"] in ENDED)  # Flink's answers are some seconds old
        steps = rest.request("GET", job)["vertices"]
        return [rest.request("GET", f"{job}/vertices/{step['id']}")["subtasks"] for step in steps]

    def _kill_task_manager(self) -> None:
        killed = self.cluster.processes("taskmanager")[0]
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: killed not in self.cluster.processes("taskmanager"))
        self.cluster.start_task_manager(self.pools[0].address)

    def _kill_worker(self) -> None:
        os.kill(max(worker for pool in self.pools for worker in pool.workers()), signal.SIGKILL)


def _spread(tasks: list[list[dict[str, Any]]]) -> tuple[int, ...]:
    """The records that went to each slot: Flink gives a slot a task a step."""
    taken: Counter[int] = Counter()
    for step in tasks:
        if len(step) > 1:
            taken.update({task["subtask"]: task["metrics"]["read-records"] for task in step})
    return tuple(taken[slot] for slot in sorted(taken))


def _restarts(said: str) -> int:
    return max(map(int, re.findall(r"(\d+) restarts", said)), default=0)


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
    rows, differing = _compare(folder / "expected", output)
    wrong = [error for error in errors if "SIGTERM" not in error]
    seconds = time.monotonic() - begun
    return Case("stream, drained", code, " ".join(wrong), seconds, _restarts(said), rows, differing, None)


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


def print_table(cases: Sequence[Case]) -> None:
    """Prints a row a case."""
    table = Table("run", "exit", "seconds", "restarts", "rows the same", "differing", "bytes", "records a slot", "")
    for case in cases:
        figures = (str(case.code), f"{case.seconds:.1f}", str(case.restarts), f"{case.rows:,}", f"{case.differing:,}")
        spread = " + ".join(f"{records:,}" for records in case.spread)
        table.add_row(case.name, *figures, _bytes(case), spread, "ok" if case.passed else "FAILED")
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
            cases = Cases(cluster, [pool], Path(jar).absolute(), folder)
            return [*cases.prove(turns), prove_stream(cases.way, folder)]
        finally:
            pool.stop()
            cluster.stop()


if __name__ == "__main__":
    sys.exit(main())
