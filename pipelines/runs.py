"""Lists, shows, checks and removes the runs of an output."""

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from pipelines.cli import Parser, complain
from pipelines.views.summary import print_summary
from transforms import storage
from transforms.errors import RafidError, UsageError
from transforms.runs.catalog import committed
from transforms.runs.lock import lock_output
from transforms.runs.manifest import read_manifest, remove_run, uncommitted_runs
from transforms.runs.run import MARKER
from transforms.shards.checking import check_run, referring_runs

_WIDTH = 240  # a table is as wide as it must be: names of runs are there to be copied
_EPILOG = """\
list            every run: when it began, what it took, what it kept (the default)
show RUN        what a run took, and where it went
verify [RUN]    computes checksums and counts from the files of one run, or of all, and says what is wrong
remove RUN      removes a run, with --yes; without it, says which later runs point to it

Exit codes: 0 all is well; 1 something is wrong with a run; 2 wrong use.
"""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    command = Parser(
        prog="python -m pipelines.runs",
        description=__doc__,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.add_argument("output", metavar="OUTPUT", help="the folder that a corpus was written to")
    command.add_argument("action", nargs="?", default="list", choices=("list", "show", "verify", "remove"))
    command.add_argument("run", nargs="?", metavar="RUN")
    command.add_argument("--yes", action="store_true", help="remove it")
    return command


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns the exit code."""
    try:
        arguments = parser().parse_args(argv)
        check_output(arguments.output)
        return _act(arguments)
    except RafidError as error:
        return complain(error)


def check_output(output: str) -> None:
    """Raises UsageError unless there is an output folder of Rafid's."""
    if not storage.exists(storage.join(output, MARKER)):
        raise UsageError(f"output {output}: not a folder that Rafid wrote; it would hold {MARKER}")


def _act(arguments: argparse.Namespace) -> int:
    output, run = arguments.output, arguments.run
    if arguments.action == "list":
        return list_runs(output)
    if arguments.action == "verify":
        return verify_runs(output, [run] if run else [each.run for each in committed(output)])
    if run is None:
        raise UsageError(f"{arguments.action}: name a run, for example python -m pipelines.runs {output} show RUN")
    manifest = read_manifest(output, run)
    if arguments.action == "show":
        return show_run(output, manifest)
    return remove(output, run, sure=arguments.yes)


def list_runs(output: str) -> int:
    """Prints a row a run, in the order of their commits, then those that were never finished."""
    table = Table()
    for name in ("run", "began", "inputs", "documents", "kept", "duplicates", "state"):
        table.add_column(name, justify="left" if name in ("run", "began", "state") else "right", no_wrap=True)
    for each in committed(output):
        manifest = read_manifest(output, each.run)
        paragraphs = manifest["counts"]["paragraphs"]
        counts = (
            len(manifest["inputs"]),
            manifest["counts"]["documents"]["in"],
            paragraphs["kept"],
            paragraphs["duplicate"],
        )
        table.add_row(each.run, each.key.started[:19], *(f"{count:,}" for count in counts), manifest["state"])
    for run in uncommitted_runs(output):
        table.add_row(run, "", "", "", "", "", "unfinished")
    Console(highlight=False, width=_WIDTH).print(table)
    return 0


def show_run(output: str, manifest: dict[str, Any]) -> int:
    """Prints what a run took, how, and where it went."""
    print_summary(output, manifest)
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"began {manifest['started']}, number {manifest['sequence']} in this output", markup=False)
    for each in manifest["inputs"]:
        part = (
            "" if (each["start"], each["end"]) == (0, each["size"]) else f"  bytes {each['start']:,} to {each['end']:,}"
        )
        console.print(f"{each['size']:>14,}  {each['sha256'][:12]}  {each['url']}{part}", markup=False)
    later = [each.run for each in committed(output) if each.sequence > manifest["sequence"]]
    for run, rows in referring_runs(output, [manifest["run"]], later).items():
        console.print(f"run {run} left out {rows:,} paragraphs because this one has them", markup=False)
    return 0


def verify_runs(output: str, runs: Sequence[str]) -> int:
    """Prints what is wrong with runs; returns 1 where anything is."""
    bad = 0
    for run in runs:
        wrong = check_run(output, read_manifest(output, run))
        bad += bool(wrong)
        for line in wrong or ["as its manifest says"]:
            print(f"{run}: {line}")
    return 1 if bad else 0


def remove(output: str, run: str, *, sure: bool) -> int:
    """Removes a run where somebody is sure of it; says before which later ones point to it."""
    with lock_output(output, f"remove {run}"):
        later = [each.run for each in committed(output) if each.run != run]
        for each, rows in referring_runs(output, [run], later).items():
            print(f"run {each} left out {rows:,} paragraphs because {run} has them; they will be nowhere")
        if not sure:
            raise UsageError(f"run {run}: not removed; add --yes to remove it")
        remove_run(output, run)
    print(f"run {run}: removed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
