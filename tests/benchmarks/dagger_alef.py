"""Prints in % how many verses of the Quran two spellings have alike, by what the dagger alef (U+0670) is read as.

Each file has a verse a line, `sura|verse|text`, as Tanzil's downloads (https://tanzil.net) have them. Every two files
are compared, verse by verse, by the Jaccard similarity of their folded words.
"""

import argparse
from itertools import combinations
from pathlib import Path

from transforms.dedup.shingles import fold_words

READINGS = {"dropped": "", "alef": "ا", "arabic-2": "\u0670"}  # what stands for it when the text is folded


def parser() -> argparse.ArgumentParser:
    """The command line."""
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command.add_argument("files", nargs="+", type=Path, metavar="FILE", help="the verses in one spelling")
    command.add_argument("--size", nargs="+", type=int, default=[2, 3], metavar="N", help="words in a shingle (2 3)")
    command.add_argument("--threshold", type=float, default=0.7, metavar="T", help="least similarity (0.7)")
    return command


def verses(file: Path) -> list[str]:
    """The verses of a file."""
    lines = (line.rstrip("\n").split("|") for line in file.open(encoding="utf-8"))
    return [fields[2] for fields in lines if len(fields) == 3]


def shingles(text: str, reading: str, size: int) -> frozenset[tuple[str, ...]]:
    """The shingles of a text in which a dagger alef reads as `reading`."""
    words = fold_words(text.replace("\u0670", reading), "arabic-2")
    return frozenset(tuple(words[at : at + size]) for at in range(max(1, len(words) - size + 1)))


def share(left: list[str], right: list[str], reading: str, size: int, threshold: float) -> float:
    """The share of verses that are duplicates in two spellings."""
    sets = [
        (shingles(one, reading, size), shingles(other, reading, size)) for one, other in zip(left, right, strict=True)
    ]
    return sum(len(one & other) >= threshold * len(one | other) for one, other in sets) / len(sets)


def main(arguments: argparse.Namespace) -> None:
    """Measures and prints a Markdown table."""
    spellings = {file.stem: verses(file) for file in arguments.files}
    print(f"| verses found, % | words | {' | '.join(READINGS)} |\n|---|--:|{'--:|' * len(READINGS)}")
    for one, other in combinations(spellings, 2):
        for size in arguments.size:
            found = (
                share(spellings[one], spellings[other], each, size, arguments.threshold) for each in READINGS.values()
            )
            print(f"| {one}, {other} | {size} | {' | '.join(f'{100 * each:.1f}' for each in found)} |", flush=True)


if __name__ == "__main__":
    main(parser().parse_args())
