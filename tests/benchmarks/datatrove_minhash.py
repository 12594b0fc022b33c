"""datatrove: MinHash-LSH over folded word 3-grams in four steps; keeps one paragraph of each cluster.

usage: datatrove_minhash.py OUTPUT BUNDLE...

The steps are called in this process, one after the other: its executor would start processes for them. Words are
folded and parted by blanks already: its own normalisation and its spaCy tokenizer take five times as long.
"""

import sys
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from datatrove.data import Document
from datatrove.pipeline.dedup import minhash
from datatrove.utils.text import TextNormConfig
from loguru import logger
from plain_text import read_paragraphs

BANDS, ROWS, BATCH = 16, 7, 4096
SCHEMA = pa.schema([pa.field("paragraph", pa.int64()), pa.field("text", pa.string())])


class Blanks:
    """A tokenizer for text whose words are parted by blanks."""

    def word_tokenize(self, text: str) -> list[str]:
        """The words."""
        return text.split()


def documents(bundles: list[Path], *, folded: bool) -> Iterator[Document]:
    """The paragraphs, as datatrove's documents."""
    for number, (text, words) in enumerate(chain.from_iterable(map(read_paragraphs, bundles))):
        yield Document(text=" ".join(words) if folded else text, id=str(number))


def kept(folder: Path, bundles: list[Path]) -> Iterator[Document]:
    """What is left after the four steps; they leave their files in `folder`."""
    minhash.load_word_tokenizer = lambda _: Blanks()
    settings = TextNormConfig(False, False, False, False, False)
    config = minhash.MinhashConfig(n_grams=3, num_buckets=BANDS, hashes_per_bucket=ROWS, norm_config=settings)
    signatures, pairs, removed = (str(folder / name) for name in ("signatures", "pairs", "removed"))
    minhash.MinhashDedupSignature(signatures, config).run(documents(bundles, folded=True))
    for band in range(BANDS):
        step = minhash.MinhashDedupBuckets(signatures, pairs, config=config, lines_to_buffer=4096)
        step.run(None, band, BANDS)
    minhash.MinhashDedupCluster(pairs, removed, config, lines_to_buffer=4096).run(None, 0, 1)
    yield from minhash.MinhashDedupFilter(removed).run(documents(bundles, folded=False))


def main(output: Path, bundles: list[Path]) -> None:
    """Writes the kept paragraphs with their numbers in the input to a Parquet file."""
    logger.remove()
    rest = kept(output / "steps", bundles)
    with pq.ParquetWriter(output / "kept.parquet", SCHEMA, compression="zstd", compression_level=1) as writer:
        while batch := list(islice(rest, BATCH)):
            writer.write_batch(pa.record_batch([[int(d.id) for d in batch], [d.text for d in batch]], schema=SCHEMA))


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(argument) for argument in sys.argv[2:]])
