"""Measures deduplication beside other programs, on the same bundles, and prints a Markdown table.

Each program reads the bundles, decides every paragraph and writes what is kept as zstd Parquet. Each runs several
times, all in turn; the least figures stand in the table. Processor time is that of all processes, start-up included;
memory is that of the largest process. Recall and precision are counted against Rafid's result, or, with --verify,
against brute force.
"""

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from contenders import Contender, add_run_options, floor, peer, rafid
from corpora import add_corpus_options, corpus
from definition import definition
from environments import PACKAGES
from measuring import Cost, best, measure_in_turn
from scoring import removed_by_peer, removed_by_rafid, score

HEAD = "| program | CPU s | wall s | peak MB | kept | recall | precision |\n|---|---:|---:|---:|---:|---:|---:|"


def parser() -> argparse.ArgumentParser:
    """The command line."""
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_corpus_options(command)
    command.add_argument("--megabytes", type=int, default=100, metavar="N", help="size of a corpus that is made (100)")
    folder = Path("build/environments")
    command.add_argument(
        "--environments", type=Path, default=folder, metavar="FOLDER", help=f"for the other programs' own ({folder})"
    )
    command.add_argument("--threshold", type=float, default=0.7, help="what a duplicate is to Rafid (0.7)")
    add_run_options(command)
    command.add_argument("--peers", nargs="*", default=list(PACKAGES), choices=PACKAGES, help="programs beside Rafid")
    command.add_argument("--verify", action="store_true", help="hold Rafid's result against brute force (some 20 MB)")
    return command


def main(arguments: argparse.Namespace) -> None:
    """Measures and prints."""
    work: Path = arguments.work.absolute()
    bundles = corpus(arguments, work, arguments.megabytes)
    contenders = _contenders(arguments)
    outputs = {each.name: work / "output" / each.name.replace(" ", "-") for each in contenders}
    for bundle in bundles:
        bundle.read_bytes()  # nobody is to wait for the disk
    runs = {each.name: partial(each.run, outputs[each.name], bundles) for each in contenders}
    costs = measure_in_turn(runs, arguments.repeat)
    size = sum(bundle.stat().st_size for bundle in bundles)
    print(
        f"{size / 1e6:,.0f} MB in {len(bundles)} bundles, threshold {arguments.threshold}, best of {arguments.repeat}\n"
    )
    print(HEAD)
    for line in _rows(contenders, costs, outputs, bundles, arguments):
        print(line)
    print(f"\nProcessor time of the runs, least to most: {'; '.join(_spread(*each) for each in costs.items())}.")


def _contenders(arguments: argparse.Namespace) -> list[Contender]:
    near = f"dedup.threshold={arguments.threshold}"
    peers = [peer(name, arguments.environments.absolute()) for name in arguments.peers]
    return [
        floor(),
        rafid("Rafid", "--set", near),
        rafid("Rafid, one thread", "--set", near, "--threads", "1"),
        rafid("Rafid, exact repeats only", "--set", "dedup.threshold=1.0"),
        *peers,
    ]


def _rows(
    contenders: Sequence[Contender],
    costs: dict[str, list[Cost]],
    outputs: dict[str, Path],
    bundles: Sequence[Path],
    arguments: argparse.Namespace,
) -> list[str]:
    truth, paragraphs = removed_by_rafid(outputs["Rafid"], bundles)
    if arguments.verify:
        found, truth = truth, definition(bundles, arguments.threshold)
        differing = sum(found.get(each) != truth.get(each) for each in found.keys() | truth.keys())
        print(f"{differing} of {paragraphs} paragraphs differ from brute force", file=sys.stderr)
    rows = []
    for each in contenders:
        cost, result = best(costs[each.name]), ["–"] * 3
        if each.name != contenders[0].name:
            output = outputs[each.name]
            removed = set(removed_by_rafid(output, bundles)[0]) if each.rafid else removed_by_peer(output, paragraphs)
            result = [f"{paragraphs - len(removed):,}", *(f"{part:.4f}" for part in score(removed, truth))]
        cells = [each.name, f"{cost.cpu:.1f}", f"{cost.wall:.1f}", f"{cost.peak:,.0f}", *result]
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def _spread(name: str, costs: Sequence[Cost]) -> str:
    return f"{name} {min(cost.cpu for cost in costs):.1f} to {max(cost.cpu for cost in costs):.1f} s"


if __name__ == "__main__":
    main(parser().parse_args())
