"""The second pass over a split, and the commit that makes a run of all splits."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from transforms.bundles.documents import Documents
from transforms.bundles.errors import RejectReason
from transforms.bundles.findings import Findings, Kind
from transforms.bundles.listing import digest_bundle
from transforms.bundles.sources import described
from transforms.bundles.splits import ByteRange, Split
from transforms.dedup.fingerprints import Fingerprint, read_figures, read_fingerprint, read_source_type
from transforms.dedup.first_pass import check_same_text
from transforms.dedup.verdicts import read_verdicts
from transforms.parallel import Progress, unheard
from transforms.runs.manifest import (
    Counts,
    Found,
    JoinFigures,
    Manifest,
    Opening,
    Repaired,
    Seconds,
    ShardFile,
    TakenInput,
)
from transforms.runs.run import Run
from transforms.segmentation.segmenter import Segmenter
from transforms.settings import ShardSettings
from transforms.shards.checking import check_balance, check_whole, count_split, total
from transforms.shards.tables import SplitText
from transforms.storage import Folder
from transforms.written import WrittenFile

# Few different values: a dictionary pays. Rising numbers: differences pay.
_DICTIONARY = {
    "bundle", "encoding", "language", "rule", "kept_bundle", "kept_run", "kept_corpus", "stage", "reason",
    "repaired", "run",
}  # fmt: skip
_DELTA = {"offset", "document_offset", "length", "paragraph_index.list.element", "paragraph_offset.list.element"}


def write_table(folder: Folder, path: str, table: pa.Table, run: str, settings: ShardSettings) -> WrittenFile:
    """Writes a Parquet file at `path` in `folder`: zstd, row groups by bytes, the run in the file's metadata."""
    table = table.replace_schema_metadata({"rafid.run": run, "rafid.format": "1"})
    names = table.column_names
    options: dict[str, Any] = {
        "compression": "zstd",
        "compression_level": settings.compression_level,
        "use_dictionary": [name for name in names if name in _DICTIONARY],
        "column_encoding": {name: "DELTA_BINARY_PACKED" for name in _DELTA if name.split(".")[0] in names},
        "write_statistics": [name for name in names if name not in ("text", "segmented", "payload")],
        "store_schema": True,
    }

    def fill(file: pa.NativeFile) -> None:
        with pq.ParquetWriter(file, table.schema, **options) as writer:
            for begin, end in row_groups(table, settings.row_group_bytes):
                writer.write_table(table.slice(begin, end - begin), row_group_size=end - begin)

    return folder.write_by(path, fill, rows=len(table))


def row_groups(table: pa.Table, target: int) -> Iterator[tuple[int, int]]:
    """First and end rows of row groups of about `target` bytes; a row is never cut, so one may be larger."""
    sizes = np.full(len(table), 64, np.int64)
    for column in table.columns:
        if pa.types.is_binary(column.type) or pa.types.is_string(column.type):
            sizes += pc.binary_length(column).fill_null(0).to_numpy()
    groups = np.cumsum(sizes) // target
    edges = np.flatnonzero(np.diff(groups)) + 1
    yield from zip([0, *edges.tolist()], [*edges.tolist(), len(table)], strict=True)


@dataclass(frozen=True)
class WrittenSplit:
    """A split as it was written and read back."""

    split: Split
    files: tuple[WrittenFile, ...]
    counts: Counts
    seconds: float
    lost: int = 0  # stretches of rows whose carried columns could not be read


def write_split(
    run: Run,
    split: Split,
    documents: Documents,
    breaks: int,
    segmenter: Segmenter | None,
    settings: ShardSettings,
    progress: Progress = unheard,
) -> WrittenSplit:
    """Writes the shards and ledgers of a split, and counts what they hold.

    Args:
        run: whose files they are.
        split: what was read again, or a part of it.
        documents: its documents.
        breaks: line feeds between the paragraphs of a document.
        segmenter: what fills `segmented`; None leaves it null.
        settings: how shards are written.
        progress: told how far it is.
    """
    begun = time.perf_counter()
    fingerprint = read_fingerprint(run, split.id)
    check_same_text(split, fingerprint, documents)
    verdicts = read_verdicts(run, split.id, len(fingerprint.offset))
    text = SplitText(documents, fingerprint, verdicts, run.name, breaks, segmenter, progress)
    tables = text.tables()
    shards = {ledger: run.shard(ledger, split.id) for ledger in tables}
    files = [write_table(run.folder, shards[name], table, run.name, settings) for name, table in tables.items()]
    lost = sum(each.reason == RejectReason.COLUMNS_LOST for each in documents.rejects)
    return WrittenSplit(split, tuple(files), count_split(run.folder, shards), time.perf_counter() - begun, lost)


