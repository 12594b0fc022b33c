"""Lists, shows, checks and removes the runs of an output."""

import argparse
import sys
from collections.abc import Sequence

from pipelines.cli import Command, Parser, run
from pipelines.views.summary import print_summary
from transforms import console
from transforms.errors import UsageError
from transforms.runs.catalog import MARKER, committed_runs, is_output, unfinished_runs
from transforms.runs.lock import lock_output
from transforms.runs.manifest import Manifest
from transforms.runs.run import Run
from transforms.shards.checking import check_run, referring_runs
from transforms.storage import Folder

_EPILOG = """\
list            every run: when it began, what it took, what it kept (the default)
show RUN        what a run took, and where it went
verify [RUN]    computes checksums and counts from the files of one run, or of all, and says what is wrong
remove RUN      removes a run, with --yes; without it, says which later runs point to it

Exit codes: 0 all is well; 1 something is wrong with a run; 2 wrong use.
"""


def parser() -> Parser:
    """The command line."""
    command = Parser(prog="python -m pipelines.runs", description=__doc__, epilog=_EPILOG)
    command.add_argument("output", metavar="OUTPUT", help="the folder that a corpus was written to")
    command.add_argument("action", nargs="?", default="list", choices=("list", "show", "verify", "remove"))
    command.add_argument("run", nargs="?", metavar="RUN")
    command.add_argument("--yes", action="store_true", help="remove it")
    return command


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns the exit code."""
    return run(Command(parser, _act), argv)


def output_folder(url: str) -> Folder:
    """The output folder of Rafid's at `url`.

    Raises:
        UsageError: it is none.
    """
    folder = Folder(url)
    if not is_output(folder):
        raise UsageError(f"output {url}: not a folder that Rafid wrote; it would hold {MARKER}")
    return folder


def _act(arguments: argparse.Namespace) -> int:
    output, name = output_folder(arguments.output), arguments.run
    if arguments.action == "list":
        return _list_runs(output)
    if arguments.action == "verify":
        return _verify_runs(output, [Run(output, name).manifest()] if name else committed_runs(output))
    if name is None:
        raise UsageError(f"{arguments.action}: name a run, for example python -m pipelines.runs {output.url} show RUN")
    manifest = Run(output, name).manifest()
    if arguments.action == "show":
        return _show_run(output, manifest)
    return remove(output, name, sure=arguments.yes)


def _list_runs(output: Folder) -> int:
    """Prints a row for each run, in the order of their commits, then those that were never finished."""
    rows = []
    for each in committed_runs(output):
        paragraphs = each.counts.paragraphs
        counts = (len(each.inputs), each.counts.documents.total, paragraphs.kept, paragraphs.duplicate)
        rows.append([each.run, each.started[:19], *(f"{count:,}" for count in counts), each.state])
    rows += [[each.name, "", "", "", "", "", "unfinished"] for each in unfinished_runs(output)]
    heads = ("run", "began", "inputs", "documents", "kept", "duplicates", "state")
    console.answer(console.table(heads, rows, left=("run", "began", "state")))
    return 0


def _show_run(output: Folder, manifest: Manifest) -> int:
    """Prints what a run took, how, and where it went."""
    print_summary(output, manifest, console.answer)
    console.answer(f"began {manifest.started}, number {manifest.sequence} in this output")
    for each in manifest.inputs:
        part = "" if (each.start, each.end) == (0, each.size) else f"  bytes {each.start:,} to {each.end:,}"
        console.answer(f"{each.size:>14,}  {each.sha256[:12]}  {each.url}{part}")
    later = [each for each in committed_runs(output) if each.sequence > manifest.sequence]
    for name, rows in referring_runs(output, [manifest.run], later).items():
        console.answer(f"run {name} left out {rows:,} paragraphs because this one has them")
    return 0


def _verify_runs(output: Folder, runs: Sequence[Manifest]) -> int:
    """Prints what is wrong with runs; returns 1 if anything is, however much of it could be printed."""
    from transforms.shards.reindexing import check_index  # noqa: PLC0415 - it brings the kernels along

    bad = 0
    for each in runs:
        wrong = check_run(output, each)
        bad += bool(wrong)
        for line in wrong or ["as its manifest says"]:
            console.say(f"{each.run}: {line}")
    for line in check_index(output, runs):
        bad += 1
        console.say(f"index: {line}")
    return 1 if bad else 0


def remove(output: Folder, name: str, *, sure: bool) -> int:
    """Says which other runs point to a run, and removes it if the user is sure; returns the exit code."""
    with lock_output(output, f"remove {name}"):
        others = [each for each in committed_runs(output) if each.run != name]
        for each, rows in referring_runs(output, [name], others).items():
            console.say(f"run {each} left out {rows:,} paragraphs because {name} has them; they will be nowhere")
        if not sure:
            raise UsageError(f"run {name}: not removed; add --yes to remove it")
        Run(output, name).remove()
    console.say(f"run {name}: removed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
