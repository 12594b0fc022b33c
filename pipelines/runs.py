"""Lists, shows, checks, compares and removes the runs of an output."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from pipelines.cli import Command, Parser, add_language, run, whole_number
from pipelines.complaints import complain
from pipelines.views.summary import print_summary
from pipelines.views.translation import Plural, gettext
from transforms import console
from transforms.errors import RafidError, UsageError, command_line
from transforms.filesystems import MARKER
from transforms.runs.catalog import Catalog, is_output, read_catalog
from transforms.runs.cleaning import clean_up, remove_run, unfinished_runs
from transforms.runs.lock import lock_output
from transforms.runs.manifest import Manifest
from transforms.runs.names import check_name
from transforms.shards.checking import check_run, referring_runs
from transforms.storage import Folder

_SETS = 20  # of an overlap that are shown
_SAMPLES = 5  # of a comparison, each way
_ACTIONS = ("list", "show", "verify", "overlap", "diff", "remove")
_GO_WITH = {
    "sources": ("verify",),
    "yes": ("remove",),
    "by": ("overlap",),
    "top": ("overlap", "diff"),
    "other": ("diff",),
}
_LEFT_OUT = Plural(
    "run {run} left out {count} paragraph because this one has it",
    "run {run} left out {count} paragraphs because this one has them",
)
_EPILOG = """\
list            every run: when it began, what it took, what it kept (the default)
show RUN        what a run took, and where it went
verify [RUN]    computes checksums and counts from the files of one run, or of all, and says what is wrong; with
                --sources also reads the input again, and looks for each kept paragraph at its place
overlap         how many paragraphs of each run, or bundle, were removed for one that another keeps
diff A [B]      what A keeps and B removed, and the other way, with samples; each is a run, or the folder of another
                corpus that read the same bundles; one alone is compared with OUTPUT
remove RUN      removes a run, damaged or not, with --yes; without it, says which later runs point to it

Exit codes: 0 all is well; 1 something is wrong with a run; 2 wrong use.
"""


def parser() -> Parser:
    """The command line."""
    command = Parser(prog=command_line("runs"), description=__doc__, epilog=_EPILOG)
    place = output_before(_ACTIONS)
    command.add_argument("output", metavar="OUTPUT", type=place, help="the folder that a corpus was written to")
    command.add_argument("action", nargs="?", default="list", choices=_ACTIONS)
    command.add_argument("run", nargs="?", metavar="RUN")
    command.add_argument("other", nargs="?", metavar="B", help="diff: what RUN is compared with")
    command.add_argument("--yes", action="store_true", help="remove it")
    command.add_argument("--sources", action="store_true", help="verify: find each kept paragraph in the input again")
    command.add_argument("--by", choices=("run", "bundle"), help="overlap: of runs (the default)")
    command.add_argument(
        "--top", type=whole_number(1), metavar="N", help="overlap: so many sets (20); diff: samples (5)"
    )
    add_language(command)
    return command


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns the exit code."""
    return run(Command(parser, _act), argv)


def output_before(actions: Sequence[str]) -> Callable[[str], str]:
    """The type of an OUTPUT that an action follows: who writes the action first is told so."""

    def convert(text: str) -> str:
        if text in actions and not Path(text).exists():
            raise argparse.ArgumentTypeError(f"{text}: is an action; the output stands before it: OUTPUT {text}")
        return text

    return convert


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
    output = output_folder(arguments.output)
    _check(output, arguments)
    return _WORK[arguments.action](output, arguments)


def _check(output: Folder, arguments: argparse.Namespace) -> None:
    """Raises UsageError for what does not go together."""
    action, name = arguments.action, arguments.run
    for option, actions in _GO_WITH.items():
        given = getattr(arguments, option)
        if given and action not in actions:
            shown = f"--{option}" if option != "other" else given
            raise UsageError(f"{shown}: goes with {' and '.join(actions)}, not with {action}")
    if action in ("list", "overlap") and name is not None:
        raise UsageError(f"{action}: is of all runs; leave out {name}")
    if action in ("show", "diff", "remove") and name is None:
        raise UsageError(f"{action}: name a run, for example {command_line('runs')} {output.url} {action} RUN")


def _verify(output: Folder, arguments: argparse.Namespace) -> int:
    catalog = read_catalog(output)
    if arguments.run:
        return _verify_runs(output, [catalog.run(arguments.run)], sources=arguments.sources)
    return _verify_all(catalog, sources=arguments.sources)


def list_runs(catalog: Catalog) -> int:
    """Prints a row for each run, in the order of their commits, then damaged ones, then those never finished.

    All figures are paragraphs. With names as runs have them by default a row takes no more than 80 columns.
    """
    rows = []
    for each in catalog.runs:
        paragraphs = each.counts.paragraphs
        figures = map(_short, (paragraphs.total, paragraphs.kept, paragraphs.duplicate))
        rows.append([each.run, each.started[:16].replace("T", " "), *figures])
    rows += [[name, "damaged", "", "", ""] for name in catalog.damaged]
    rows += [[run.id, "unfinished", "", "", ""] for run in unfinished_runs(catalog.folder)]
    heads = ("run", "began (UTC)", "paragraphs", "kept", "duplicate")
    console.answer(console.table(heads, rows, left=("run", "began (UTC)"), plain=True))
    return _complain_of_damaged(catalog)


def _short(count: int) -> str:
    """A count that takes nine letters at most."""
    return f"{count:,}" if count < 10_000_000 else f"{count / 1_000_000:,.1f} M"


