"""Measures the job on the same documents in bundles, and in tables with a few columns beside the text.

Prints a Markdown table. The aim: JSON lines cost at most 1.5 times the processor time of bundles, Parquet 1.2 times.
"""

import argparse
import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from contenders import add_run_options, rafid
from corpora import add_corpus_options, corpus
from measuring import best, measure_in_turn

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.tables import Rows, arrow_stream, bundle, json_lines, parquet, separated

_GROUP = 1000  # rows
_KINDS: dict[str, Callable[[Rows], bytes]] = {
    "jsonl": json_lines,
    "csv": separated,
    "parquet": partial(parquet, rows_a_group=_GROUP),
    "arrow": partial(arrow_stream, rows_a_batch=_GROUP),
}


def parser() -> argparse.ArgumentParser:
    """The command line."""
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command.add_argument("--megabytes", type=int, default=100, help="of the corpus that is made (default: 100)")
    add_corpus_options(command)
    add_run_options(command)
    return command


def main(arguments: argparse.Namespace) -> None:
    """Measures and prints."""
    work: Path = arguments.work.absolute() / "tables"
    work.mkdir(parents=True, exist_ok=True)
    bundles = corpus(arguments, arguments.work.absolute(), arguments.megabytes)
    inputs = {"bundles": [_written(work / "bundles" / f"{each.stem}.txt", bundle(_rows(each))) for each in bundles]}
    for kind, write in _KINDS.items():
        inputs[kind] = [_written(work / kind / f"{each.stem}.{kind}", write(_rows(each))) for each in bundles]
    program = rafid("Rafid")
    runs = {kind: lambda paths=paths: program.run(work / "output", paths) for kind, paths in inputs.items()}
    print("| input | MB read | CPU s | times that of bundles | wall s | peak MB |\n|---|---:|---:|---:|---:|---:|")
    costs = {kind: best(each) for kind, each in measure_in_turn(runs, arguments.repeat).items()}
    for kind, cost in costs.items():
        size = sum(path.stat().st_size for path in inputs[kind]) / 1e6
        figures = f"{cost.cpu:.2f} | {cost.cpu / costs['bundles'].cpu:.2f} | {cost.wall:.1f} | {cost.peak:,.0f}"
        print(f"| {kind} | {size:.1f} | {figures} |", flush=True)
    shutil.rmtree(work)


def _rows(path: Path) -> Rows:
    """The documents of a bundle as rows with columns that such tables usually have."""
    documents = path.read_text(encoding="utf-8").split("<<<FILE>>>")[1:]
    texts = [document.partition("\n")[2].rstrip("\n") for document in documents]
    return [
        {"id": at, "url": f"https://example.org/{path.stem}/{at}", "date": "2026-11-28", "name": f"{at}", "text": text}
        for at, text in enumerate(texts)
    ]


def _written(path: Path, data: bytes) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return path


if __name__ == "__main__":
    main(parser().parse_args())
