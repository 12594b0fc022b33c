"""Watches a folder into which a bundle comes before every look; prints what a window costs as runs add up.

Each bundle is a few documents of the given ones. After the last window the index is compacted, and as many windows as
one line stands for follow. Prints a Markdown table.
"""

import argparse
import os
import resource
import shutil
import time
from functools import partial
from itertools import chain, cycle, islice
from pathlib import Path
from threading import Event

from index_growth import documents
from plain_text import bundles_of

from pipelines.batch import Publisher
from pipelines.config import load_settings
from pipelines.runners.running import beam_options, run_slice
from pipelines.streaming.watch_loop import Surroundings, Watch, WatchMetrics
from transforms.bundles.listing import list_bundles
from transforms.dedup.index.building import compact
from transforms.runs.catalog import committed_runs
from transforms.shards.reindexing import kept_sets
from transforms.storage import Folder

HEAD = "| runs | CPU ms a window | resident MB | peak MB | open files | threads | maps | index folders | index files |"


def parser() -> argparse.ArgumentParser:
    """The command line."""
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command.add_argument("--bundles", required=True, metavar="PATTERN", help="the text that the bundles are made of")
    command.add_argument("--windows", type=int, default=2000)
    command.add_argument("--lines", type=int, default=10, help="rows of the table")
    command.add_argument("--documents", type=int, default=2, help="in a bundle")
    command.add_argument("--work", type=Path, default=Path("/tmp/rafid-windows"))
    return command


def main(arguments: argparse.Namespace) -> None:
    """Measures and prints."""
    work: Path = arguments.work.absolute()
    shutil.rmtree(work, ignore_errors=True)
    (work / "in").mkdir(parents=True)
    settings = load_settings(
        None,
        ["segmentation.engine=none"],
        {"input.paths": [str(work / "in")], "output": str(work / "out"), "run.threads": 1},
    )
    around = Surroundings(
        listing=partial(list_bundles, [str(work / "in")], empty=True),
        clock=time.monotonic,
        time=time.time,
        run_slice=partial(run_slice, settings=settings, options=beam_options([]), say=_silent),
        in_process=True,
        say=_silent,
        publisher=Publisher(settings, _silent, time.monotonic),
    )
    watcher = Watch(settings, 0.0, around, WatchMetrics())
    pieces = chain.from_iterable(documents([each]) for each in cycle(bundles_of(arguments.bundles)))
    step = arguments.windows // arguments.lines
    print(HEAD + "\n|" + "---:|" * 9)
    for line in range(arguments.lines + 1):
        if line == arguments.lines:
            output = Folder(str(work / "out"))
            compact(output, committed_runs(output), kept_sets)
        begun = time.process_time()
        for number in range(line * step, (line + 1) * step):
            data = b"".join(islice(pieces, arguments.documents))
            (work / "in" / f"{number:06d}.txt").write_bytes(data)
            watcher.step(Event())
            watcher.step(Event())
        print(_row(watcher.windows, 1000 * (time.process_time() - begun) / step, work / "out"), flush=True)
    assert watcher.windows == step * (arguments.lines + 1)
    shutil.rmtree(work)


def _silent(_: str) -> None:
    pass


def _row(runs: int, milliseconds: float, output: Path) -> str:
    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
    figures = [
        runs,
        round(milliseconds),
        int(status["VmRSS"].split()[0]) // 1000,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000,
        len(os.listdir("/proc/self/fd")),  # noqa: PTH208
        int(status["Threads"]),
        len(Path("/proc/self/maps").read_text().splitlines()),
        len([path for path in (output / "index").iterdir() if path.is_dir()]),
        sum(path.is_file() for path in (output / "index").rglob("*")),
    ]
    return f"| {' | '.join(f'{each:,}' for each in figures)} |"


if __name__ == "__main__":
    main(parser().parse_args())
