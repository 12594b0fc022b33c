"""Fingerprint files: what the join knows of a split. Documents, places of paragraphs, shingles; no text."""

import json
import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from transforms.arrays import Float64s, Int32s, Int64s
from transforms.bundles.splits import Split
from transforms.dedup.numbers.sets import NumberSets
from transforms.dedup.shingles import ShingleSets
from transforms.filesystems import DamagedFileError
from transforms.runs.manifest import JoinFigures
from transforms.runs.run import Run
from transforms.storage import Folder

DOCUMENT_FIELDS = [
    pa.field("doc_id", pa.string(), nullable=False),
    pa.field("bundle", pa.string(), nullable=False),
    pa.field("offset", pa.int64(), nullable=False),
    pa.field("length", pa.int64(), nullable=False),
    pa.field("name", pa.string(), nullable=False),
    pa.field("encoding", pa.string(), nullable=False),
    pa.field("repaired", pa.int32(), nullable=False),
    pa.field("language", pa.string()),
    pa.field("language_probability", pa.float32()),
    pa.field("filter_rule", pa.string()),
    pa.field("filter_reason", pa.string()),
]
_PLACE = pa.struct(
    [
        pa.field("offset", pa.int64(), nullable=False),
        pa.field("length", pa.int64(), nullable=False),
        pa.field("wordless", pa.bool_(), nullable=False),
    ]
)
SCHEMA = pa.schema(
    [
        *DOCUMENT_FIELDS,
        pa.field("paragraphs", pa.large_list(_PLACE), nullable=False),
        pa.field("shingles", pa.large_list(pa.large_list(pa.uint64())), nullable=False),
        pa.field("numbers", pa.large_list(pa.large_list(pa.uint64())), nullable=False),
    ]
)


@dataclass(frozen=True)
class Fingerprint:
    """The fingerprint of a split.

    Attributes:
        documents: a row a document, in input order, with the columns of `DOCUMENT_FIELDS`.
        first_paragraph: int64[d + 1], where each document's paragraphs begin.
        offset: int64[p], each paragraph's first byte, from the start of its bundle.
        length: int64[p], its bytes.
        sets: the paragraphs' shingles.
        facts: what else is known of the split: `bytes` it owns, documents rejected (`rejected`), digests of bundles,
            `findings`, see `Findings.as_dict`.
    """

    documents: pa.Table
    first_paragraph: Int64s
    offset: Int64s
    length: Int64s
    sets: ShingleSets
    facts: dict[str, Any]

    def paragraph_document(self) -> Int64s:
        """int64[p], the document of each paragraph."""
        return np.repeat(np.arange(len(self.first_paragraph) - 1), np.diff(self.first_paragraph))

    def paragraph_index(self) -> Int32s:
        """int32[p], the ordinal of each paragraph in its document."""
        counts = np.diff(self.first_paragraph)
        return (np.arange(len(self.offset)) - np.repeat(self.first_paragraph[:-1], counts)).astype(np.int32)


@dataclass(frozen=True)
class FingerprintedSplit:
    """A split whose fingerprint file is written, the seconds that took, and its paragraphs."""

    split: Split
    seconds: float
    paragraphs: int


def write_fingerprint(run: Run, split: str, fingerprint: Fingerprint) -> None:
    """Writes the fingerprint file of a split, given by its id."""
    first = fingerprint.first_paragraph
    places = pa.StructArray.from_arrays(
        [pa.array(fingerprint.offset), pa.array(fingerprint.length), pa.array(fingerprint.sets.wordless.astype(bool))],
        fields=list(_PLACE),
    )
    sets, numbers = fingerprint.sets, fingerprint.sets.numbers
    shingles = pa.LargeListArray.from_arrays(pa.array(sets.offsets), pa.array(sets.shingles))
    apart = pa.LargeListArray.from_arrays(pa.array(numbers.offsets), pa.array(numbers.numbers))
    columns = [fingerprint.documents.column(field.name).combine_chunks() for field in DOCUMENT_FIELDS]
    columns += [pa.LargeListArray.from_arrays(pa.array(first), column) for column in (places, shingles, apart)]
    metadata = {"split": split, "facts": json.dumps(fingerprint.facts, sort_keys=True)}
    run.folder.write_arrow(run.fingerprint(split), pa.table(columns, schema=SCHEMA.with_metadata(metadata)))


