"""Fingerprint files: what the join knows of a split. Documents, places of paragraphs, shingles; no text."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from transforms import storage
from transforms.arrays import Int32s, Int64s
from transforms.dedup.shingles import ShingleSets

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
]
_PLACE = pa.struct([pa.field("offset", pa.int64(), nullable=False), pa.field("length", pa.int64(), nullable=False)])
SCHEMA = pa.schema(
    [
        *DOCUMENT_FIELDS,
        pa.field("paragraphs", pa.large_list(_PLACE), nullable=False),
        pa.field("shingles", pa.large_list(pa.large_list(pa.uint64())), nullable=False),
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


def write_fingerprint(root: str, path: str, fingerprint: Fingerprint) -> None:
    """Writes an Arrow file at `path` below `root`."""
    first = fingerprint.first_paragraph
    places = pa.StructArray.from_arrays(
        [pa.array(fingerprint.offset), pa.array(fingerprint.length)], fields=list(_PLACE)
    )
    sets = pa.LargeListArray.from_arrays(pa.array(fingerprint.sets.offsets), pa.array(fingerprint.sets.shingles))
    columns = [fingerprint.documents.column(field.name).combine_chunks() for field in DOCUMENT_FIELDS]
    columns += [pa.LargeListArray.from_arrays(pa.array(first), column) for column in (places, sets)]
    schema = SCHEMA.with_metadata({"facts": json.dumps(fingerprint.facts, sort_keys=True)})
    storage.write_arrow(root, path, pa.table(columns, schema=schema))


def read_fingerprint(url: str) -> Fingerprint:
    """The fingerprint in a file; its columns are views of the mapped file where it is local."""
    reader = pa.ipc.open_file(storage.read_whole(url))
    batch = reader.get_batch(0)
    places = batch.column("paragraphs")
    return Fingerprint(
        documents=pa.Table.from_batches([batch.select([field.name for field in DOCUMENT_FIELDS])]),
        first_paragraph=places.offsets.to_numpy(),
        offset=places.values.field("offset").to_numpy(),
        length=places.values.field("length").to_numpy(),
        sets=_sets(batch),
        facts=json.loads(reader.schema.metadata[b"facts"]),
    )


def read_sets(url: str) -> ShingleSets:
    """The sets alone; views of a mapping of their own where the file is local."""
    return _sets(pa.ipc.open_file(storage.read_whole(url)).get_batch(0))


def _sets(batch: pa.RecordBatch) -> ShingleSets:
    sets = batch.column("shingles").values
    return ShingleSets(sets.values.to_numpy(), sets.offsets.to_numpy())
