"""Sealed files of a folder: Arrow and JSON that carry a digest, and are believed only after a look."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from transforms.filesystems import DamagedFileError, StorageError, refused, replacing, state_of, write_all
from transforms.guards import check_guards
from transforms.seal import Damaged, SealingSink, check_file, sealed_json, unseal, unsealed_json

# The sealed files that this process has checked, by path: size, time and inode as they were.
_checked: dict[str, tuple[int, ...] | None] = {}
_MOST_CHECKED = 100_000


class SealedFiles(ABC):
    """The sealed files of a folder, written and read by way of its plain ones."""

    @property
    @abstractmethod
    def is_local(self) -> bool:
        """True for a folder on this machine's own file systems."""

    @abstractmethod
    def at(self, path: str = "") -> str:
        """The URL of a file."""

    @abstractmethod
    def local_path(self, path: str = "") -> Path:
        """The absolute path of a file, where the folder is local."""

    @abstractmethod
    def read(self, path: str) -> pa.Buffer:
        """The bytes of a file."""

    @abstractmethod
    def write(self, path: str, data: Any, rows: int = 0, *, durable: bool = False) -> Any:
        """Writes all of `data` at `path`, or nothing under that name."""

    def write_arrow(self, path: str, table: pa.Table) -> str:
        """Writes a sealed Arrow file of one record batch at `path`, whole or not at all; returns its digest.

        Raises:
            StorageError: the store refused it.
        """
        check_guards(self.at(path))
        if not self.is_local:
            sink = pa.BufferOutputStream()
            found = _write_batch(sink.write, table)
            self.write(path, sink.getvalue())
            return found
        try:
            with replacing(self.local_path(path)) as temporary, temporary.open("wb", buffering=0) as file:
                return _write_batch(partial(write_all, file), table)
        except OSError as error:
            raise refused(self.at(path), error) from error

    def read_arrow(self, path: str, digest: str | None = None) -> pa.RecordBatch:
        """The record batch in a sealed Arrow file, looked at; memory-mapped where it is local.

        Args:
            path: the file.
            digest: the digest that it must have; None for whichever it was sealed with.

        Raises:
            DamagedFileError: it is not as it was written, or another file.
            StorageError: it cannot be read.
        """
        try:
            content, found = self._unseal(path)
            if digest not in (None, found):
                raise Damaged("it is another file than the one that was written")
            return pa.ipc.open_file(content).get_batch(0)
        except (Damaged, pa.ArrowInvalid) as error:
            raise self._damaged(path, error) from error

    def _unseal(self, path: str) -> tuple[pa.Buffer, str]:
        """The content of a sealed file and its digest; a process checks a local file once in each state it has."""
        if not self.is_local:
            return unseal(self.read(path))
        file = str(self.local_path(path))
        state = state_of(file)
        content = self.read(path)
        if _checked.get(file) != state:
            check_file(file)
        found = unseal(content, check=False)
        if len(_checked) > _MOST_CHECKED:
            _checked.clear()
        _checked[file] = state
        return found

    def write_json(self, path: str, fields: Any, *, durable: bool = False) -> None:
        """Writes a sealed JSON file that holds `fields` at `path`, whole or not at all; `durable` as `write` has it.

        Raises:
            StorageError: the store refused it.
        """
        self.write(path, sealed_json(fields), durable=durable)

    def read_json(self, path: str) -> Any:
        """The fields in a sealed JSON file, looked at.

        Raises:
            DamagedFileError: it is not as it was written.
            StorageError: it cannot be read.
        """
        try:
            return unsealed_json(self.read(path).to_pybytes())
        except Damaged as error:
            raise self._damaged(path, error) from error

    def _damaged(self, path: str, why: Exception) -> DamagedFileError:
        return DamagedFileError(f"{self.at(path)}: is damaged: {why}")


def _write_batch(write: Callable[[Any], Any], table: pa.Table) -> str:
    """Writes a sealed Arrow file through `write`; returns its digest."""
    sink = SealingSink(write)
    batches = table.combine_chunks().to_batches() or [pa.RecordBatch.from_pylist([], schema=table.schema)]
    if len(batches) > 1:
        raise StorageError("more than 2 GiB of text in one column of a working file; lower run.split_bytes")
    with pa.ipc.new_file(pa.PythonFile(sink, "w"), table.schema) as writer:
        writer.write_batch(batches[0])
    return sink.seal()