def read_fingerprint(run: Run, split: str) -> Fingerprint:
    """The fingerprint of a split, given by its id; its columns are views of the mapped file where it is local.

    Raises:
        DamagedFileError: the file is not as it was written.
        StorageError: it cannot be read.
    """
    batch = _batch(run, split)
    places = batch.column("paragraphs")
    return Fingerprint(
        documents=pa.Table.from_batches([batch.select([field.name for field in DOCUMENT_FIELDS])]),
        first_paragraph=places.offsets.to_numpy(),
        offset=places.values.field("offset").to_numpy(),
        length=places.values.field("length").to_numpy(),
        sets=_sets(batch),
        facts=json.loads(batch.schema.metadata[b"facts"]),
    )


def read_sets(run: Run, split: str) -> ShingleSets:
    """The sets alone; views of a mapping of their own where the file is local. Raises as `read_fingerprint`."""
    return _sets(_batch(run, split))


def _batch(run: Run, split: str) -> pa.RecordBatch:
    path = run.fingerprint(split)
    return check_split(run.folder, path, run.folder.read_arrow(path), split, SCHEMA)


def check_split(folder: Folder, path: str, batch: pa.RecordBatch, split: str, schema: pa.Schema) -> pa.RecordBatch:
    """The batch of a working file, known to be of that split and schema.

    Raises:
        DamagedFileError: it is of another.
    """
    if not batch.schema.equals(schema) or (batch.schema.metadata or {}).get(b"split") != split.encode():
        raise DamagedFileError(f"{folder.at(path)}: is damaged: it is not the file of split {split}")
    return batch


def _sets(batch: pa.RecordBatch) -> ShingleSets:
    sets, numbers = (batch.column(name).values for name in ("shingles", "numbers"))
    apart = NumberSets(numbers.values.to_numpy(), numbers.offsets.to_numpy())
    wordless = batch.column("paragraphs").values.field("wordless").to_numpy(zero_copy_only=False).astype(np.uint8)
    return ShingleSets(sets.values.to_numpy(), sets.offsets.to_numpy(), apart, wordless)


class JoinClock:
    """Takes the time and memory of a join from when it is made."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def figures(
        self,
        join: str,
        fingerprinted: Sequence[FingerprintedSplit],
        kept: Int64s,
        similarity: Float64s,
        *,
        contenders: int,
        candidates: int,
    ) -> JoinFigures:
        """The figures of the join that ends now.

        Args:
            join: its name.
            fingerprinted: the run's splits.
            kept: int64[d], for each removed paragraph the kept one of this run, or a negative number.
            similarity: float64[d], to it.
            contenders: sets that could have a partner at all.
            candidates: pairs whose overlap was counted.
        """
        exact = int((similarity == 1.0).sum())
        return JoinFigures(
            join=join,
            paragraphs=sum(each.paragraphs for each in fingerprinted),
            contenders=contenders,
            candidates=candidates,
            duplicates=len(kept),
            exact=exact,
            near=len(kept) - exact,
            of_earlier_runs=int((kept < 0).sum()),
            seconds=round(time.perf_counter() - self._wall, 3),
            cpu_seconds=round(time.process_time() - self._cpu, 3),
            peak_memory_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            fingerprint_seconds=round(sum(each.seconds for each in fingerprinted), 3),
        )


def write_figures(run: Run, figures: JoinFigures) -> None:
    """Writes the figures of the run's join, for its commit."""
    run.folder.write_json(run.join_figures(), figures.model_dump(mode="json"))


def read_figures(run: Run) -> JoinFigures:
    """The figures of the run's join."""
    return JoinFigures.model_validate(run.folder.read_json(run.join_figures()))
