"""Tables in columns, as Arrow has them: how their columns become rows of documents."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from transforms.arrays import Int64s
from transforms.bundles.buffer import Text
from transforms.bundles.compression import Damaged
from transforms.bundles.errors import RejectReason
from transforms.bundles.raw import Rows
from transforms.bundles.sources import cast, decoded, source_type, unique_names, written
from transforms.bundles.stores import Source
from transforms.bundles.tables import Asked, Gathered, no_columns, string_columns

_STRINGS = (pa.string(), pa.large_string(), pa.string_view())
# What Arrow raises on damaged data.
_ARROW_ERRORS = (pa.ArrowException, OSError, ValueError, KeyError, IndexError, TypeError, OverflowError, MemoryError)


class File(io.RawIOBase):
    """A source as a file of Python's, as Arrow reads one.

    Attributes:
        size: its bytes.
        error: why reading has failed, if it has: that is no damage of the table.
    """

    def __init__(self, source: Source, size: int) -> None:
        super().__init__()
        self._source, self.size, self._at = source, size, 0
        self.error: Exception | None = None

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def tell(self) -> int:
        """The present place."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Goes to a place, and returns it."""
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        return self._at

    def read(self, size: int = -1) -> bytes:
        """The next bytes, so many if there are."""
        left = max(0, self.size - self._at)
        piece = bytearray(min(size, left) if size >= 0 else left)
        try:
            if self._source.read_into(memoryview(piece), self._at) != len(piece):
                raise EOFError
        except (OSError, EOFError) as error:
            self.error = error
            raise
        self._at += len(piece)
        return bytes(piece)

    def has_before(self, wanted: bytes) -> bool:
        """True where these bytes stand before the present place."""
        found = bytearray(min(len(wanted), self._at))
        self._source.read_into(memoryview(found), self._at - len(found))
        return bytes(found) == wanted


@contextmanager
def damage(what: str, file: File | None = None) -> Iterator[None]:
    """Errors of Arrow inside the block become `Damaged`; those of reading the file stay what they are."""
    try:
        yield
    except _ARROW_ERRORS as error:
        if file and file.error:
            raise file.error from error
        said = " ".join(str(error).split())[:200] or type(error).__name__
        raise Damaged(RejectReason.CORRUPT_TABLE, f"{what}: cannot be read: {said}") from error


@dataclass(frozen=True)
class Piece:
    """Some rows of a table.

    Attributes:
        first: the number of the first.
        batch: the columns that every pass needs; None where the rows cannot be read.
        carried: batches with the carried columns, or the reason why they cannot be read; None in the first pass.
        fault: the reason why the rows cannot be read.
        size: the bytes that cannot be read.
    """

    first: int
    batch: pa.RecordBatch | None = None
    carried: list[pa.RecordBatch] | Damaged | None = None
    fault: Damaged | None = None
    size: int = 0