def commit_run(run: Run, written: Sequence[WrittenSplit], opening: Opening) -> Manifest:
    """Commits the run, and returns its manifest.

    Args:
        run: what is committed.
        written: all of its splits.
        opening: what it was opened with.

    Raises:
        AuditError: the counts do not balance; nothing is committed.
    """
    in_order = sorted(written, key=lambda each: each.split.place)
    fingerprints = [read_fingerprint(run, each.split.id) for each in in_order]
    figures = read_figures(run)
    counts = total(each.counts for each in in_order)
    check_balance(_expected(fingerprints, figures.paragraphs), counts)
    files = sorted((file for each in in_order for file in each.files), key=lambda file: file.path)
    manifest = Manifest(
        run=run.name,
        generation=run.generation,
        **dict(opening.header),
        inputs=_inputs(in_order, fingerprints, opening.digests),
        counts=counts,
        bytes=sum(each.facts["bytes"] for each in fingerprints),
        preambles=sum(each.facts["preambles"] for each in fingerprints),
        rejects=_rejects(in_order, fingerprints),
        repaired=_repaired(fingerprints),
        findings=_findings(fingerprints),
        source=described(read_source_type(run)),
        dedup=figures,
        seconds=_seconds(in_order, figures, opening.header.started),
        files=tuple(ShardFile(**asdict(file)) for file in files),
    )
    run.commit(manifest, opening.lease, waiting=opening.waiting)
    run.folder.tidy(run.scratch_folder() if manifest.is_for_later_runs() else run.index_folder())
    return manifest


def commit_opened_run(run: Run, written: Sequence[WrittenSplit]) -> Manifest | None:
    """Commits a run as it was opened, and returns its manifest; None where an earlier attempt has done so.

    Raises:
        AuditError: a split is missing; or as `commit_run`.
    """
    if run.is_done() and not run.is_open():
        return None
    opening = run.opening()
    check_whole(opening.splits, len({each.split.index for each in written}))
    return commit_run(run, written, opening)


def _rejects(written: Sequence[WrittenSplit], fingerprints: Sequence[Fingerprint]) -> dict[str, int]:
    """The rejects by reason; what is lost of columns shows in the second pass only."""
    reasons = sum((Counter(each.facts["reasons"]) for each in fingerprints), Counter[str]())
    reasons[RejectReason.COLUMNS_LOST] += sum(each.lost for each in written)
    return {str(reason): count for reason, count in sorted(reasons.items()) if count}


def _repaired(fingerprints: Sequence[Fingerprint]) -> Repaired:
    parts = [each.facts["repaired"] for each in fingerprints]
    return Repaired(**{what: sum(part[what] for part in parts) for what in Repaired.model_fields})


def _findings(fingerprints: Sequence[Fingerprint]) -> dict[Kind, Found]:
    found = Findings.total(Findings.from_dict(each.facts["findings"]) for each in fingerprints)
    return {Kind(kind): Found.model_validate(entry) for kind, entry in found.as_dict().items()}


def _seconds(written: Sequence[WrittenSplit], figures: JoinFigures, started: str) -> Seconds:
    """Worker seconds by stage, and the seconds since the run began."""
    elapsed = (datetime.now(UTC) - datetime.fromisoformat(started)).total_seconds()
    return Seconds(
        fingerprint=round(figures.fingerprint_seconds, 3),
        join=round(figures.seconds, 3),
        write=round(sum(each.seconds for each in written), 3),
        total=max(0.0, round(elapsed, 3)),  # a clock may have been set back
    )


def _expected(fingerprints: Sequence[Fingerprint], decided: int) -> tuple[int, int]:
    """The documents that the first pass found, and the paragraphs that the join has decided."""
    return sum(len(each.documents) + each.facts["rejected"] for each in fingerprints), decided


def _inputs(
    written: Sequence[WrittenSplit], fingerprints: Sequence[Fingerprint], known: Mapping[str, str]
) -> tuple[TakenInput, ...]:
    """Each bundle, and which of its bytes this run took: all, but where a run is a slice."""
    digests = dict(known) | {name: digest for each in fingerprints for name, digest in each.facts["digests"].items()}
    ranges: dict[str, list[ByteRange]] = {}
    for each in written:
        for part in each.split.ranges:
            ranges.setdefault(part.bundle.name, []).append(part)
    return tuple(_input(name, parts, digests.get(name)) for name, parts in ranges.items())


def _input(name: str, parts: Sequence[ByteRange], digest: str | None) -> TakenInput:
    bundle = parts[0].bundle
    if parts[0].unreadable:
        digest = ""
    elif digest is None:  # whoever read its first byte has it at hand
        digest = digest_bundle(bundle)
    return TakenInput(
        url=bundle.url,
        name=name,
        size=bundle.size,
        modified=bundle.modified,
        state=bundle.state,
        sha256=digest,
        start=parts[0].start,
        end=parts[-1].end,
    )
