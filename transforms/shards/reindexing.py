"""The rows of the index, made again from the documents of a committed run: the same as from its fingerprints."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from transforms.dedup.definition import definition_of
from transforms.dedup.index.building import IndexMissingError, open_segments, sound_groups
from transforms.dedup.index.groups import SegmentGroup
from transforms.dedup.index.matching import sorted_sets
from transforms.dedup.index.segment import PLACE_COLUMNS, SETS, sets_table
from transforms.filesystems import StorageError
from transforms.runs.manifest import Manifest
from transforms.settings import DedupSettings
from transforms.shards.corpus import PARAGRAPH_BREAKS
from transforms.shards.lookup import sets_of
from transforms.storage import Folder

_COLUMNS = ["doc_id", "bundle", "text", "paragraph_index", "paragraph_offset"]


def kept_sets(output: Folder, manifest: Manifest) -> Iterator[pa.Table]:
    """A table a shard of kept paragraphs that have a set at all, with the columns of `segment.SETS`.

    Args:
        output: the output folder.
        manifest: of the run.

    Raises:
        IndexMissingError: a shard is not there or damaged.
    """
    settings = definition_of(manifest)
    breaks = PARAGRAPH_BREAKS[manifest.setting("input.paragraphs")]
    for path in manifest.files_of("documents"):
        try:
            documents = pq.ParquetFile(output.read(path)).read(_COLUMNS)
            yield _sets(documents, breaks, settings, manifest.id)
        except (StorageError, pa.ArrowInvalid, OSError, ValueError) as error:
            raise IndexMissingError(
                f"index of {output.url}: cannot be made again: {output.at(path)} is damaged or gone; restore it from a "
                f"backup, or remove run {manifest.run} and ingest its bundles again"
            ) from error


def check_index(output: Folder, runs: Sequence[Manifest]) -> list[str]:
    """The faults of the index, a line each: what is damaged, and runs whose rows are not those of their documents.

    Args:
        output: the output folder.
        runs: committed ones, in order; those that are not indexed yet are passed over.
    """
    compared = [each for each in runs if each.is_for_later_runs()]
    keys = [each.key for each in compared]
    wrong: list[str] = []
    groups = sound_groups(output, keys, lambda _, error: wrong.append(str(error)))
    for manifest in compared:
        if group := next((each for each in groups if manifest.key in each.runs), None):
            wrong += _check_rows(output, group, manifest)
    return wrong


def _check_rows(output: Folder, group: SegmentGroup, manifest: Manifest) -> Iterator[str]:
    rows = (segment.rows for segment in open_segments(output, group, [manifest.key]))
    own = [table.filter(pc.equal(table.column("run").cast(pa.string()), manifest.id)) for table in rows]
    try:
        remade = list(kept_sets(output, manifest))
    except IndexMissingError as error:
        yield str(error)
        return
    there, wanted = (_plain(tables) for tables in (own, remade))
    if not there.equals(wanted):
        yield f"{group.folder}: does not hold what run {manifest.run} keeps; it is made again by the next run"


def _plain(tables: Sequence[pa.Table]) -> pa.Table:
    empty = SETS.empty_table()
    table = pa.concat_tables([table.unify_dictionaries() for table in (empty, *tables)])
    plain = [each.with_type(each.type.value_type) if pa.types.is_dictionary(each.type) else each for each in SETS]
    return table.cast(pa.schema(plain)).combine_chunks()


def _sets(documents: pa.Table, breaks: str, settings: DedupSettings, run: str) -> pa.Table:
    paragraphs = pc.split_pattern(documents.column("text"), breaks).combine_chunks()
    index = documents.column("paragraph_index").combine_chunks()
    if not paragraphs.offsets.equals(index.offsets):
        raise ValueError("texts and lists differ")
    sets = sets_of(paragraphs.flatten(), settings)
    wanted = (np.diff(sets.offsets) > 0).astype(np.uint8)
    tokens, bounds = sorted_sets(sets, wanted)
    numbers = sets.numbers.take(np.flatnonzero(wanted))
    rows = pa.array(np.flatnonzero(wanted))
    owner = pa.array(np.repeat(np.arange(len(documents)), np.diff(index.offsets.to_numpy()))).take(rows)
    columns = [
        pa.repeat(run, len(rows)),
        documents.column("doc_id").take(owner),
        documents.column("bundle").take(owner),
        documents.column("paragraph_offset").combine_chunks().flatten().take(rows),
        index.flatten().take(rows),
        pc.binary_length(paragraphs.flatten().take(rows)).cast(pa.int64()),
    ]
    return sets_table(pa.table(columns, names=PLACE_COLUMNS), tokens, bounds, numbers)