class Reading:
    """The columns of a table that are read, and how they become rows.

    Attributes:
        needed: the names of those that every pass needs.
        carried: the names of those that are carried.
    """

    def __init__(self, schema: pa.Schema, asked: Asked) -> None:
        """Columns of a table.

        Raises:
            Damaged: none is the text.
        """
        self.asked = asked
        self._text = asked.columns.text_among(*string_columns(schema))
        self._naming = asked.columns.naming if asked.columns.naming in schema.names else None
        self.needed = list(dict.fromkeys(filter(None, (self._text, self._naming))))
        # Each column once, by a name of its own: several may have the same.
        every = dict(zip(unique_names(schema.names), schema, strict=True))
        carried = asked.columns.carried(list(every), self._text)
        self._fields = {name: every[name] for name in carried}
        self.carried = list(dict.fromkeys(each.name for each in self._fields.values()))
        self._place = {
            name: schema.names[: list(every).index(name)].count(each.name) for name, each in self._fields.items()
        }

    @property
    def source_type(self) -> pa.DataType:
        """The type of the carried columns."""
        return source_type({name: each.type for name, each in self._fields.items()})

    def add(self, piece: Piece, gathered: Gathered) -> None:
        """Adds the rows of a piece."""
        source, wanted = None, self.asked.source
        try:
            if piece.batch is None:
                raise piece.fault or Damaged(RejectReason.CORRUPT_TABLE, "rows are missing")
            with damage(f"rows {piece.first:,} to {piece.first + len(piece.batch) - 1:,}"):
                data, bounds, missing = _texts(_column(piece.batch, self._text))
                names = self._names(piece.batch)
        except Damaged as damaged:
            gathered.reject(piece.first, piece.size, damaged)
            count = 1
        else:
            count, first = len(names), len(gathered.name)
            null = Damaged(RejectReason.NO_TEXT, f"column {self._text} is null")
            gathered.faults.update({first + int(row): null for row in missing})
            gathered.add(data, bounds[1:], np.arange(count) + piece.first, np.diff(bounds), names)
            try:
                source = self._source(piece) if wanted is not None else None
            except Damaged as damaged:
                gathered.lost.append((first, f"{damaged.detail}; {count:,} rows are kept without them"))
        if wanted is not None:
            gathered.source += source or [no_columns(count, wanted)]

    def _names(self, batch: pa.RecordBatch) -> list[str]:
        if self._naming is None:
            return [self.asked.file_name if self.asked.columns.naming is None else ""] * len(batch)
        values = _sound(_column(batch, self._naming)).to_pylist()
        return ["" if value is None else str(value).strip() for value in values]

    def _source(self, piece: Piece) -> list[pa.Array]:
        """The carried columns of a piece.

        Raises:
            Damaged: they cannot be read.
        """
        if not isinstance(piece.carried, list):
            raise piece.carried or Damaged(RejectReason.CORRUPT_TABLE, "the columns that are carried are missing")
        with damage("the columns that are carried"):
            return [self._struct(batch) for batch in piece.carried]

    def _struct(self, batch: pa.RecordBatch) -> pa.Array:
        source: pa.DataType = self.asked.source
        children = []
        for each in source:
            if each.name in self._fields:
                found = _column(batch, self._fields[each.name].name, self._place[each.name])
                children.append(cast(_sound(found), each.type))
            else:
                children.append(pa.nulls(len(batch), written(each.type)))
        struct = pa.StructArray.from_arrays(children, fields=list(written(source)))
        struct.validate(full=True)
        return struct


def _column(batch: pa.RecordBatch, name: str, number: int = 0) -> pa.Array:
    """The column of a name; the first, second and so on where several have it."""
    return batch.column(batch.schema.get_all_field_indices(name)[number])


def _binary(strings: pa.Array) -> pa.Array:
    """Strings as the bytes that they are, which need not be UTF-8.

    What comes from a file may point anywhere: nothing is done with it before it has been validated.

    Raises:
        pa.ArrowInvalid: they are damaged.
    """
    kind = {pa.string(): pa.binary(), pa.string_view(): pa.binary_view()}.get(strings.type, pa.large_binary())
    found = strings.cast(kind)
    found.validate(full=True)
    return found


def _plain(array: pa.Array) -> pa.Array:
    """The array without a dictionary, run ends or extension, which are validated first."""
    if array.type not in _STRINGS:
        array.validate(full=True)
    return decoded(array)


def _sound(array: pa.Array) -> pa.Array:
    r"""A column that is known to be sound; of strings each byte that is not UTF-8 becomes `\xff`.

    Raises:
        pa.ArrowInvalid: it is damaged.
    """
    plain = _plain(array)
    if plain.type not in _STRINGS:
        return plain
    content = _binary(plain)
    try:
        plain.validate(full=True)
    except pa.ArrowInvalid:
        values = content.to_pylist()
        return pa.array([value if value is None else value.decode("utf-8", "backslashreplace") for value in values])
    return plain


def _texts(array: pa.Array) -> tuple[memoryview, Int64s, Int64s]:
    """The bytes of strings, where each begins and ends among them, as int64[n + 1], and the rows that are null."""
    texts = _binary(_plain(array)).cast(pa.large_binary())
    _, offsets, data = texts.buffers()
    bounds = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    content = memoryview(data or b"")[int(bounds[0]) : int(bounds[-1])]
    missing = np.flatnonzero(texts.is_null().to_numpy(zero_copy_only=False))
    return content, bounds - bounds[0], missing


def gather(text: Text, asked: Asked, pieces: Iterator[Piece], reading: Reading) -> Iterator[Rows]:
    """The rows of the pieces, in parts of about as much text as `part_bytes` allows."""
    gathered = Gathered(text, asked)
    gathered.source_type = reading.source_type
    for piece in pieces:
        if gathered.name and text.size >= asked.settings.part_bytes:
            yield gathered.rows(more=True)
            gathered = Gathered(text, asked)
        reading.add(piece, gathered)
        del piece  # not in memory beside the next
    yield gathered.rows(more=False)
