"""Parquet files of a run: the same table gives the same bytes."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import Field

from transforms.settings import Settings
from transforms.storage import Folder, WrittenFile

# Few different values: a dictionary pays. Rising numbers: differences pay.
_DICTIONARY = {"bundle", "encoding", "language", "rule", "kept_bundle", "kept_run", "stage", "reason"}
_DELTA = {"offset", "length", "paragraph_index.list.element", "paragraph_offset.list.element"}


class ShardSettings(Settings):
    """The way shards are written."""

    compression_level: int = Field(1, ge=1, le=19, description="of zstd")
    row_group_bytes: int = Field(16 << 20, ge=1 << 10, description="uncompressed size of a row group, about")


def write_table(folder: Folder, path: str, table: pa.Table, run: str, settings: ShardSettings) -> WrittenFile:
    """Writes a Parquet file at `path` in `folder`: zstd, row groups by bytes, the run in the file's metadata."""
    table = table.replace_schema_metadata({"rafid.run": run, "rafid.format": "1"})
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(
        sink,
        table.schema,
        compression="zstd",
        compression_level=settings.compression_level,
        use_dictionary=[name for name in table.column_names if name in _DICTIONARY],
        column_encoding={name: "DELTA_BINARY_PACKED" for name in _DELTA if name.split(".")[0] in table.column_names},
        write_statistics=[name for name in table.column_names if name not in ("text", "segmented", "payload")],
        store_schema=True,
    ) as writer:
        for begin, end in row_groups(table, settings.row_group_bytes):
            writer.write_table(table.slice(begin, end - begin), row_group_size=end - begin)
    return folder.write(path, sink.getvalue(), rows=len(table))


def row_groups(table: pa.Table, target: int) -> Iterator[tuple[int, int]]:
    """First and end rows of row groups of about `target` bytes; a row is never cut, so one may be larger."""
    sizes = np.full(len(table), 64, np.int64)
    for column in table.columns:
        if pa.types.is_binary(column.type) or pa.types.is_string(column.type):
            sizes += pc.binary_length(column).fill_null(0).to_numpy()
    groups = np.cumsum(sizes) // target
    edges = np.flatnonzero(np.diff(groups)) + 1
    yield from zip([0, *edges.tolist()], [*edges.tolist(), len(table)], strict=True)
