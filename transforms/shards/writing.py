"""What the second pass writes for a split, and the commit that makes a run of it."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from transforms import storage
from transforms.bundles.documents import Documents
from transforms.bundles.findings import Findings
from transforms.bundles.listing import digest_bundle
from transforms.bundles.splits import ByteRange, Split
from transforms.dedup.fingerprints import Fingerprint, read_fingerprint
from transforms.dedup.one_pass.files import read_figures
from transforms.dedup.verdicts import read_verdicts
from transforms.runs.manifest import is_committed, write_manifest
from transforms.runs.opening import read_opening
from transforms.runs.run import INDEX, RunPaths, run_folder
from transforms.segmentation.segmenter import Segmenter
from transforms.shards.audit import Counts, check_balance, check_whole, count_split, files_as_dicts, total
from transforms.shards.parquet import ShardSettings, write_table
from transforms.shards.tables import SplitText
from transforms.storage import WrittenFile


@dataclass(frozen=True)
class WrittenSplit:
    """A split as it was written and read back."""

    split: Split
    files: tuple[WrittenFile, ...]
    counts: Counts
    seconds: float


def write_split(
    paths: RunPaths,
    split: Split,
    documents: Documents,
    breaks: int,
    segmenter: Segmenter | None,
    settings: ShardSettings,
) -> WrittenSplit:
    """Writes the shards and ledgers of a split, and counts what they hold.

    Args:
        paths: where the run's files are.
        split: what was read again, or a part of it.
        documents: its documents.
        breaks: line feeds between the paragraphs of a document.
        segmenter: what fills `segmented`; None leaves it null.
        settings: how shards are written.
    """
    begun = time.perf_counter()
    fingerprint = read_fingerprint(storage.join(paths.output, paths.fingerprint(split.id)))
    verdicts = read_verdicts(storage.join(paths.output, paths.verdicts(split.id)))
    text = SplitText(documents, fingerprint, verdicts, breaks, segmenter)
    tables = text.tables()
    shards = {ledger: paths.shard(ledger, split.id) for ledger in tables}
    files = [write_table(paths.output, shards[name], table, paths.run, settings) for name, table in tables.items()]
    return WrittenSplit(split, tuple(files), count_split(paths.output, shards), time.perf_counter() - begun)


def commit_run(paths: RunPaths, written: Sequence[WrittenSplit], header: dict[str, Any]) -> dict[str, Any]:
    """The manifest of the run, written: the run is committed.

    Args:
        paths: where the run's files are.
        written: all of the run's splits.
        header: what shall stand in the manifest beside the rest: `sequence`, `started`, `settings`, `versions`; and
            `digests`, those of the bundles that earlier slices began, by name.

    Raises:
        AuditError: the counts do not balance; nothing is committed.
    """
    in_order = sorted(written, key=lambda each: each.split.place)
    fingerprints = [read_fingerprint(storage.join(paths.output, paths.fingerprint(each.split.id))) for each in in_order]
    figures = read_figures(paths)
    counts = total(each.counts for each in in_order)
    check_balance(_expected(fingerprints, figures["paragraphs"]), counts)
    manifest = {
        "run": paths.run,
        "state": "committed",
        **{key: value for key, value in header.items() if key != "digests"},
        "inputs": _inputs(in_order, fingerprints, header.get("digests", {})),
        "counts": counts.as_dict(),
        "bytes": sum(each.facts["bytes"] for each in fingerprints),
        "preambles": sum(each.facts["preambles"] for each in fingerprints),
        "rejects": dict(sorted(sum((Counter(each.facts["reasons"]) for each in fingerprints), Counter()).items())),
        "repaired": {
            what: sum(each.facts["repaired"][what] for each in fingerprints) for what in ("documents", "characters")
        },
        "findings": Findings.total(Findings.from_dict(each.facts["findings"]) for each in fingerprints).as_dict(),
        "dedup": figures,
        "seconds": _seconds(in_order, figures, header["started"]),
        "files": files_as_dicts(file for each in in_order for file in each.files),
    }
    write_manifest(paths.output, manifest)
    later = header["settings"]["dedup"]["scope"] == "corpus"  # then later runs are compared with this one
    storage.remove(storage.join(paths.output, paths.scratch_folder() if later else run_folder(INDEX, paths.run)))
    return manifest


def commit_opened_run(paths: RunPaths, written: Sequence[WrittenSplit]) -> dict[str, Any] | None:
    """The manifest of a run, committed as it was opened; None, and nothing happens, where an attempt before this has.

    Raises:
        AuditError: a split is missing; or as `commit_run`.
    """
    if is_committed(paths) and not storage.exists(storage.join(paths.output, paths.opening())):
        return None
    opening = read_opening(paths)
    check_whole(opening.splits, len({each.split.index for each in written}))
    return commit_run(paths, written, opening.header)


def _seconds(written: Sequence[WrittenSplit], figures: dict[str, Any], started: str) -> dict[str, float]:
    """Worker seconds by stage, and the seconds since the run began."""
    write = sum(each.seconds for each in written)
    elapsed = (datetime.now(UTC) - datetime.fromisoformat(started)).total_seconds()
    by_stage = {
        "fingerprint": figures["fingerprint_seconds"],
        "join": figures["seconds"],
        "write": write,
        "total": elapsed,
    }
    return {stage: round(seconds, 3) for stage, seconds in by_stage.items()}


def _expected(fingerprints: Sequence[Fingerprint], decided: int) -> tuple[int, int]:
    """The documents that the first pass found, and the paragraphs that the join has decided."""
    return sum(len(each.documents) + each.facts["rejected"] for each in fingerprints), decided


def _inputs(
    written: Sequence[WrittenSplit], fingerprints: Sequence[Fingerprint], known: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Each bundle, and which of its bytes this run took: all, but where a run is a slice."""
    digests = dict(known) | {name: digest for each in fingerprints for name, digest in each.facts["digests"].items()}
    ranges: dict[str, list[ByteRange]] = {}
    for each in written:
        for part in each.split.ranges:
            ranges.setdefault(part.bundle.name, []).append(part)
    return [_input(name, parts, digests.get(name)) for name, parts in ranges.items()]


def _input(name: str, parts: Sequence[ByteRange], digest: str | None) -> dict[str, Any]:
    bundle = parts[0].bundle
    if parts[0].unreadable:
        digest = ""
    elif digest is None:  # whoever read its first byte has it at hand
        digest = digest_bundle(bundle)
    return {
        "url": bundle.url,
        "name": name,
        "size": bundle.size,
        "modified": bundle.modified,
        "state": bundle.state,
        "sha256": digest,
        "start": parts[0].start,
        "end": parts[-1].end,
    }
