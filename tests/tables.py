"""Documents as tables: the same rows as a bundle, JSON lines, CSV, Parquet and Arrow."""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

Rows = Sequence[Mapping[str, Any]]


def bundle(rows: Rows) -> bytes:
    """The texts of rows, with their names, as a bundle."""
    return "".join(f"<<<FILE>>> {row['name']}\n{row['text']}\n" for row in rows).encode()


def json_lines(rows: Rows) -> bytes:
    """Rows as JSON, every other one in ASCII alone."""
    return "".join(json.dumps(row, ensure_ascii=bool(at % 2)) + "\n" for at, row in enumerate(rows)).encode()


def separated(rows: Rows) -> bytes:
    """Rows as CSV with a header."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def parquet(rows: Rows, rows_a_group: int = 3) -> bytes:
    """Rows as Parquet."""
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(list(rows)), sink, row_group_size=rows_a_group, compression="zstd")
    return bytes(sink.getvalue().to_pybytes())


def arrow_stream(rows: Rows, rows_a_batch: int = 3) -> bytes:
    """Rows as a stream of Arrow IPC, as Hugging Face's `datasets` keeps them."""
    sink, table = pa.BufferOutputStream(), pa.Table.from_pylist(list(rows))
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=rows_a_batch)
    return bytes(sink.getvalue().to_pybytes())


def arrow_file(rows: Rows, rows_a_batch: int = 3) -> bytes:
    """Rows as a file of Arrow IPC."""
    sink, table = pa.BufferOutputStream(), pa.Table.from_pylist(list(rows))
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=rows_a_batch)
    return bytes(sink.getvalue().to_pybytes())


# By the name of the file that they make.
FORMATS: dict[str, Callable[[Rows], bytes]] = {
    "rows.jsonl": json_lines,
    "rows.csv": separated,
    "rows.parquet": parquet,
    "rows.stream.arrow": arrow_stream,
    "rows.arrow": arrow_file,
}
