"""Measures what it costs to add bundles to an output: to an empty one, and to indexes of several sizes.

The bundles are cut into what is there before, in the sizes asked for, and what is added, at the ends of documents. What
is there before is ingested and indexed before the clock starts. Prints a Markdown table.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from measuring import Cost, best, measure
from plain_text import bundles_of

PROJECT = Path(__file__).parents[2]
DELIMITER = b"<<<FILE>>>"
HEAD = "| index MB of text | CPU s | of the empty | wall s | peak MB | more than empty | join s | candidates |"


def parser() -> argparse.ArgumentParser:
    """The command line."""
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command.add_argument(
        "--bundles", required=True, metavar="PATTERN", help="more text than the largest index and what is added"
    )
    command.add_argument("--sizes", type=int, nargs="+", default=[50, 200, 800], metavar="MB")
    command.add_argument("--added", type=int, default=10, metavar="MB")
    command.add_argument("--repeat", type=int, default=3)
    command.add_argument("--work", type=Path, default=Path("/tmp/rafid-index-growth"))
    return command


def cut(bundles: list[Path], sizes: list[int], folder: Path) -> list[Path]:
    """Files of about `sizes` bytes each, one behind the other in the text of the bundles, cut where documents begin."""
    files = [folder / f"{number:02d}.txt" for number in range(len(sizes))]
    pieces = documents(bundles)
    for file, size in zip(files, sizes, strict=True):
        with file.open("wb") as out:
            while out.tell() < size:
                out.write(next(pieces))
    return files


def documents(bundles: list[Path]) -> Iterator[bytes]:
    """The documents of bundles, one at a time."""
    for bundle in bundles:
        lines: list[bytes] = []
        with bundle.open("rb") as file:
            for line in file:
                if line.startswith(DELIMITER) and lines:
                    yield b"".join(lines)
                    lines = []
                lines.append(line)
        yield b"".join(lines)


def main(arguments: argparse.Namespace) -> None:
    """Measures and prints."""
    work: Path = arguments.work.absolute()
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    steps = [after - before for before, after in pairwise([0, *arguments.sizes])]
    *base, added = cut(bundles_of(arguments.bundles), [step * 10**6 for step in [*steps, arguments.added]], work)
    print(HEAD + "\n|" + "---:|" * 8)
    empty = None
    for count, size in enumerate([0, *arguments.sizes]):
        if count:
            ingest(work, base[count - 1], f"base{count}")
            tool(work, "index", "build")
        cost, manifest = add(work, added, arguments.repeat)
        empty = empty or cost
        cells = [f"{size}", f"{cost.cpu:.2f}", f"{cost.cpu / empty.cpu:.2f}", f"{cost.wall:.1f}", f"{cost.peak:,.0f}"]
        cells += [
            f"{cost.peak - empty.peak:+,.0f}",
            f"{manifest['dedup']['seconds']:.2f}",
            f"{manifest['dedup']['candidates']:,}",
        ]
        print(f"| {' | '.join(cells)} |", flush=True)
    shutil.rmtree(work)


def add(work: Path, bundle: Path, repeat: int) -> tuple[Cost, dict[str, dict[str, float]]]:
    """The least cost of adding a bundle, and its manifest; the run is removed again."""
    costs = []
    manifest = {}
    for _ in range(repeat):
        costs.append(ingest(work, bundle, "added"))
        manifest = json.loads((work / "out" / "manifests" / "added.json").read_text())
        tool(work, "runs", "remove", "added", "--yes")
    return best(costs), manifest


def ingest(work: Path, bundle: Path, run: str) -> Cost:
    """What a run over one bundle costs."""
    options = ["--input", str(bundle), "--output", str(work / "out"), "--run", run, "--threads", "1", "--quiet"]
    options += ["--set", "segmentation.engine=none"]
    return measure([sys.executable, "-m", "pipelines.ingest", *options], PROJECT, work / "log")


def tool(work: Path, *arguments: str) -> None:
    """Runs one of the tools on the output."""
    name, *rest = arguments
    measure([sys.executable, "-m", f"pipelines.{name}", str(work / "out"), *rest], PROJECT, work / "log")


if __name__ == "__main__":
    main(parser().parse_args())
