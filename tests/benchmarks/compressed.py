"""Measures the job on the same bundles plain and compressed, and on one compressed bundle of repeated text as it grows.

Prints two Markdown tables.
"""

import argparse
import bz2
import gzip
import lzma
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import zstandard
from contenders import Contender, add_run_options, rafid
from measuring import best, measure_in_turn
from plain_text import bundles_of

WRITERS: dict[str, Callable[[Path, str], Any]] = {
    "txt": open,
    "zst": zstandard.open,
    "gz": gzip.open,
    "bz2": bz2.open,
    "xz": lzma.open,
}


def parser() -> argparse.ArgumentParser:
    """The command line."""
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command.add_argument("--bundles", required=True, metavar="PATTERN", help="plain text, what is compressed")
    command.add_argument("--repeated", type=int, nargs="*", default=[10, 100, 1000], metavar="MB")
    add_run_options(command)
    return command


def main(arguments: argparse.Namespace) -> None:
    """Measures and prints."""
    work: Path = arguments.work.absolute() / "compressed"
    bundles = bundles_of(arguments.bundles)
    kinds = {
        kind: [_written(work / kind, kind, bundle.stem, bundle.read_bytes(), 1) for bundle in bundles]
        for kind in WRITERS
    }
    print_costs("bundles", rafid("Rafid"), kinds, work, arguments.repeat)
    text = bundles[0].read_bytes()[: 1 << 20].rpartition(b"\n<<<FILE>>>")[0] + b"\n"
    grown = {
        f"{size} MB": [_written(work / "repeated", "zst", str(size), text, size * 1_000_000 // len(text))]
        for size in arguments.repeated
    }
    # Nothing is compared: what the job holds beside that is what shows.
    loose = rafid("Rafid", "--set", "dedup.scope=off", "--set", "input.decompressed_ratio=1000000")
    print_costs("one bundle of repeated text, not deduplicated", loose, grown, work, 1)
    shutil.rmtree(work)


def print_costs(head: str, program: Contender, inputs: dict[str, list[Path]], work: Path, repeat: int) -> None:
    """Prints a row for each of `inputs`."""
    runs = {name: lambda paths=paths: program.run(work / "output", paths) for name, paths in inputs.items()}
    print(f"\n| {head} | MB read | CPU s | wall s | peak MB |\n|---|---:|---:|---:|---:|")
    for name, costs in measure_in_turn(runs, repeat).items():
        cost, size = best(costs), sum(path.stat().st_size for path in inputs[name]) / 1e6
        print(f"| {name} | {size:.1f} | {cost.cpu:.1f} | {cost.wall:.1f} | {cost.peak:,.0f} |", flush=True)


def _written(folder: Path, kind: str, stem: str, text: bytes, times: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{stem}.{kind}"
    with WRITERS[kind](path, "wb") as file:
        for _ in range(times):
            file.write(text)
    return path


if __name__ == "__main__":
    main(parser().parse_args())
