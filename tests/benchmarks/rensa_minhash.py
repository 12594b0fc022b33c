"""rensa: MinHash-LSH over folded word 3-grams; keeps a paragraph unless an earlier kept one looks alike.

usage: rensa_minhash.py OUTPUT BUNDLE...
"""

import sys
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from plain_text import read_paragraphs, shingles
from rensa import RMinHash, RMinHashDeduplicator

BANDS, ROWS, THRESHOLD, SEED = 16, 7, 0.7, 42
BATCH = 4096
SCHEMA = pa.schema([pa.field("paragraph", pa.int64()), pa.field("text", pa.string())])


def kept_batches(bundles: list[Path]) -> Iterator[pa.RecordBatch]:
    """The kept paragraphs with their numbers in the input."""
    deduplicator = RMinHashDeduplicator(THRESHOLD, BANDS * ROWS, use_lsh=True, num_bands=BANDS)
    paragraphs = enumerate(chain.from_iterable(map(read_paragraphs, bundles)))
    while batch := list(islice(paragraphs, BATCH)):
        sets = [shingles(words) for _, (_, words) in batch]
        sketches = RMinHash.from_token_sets(sets, BANDS * ROWS, SEED)
        kept = [
            (number, text)
            for (number, (text, _)), sketch, tokens in zip(batch, sketches, sets, strict=True)
            # A paragraph without words has nothing to compare: it is kept.
            if not tokens or deduplicator.add(str(number), sketch)
        ]
        yield pa.record_batch([[number for number, _ in kept], [text for _, text in kept]], schema=SCHEMA)


if __name__ == "__main__":
    with pq.ParquetWriter(f"{sys.argv[1]}/kept.parquet", SCHEMA, compression="zstd", compression_level=1) as writer:
        for kept_batch in kept_batches([Path(argument) for argument in sys.argv[2:]]):
            writer.write_batch(kept_batch)
