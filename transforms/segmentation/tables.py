"""Farasa's compiled tables in one file, which is mapped into memory and read by the kernels without a copy."""

import os
from pathlib import Path

import numpy as np
import pyarrow as pa

from transforms.errors import UsageError
from transforms.segmentation.records import DTYPES, Tables

FORMAT = b"rafid-farasa-1"
_FETCH = "run: python -m pipelines.farasa fetch"


class TablesError(UsageError):
    """A file of tables that is missing, or is not one."""


def open_tables(path: Path) -> Tables:
    """The tables in a file, mapped into memory: pages are read when they are used, and shared by processes.

    Raises:
        TablesError: there is no such file, or it is not of this format.
    """
    batch = _read(path)
    return Tables(*(np.frombuffer(batch[name].buffers()[2], dtype) for name, dtype in DTYPES.items()))


def write_tables(tables: Tables, description: bytes, path: Path) -> None:
    """Writes tables to a file, whole or not at all.

    Args:
        tables: the tables.
        description: the rest of the model, see `compiling.describe`.
        path: the file; its folder is created.

    Raises:
        UsageError: the file cannot be written.
    """
    columns = [pa.array([array.tobytes()], pa.large_binary()) for array in tables]
    metadata = {"format": FORMAT, "description": description}
    batch = pa.record_batch(columns, names=list(Tables._fields)).replace_schema_metadata(metadata)
    scratch = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with pa.ipc.new_file(str(scratch), batch.schema) as writer:
            writer.write_batch(batch)
        scratch.replace(path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {os.strerror(error.errno or 0)}") from error


def _read(path: Path) -> pa.RecordBatch:
    """The record batch in a file of tables, mapped into memory."""
    try:
        with pa.memory_map(str(path)) as source:
            batch = pa.ipc.open_file(source).get_batch(0)
    except FileNotFoundError:
        raise TablesError(f"{path}: Farasa's data is not there; {_FETCH}") from None
    except (OSError, pa.ArrowInvalid) as error:
        raise TablesError(f"{path}: is not Farasa's data: {str(error).splitlines()[0]}; {_FETCH}") from error
    if (batch.schema.metadata or {}).get(b"format") != FORMAT:
        raise TablesError(f"{path}: is not Farasa's data as this version of Rafid compiles it; {_FETCH}")
    return batch
