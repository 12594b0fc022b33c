"""A run without Beam: the pure functions of its stages in a row."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipelines.graph import BREAKS
from transforms.bundles.listing import list_bundles
from transforms.bundles.reader import read_documents, read_parts
from transforms.bundles.splits import plan_splits
from transforms.dedup.fingerprints import write_fingerprint
from transforms.dedup.first_pass import fingerprint_split
from transforms.dedup.one_pass.files import FingerprintedSplit, join_run
from transforms.dedup.settings import DedupSettings
from transforms.runs.run import RunPaths
from transforms.shards.settings import ShardSettings
from transforms.shards.writing import WrittenSplit, commit_run, write_split

STARTED = "2026-11-01T00:00:00+00:00"


def write_splits(
    paths: RunPaths,
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
            write_fingerprint(paths.output, paths.fingerprint(part.id), fingerprint)
            fingerprinted.append(FingerprintedSplit(part, 0.0, len(fingerprint.offset)))
    join_run(paths, fingerprinted, dedup, [], 1)
    parts = [each.split for each in fingerprinted]
    return [write_split(paths, part, read_documents(part), BREAKS[mode], None, ShardSettings()) for part in parts]


def run_plainly(output: Path, patterns: Sequence[str], split_bytes: int, mode: str = "line") -> dict[str, Any]:
    """The manifest of a run named x."""
    paths = RunPaths(str(output), "x")
    settings = {"input": {"paragraphs": mode}, "dedup": DedupSettings().model_dump(mode="json")}
    header = {"sequence": 1, "started": STARTED, "settings": settings, "versions": {}}
    return commit_run(paths, write_splits(paths, patterns, split_bytes, mode), header)
