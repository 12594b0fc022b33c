"""Lists, shows, checks and removes the runs of an output."""

import argparse
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from pipelines.cli import Parser, complain
from pipelines.views.summary import print_summary
from transforms.errors import RafidError, UsageError
from transforms.runs.catalog import MARKER, Catalog, is_output, read_catalog
from transforms.runs.cleaning import clean_up, remove_run, unfinished_runs
from transforms.runs.lock import lock_output
from transforms.runs.manifest import Manifest
from transforms.runs.names import check_name
from transforms.shards.checking import check_run, referring_runs
from transforms.storage import Folder

_WIDTH = 240  # a table is as wide as it must be: names of runs are there to be copied
_EPILOG = """\
list            every run: when it began, what it took, what it kept (the default)
show RUN        what a run took, and where it went
verify [RUN]    computes checksums and counts from the files of one run, or of all, and says what is wrong
remove RUN      removes a run, damaged or not, with --yes; without it, says which later runs point to it

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
        return _act(output_folder(arguments.output), arguments)
    except RafidError as error:
        return complain(error)


def output_folder(url: str) -> Folder:
    """The output folder of Rafid's at `url`.

    Raises:
        UsageError: it is none.
    """
    folder = Folder(url)
    if not is_output(folder):
        raise UsageError(f"output {url}: not a folder that Rafid wrote; it would hold {MARKER}")
    return folder


def _act(output: Folder, arguments: argparse.Namespace) -> int:
    name = arguments.run
    if arguments.action == "list":
        return list_runs(read_catalog(output))
    if arguments.action == "verify":
        catalog = read_catalog(output)
        return verify_runs(output, [catalog.run(name)]) if name else verify_all(catalog)
    if name is None:
        raise UsageError(f"{arguments.action}: name a run, for example python -m pipelines.runs {output.url} show RUN")
    if arguments.action == "show":
        return show_run(read_catalog(output), name)
    return remove(output, check_name(name), sure=arguments.yes)


def list_runs(catalog: Catalog) -> int:
    """Prints a row a run, in the order of their commits, then damaged ones, then those that were never finished."""
    table = Table()
    for name in ("run", "began", "inputs", "documents", "kept", "duplicates", "state"):
        table.add_column(name, justify="left" if name in ("run", "began", "state") else "right", no_wrap=True)
    for each in catalog.runs:
        paragraphs = each.counts.paragraphs
        counts = (len(each.inputs), each.counts.documents.total, paragraphs.kept, paragraphs.duplicate)
        table.add_row(each.run, each.started[:19], *(f"{count:,}" for count in counts), each.state)
    for name in catalog.damaged:
        table.add_row(name, "", "", "", "", "", "damaged")
    for run in unfinished_runs(catalog.folder):
        table.add_row(run.id, "", "", "", "", "", "unfinished")
    Console(highlight=False, width=_WIDTH).print(table)
    return _complain_of_damaged(catalog)


def _complain_of_damaged(catalog: Catalog) -> int:
    """Says what is wrong with manifests; returns 1 where anything is."""
    return max((1 for error in catalog.damaged.values() if complain(error)), default=0)


def show_run(catalog: Catalog, name: str) -> int:
    """Prints what a run took, how, and where it went."""
    output, manifest = catalog.folder, catalog.run(name)
    print_summary(output, manifest)
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"began {manifest.started}, number {manifest.sequence} in this output", markup=False)
    for each in manifest.inputs:
        part = "" if (each.start, each.end) == (0, each.size) else f"  bytes {each.start:,} to {each.end:,}"
        console.print(f"{each.size:>14,}  {each.sha256[:12]}  {each.url}{part}", markup=False)
    later = [each for each in catalog.runs if each.sequence > manifest.sequence]
    for run, rows in referring_runs(output, [manifest.run], later).items():
        console.print(f"run {run} left out {rows:,} paragraphs because this one has them", markup=False)
    return 0


def verify_all(catalog: Catalog) -> int:
    """Prints what is wrong with any run; returns 1 where anything is."""
    return max(verify_runs(catalog.folder, catalog.runs), _complain_of_damaged(catalog))


def verify_runs(output: Folder, runs: Sequence[Manifest]) -> int:
    """Prints what is wrong with runs; returns 1 where anything is."""
    bad = 0
    for run in runs:
        wrong = check_run(output, run)
        bad += bool(wrong)
        for line in wrong or ["as its manifest says"]:
            print(f"{run.run}: {line}")
    return 1 if bad else 0


def remove(output: Folder, name: str, *, sure: bool) -> int:
    """Removes a run where somebody is sure of it; says before which later ones point to it."""
    with lock_output(output, f"remove {name}"):
        clean_up(output)
        catalog = read_catalog(output)
        if name not in catalog.damaged:
            catalog.run(name)
        others = [each for each in catalog.runs if each.run != name]
        for each, rows in referring_runs(output, [name], others).items():
            print(f"run {each} left out {rows:,} paragraphs because {name} has them; they will be nowhere")
        for each in catalog.damaged.keys() - {name}:
            print(f"run {each} has a damaged manifest; nobody can tell whether it left out paragraphs that {name} has")
        if not sure:
            raise UsageError(f"run {name}: not removed; add --yes to remove it")
        remove_run(output, name)
    print(f"run {name}: removed")
    _renew_card(output)
    return 0


def _renew_card(output: Folder) -> None:
    """Takes the run out of the card; the run is removed, whatever becomes of it."""
    from pipelines.views.card import renew_card  # noqa: PLC0415 - templates are of no use elsewhere

    try:
        renew_card(output)
    except RafidError as error:
        print(f"the card is not written anew: {error}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
