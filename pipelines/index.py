"""Builds, compacts and shows the index that later runs are deduplicated against."""

import argparse
import sys
from collections.abc import Sequence

from pipelines.cli import Command, Parser, run
from pipelines.runs import output_before, output_folder
from transforms import console
from transforms.errors import command_line
from transforms.runs.catalog import committed_runs
from transforms.runs.cleaning import clean_up
from transforms.runs.lock import lock_output
from transforms.runs.run import INDEX
from transforms.storage import Folder

_ACTIONS = ("build", "compact", "show")
_EPILOG = """\
build      indexes the runs that are not indexed yet; the next run would do it
compact    merges the files of all runs, and drops those of removed ones; answers do not change
show       what the index consists of (the default)

Exit codes: 0 done; 1 the index is damaged; 2 wrong use.
"""


def parser() -> Parser:
    """The command line."""
    command = Parser(prog=command_line("index"), description=__doc__, epilog=_EPILOG)
    place = output_before(_ACTIONS)
    command.add_argument("output", metavar="OUTPUT", type=place, help="the folder that a corpus was written to")
    command.add_argument("action", nargs="?", default="show", choices=_ACTIONS)
    command.add_argument("--wait", action="store_true", help="wait while a run is writing to the output")
    return command


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns the exit code."""
    return run(Command(parser, _index), argv)


def _index(arguments: argparse.Namespace) -> int:
    output = output_folder(arguments.output)
    if arguments.action != "show":
        _work(output, arguments.action, wait=arguments.wait)
    show(output)
    return 0


def _work(output: Folder, action: str, *, wait: bool) -> None:
    from transforms.dedup.index.building import compact, keep_up  # noqa: PLC0415 - they bring the kernels along
    from transforms.shards.reindexing import kept_sets  # noqa: PLC0415

    with lock_output(output, f"index {action}", wait=wait):
        clean_up(output)
        runs = committed_runs(output)
        if runs and runs[-1].is_for_later_runs():
            {"build": keep_up, "compact": compact}[action](output, runs, kept_sets)


def show(output: Folder) -> None:
    """Prints a row for each folder of the index: the runs it holds, its segments, its size."""
    from transforms.dedup.index.groups import groups_of, unindexed  # noqa: PLC0415 - they bring the kernels along

    keys = [each.key for each in committed_runs(output) if each.is_for_later_runs()]  # nothing asks for others
    groups, rows = groups_of(output, keys), []
    for group in groups:
        sizes = (output.read(f"{group.folder}/{name}").size for name in _files(output, group.folder))
        held = len(set(group.runs).intersection(keys))
        counts = (held, len(group.tokens), sum(group.tokens), sum(sizes))
        rows.append([group.folder.removeprefix(f"{INDEX}/"), *(f"{count:,}" for count in counts)])
    console.answer(console.table(("folder", "runs", "segments", "shingles", "bytes"), rows, left=("folder",)))
    for key in unindexed(groups, keys):
        console.answer(f"run {key.run}: not indexed yet")


def _files(output: Folder, folder: str) -> list[str]:
    return [name for name in output.files(folder) if name.endswith(".arrow")]


if __name__ == "__main__":
    sys.exit(main())