def _complain_of_damaged(catalog: Catalog) -> int:
    """Says what is wrong with manifests; returns 1 where anything is."""
    return max((1 for error in catalog.damaged.values() if complain(error)), default=0)


def _show_run(catalog: Catalog, name: str) -> int:
    """Prints what a run took, how, and where it went."""
    output, manifest = catalog.folder, catalog.run(name)
    print_summary(output, manifest, console.answer)
    began = gettext("began {time}, number {number} in this output", time=manifest.started, number=manifest.sequence)
    console.answer(began)
    for each in manifest.inputs:
        part = "" if (each.start, each.end) == (0, each.size) else f"  bytes {each.start:,} to {each.end:,}"
        console.answer(f"{each.size:>14,}  {each.sha256[:12]}  {each.url}{part}")
    later = [each for each in catalog.runs if each.sequence > manifest.sequence]
    for pointing, rows in referring_runs(output, [manifest.run], later).items():
        console.answer(_LEFT_OUT.of(rows, run=pointing))
    return 0


def _show_overlap(output: Folder, arguments: argparse.Namespace) -> int:
    """Prints the paragraphs of each set that were removed for one that another keeps."""
    from pipelines.views.overlap import drawn  # noqa: PLC0415 - they bring Arrow's datasets along
    from transforms.shards.corpus import Corpus, reading  # noqa: PLC0415
    from transforms.shards.overlap import By, overlap_of  # noqa: PLC0415

    corpus = Corpus(output)
    by: By = arguments.by or "run"
    with reading(corpus):
        found = overlap_of(corpus, by)
    if not found.sets:
        console.answer("no paragraph was removed")
        return 0
    console.answer(drawn(found, arguments.top or _SETS), f"paragraphs; a set is a {by}; `for 1`: kept in set 1")
    return 0


def _show_difference(output: Folder, arguments: argparse.Namespace) -> int:
    """Prints what one side keeps and the other removed, both ways."""
    from pipelines.views.comparison import drawn, side_of  # noqa: PLC0415 - they bring Arrow's datasets along
    from transforms.shards.comparing import Side  # noqa: PLC0415
    from transforms.shards.corpus import Corpus, reading  # noqa: PLC0415

    corpus = Corpus(output)
    sides = [side_of(corpus, name) for name in (arguments.run, arguments.other) if name is not None]
    one, other = sides if len(sides) > 1 else [Side(output.url, corpus), *sides]
    with reading(corpus):
        for block in drawn(one, other, arguments.top or _SAMPLES):
            console.answer(block)
    return 0


def _verify_all(catalog: Catalog, *, sources: bool) -> int:
    """Prints what is wrong with any run; returns 1 where anything is."""
    return max(_verify_runs(catalog.folder, catalog.runs, sources=sources), _complain_of_damaged(catalog))


def _verify_runs(output: Folder, runs: Sequence[Manifest], *, sources: bool) -> int:
    """Prints what is wrong with runs; returns 1 if anything is, however much of it could be printed.

    Args:
        output: the output folder.
        runs: some of its runs.
        sources: look for each kept paragraph in the input, too.
    """
    from transforms.shards.reindexing import check_index  # noqa: PLC0415 - it brings the kernels along
    from transforms.shards.tracing import check_sources  # noqa: PLC0415

    bad = 0
    for each in runs:
        wrong = check_run(output, each)
        if sources and not wrong:
            wrong = list(check_sources(output, each))
        bad += bool(wrong)
        sound = "as its manifest says" + ", and each kept paragraph is in its place" * sources
        for line in wrong or [sound]:
            console.say(f"{each.run}: {line}")
    for line in check_index(output, runs):
        bad += 1
        console.say(f"index: {line}")
    return 1 if bad else 0


def remove(output: Folder, name: str, *, sure: bool) -> int:
    """Says which other runs point to a run, and removes it if the user is sure; returns the exit code."""
    with lock_output(output, f"remove {name}"):
        clean_up(output)
        catalog = read_catalog(output)
        if name not in catalog.damaged:
            catalog.run(name)
        others = [each for each in catalog.runs if each.run != name]
        for each, rows in referring_runs(output, [name], others).items():
            console.say(f"run {each} left out {rows:,} paragraphs because {name} has them; they will be nowhere")
        for each in catalog.damaged.keys() - {name}:
            console.say(
                f"run {each} has a damaged manifest; nobody can tell whether it left out paragraphs that {name} has"
            )
        if not sure:
            raise UsageError(f"run {name}: not removed; add --yes to remove it")
        remove_run(output, name)
    console.say(f"run {name}: removed")
    _renew_card(output)
    return 0


def _renew_card(output: Folder) -> None:
    """Takes the run out of the card and the corpus page; the run is removed, whatever becomes of them."""
    from pipelines.views.publishing import renew  # noqa: PLC0415 - templates are of no use elsewhere

    try:
        renew(output)
    except RafidError as error:
        console.tell(f"rafid: the card and the page are not written anew: {error}")


_WORK: dict[str, Callable[[Folder, argparse.Namespace], int]] = {
    "list": lambda output, _: list_runs(read_catalog(output)),
    "show": lambda output, arguments: _show_run(read_catalog(output), arguments.run),
    "verify": _verify,
    "overlap": _show_overlap,
    "diff": _show_difference,
    "remove": lambda output, arguments: remove(output, check_name(arguments.run), sure=arguments.yes),
}

if __name__ == "__main__":
    sys.exit(main())
