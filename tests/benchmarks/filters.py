"""Prints what share of the held texts each filter that comes along leaves out, with samples, and the CPU time it takes.

    python tests/benchmarks/filters.py [--samples N]

The texts lie beside the project, in shared/real: news articles, the Universal Declaration in nine languages, and the
books of one author, whole and cut into chapters of 400 lines. For boilerplate the same texts are ingested first.
"""

import argparse
import gzip
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from pipelines.ingest import main as ingest
from transforms.filters.boilerplate import boilerplate
from transforms.filters.repetition import repetition
from transforms.filters.shares import shares

REAL = Path(__file__).parents[3] / "shared/real"
CHAPTER = 400  # lines
# What FineWeb 2 found for Arabic: Penedo et al., arXiv:2506.20920, configs/arb_Arab.yml.
ARABIC = {"lines": 0.304, "top": [0.197, 0.172, 0.146], "again": [0.165, 0.153, 0.142, 0.131, 0.12, 0.109]}
Documents = list[tuple[str, str]]
Asked = Callable[[pa.RecordBatch], list[str | None]]


def sets() -> Iterator[tuple[str, Documents]]:
    """The sets: a name, and the name and text of each document."""
    yield "news", [(path.stem, path.read_text(encoding="utf-8")) for path in sorted((REAL / "news").glob("*.txt"))]
    declarations = sorted((REAL / "languages").glob("*.txt"))
    yield "declaration", [(path.stem, path.read_text(encoding="utf-8")) for path in declarations]
    books = [book for path in sorted((REAL / "tirmidhi").glob("bundle*.gz")) for book in books_of(path)]
    yield "books", books
    yield (
        "chapters",
        [
            (f"{name} {first // CHAPTER}", "\n".join(lines[first : first + CHAPTER]))
            for name, text in books
            for lines in [text.splitlines()]
            for first in range(0, len(lines), CHAPTER)
        ],
    )


def books_of(path: Path) -> Documents:
    """The documents of a bundle."""
    texts = gzip.decompress(path.read_bytes()).decode("utf-8").split("<<<FILE>>>")[1:]
    return [(text.partition("\n")[0].strip(), text.partition("\n")[2]) for text in texts]


def look(documents: Documents, folder: Path) -> str:
    """The output of a run `look` over the documents as one bundle."""
    (folder / "bundle.txt").write_text("".join(f"<<<FILE>>> {name}\n{text}\n" for name, text in documents))
    command = ["--input", str(folder / "bundle.txt"), "--output", str(folder / "out"), "--run", "look", "--quiet"]
    if ingest([*command, "--set", "segmentation.engine=none"]):
        sys.exit("the run failed")
    return str(folder / "out")


def measure(
    title: str, asked: Callable[[pa.RecordBatch], list[str | None]], documents: Documents, samples: int
) -> None:
    """Prints a row of figures, the rules that were broken, and samples."""
    names, texts = map(list, zip(*documents, strict=True))
    batch = pa.RecordBatch.from_pydict({"name": names, "text": texts})
    begun = time.process_time()
    reasons = asked(batch)
    spent = time.process_time() - begun
    left = [(name, text, reason) for (name, text), reason in zip(documents, reasons, strict=True) if reason is not None]
    size = sum(len(text.encode()) for text in texts)
    gone = sum(len(text.encode()) for _, text, _ in left)
    share = 100 * len(left) / len(documents)
    print(f"| {title} | {len(documents):,} | {len(left):,} | {share:.1f}% | {100 * gone / size:.1f}% ", end="")
    print(f"| {size / 1e6 / max(spent, 1e-9):.0f} |")
    for rule, count in Counter(reason.partition(":")[0] for _, _, reason in left).most_common():
        print(f"    {count:,} {rule}")
    for name, text, reason in left[:: max(1, len(left) // max(1, samples))][:samples]:
        print(f"    {name}: {reason}: {' '.join(text.split())[:160]}")


def main() -> None:
    """Prints the figures of all sets and filters."""
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command.add_argument("--samples", type=int, default=3, help="so many for each filter and set (default: 3)")
    samples = command.parse_args().samples
    print("| filter, set | documents | left out | of documents | of bytes | MB a CPU second |")
    print("|---|--:|--:|--:|--:|--:|")
    for name, documents in sets():
        measure(f"`repetition`, {name}", repetition, documents, samples)
        measure(f"`repetition` for Arabic, {name}", lambda batch: repetition(batch, **ARABIC), documents, samples)
        measure(f"`shares`, {name}", shares, documents, samples)
        with TemporaryDirectory() as folder:
            output = look(documents, Path(folder))
            measure(
                f"`boilerplate`, {name}",
                lambda batch: boilerplate(batch, corpus=output, run="look"),  # noqa: B023 - used at once
                documents,
                samples,
            )


if __name__ == "__main__":
    main()
