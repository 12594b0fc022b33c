"""Runs a stream on a Flink of its own, a bundle a window; prints what windows cost and what is held as they add up.

A row stands for some windows: how long a window took from its arrival to its commit, the driver's processor time, and
what driver, JobManager and TaskManager hold (resident megabytes; of the JobManager's also the heap after a collection
that is asked for, and the classes). With `--kills` the driver and the TaskManager are killed in turn, as often as that.
With `--polls` no bundle is given, and a row stands for some looks at the folder. The jar is the tests' stand-in, whose
task gives the graph to the in-process runner, or Beam's own.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.conftest import PROJECT
from tests.flink.cluster import LocalCluster
from tests.flink.harness import Driver, Pool, on_flink
from tests.flink.jars import compile_standin, write_jar
from transforms.runs.catalog import committed_runs
from transforms.storage import Folder

HEAD = "| windows | median s | longest | CPU ms | driver MB | files | JobManager MB | heap | classes | TaskManager MB |"


def parser() -> argparse.ArgumentParser:
    """The command line."""
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command.add_argument("--home", type=Path, default=PROJECT / ".cluster" / "flink-1.20.5", help="the Flink")
    command.add_argument("--jar", type=Path, help="Beam's job-server jar (default: the tests' stand-in)")
    command.add_argument("--windows", type=int, default=100)
    command.add_argument("--lines", type=int, default=10, help="rows of the table")
    command.add_argument("--kills", type=int, default=0)
    command.add_argument("--polls", type=int, default=0, help="measure so many looks at an idle folder instead")
    command.add_argument("--work", type=Path, default=Path("/tmp/rafid-flink-windows"))
    return command


@dataclass
class Bench:
    """A cluster, a worker pool, and a stream on them from `in` to `out` of the folder."""

    work: Path
    home: Path
    jar: Path | None
    times: list[str]
    cluster: LocalCluster = field(init=False)
    pool: Pool = field(init=False)
    driver: Driver = field(init=False)

    def __post_init__(self) -> None:
        self.cluster = LocalCluster(self.home, self.work / "cluster")
        self.cluster.start()
        self.pool = Pool(self.work / "pool")
        self.jar = self.jar or self._standin()
        self.start()

    def _standin(self) -> Path:
        (self.work / "classes").mkdir()
        classes = compile_standin(str(shutil.which("javac")), self.home, self.work / "classes")
        script = str(PROJECT / "tests" / "flink" / "run_staged.py")
        return write_jar(self.work / "standin.jar", classes, mode="run", python=sys.executable, script=script)

    def start(self) -> None:
        """Starts the driver; what it says goes nowhere."""
        places = [f"--input={self.work / 'in'}", f"--output={self.work / 'out'}", "--threads=1", "--quiet"]
        way = [*on_flink(f"127.0.0.1:{self.cluster.port}", self.pool.address, Path(str(self.jar)))]
        settings = ["--set=segmentation.engine=none", *self.times]
        arguments = ["--streaming", *places, *way, *settings]
        self.driver = Driver(arguments, self.work / "out", "tests.flink.counted")

    def taken(self) -> int:
        """How many bundles committed windows have taken."""
        output = self.work / "out"
        return sum(len(run.inputs) for run in committed_runs(Folder(str(output)))) if output.exists() else 0

    def polls(self) -> int:
        """How often the folder was looked at."""
        file = self.work / "polls"
        return file.stat().st_size if file.exists() else 0

    def held(self) -> list[int]:
        """What is held now: see `HEAD`."""
        (manager,), (worker,) = self.cluster.processes("jobmanager"), self.cluster.processes("taskmanager")[-1:]
        heap = _heap_after_collection(manager)
        files = len(list(Path(f"/proc/{self.driver.process.pid}/fd").iterdir()))
        driver = _resident(self.driver.process.pid)
        return [driver, files, _resident(manager), heap, _classes(manager), _resident(worker)]

    def kill(self, number: int) -> None:
        """Kills the driver, or the TaskManager, and starts another."""
        time.sleep(random.Random(number).uniform(0, 4))
        if number % 2:
            os.kill(self.cluster.processes("taskmanager")[-1], signal.SIGKILL)
            self.cluster.start_task_manager()
        else:
            self.driver.process.kill()
            self.driver.process.communicate()
            self.start()

    def end(self) -> int:
        """The driver's exit code, once all is ended."""
        self.driver.process.terminate()
        self.driver.process.communicate()
        left = [path.name for path in (self.work / "cluster" / "upload").rglob("*.jar")]
        print(f"left on the cluster: {left or 'no jar'}")
        self.pool.stop()
        self.cluster.stop()
        return self.driver.process.returncode


