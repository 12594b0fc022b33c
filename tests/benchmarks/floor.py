"""The floor: reads bundles and writes zstd Parquet of their documents' text with plain pyarrow code, nothing else.

usage: floor.py OUTPUT BUNDLE...
"""

import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def copy_bundle(bundle: Path, output: Path) -> None:
    """Writes the documents of a bundle to one Parquet file."""
    documents = b"\n" + bundle.read_bytes()
    rows = [each.split(b"\n", 1) for each in documents.split(b"\n<<<FILE>>>")[1:]]
    table = pa.table({"name": [row[0] for row in rows], "text": [row[1] for row in rows]}, schema=SCHEMA)
    pq.write_table(table, output / f"{bundle.stem}.parquet", **WRITING)


SCHEMA = pa.schema([pa.field("name", pa.string()), pa.field("text", pa.string())])
# As the shards are written: the same codec and level, no dictionaries or statistics of running text.
WRITING = {"compression": "zstd", "compression_level": 1, "use_dictionary": False, "write_statistics": False}


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    for argument in sys.argv[2:]:
        copy_bundle(Path(argument), Path(sys.argv[1]))
