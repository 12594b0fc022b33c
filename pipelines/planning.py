"""Estimates of a run by its size: splits, files, bytes between workers, memory. From measured coefficients."""

from dataclasses import dataclass

from pipelines.config import IngestSettings

# Bytes per byte of text, measured on classical Arabic books in several editions, and on synthetic news; the higher one.
SHARDS = 0.35  # documents and duplicates, in zstd Parquet, segmented text included
FINGERPRINTS = 0.95
INDEX = 1.4  # a run's segments: sets, postings, filter, places
JOIN_MEMORY = 1.5  # one pass, fingerprints mapped
SHUFFLED_PARTITIONED = 0.97
SHUFFLED_A_SPLIT = 3_000  # bytes, by either join


@dataclass(frozen=True)
class Estimate:
    """The estimate of a run; all but the splits is computed from coefficients."""

    text_bytes: int
    splits: int
    partitioned: bool
    shard_bytes: int
    fingerprint_bytes: int
    index_bytes: int
    shuffled_bytes: int
    join_memory_bytes: int

    def lines(self) -> list[str]:
        """The estimate, a line each."""
        join = "partitioned" if self.partitioned else "one pass"
        return [
            f"{self.text_bytes:>18,}  bytes of text, {self.splits:,} splits, join: {join}",
            f"{self.shard_bytes:>18,}  bytes of shards, about",
            f"{self.fingerprint_bytes:>18,}  bytes of fingerprints, until the run is indexed",
            f"{self.index_bytes:>18,}  bytes of index",
            f"{self.shuffled_bytes:>18,}  bytes between workers",
            f"{self.join_memory_bytes:>18,}  bytes of memory where the join is decided",
        ]


def estimate(text_bytes: int, settings: IngestSettings, *, in_process: bool) -> Estimate:
    """Estimates a run over `text_bytes` of text.

    Args:
        text_bytes: uncompressed.
        settings: how it is run.
        in_process: whether it runs in one process.
    """
    splits = max(1, -(-text_bytes // settings.run.split_bytes))
    partitioned = settings.dedup.partitioned(text_bytes, in_process=in_process)
    shuffled = splits * SHUFFLED_A_SPLIT + (int(text_bytes * SHUFFLED_PARTITIONED) if partitioned else 0)
    # The partitioned join leaves similar pairs and copies to one worker: some 200 bytes of memory each.
    memory = int(text_bytes * (0.2 if partitioned else JOIN_MEMORY))
    return Estimate(
        text_bytes,
        splits,
        partitioned,
        int(text_bytes * SHARDS),
        int(text_bytes * FINGERPRINTS),
        int(text_bytes * INDEX),
        shuffled,
        memory,
    )
