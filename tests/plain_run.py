"""A run without Beam: the pure functions of its stages in a row."""

from collections.abc import Sequence
from pathlib import Path

from transforms.bundles.listing import list_bundles
from transforms.bundles.reader import read_documents, read_parts
from transforms.bundles.splits import plan_splits
from transforms.dedup.fingerprints import FingerprintedSplit, write_fingerprint
from transforms.dedup.first_pass import fingerprint_split
from transforms.dedup.one_pass.join import join_run
from transforms.runs.manifest import Header, Manifest, Opening
from transforms.runs.run import Run
from transforms.settings import DedupSettings, ShardSettings
from transforms.shards.corpus import PARAGRAPH_BREAKS
from transforms.shards.writing import WrittenSplit, commit_run, write_split
from transforms.storage import Folder

STARTED = "2026-11-01T00:00:00+00:00"


def write_splits(
    run: Run,
    patterns: Sequence[str],
    split_bytes: int,
    mode: str = "line",
    dedup: DedupSettings | None = None,
) -> list[WrittenSplit]:
    """All stages but the commit; the splits as they were written."""
    dedup = dedup or DedupSettings()
    fingerprinted = []
    for split in plan_splits(list_bundles(patterns), split_bytes):
        for part, documents in read_parts(split):
            fingerprint = fingerprint_split(part, documents, mode, dedup)
            write_fingerprint(run, part.id, fingerprint)
            fingerprinted.append(FingerprintedSplit(part, 0.0, len(fingerprint.offset)))
    join_run(run, fingerprinted, dedup, [], 1)
    parts, breaks = [each.split for each in fingerprinted], len(PARAGRAPH_BREAKS[mode])
    return [write_split(run, part, read_documents(part), breaks, None, ShardSettings()) for part in parts]


def run_plainly(output: Path, patterns: Sequence[str], split_bytes: int, mode: str = "line") -> Manifest:
    """The manifest of a run named x."""
    run = Run(Folder(str(output)), "x")
    return commit_run(run, write_splits(run, patterns, split_bytes, mode), opening(mode))


def opening(mode: str = "line", splits: int = 1) -> Opening:
    """The opening of a first run with the default definition of a duplicate."""
    settings = {"input": {"paragraphs": mode}, "dedup": DedupSettings().model_dump(mode="json")}
    header = Header(sequence=1, started=STARTED, settings=settings, versions={})
    return Opening(header=header, splits=splits)
