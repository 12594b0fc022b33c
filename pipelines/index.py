"""Builds, compacts and shows the index that later runs are deduplicated against."""

import argparse
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from pipelines.cli import Parser, complain
from pipelines.runs import check_output
from transforms import storage
from transforms.dedup.index.compaction import compact, keep_up
from transforms.dedup.index.groups import notes_of, unindexed
from transforms.errors import RafidError
from transforms.runs.catalog import committed
from transforms.runs.lock import lock_output
from transforms.runs.run import INDEX

_EPILOG = """\
build      indexes the runs that are not indexed yet; the next run would do it
compact    merges the files of all runs, and drops those of removed ones; answers do not change
show       what the index consists of (the default)

Exit codes: 0 done; 1 the index is damaged; 2 wrong use.
"""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    command = Parser(
        prog="python -m pipelines.index",
        description=__doc__,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.add_argument("output", metavar="OUTPUT", help="the folder that a corpus was written to")
    command.add_argument("action", nargs="?", default="show", choices=("build", "compact", "show"))
    command.add_argument("--wait", action="store_true", help="wait while a run is writing to the output")
    return command


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns the exit code."""
    try:
        arguments = parser().parse_args(argv)
        check_output(arguments.output)
        if arguments.action != "show":
            _work(arguments.output, arguments.action, wait=arguments.wait)
        show(arguments.output)
    except RafidError as error:
        return complain(error)
    return 0


def _work(output: str, action: str, *, wait: bool) -> None:
    with lock_output(output, f"index {action}", wait=wait):
        runs = committed(output)
        if runs and runs[-1].dedup["scope"] == "corpus":
            {"build": keep_up, "compact": compact}[action](output)


def show(output: str) -> None:
    """Prints a row for each folder of the index: the runs it holds, its segments, its size."""
    keys = [each.key for each in committed(output) if each.dedup["scope"] == "corpus"]  # nothing asks for others
    notes = notes_of(output, keys)
    table = Table()
    for name in ("folder", "runs", "segments", "shingles", "bytes"):
        table.add_column(name, justify="left" if name == "folder" else "right")
    for note in notes:
        sizes = (
            storage.read_whole(storage.join(output, note.folder, name)).size for name in _files(output, note.folder)
        )
        held = len(set(note.runs).intersection(keys))
        counts = (held, len(note.tokens), sum(note.tokens), sum(sizes))
        table.add_row(note.folder.removeprefix(f"{INDEX}/"), *(f"{count:,}" for count in counts))
    console = Console(highlight=False, width=240)
    console.print(table)
    for run in unindexed(notes, keys):
        console.print(f"run {run.run}: not indexed yet", markup=False)


def _files(output: str, folder: str) -> list[str]:
    return [name for name in storage.list_files(storage.join(output, folder)) if name.endswith(".arrow")]


if __name__ == "__main__":
    sys.exit(main())