def main(arguments: argparse.Namespace) -> None:
    """Measures and prints."""
    work: Path = arguments.work.absolute()
    shutil.rmtree(work, ignore_errors=True)
    (work / "in").mkdir(parents=True)
    every = "1ms" if arguments.polls else "200ms"
    bench = Bench(work, arguments.home.absolute(), arguments.jar, ["--window=1s", "--settle=200ms", f"--every={every}"])
    print(HEAD + "\n|" + "---:|" * 10, flush=True)
    try:
        for row in _idle(bench, arguments) if arguments.polls else _windows(bench, arguments):
            print(row, flush=True)
        print(f"\n{bench.taken():,} bundles taken in {len(committed_runs(Folder(str(work / 'out')))):,} windows")
    finally:
        print(f"the stream ended with {bench.end()}")
    shutil.rmtree(work)


def _windows(bench: Bench, arguments: argparse.Namespace) -> Iterator[str]:
    step, seconds, before = arguments.windows // arguments.lines, [], _cpu(bench.driver.process.pid)
    kills = set(random.Random(0).sample(range(1, arguments.windows), arguments.kills))
    for number in range(arguments.windows):
        begun = time.monotonic()
        _give(bench.work / "in", number)
        if number in kills:
            bench.kill(sorted(kills).index(number))
            before = _cpu(bench.driver.process.pid)
        _wait(bench, number + 1)
        seconds.append(time.monotonic() - begun)
        if (number + 1) % step == 0:
            cpu = 1000 * (_cpu(bench.driver.process.pid) - before) / step
            yield _row(number + 1, seconds, cpu, bench.held())
            seconds, before = [], _cpu(bench.driver.process.pid)


def _idle(bench: Bench, arguments: argparse.Namespace) -> Iterator[str]:
    step = arguments.polls // arguments.lines
    for line in range(1, arguments.lines + 1):
        while bench.polls() < line * step:
            time.sleep(0.01)
        yield _row(bench.polls(), [0.0], 1000 * _cpu(bench.driver.process.pid) / bench.polls(), bench.held())


def _wait(bench: Bench, bundles: int) -> None:
    while bench.taken() < bundles:
        if bench.driver.process.poll() is not None:
            raise SystemExit(f"the stream ended: {bench.driver.process.communicate()[1]}")
        time.sleep(0.05)


def _give(folder: Path, number: int) -> None:
    lines = [f"كلام طويل في الحزمة رقم {each} من هذه الحزم الكثيرة" for each in (max(0, number - 1), number)]
    (folder / f".{number:06d}").write_text("\n".join(lines), encoding="utf-8")
    (folder / f".{number:06d}").rename(folder / f"{number:06d}.txt")


def _row(windows: int, seconds: list[float], milliseconds: float, held: list[int]) -> str:
    times = [f"{median(seconds):.1f}", f"{max(seconds):.1f}"]
    return f"| {' | '.join([f'{windows:,}', *times, f'{milliseconds:,.1f}', *(f'{each:,}' for each in held)])} |"


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident(pid: int) -> int:
    (line,) = [each for each in Path(f"/proc/{pid}/status").read_text().splitlines() if each.startswith("VmRSS")]
    return int(line.split()[1]) // 1000


def _heap_after_collection(pid: int) -> int:
    """Megabytes of objects that live, by a histogram, which collects first."""
    total = _jcmd(pid, "GC.class_histogram").splitlines()[-1].split()
    return int(total[2]) // 1_000_000


def _classes(pid: int) -> int:
    """The number of loaded classes."""
    (line,) = [each for each in _jcmd(pid, "VM.metaspace").splitlines() if "classes" in each and "loaders" in each][:1]
    return int(line.split("loaders,")[1].split()[0])


def _jcmd(pid: int, command: str) -> str:
    return subprocess.run(["jcmd", str(pid), command], capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    main(parser().parse_args())
