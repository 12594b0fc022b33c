"""Measures how well definitions of a duplicate fit what people remove, on pairs of paragraphs judged by reading.

    python tests/benchmarks/definition_fit.py [LABELS]

LABELS is a tab-separated file, compressed with gzip, of pairs: `set`, `class` (words of the shorter one), `label` (S: a
reader would remove the later one; D: keep both; U: it depends), `weight` (inverse sampling probability), `text_a` and
`text_b`. Precision is the weight of S among the pairs judged S or D that a definition removes; recall is the weight of
what it removes among S. U counts in neither.
"""

import argparse
import csv
import gzip
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from transforms.settings import DedupSettings
from transforms.shards.lookup import sets_of

LABELS = Path(__file__).parents[3] / "shared/definition/labels.tsv.gz"
LENGTHS = ("1-4", "5-8", "9-15", "16-40", "41+")
_MADE = ("cases", "seeds")  # not drawn from any text
DEFINITIONS = {
    "3 words, 0.7, `ignore`": {"shingle": {"size": 3}, "numbers": "ignore"},
    "3 words, 0.7": {"shingle": {"size": 3}},
    "3 words, 0.6": {"shingle": {"size": 3}, "threshold": 0.6},
    "**2 words, 0.7**": {},
    "2 words, 0.7, `ignore`": {"numbers": "ignore"},
    "2 words, 0.7, `equal`": {"numbers": "equal"},
    "1 and 2 words, 0.7": {"shingle": {"size": [1, 2]}},
    "5 characters, 0.7": {"shingle": {"unit": "character", "size": 5}},
    "5 characters, 0.75": {"shingle": {"unit": "character", "size": 5}, "threshold": 0.75},
}


@dataclass(frozen=True)
class Pair:
    """A judged pair of paragraphs, see the columns of the file."""

    source: str
    length: str
    label: str
    weight: float
    texts: tuple[str, str]


@dataclass(frozen=True)
class Fit:
    """Precision and recall, in percent; NaN where there is nothing to count."""

    precision: float
    recall: float


def read_pairs(path: Path) -> list[Pair]:
    """The judged pairs of a file."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [
            Pair(row["set"], row["class"], row["label"], float(row["weight"]), (row["text_a"], row["text_b"]))
            for row in rows
        ]


def removes(settings: DedupSettings, pairs: Sequence[Pair]) -> list[bool]:
    """Which pairs' later paragraphs a definition removes."""
    sets = sets_of(pa.array([text for pair in pairs for text in pair.texts]), settings)
    shingles = [np.unique(each) for each in np.split(sets.shingles, sets.offsets[1:-1])]
    found = []
    for at in range(0, len(shingles), 2):
        shared = len(np.intersect1d(shingles[at], shingles[at + 1], assume_unique=True))
        union = len(shingles[at]) + len(shingles[at + 1]) - shared
        similar = union > 0 and shared / union >= settings.threshold
        found.append(similar and not sets.numbers.apart(at, sets.numbers, at + 1))
    return found


def fit(pairs: Sequence[Pair], removed: Sequence[bool]) -> Fit:
    """The precision and recall of removing some pairs."""
    weight = {"S": [0.0, 0.0], "D": [0.0, 0.0], "U": [0.0, 0.0]}
    for pair, gone in zip(pairs, removed, strict=True):
        weight[pair.label][gone] += pair.weight
    return Fit(_percent(weight["S"][1], weight["S"][1] + weight["D"][1]), _percent(weight["S"][1], sum(weight["S"])))


def _percent(part: float, whole: float) -> float:
    return 100 * part / whole if whole else float("nan")


def rows_of(pairs: Sequence[Pair]) -> Iterator[list[str]]:
    """The rows of the table: precision and recall of each definition, then its recall by length and by set."""
    drawn = [pair for pair in pairs if pair.source not in _MADE]
    sources = sorted({pair.source for pair in drawn})
    yield ["definition", "precision", "recall", *(f"{each} words" for each in LENGTHS), *sources]
    for name, values in DEFINITIONS.items():
        removed = removes(DedupSettings.model_validate(values), drawn)
        whole = fit(drawn, removed)
        parts = [[pair.length == each for pair in drawn] for each in LENGTHS]
        parts += [[pair.source == each for pair in drawn] for each in sources]
        recalls = [
            fit(
                [pair for pair, inside in zip(drawn, part, strict=True) if inside],
                [gone for gone, inside in zip(removed, part, strict=True) if inside],
            ).recall
            for part in parts
        ]
        yield [name, *(f"{figure:.1f}" for figure in (whole.precision, whole.recall, *recalls))]


def table(pairs: Sequence[Pair]) -> str:
    """The table, in Markdown."""
    head, *rows = rows_of(pairs)
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the table; returns the exit code."""
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command.add_argument("labels", nargs="?", type=Path, default=LABELS, metavar="LABELS", help=f"default: {LABELS}")
    path = command.parse_args(argv).labels
    if not path.exists():
        print(f"skipped: there are no judged pairs at {path}")
        return 0
    print(table(read_pairs(path)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
