"""Verdict files: the removed paragraphs of a split, each with the kept one that stands for it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.arrays import Bools, Float64s, Int64s
from transforms.dedup.fingerprints import Fingerprint, check_split
from transforms.filesystems import DamagedFileError
from transforms.runs.run import Run

SCHEMA = pa.schema(
    [
        pa.field("paragraph", pa.int64(), nullable=False),  # number in the split
        pa.field("rule", pa.string(), nullable=False),
        pa.field("similarity", pa.float64(), nullable=False),
        pa.field("kept_doc_id", pa.string(), nullable=False),
        pa.field("kept_bundle", pa.string(), nullable=False),
        pa.field("kept_offset", pa.int64(), nullable=False),  # of the paragraph, in bytes from the start of the bundle
        pa.field("kept_paragraph_index", pa.int32(), nullable=False),
        pa.field("kept_length", pa.int64(), nullable=False),  # its bytes, in UTF-8
        pa.field("kept_run", pa.string(), nullable=False),
        pa.field("kept_corpus", pa.string()),
    ]
)


# Where a paragraph is; `offset` is its first byte, from the start of the bundle; `length` is in bytes of UTF-8;
# `corpus` is another one that keeps it, null for this one.
PLACES = pa.schema(
    [
        pa.field("run", pa.string(), nullable=False),
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("bundle", pa.string(), nullable=False),
        pa.field("offset", pa.int64(), nullable=False),
        pa.field("paragraph_index", pa.int32(), nullable=False),
        pa.field("length", pa.int64(), nullable=False),
        pa.field("corpus", pa.string()),
    ]
)


@dataclass(frozen=True)
class Decision:
    """The kept paragraph that stands for each removed one of a run; paragraphs are numbered through the run from 0.

    Attributes:
        removed: int64[d], the removed paragraphs, ascending.
        kept: int64[d], the kept paragraph of this run that each repeats; -1 where it is one of an earlier run.
        similarity: float64[d], their exact Jaccard similarity.
        contenders: sets that could have a partner at all.
        candidates: pairs whose overlap was counted.
    """

    removed: Int64s
    kept: Int64s
    similarity: Float64s
    contenders: int
    candidates: int


def verdict_tables(
    fingerprints: Sequence[Fingerprint], decision: Decision, kept_places: pa.Table
) -> Iterator[pa.Table]:
    """The verdicts of each split, in their order: a row a removed paragraph, ascending.

    Args:
        fingerprints: of all splits, in input order.
        decision: on all their paragraphs.
        kept_places: where the paragraph that stands for each removed one is, with the columns of `PLACES`.
    """
    edges = np.cumsum([0] + [len(each.offset) for each in fingerprints])
    cuts = np.searchsorted(decision.removed, edges)
    for split in range(len(fingerprints)):
        rows = slice(cuts[split], cuts[split + 1])
        removed = decision.removed[rows] - edges[split]
        wordless = fingerprints[split].sets.wordless[removed].astype(bool)
        yield _table(removed, wordless, decision.similarity[rows], kept_places[rows])


def places_of(fingerprints: Sequence[Fingerprint], wanted: Int64s, run: str) -> pa.Table:
    """The places of the paragraphs `wanted` of the run, in their order, with the columns of `PLACES`."""
    documents = np.cumsum([0] + [len(each.documents) for each in fingerprints])
    document = np.concatenate(
        [each.paragraph_document() + first for each, first in zip(fingerprints, documents, strict=False)]
    )
    table = pa.concat_tables([each.documents.select(["doc_id", "bundle"]) for each in fingerprints])
    owners = table.take(pa.array(document[wanted]))
    columns = [
        pa.repeat(run, len(wanted)),
        owners.column("doc_id"),
        owners.column("bundle"),
        pa.array(np.concatenate([each.offset for each in fingerprints])[wanted]),
        pa.array(np.concatenate([each.paragraph_index() for each in fingerprints])[wanted]),
        pa.array(np.concatenate([each.length for each in fingerprints])[wanted]),
        pa.nulls(len(wanted), pa.string()),
    ]
    return pa.table(columns, schema=PLACES)


def _table(removed: Int64s, wordless: Bools, similarity: Float64s, places: pa.Table) -> pa.Table:
    with_words = pc.if_else(pa.array(similarity == 1.0), "exact", "near")
    columns = [
        pa.array(removed),
        pc.if_else(pa.array(wordless), "wordless", with_words),
        pa.array(similarity),
        places.column("doc_id"),
        places.column("bundle"),
        places.column("offset"),
        places.column("paragraph_index"),
        places.column("length"),
        places.column("run"),
        places.column("corpus"),
    ]
    return pa.table(columns, schema=SCHEMA)


def write_verdicts(run: Run, split: str, verdicts: pa.Table) -> None:
    """Writes the verdict file of a split, given by its id."""
    run.folder.write_arrow(run.verdicts(split), verdicts.replace_schema_metadata({"split": split}))


def read_verdicts(run: Run, split: str, paragraphs: int) -> pa.Table:
    """The verdicts on a split, given by its id, which has so many paragraphs.

    Raises:
        DamagedFileError: the file is not as it was written, or names a paragraph that the split does not have.
        StorageError: it cannot be read.
    """
    path = run.verdicts(split)
    batch = check_split(run.folder, path, run.folder.read_arrow(path), split, SCHEMA)
    removed = batch.column("paragraph").to_numpy()
    if len(removed) and (removed[0] < 0 or removed[-1] >= paragraphs or (np.diff(removed) <= 0).any()):
        raise DamagedFileError(f"{run.folder.at(path)}: is damaged: it is about other paragraphs")
    return pa.Table.from_batches([batch])
