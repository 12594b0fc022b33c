"""Measures how processor time and memory of deduplication grow with the corpus, and prints a Markdown table.

A corpus is made for each size, measured, and removed again.
"""

import argparse
import shutil
from pathlib import Path

from contenders import add_run_options, rafid
from corpora import add_corpus_options, corpus
from measuring import best, measure_in_turn

HEAD = "| MB | CPU s | CPU ms a MB | wall s | peak MB | peak to text |\n|---:|---:|---:|---:|---:|---:|"


def parser() -> argparse.ArgumentParser:
    """The command line."""
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_corpus_options(command)
    command.add_argument("--sizes", type=int, nargs="+", default=[50, 100, 200, 400, 800], metavar="MB")
    add_run_options(command)
    command.add_argument("--keep", action="store_true", help="leave the corpora there")
    return command


def main(arguments: argparse.Namespace) -> None:
    """Measures and prints."""
    print(HEAD)
    for megabytes in arguments.sizes:
        print(_row(arguments, megabytes), flush=True)


def _row(arguments: argparse.Namespace, megabytes: int) -> str:
    work: Path = arguments.work.absolute()
    bundles = corpus(arguments, work, megabytes)
    text = sum(len(bundle.read_bytes()) for bundle in bundles) / 1e6
    program, output = rafid("Rafid"), work / "output" / "growth"
    cost = best(
        measure_in_turn({f"{megabytes} MB": lambda: program.run(output, bundles)}, arguments.repeat).popitem()[1]
    )
    shutil.rmtree(output)
    if not (arguments.keep or arguments.bundles):
        shutil.rmtree(bundles[0].parent)
    cells = [f"{text:,.0f}", f"{cost.cpu:.1f}", f"{1000 * cost.cpu / text:.1f}", f"{cost.wall:.1f}"]
    return f"| {' | '.join([*cells, f'{cost.peak:,.0f}', f'{cost.peak / text:.2f}'])} |"


if __name__ == "__main__":
    main(parser().parse_args())
