"""Prints what the resolution of the partitioned join takes for many similar pairs."""

import argparse
import resource
import time

import numpy as np

from transforms.dedup.partitioned.resolution import Known, resolve
from transforms.dedup.partitioned.stages import EdgeBlock
from transforms.dedup.shingles import ShingleSets


def edges(count: int, seed: int = 1) -> EdgeBlock:
    """Random pairs among as many paragraphs as pairs, half of them within a thousand places of each other."""
    rng = np.random.default_rng(seed)
    later = rng.integers(1, count, count)
    distance = np.where(rng.random(count) < 0.5, rng.integers(1, 1000, count), rng.integers(1, count, count))
    return EdgeBlock(later, np.maximum(later - distance, 0), rng.uniform(0.7, 0.999, count))


def no_sets(split: int) -> ShingleSets:
    """Nothing is dense here."""
    raise LookupError(split)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    command = argparse.ArgumentParser(description=__doc__)
    command.add_argument("pairs", type=int, nargs="?", default=10_000_000, metavar="PAIRS", help="how many")
    return command


if __name__ == "__main__":
    number: int = parser().parse_args().pairs
    block = edges(number)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.process_time()
    found = resolve(Known.of([block]), no_sets, np.zeros(1 << 22, np.uint8), 0.7)
    seconds = time.process_time() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{number:,} pairs, {found.rows:,} paragraphs, {len(found.removed):,} removed: {seconds:.1f} CPU s")
    print(f"peak memory {peak / 1024:,.0f} MiB, {before / 1024:,.0f} MiB of it before")
