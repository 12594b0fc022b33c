"""Files of columns: Parquet, of which a range takes the row groups that begin in it, and Arrow IPC."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from transforms.bundles.buffer import Text
from transforms.bundles.columnar import File, Piece, Reading, damage, gather
from transforms.bundles.compression import HEAD_BYTES, Damaged
from transforms.bundles.errors import RejectReason
from transforms.bundles.listing import Bundle
from transforms.bundles.raw import Rows
from transforms.bundles.splits import ByteRange
from transforms.bundles.stores import Source
from transforms.bundles.tables import Asked, TableFormat, whole_file

# Rows that are read at a time at most: a text that is in a dictionary once may stand in each of them.
_MOST_ROWS = 1 << 14
_FILE_MAGIC = b"ARROW1"
_END_OF_STREAM = b"\xff\xff\xff\xff\0\0\0\0"
_BUFFER_BYTES = 1 << 22


def schema_of(source: Source, bundle: Bundle, table: TableFormat) -> pa.Schema:
    """The schema of a table.

    Raises:
        Damaged: it cannot be read.
    """
    file = File(source, bundle.size)
    with damage("the file", file):
        if table == TableFormat.PARQUET:
            return pq.read_schema(pa.PythonFile(file, "r"))
        return _open_stream(source, file, bundle).schema


def _open_stream(source: Source, file: File, bundle: Bundle, fields: Sequence[int] | None = None) -> Any:
    """Arrow's reader of a stream, or of a file, which is a stream with an index after it; of some columns, or all."""
    file.seek(8 if _first_bytes(source, bundle).startswith(_FILE_MAGIC) else 0)
    options = pa.ipc.IpcReadOptions(included_fields=fields, use_threads=False)
    return pa.ipc.open_stream(pa.PythonFile(file, "r"), options=options)


def read_parquet(text: Text, source: Source, part: ByteRange, asked: Asked) -> Iterator[Rows]:
    """The rows of the row groups that begin in a range.

    Of a damaged row group that is not larger than `part_bytes` no row is read; of a larger one those before the damage.

    Args:
        text: the texts are appended to it.
        source: the file.
        part: the range.
        asked: what is read.
    """
    file = File(source, part.bundle.size)
    try:
        with damage("the file", file):
            parquet = pq.ParquetFile(
                pa.PythonFile(file, "r"), buffer_size=_BUFFER_BYTES, pre_buffer=False, page_checksum_verification=True
            )
            reading = Reading(parquet.schema_arrow, asked)
            groups = list(_groups(parquet, reading.needed[0], part, asked.settings.part_bytes))
    except Damaged as fault:
        if part.start == 0:
            yield whole_file(asked, fault, text, _first_bytes(source, part.bundle))
        return
    pieces = (piece for group in groups for piece in _group_pieces(parquet, file, group, reading))
    yield from gather(text, asked, pieces, reading)


def _first_bytes(source: Source, bundle: Bundle) -> bytes:
    head = bytearray(min(HEAD_BYTES, bundle.size))
    return bytes(head[: source.read_into(memoryview(head), 0)])


@dataclass(frozen=True)
class _Group:
    """A row group: its number, the number of its first row, its rows, its bytes, and how many rows are read at once."""

    number: int
    first: int
    rows: int
    size: int
    batch: int


