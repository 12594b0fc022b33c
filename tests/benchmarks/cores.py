"""Measures what a run gains and costs by threads, and prints a Markdown table.

The corpus is made in parts, one a core at a time, the same ones on every machine.
"""

import argparse
import json
import os
import shutil
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from contenders import add_run_options, rafid
from corpora import write_synthetic
from measuring import Cost, best, measure_in_turn

HEAD = (
    "| threads | wall s | efficiency | CPU s | system ms | faults | read | written | peak MB "
    "| first pass | join | writing |\n|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command.add_argument("--size", type=int, default=256, metavar="MB", help="of the corpus (256)")
    command.add_argument("--part", type=int, default=64, metavar="MB", help="of its parts, which are made at once (64)")
    command.add_argument("--threads", type=int, nargs="+", default=[1, 2, 4, 8, 16], metavar="N", help="to compare")
    add_run_options(command)
    return command


def main(arguments: argparse.Namespace) -> None:
    """Measures and prints."""
    work: Path = arguments.work.absolute()
    corpus = _corpus(work / f"cores-{arguments.size}-{arguments.part}", arguments.size, arguments.part)
    bundles = sorted(corpus.glob("*/bundle_*.txt"))
    folder = work / "output"

    def run(threads: int) -> Cost:
        settings = (f"run.threads={threads}", "run.local_max_bytes=100GB", f"input.root={corpus}")
        options = [option for each in settings for option in ("--set", each)]
        return rafid(f"{threads} threads", *options).run(folder / f"threads-{threads}", bundles)

    costs = measure_in_turn({str(each): partial(run, each) for each in arguments.threads}, arguments.repeat)
    size = sum(each.stat().st_size for each in bundles) / 1e6
    print(f"{size:,.0f} MB, {os.cpu_count()} cores; system time, faults, MB read and written: for each MB\n\n{HEAD}")
    least = {int(threads): best(each) for threads, each in costs.items()}
    alone = least[min(least)].wall * min(least)
    for threads, cost in least.items():
        print(_row(threads, cost, size, alone, folder / f"threads-{threads}"))


def _corpus(home: Path, megabytes: int, part: int) -> Path:
    """The folder of the corpus, made unless it lies there from an earlier time."""
    if not (home / "ready").exists():
        parts = [home / f"part_{number:03d}" for number in range(-(-megabytes // part))]
        for each in parts:
            shutil.rmtree(each, ignore_errors=True)
            each.mkdir(parents=True)
        sizes = [min(part, megabytes - part * number) * 1_000_000 for number in range(len(parts))]
        with ProcessPoolExecutor() as pool:
            list(pool.map(write_synthetic, parts, sizes, range(1, len(parts) + 1)))
        (home / "ready").touch()
    return home


def _row(threads: int, cost: Cost, size: float, alone: float, output: Path) -> str:
    (manifest,) = (output / "manifests").glob("*.json")
    seconds = json.loads(manifest.read_bytes())["seconds"]
    stages = [f"{seconds[each]:.1f}" for each in ("fingerprint", "join", "write")]
    cells = [f"{cost.wall:.1f}", f"{alone / (threads * cost.wall):.2f}", f"{cost.cpu:.1f}"]
    cells += [f"{1000 * cost.system / size:.1f}", f"{cost.faults / size:,.0f}"]
    cells += [f"{each / size:.2f}" for each in (cost.read, cost.written)]
    return f"| {' | '.join([str(threads), *cells, f'{cost.peak:,.0f}', *stages])} |"


if __name__ == "__main__":
    main(parser().parse_args())
