"""Sealed files of a folder: Arrow and JSON that carry a digest, and are believed only after a look."""

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import xxhash

from transforms.filesystems import DamagedFileError, StorageError, replacing, state_of, writing
from transforms.written import MARK, SealingSink, write_all

_SIZE = 16 + len(MARK)
_PIECE = 1 << 20


class Damaged(ValueError):  # noqa: N818 - says what is
    """Bytes that are not those that were sealed."""


def digest(*data: Any) -> str:
    """The XXH3 digest (128 bits, hex) of bytes-like objects, one after the other."""
    state = xxhash.xxh3_128()
    for each in data:
        state.update(each)
    return str(state.hexdigest())


_JSON_SEAL = re.compile(rb',\n "seal": "([^"]*)"\n}\n$')


def seal_text(text: str) -> bytes:
    """The UTF-8 bytes of a JSON object over several lines, with the digest of these bytes as its last key, `seal`."""
    body = text.encode()
    return body.removesuffix(b"\n}\n") + f',\n "seal": "{digest(body)}"\n}}\n'.encode()


def unseal_text(data: bytes) -> bytes:
    """The JSON object without its seal; as it is where it has none, as those that were written before.

    Raises:
        Damaged: it is not what was sealed.
    """
    found = _JSON_SEAL.search(data)
    if not found:
        return data
    body = data[: found.start()] + b"\n}\n"
    if digest(body).encode() != found[1]:
        raise Damaged("its bytes are not those that were written")
    return body


def unseal(sealed: pa.Buffer, *, check: bool = True) -> tuple[pa.Buffer, str]:
    """The content of a sealed file, without a copy, and its digest in hex.

    Args:
        sealed: the file.
        check: compute the digest; without it only the seal is looked at.

    Raises:
        Damaged: the content is not what was sealed.
    """
    size = sealed.size - _SIZE
    end = sealed.slice(max(0, size)).to_pybytes()
    if size < 0 or not end.endswith(MARK):
        raise Damaged("its end is missing")
    content = sealed.slice(0, size)
    if check and xxhash.xxh3_128(content).digest() != end[:16]:
        raise Damaged("its bytes are not those that were written")
    return content, end[:16].hex()


def check_file(path: str) -> None:
    """Reads a sealed file through a small buffer, and checks its seal: what is mapped for it would count as memory.

    Raises:
        Damaged: its content is not what was sealed.
        OSError: it cannot be read.
    """
    state, piece, end = xxhash.xxh3_128(), memoryview(bytearray(_PIECE + _SIZE)), 0
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - a path is a string here
        while count := file.readinto(piece[end:]):
            end += count
            if end > _SIZE:
                state.update(piece[: end - _SIZE])
                piece[:_SIZE] = piece[end - _SIZE : end]
                end = _SIZE
    if piece[: len(MARK) + 16] != state.digest() + MARK:
        raise Damaged("its bytes are not those that were written, or its end is missing")


def sealed_json(fields: Any) -> bytes:
    """A JSON file that holds `fields` and their digest."""
    return json.dumps({"content": fields, "digest": _digest_of(fields)}, ensure_ascii=False).encode()


def unsealed_json(text: bytes) -> Any:
    """The fields in such a file.

    Raises:
        Damaged: they are not what was sealed.
    """
    try:
        found = json.loads(text)
        fields, expected = found["content"], found["digest"]
    except (ValueError, KeyError, TypeError) as error:
        raise Damaged("it is not the JSON that was written") from error
    if _digest_of(fields) != expected:
        raise Damaged("its bytes are not those that were written")
    return fields


def _digest_of(fields: Any) -> str:
    return digest(json.dumps(fields, sort_keys=True).encode())


# The sealed files that this process has checked or written, by path: size, time and inode as they were.
_known: dict[str, tuple[int, ...] | None] = {}
_MOST_KNOWN = 100_000


def _note(file: str, state: tuple[int, ...] | None) -> None:
    """Notes that a file in that state is as it was sealed."""
    if len(_known) > _MOST_KNOWN:
        _known.clear()
    _known[file] = state


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

    def write_arrow(self, path: str, table: pa.Table, *, compression: str | None = None) -> str:
        """Writes a sealed Arrow file of one record batch at `path`, whole or not at all; returns its digest.

        Args:
            path: the file.
            table: what it is to hold.
            compression: of its columns, as Arrow names it; they are not mapped then, but unpacked when they are read.

        Raises:
            StorageError: the store refused it.
        """
        if not self.is_local:
            sink = pa.BufferOutputStream()
            found = _write_batch(sink.write, table, compression)
            self.write(path, sink.getvalue())
            return found
        with (
            writing(self.at(path)),
            replacing(self.local_path(path)) as temporary,
            temporary.open("wb", buffering=0) as file,
        ):
            found = _write_batch(partial(write_all, file), table, compression)
            state = state_of(str(temporary))
        _note(str(self.local_path(path)), state)
        return found

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
        """The content of a sealed file and its digest; a process checks a local file once in each state it has.

        What it has written itself it has checked: it took the digest of what it wrote.
        """
        if not self.is_local:
            return unseal(self.read(path))
        file = str(self.local_path(path))
        state = state_of(file)
        content = self.read(path)
        if _known.get(file) != state:
            check_file(file)
        found = unseal(content, check=False)
        _note(file, state)
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


def _write_batch(write: Callable[[Any], Any], table: pa.Table, compression: str | None) -> str:
    """Writes a sealed Arrow file through `write`; returns its digest."""
    sink = SealingSink(write)
    batches = table.combine_chunks().to_batches() or [pa.RecordBatch.from_pylist([], schema=table.schema)]
    if len(batches) > 1:
        raise StorageError("more than 2 GiB of text in one column of a working file; lower run.split_bytes")
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_file(pa.PythonFile(sink, "w"), table.schema, options=options) as writer:
        writer.write_batch(batches[0])
    return sink.seal()
