"""Farasa's compiled tables in one file, which is mapped into memory and read by the kernels without a copy."""

import contextlib
import os
from pathlib import Path

import numpy as np
import pyarrow as pa

from transforms.errors import UsageError, command_line
from transforms.sealed import Damaged, unseal
from transforms.segmentation.records import (
    ANSWER_SHIFT,
    COUNT_SHIFT,
    DTYPES,
    MOST_PREFIX_CHAINS,
    MOST_SUFFIX_CHAINS,
    SUFFIXES_SHIFT,
    TERMS,
    WEIGHTS,
    Tables,
)
from transforms.segmentation.wheel import VERSION
from transforms.written import SealingSink

FORMAT = 2
_MAGIC = f"rafid-farasa-{FORMAT}".encode()
_ARROW = b"ARROW1"  # how the file begins


class TablesError(UsageError):
    """A file of tables that is missing, or is not one."""


def open_tables(path: Path) -> Tables:
    """The tables of a file, mapped into memory and looked at; pages are shared by processes.

    Raises:
        TablesError: there is no such file, it is not of this format, or it is damaged.
    """
    batch = _read(path)
    try:
        tables = Tables(*(np.frombuffer(batch[name].buffers()[2], dtype) for name, dtype in DTYPES.items()))
    except (KeyError, ValueError) as error:
        raise _damaged(path, "its tables are not whole") from error
    if not _fits(tables):
        raise _damaged(path, "its tables do not fit each other")
    return tables


def _fits(tables: Tables) -> bool:
    """True where no kernel is led outside a table, nor round and round in one that is full."""
    entries = np.ascontiguousarray(tables.slots[2::3])
    parts = entries.astype("<u8", copy=False).view("<u2").reshape(-1, 4)  # both are 0 where an entry has none
    counted, answered = parts[:, COUNT_SHIFT // 16], parts[:, ANSWER_SHIFT // 16]
    prefix = answered & np.uint16(MOST_PREFIX_CHAINS - 1)
    suffix = answered >> np.uint16(SUFFIXES_SHIFT) & np.uint16(MOST_SUFFIX_CHAINS - 1)
    bounds, roots = tables.template_bounds, len(tables.roots)
    return bool(
        len(tables.slots) % 3 == 0
        and np.count_nonzero(entries) < len(entries)
        and int(counted.max(initial=0)) < len(tables.counts)
        and int(prefix.max(initial=0)) < len(tables.prefixes) <= MOST_PREFIX_CHAINS
        and int(suffix.max(initial=0)) < len(tables.suffixes) <= MOST_SUFFIX_CHAINS
        and len(tables.pairs) == len(tables.prefixes) * len(tables.suffixes)
        and len(bounds) > 1 and bounds[0] == 0 and bounds[-1] == len(tables.templates) and (np.diff(bounds) >= 0).all()
        and roots & (roots - 1) == 0 and (tables.roots["key"] == 0).any()
        and len(tables.weights) == WEIGHTS and len(tables.terms) == TERMS
    )  # fmt: skip


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
    metadata = {"format": _MAGIC, "description": description}
    batch = pa.record_batch(columns, names=list(Tables._fields)).replace_schema_metadata(metadata)
    scratch = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with scratch.open("wb") as file:
            sink = SealingSink(file.write)
            with pa.ipc.new_file(pa.PythonFile(sink, "w"), batch.schema) as writer:
                writer.write_batch(batch)
            sink.seal()
        scratch.replace(path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {os.strerror(error.errno or 0)}") from error
    finally:
        with contextlib.suppress(OSError):
            scratch.unlink()


def check_free(path: Path) -> None:
    """Makes sure that tables may be written to a path: nothing of somebody else's is there.

    Raises:
        UsageError: a folder is there, or a file that Arrow did not write.
    """
    try:
        with path.open("rb") as file:
            begins = file.read(len(_ARROW))
    except FileNotFoundError:
        return
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}; name a new file") from error
    if begins not in (_ARROW, b""):
        raise UsageError(f"{path}: is there already, and is not Farasa's data; name a new file")


def _read(path: Path) -> pa.RecordBatch:
    """The record batch in a file of tables, mapped into memory."""
    try:
        with pa.memory_map(str(path)) as source:
            content, _ = unseal(source.read_buffer())
        batch = pa.ipc.open_file(content).get_batch(0)
    except FileNotFoundError:
        raise TablesError(f"{path}: Farasa's data is not there; {_fetch(path)}") from None
    except Damaged as error:
        raise _damaged(path, str(error)) from error
    except (OSError, pa.ArrowInvalid) as error:
        why = "it is a folder" if path.is_dir() else str(error).splitlines()[0]
        raise TablesError(f"{path}: is not Farasa's data: {why}; {_fetch(path)}") from error
    if (batch.schema.metadata or {}).get(b"format") != _MAGIC:
        raise TablesError(f"{path}: is not Farasa's data as this version of Rafid compiles it; {_fetch(path)}")
    return batch


def _damaged(path: Path, why: str) -> TablesError:
    return TablesError(f"{path}: is not Farasa's data as this version of Rafid compiles it: {why}; {_fetch(path)}")


def default_data() -> Path:
    """The default path of Farasa's compiled data.

    Raises:
        TablesError: the user has no home.
    """
    try:
        return Path.home() / ".local" / "share" / "rafid" / f"farasa-{VERSION}-{FORMAT}.arrow"
    except RuntimeError as error:
        raise TablesError("Farasa's data: this user has no home; name the file with segmentation.data") from error


def _fetch(path: Path) -> str:
    """The remedy for a path where Farasa's data should be: the command that puts it there, if it can."""
    command = f"run: {command_line('farasa')} fetch"
    with contextlib.suppress(TablesError):
        if path == default_data():
            return command
    try:
        check_free(path)
    except UsageError:
        return f"name another file, or {command}"
    return f"{command} --to {path}"
