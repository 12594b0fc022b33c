"""What tests of clusters start and look at: a run, a worker pool, as processes of their own, and what a run wrote."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.runners.flink_rest import FlinkRest
from tests.conftest import PROJECT
from tests.corpus import check_files, files_below
from tests.flink.cluster import free_port
from tests.processes import children_of, wait_until
from tests.tables import json_lines, parquet

SPLIT_BYTES = 8000


def write_bundles(folder: Path, turns: int) -> Path:
    """The folder, with the seeds so many times, each time with other words in between, and tables: all stages work."""
    folder.mkdir(exist_ok=True)
    for turn in range(turns):
        for seed in sorted((PROJECT / "seeds").glob("*.txt")):
            text = seed.read_text(encoding="utf-8").replace(" من ", f" من رقم {turn} ")
            (folder / f"{turn:02d}_{seed.name}").write_text(text, encoding="utf-8")
    rows = [{"name": f"صف {at}", "text": text, "views": at} for at, text in enumerate(_texts())]
    (folder / "rows.jsonl").write_bytes(json_lines(rows[::2]))
    (folder / "rows.parquet").write_bytes(parquet(rows[1::2], rows_a_group=2))
    return folder


def _texts() -> list[str]:
    """Documents of the seeds, with words of their own, as the rows of tables have them."""
    seed = (PROJECT / "seeds" / "bundle_000_news.txt").read_text(encoding="utf-8").replace(" في ", " في جدول ")
    return [document.partition("\n")[2].strip() for document in seed.split("<<<FILE>>>")[1:]]


def on_flink(master: str, workers: str, jar: Path) -> list[str]:
    """The arguments of a run on a cluster."""
    settings = {"master": master, "workers": workers, "job_server_jar": jar, "poll": 0.2}
    return [f"--set=flink.{name}={value}" for name, value in settings.items()]


def arguments(bundles: Path, output: Path) -> list[str]:
    """What every run of these tests is asked for."""
    size = f"--set=run.split_bytes={SPLIT_BYTES}"
    return [f"--input={bundles}", f"--output={output}", "--run=x", "--threads=1", size]


def written(output: Path) -> dict[str, str]:
    """The digests of the files of run x, ledgers and index, which are those that its manifest names and describes."""
    check_files(output, "x")
    return {path: digest for path, digest in files_below(output).items() if "/run=x/" in path}


def running_task(rest: FlinkRest) -> str:
    """The id of the one job, once its task is at work."""

    def found() -> str:
        (job,) = list(rest.running()) or [""]
        vertices = rest.request("GET", f"v1/jobs/{job}")["vertices"] if job else []
        return job if vertices and vertices[-1]["status"] == "RUNNING" else ""

    return str(wait_until(found))


def listening(pid: int) -> set[tuple[str, int]]:
    """The addresses that a process listens on."""
    found = subprocess.run(["ss", "-ltnpH"], capture_output=True, text=True, check=True).stdout
    places = (line.split()[3] for line in found.splitlines() if f"pid={pid}," in line)
    return {
        (host.strip("[]").removeprefix("::ffff:"), int(port)) for host, _, port in (p.rpartition(":") for p in places)
    }


@dataclass
class Driver:
    """A run as a process of its own, as a person starts it."""

    arguments: list[str]
    output: Path
    program: str = "pipelines.ingest"
    process: subprocess.Popen[str] = field(init=False)

    def __post_init__(self) -> None:
        command = [sys.executable, "-m", self.program, *self.arguments]
        pipe = subprocess.PIPE
        self.temporary.mkdir(exist_ok=True)
        environment = {**os.environ, "PYTHONPATH": str(PROJECT), "TMPDIR": str(self.temporary)}
        folder = self.output.parent  # where workers that the runner starts leave their logs
        self.process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, cwd=folder, env=environment)

    @property
    def temporary(self) -> Path:
        """Where its temporary files are."""
        return self.output.with_suffix(".temporary")

    def end(self, seconds: float = 180) -> tuple[int, str, list[str]]:
        """The exit code, what was said, and our error lines, once it has ended and left no temporary file."""
        said, errors = self.process.communicate(timeout=seconds)
        assert "Traceback" not in errors, errors
        assert list(self.temporary.iterdir()) == []
        return self.process.returncode, said, [line for line in errors.splitlines() if line.startswith("rafid: ")]

    def committed(self) -> bool:
        """Whether there is a manifest."""
        return (self.output / "manifests" / "x.json").exists()


@dataclass
class Pool:
    """A worker pool as a process of its own, in a folder of its own."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "pipelines.worker_pool", "--port", str(self.port)]
        with self.log.open("wb") as log:
            environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder, env=environment)
        wait_until(lambda: "listening" in self.said())

    @property
    def log(self) -> Path:
        """What the pool said."""
        return self.folder / "pool.log"

    @property
    def address(self) -> str:
        """Where runners ask."""
        return f"127.0.0.1:{self.port}"

    def said(self) -> str:
        """What the pool said so far."""
        return self.log.read_text(encoding="utf-8")

    def workers(self) -> list[int]:
        """The process ids of its workers."""
        return list(children_of(self.process.pid))

    def stop(self) -> int:
        """The exit code, after SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)
