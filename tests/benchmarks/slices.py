"""Measures an input in slices of several sizes, in this machine's memory; prints a Markdown table."""

import argparse
import json
import shutil
import sys
from pathlib import Path

from measuring import best, measure
from plain_text import bundles_of

PROJECT = Path(__file__).parents[2]
HEAD = (
    "| MB of text | slice MiB | runs | CPU s | CPU ms a MB | wall s | peak MB |\n|---:|---:|---:|---:|---:|---:|---:|"
)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command.add_argument("--bundles", required=True, metavar="PATTERN", help="what is ingested")
    command.add_argument("--root", metavar="FOLDER", help="names of bundles are relative to it")
    command.add_argument("--slices", type=int, nargs="+", default=[0], metavar="MiB", help="0: what is set by default")
    command.add_argument("--threads", default="2")
    command.add_argument("--repeat", type=int, default=1)
    command.add_argument("--work", type=Path, default=Path("/tmp/rafid-slices"))
    return command


def main(arguments: argparse.Namespace) -> None:
    """Measures and prints."""
    arguments.work = arguments.work.absolute()
    text = sum(bundle.stat().st_size for bundle in bundles_of(arguments.bundles)) / 1e6
    print(HEAD)
    for size in arguments.slices:
        costs = []
        for _ in range(arguments.repeat):
            shutil.rmtree(arguments.work, ignore_errors=True)
            arguments.work.mkdir(parents=True)
            costs.append(measure(_command(arguments, size), PROJECT, arguments.work / "log"))
        cost = best(costs)
        runs = [json.loads(path.read_text()) for path in (arguments.work / "out" / "manifests").iterdir()]
        cells = [f"{text:,.0f}", f"{size or '—'}", f"{len(runs)}", f"{cost.cpu:.1f}", f"{1000 * cost.cpu / text:.1f}"]
        print(f"| {' | '.join([*cells, f'{cost.wall:.1f}', f'{cost.peak:,.0f}'])} |", flush=True)
    shutil.rmtree(arguments.work)


def _command(arguments: argparse.Namespace, size: int) -> list[str]:
    options = ["--input", str(Path(arguments.bundles).absolute()), "--output", str(arguments.work / "out")]
    options += [
        "--threads",
        arguments.threads,
        "--quiet",
        "--set",
        "segmentation.engine=none",
        "--set",
        f"run.max_bytes={size << 20}",
    ]
    if arguments.root:
        options += ["--set", f"input.root={arguments.root}"]
    return [sys.executable, "-m", "pipelines.ingest", *options]


if __name__ == "__main__":
    main(parser().parse_args())
