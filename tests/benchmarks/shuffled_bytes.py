"""Prints the bytes that pass between workers, for both joins: what each grouping takes in, as Beam encodes it."""

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any
from unittest.mock import patch

import apache_beam as beam
from apache_beam import coders

from pipelines.ingest import main
from transforms.bundles.listing import list_bundles

_CODER = coders.FastPrimitivesCoder()
_APPLY = beam.Pipeline.apply


class _Counting(beam.DoFn):
    """Passes elements on and notes their bytes under a label; in a file, for workers copy all else."""

    def __init__(self, label: str, notes: str) -> None:
        super().__init__()
        self._label, self._notes = label, notes

    def process(self, element: Any) -> Any:
        with Path(self._notes).open("a", encoding="utf-8") as file:
            file.write(f"{len(_CODER.encode(element))}\t{self._label}\n")
        yield element


def _counted(notes: str) -> Any:
    def apply(pipeline: beam.Pipeline, transform: Any, pvalueish: Any = None, label: str | None = None) -> Any:
        if isinstance(transform, beam.GroupByKey) and label is None:  # with a label it calls itself without
            where = f"{pipeline._current_transform().full_label}/{transform.label}"
            counting = beam.ParDo(_Counting(where, notes)).with_output_types(pvalueish.element_type)
            pvalueish = _APPLY(pipeline, counting, pvalueish, f"Count {transform.label}")
        return _APPLY(pipeline, transform, pvalueish, label)

    return apply


def measure(patterns: list[str], join: str) -> tuple[Counter[str], Counter[str], float]:
    """Bytes by grouping, the largest element of each, and CPU seconds of one run."""
    begun = time.process_time()
    seen: Counter[str] = Counter()
    largest: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as output:
        notes = Path(output) / "notes"
        inputs = [word for pattern in patterns for word in ("--input", pattern)]
        options = ["--set", f"dedup.join={join}", "--set", "segmentation.engine=none", "--quiet"]
        with patch.object(beam.Pipeline, "apply", _counted(str(notes))):
            if main([*inputs, "--output", str(Path(output) / "corpus"), *options]):
                sys.exit(1)
        for line in notes.read_text("utf-8").splitlines():
            size, label = line.split("\t")
            seen[label] += int(size)
            largest[label] = max(largest[label], int(size))
    return seen, largest, time.process_time() - begun


def parser() -> argparse.ArgumentParser:
    """The command line."""
    command = argparse.ArgumentParser(description=__doc__)
    command.add_argument("patterns", nargs="+", metavar="PATTERN", help="bundles to run")
    return command


def print_table(patterns: list[str]) -> None:
    """Prints a row a grouping, and the sums by the bytes of input."""
    size = sum(bundle.size for bundle in list_bundles(patterns))
    for join in ("one_pass", "partitioned"):
        seen, largest, seconds = measure(patterns, join)
        print(f"\n{join}: {size:,} bytes of input, {seconds:.1f} CPU s\n")
        print("| grouping | bytes | largest element |\n|---|--:|--:|")
        for label, count in seen.items():
            print(f"| {label} | {count:,} | {largest[label]:,} |")
        print(f"| **all** | {sum(seen.values()):,} | {sum(seen.values()) / size:.4f} of the input |")


if __name__ == "__main__":
    print_table(parser().parse_args().patterns)