def _groups(parquet: pq.ParquetFile, column: str, part: ByteRange, part_bytes: int) -> Iterator[_Group]:
    """The row groups that begin in the range; one that would begin before the one before it begins with that."""
    metadata = parquet.metadata
    first = place = 0
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        chunks = [group.column(at) for at in range(group.num_columns)]
        starts = [
            offset for each in chunks for offset in (each.dictionary_page_offset, each.data_page_offset) if offset
        ]
        place = min(max(place, min(starts, default=0)), part.bundle.size - 1)
        # Of every group, in every range: where it cannot be told the file is damaged, and no range takes a row of it.
        size = sum(each.total_uncompressed_size for each in chunks if each.path_in_schema == column)
        if part.start <= place < part.end and group.num_rows > 0:
            rows = min(_MOST_ROWS, group.num_rows * part_bytes // max(1, size))
            yield _Group(number, first, group.num_rows, group.total_byte_size, max(1, rows))
        first += group.num_rows


def _group_pieces(parquet: pq.ParquetFile, file: File, group: _Group, reading: Reading) -> Iterator[Piece]:
    """The rows of a row group in pieces."""
    row, what = 0, f"row group {group.number}"
    second = reading.asked.source is not None
    try:
        with damage(what, file):
            batches = _batches(parquet, group, reading.needed)
            carried = _Carried(file, lambda: _batches(parquet, group, reading.carried)) if second else None
        while row < group.rows:
            with damage(f"{what}, from row {group.first + row:,} on,", file):
                batch = next(batches, None)
                if not batch:
                    raise ValueError("rows are missing")
            yield Piece(group.first + row, batch, carried.take(len(batch)) if carried else None)
            row += len(batch)
    except Damaged as fault:
        yield Piece(group.first + row, fault=fault, size=group.size)


def _batches(parquet: pq.ParquetFile, group: _Group, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    found: Iterator[pa.RecordBatch] = parquet.iter_batches(
        batch_size=group.batch, row_groups=[group.number], columns=list(columns), use_threads=False
    )
    return found


class _Carried:
    """The carried columns, in as many rows as are asked for. They are read apart from what every pass needs.

    So both passes find the same rows, whatever is damaged.
    """

    def __init__(self, file: File, read: Callable[[], Iterator[pa.RecordBatch]]) -> None:
        self._file, self._read = file, read
        self._batches: Iterator[pa.RecordBatch] | None = None
        self._held: list[pa.RecordBatch] = []
        self._fault: Damaged | None = None

    def take(self, count: int) -> list[pa.RecordBatch] | Damaged:
        """The next rows, or the reason why they cannot be read."""
        try:
            with damage("the columns that are carried", self._file):
                self._batches = self._batches or self._read()
                while not self._fault and sum(map(len, self._held)) < count:
                    self._held.append(next(self._batches))
        except StopIteration:
            self._fault = Damaged(RejectReason.CORRUPT_TABLE, "the columns that are carried have fewer rows")
        except Damaged as fault:
            self._fault = fault
        if self._fault:
            return self._fault
        taken = []
        while count:
            batch = self._held.pop(0)
            taken.append(batch.slice(0, count))
            self._held[:0] = [batch.slice(count)] if len(batch) > count else []
            count -= len(taken[-1])
        return taken


def read_arrow(text: Text, source: Source, part: ByteRange, asked: Asked) -> Iterator[Rows]:
    """The rows of Arrow IPC, as a stream or as a file, which is a stream with an index after it; up to any damage.

    Args:
        text: the texts are appended to it.
        source: the file.
        part: all of it.
        asked: what is read.
    """
    file = File(source, part.bundle.size)
    try:
        with damage("the file", file):
            schema = _open_stream(source, file, part.bundle).schema
            reading = Reading(schema, asked)
            batches = _open_stream(source, file, part.bundle, _fields(schema, reading.needed))
    except Damaged as fault:
        yield whole_file(asked, fault, text, _first_bytes(source, part.bundle))
        return
    carried = None
    if asked.source is not None:
        other = File(source, part.bundle.size)
        fields = _fields(schema, reading.carried)
        carried = _Carried(other, lambda: iter(_open_stream(source, other, part.bundle, fields)))
    yield from gather(text, asked, _stream_pieces(batches, file, carried), reading)


def _fields(schema: pa.Schema, names: Sequence[str]) -> list[int]:
    """The places of the columns of these names; several may have one name."""
    return [at for at, name in enumerate(schema.names) if name in names]


def _stream_pieces(batches: Any, file: File, carried: _Carried | None) -> Iterator[Piece]:
    """The rows of a stream in pieces."""
    row = at = 0
    try:
        while True:
            at = file.tell()
            with damage(f"record batches from row {row:,} on", file):
                batch = next(batches, None)
            if batch is None:
                break
            for first in range(0, len(batch), _MOST_ROWS):
                piece = batch.slice(first, _MOST_ROWS)
                yield Piece(row + first, piece, carried.take(len(piece)) if carried else None, size=file.tell() - at)
            row += len(batch)
        if not file.has_before(_END_OF_STREAM):
            raise Damaged(RejectReason.CORRUPT_TABLE, f"the table is cut short after row {row:,}")
    except Damaged as fault:
        yield Piece(row, fault=fault, size=file.size - at)
