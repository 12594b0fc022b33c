"""Runs a stream on Prism into whose folder bundles keep coming; prints what windows cost as they add up.

A row stands for some windows: how long after its end a window was committed, the processor time, and what driver and
Prism hold. The bundles are a few documents of the given ones. Prints a Markdown table.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from itertools import chain, cycle, islice
from pathlib import Path
from statistics import median

from index_growth import documents
from plain_text import bundles_of

from transforms.runs.catalog import committed_runs
from transforms.storage import Folder

HEAD = (
    "| windows | median s after the end | longest | CPU ms a window | driver MB | Prism MB | files | threads | runs |"
)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command.add_argument("--bundles", required=True, metavar="PATTERN", help="the text that the bundles are made of")
    command.add_argument("--prism", required=True, type=Path, help="the runner's binary; `make prism` builds it")
    command.add_argument("--windows", type=int, default=300)
    command.add_argument("--window", type=float, default=1.0, help="seconds")
    command.add_argument("--lines", type=int, default=10, help="rows of the table")
    command.add_argument("--documents", type=int, default=2, help="in a bundle")
    command.add_argument("--work", type=Path, default=Path("/tmp/rafid-stream"))
    return command


def main(arguments: argparse.Namespace) -> None:
    """Measures and prints."""
    work: Path = arguments.work.absolute()
    shutil.rmtree(work, ignore_errors=True)
    (work / "in").mkdir(parents=True)
    stream = _start(work, arguments)
    delays: list[float] = []
    listener = threading.Thread(target=_listen, args=(stream, delays), daemon=True)
    listener.start()
    over = threading.Event()
    pieces = chain.from_iterable(documents([each]) for each in cycle(bundles_of(arguments.bundles)))
    giver = threading.Thread(target=_give, args=(work / "in", pieces, arguments, over), daemon=True)
    giver.start()
    print(HEAD + "\n|" + "---:|" * 9, flush=True)
    step = arguments.windows // arguments.lines
    for line in range(1, arguments.lines + 1):
        before, first = _cpu(stream.pid), len(delays)
        while len(delays) < line * step:
            time.sleep(0.05)
        spent = (_cpu(stream.pid) - before) / max(1, len(delays) - first)
        print(_row(delays[first:], 1000 * spent, stream.pid, work / "out"), flush=True)
    over.set()
    giver.join()
    stream.send_signal(signal.SIGTERM)
    listener.join()
    given = len(list((work / "in").glob("*.txt")))
    taken = sum(len(manifest.inputs) for manifest in committed_runs(Folder(str(work / "out"))))
    print(f"\n{given:,} bundles given, {taken:,} taken; the stream ended with {stream.wait()}")
    shutil.rmtree(work)


def _start(work: Path, arguments: argparse.Namespace) -> "subprocess.Popen[str]":
    times = ["--window", f"{arguments.window}s", "--settle", "200ms", "--every", "100ms", "--log-format", "json"]
    runner = [
        "--runner=PrismRunner",
        f"--prism_location={arguments.prism.absolute()}",
        "--set",
        "segmentation.engine=none",
    ]
    places = ["--input", str(work / "in"), "--output", str(work / "out"), "--threads", "1"]
    command = [sys.executable, "-m", "pipelines.ingest", "--streaming", *times, *runner, *places]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _listen(stream: "subprocess.Popen[str]", delays: list[float]) -> None:
    """Notes for each window how long after its end it was committed, as the modification of its manifest says."""
    assert stream.stdout is not None
    for line in stream.stdout:
        event = json.loads(line)
        if event["event"] == "committed":
            end = datetime.fromisoformat(event["window"]["end"]).timestamp()
            delays.append(_committed_at(stream, event["run"]) - end)


def _committed_at(stream: "subprocess.Popen[str]", run: str) -> float:
    output = Path(stream.args[list(stream.args).index("--output") + 1])  # type: ignore[arg-type, call-overload]
    return (output / "manifests" / f"{run}.json").stat().st_mtime


def _give(folder: Path, pieces: Iterator[bytes], arguments: argparse.Namespace, over: threading.Event) -> None:
    """A bundle for each window."""
    number = 0
    while not over.wait(arguments.window):
        temporary = folder / f".{number:06d}"
        alone = f"\nالحزمة رقم {number}\n".encode()  # or it is known by its digest
        temporary.write_bytes(b"".join(islice(pieces, arguments.documents)) + alone)
        temporary.rename(folder / f"{number:06d}.txt")
        number += 1


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task").glob("*/children")
    return [pid, *(int(child) for file in children for child in file.read_text().split())]


def _cpu(pid: int) -> float:
    """Seconds of processor time of the driver and its Prism."""
    fields = [Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split() for each in _family(pid)]
    return sum(int(each[11]) + int(each[12]) for each in fields) / os.sysconf("SC_CLK_TCK")


def _resident(pid: int) -> int:
    status = dict(
        line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line
    )
    return int(status["VmRSS"].split()[0]) // 1000


def _row(delays: list[float], milliseconds: float, pid: int, output: Path) -> str:
    driver, prism = _family(pid)
    files = sum(len(os.listdir(f"/proc/{each}/fd")) for each in (driver, prism))  # noqa: PTH208
    threads = len(list(Path(f"/proc/{driver}/task").iterdir()))
    runs = len(list((output / "manifests").iterdir()))
    figures = [round(milliseconds), _resident(driver), _resident(prism), files, threads, runs]
    times = [f"{median(delays):.2f}", f"{max(delays):.2f}"]
    return f"| {' | '.join([str(len(delays)), *times, *(f'{each:,}' for each in figures)])} |"


if __name__ == "__main__":
    main(parser().parse_args())
