"""JSON lines, and what all tables of lines have in common. A line belongs to the range in which it begins."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import orjson
import pyarrow as pa

from transforms.bundles import sources
from transforms.bundles.buffer import FIRST_CHUNK, LARGEST_CHUNK, Text
from transforms.bundles.compression import Damaged
from transforms.bundles.errors import RejectReason
from transforms.bundles.raw import Rows
from transforms.bundles.splits import ByteRange
from transforms.bundles.stores import Source
from transforms.bundles.tables import (
    SAMPLE_BYTES,
    Asked,
    Gathered,
    carried_values,
    sample_columns,
    whole_file,
)

_MARK = b"\xef\xbb\xbf"
_WHITE = b" \t\r"
_DEEPEST = 100  # levels of lists and objects in a row


class Line(NamedTuple):
    """A line of a table.

    Attributes:
        offset: bytes from the start of the table, decompressed.
        data: the line without its end; of one that is too long only the first bytes.
        size: its bytes.
        ended: true if a line end follows.
    """

    offset: int
    data: bytes
    size: int
    ended: bool

    def unmarked(self) -> bytes:
        """The line without the byte order mark that a table may begin with."""
        return self.data.removeprefix(_MARK) if self.offset == 0 else self.data


def pieces_of(source: Source, part: ByteRange) -> Iterator[tuple[int, bytes]]:
    """The lines that begin in a range, whole, in pieces, each with its offset."""
    at, end, size = max(part.start - 1, 0), part.end, part.bundle.size
    skipping = part.start > 0
    while at < size and (at < end or not skipping):
        piece = read_exactly(source, at, min(max(end - at, FIRST_CHUNK), LARGEST_CHUNK, size - at))
        begin = piece.find(b"\n") + 1 if skipping else 0
        at += len(piece)
        if skipping and not begin:
            continue
        if skipping and at - len(piece) + begin >= end:
            return
        skipping = False
        first = at - len(piece)
        last = piece.find(b"\n", max(begin, end - 1 - first)) if at >= end else -1
        yield first + begin, piece[begin : last + 1 if last >= 0 else len(piece)]
        if last >= 0:
            return


def read_exactly(source: Source, offset: int, count: int) -> bytes:
    """So many bytes of a source.

    Raises:
        EOFError: it has fewer.
    """
    piece = bytearray(count)
    if source.read_into(memoryview(piece), offset) != count:
        raise EOFError
    return bytes(piece)


def with_offsets(pieces: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Pieces of a stream, each with its offset."""
    offset = 0
    for piece in pieces:
        yield offset, piece
        offset += len(piece)


def sampled(pieces: Iterator[tuple[int, bytes]]) -> tuple[bytes, Iterator[tuple[int, bytes]]]:
    """The first `SAMPLE_BYTES` of pieces, and all of them."""
    taken: list[tuple[int, bytes]] = []
    size = 0
    while size < SAMPLE_BYTES and (following := next(pieces, None)):
        taken.append(following)
        size += len(following[1])
    return b"".join(piece for _, piece in taken)[:SAMPLE_BYTES], chain(taken, pieces)


def lines_of(pieces: Iterable[tuple[int, bytes]], most: int) -> Iterator[Line]:
    """The lines in pieces that follow each other.

    Args:
        pieces: each with its offset.
        most: bytes of a line; of a longer one only the first `SAMPLE_BYTES` are kept.
    """
    held: list[bytes] = []
    offset, size, limit = -1, 0, max(most, SAMPLE_BYTES)
    for place, piece in pieces:
        offset = place if offset < 0 else offset
        for number, data in enumerate(piece.split(b"\n")):
            if number:
                yield Line(offset, b"".join(held), size, ended=True)
                offset, held, size = offset + size + 1, [], 0
            if size <= limit:
                held.append(data)
            size += len(data)
            if size > limit and (len(held) != 1 or len(held[0]) > SAMPLE_BYTES):
                held = [b"".join(held)[:SAMPLE_BYTES]]
    if size:
        yield Line(offset, b"".join(held), size, ended=False)


Fault = Callable[[], Damaged | None]  # the damage that has ended a table before its end, asked for when it has ended


def read_json_lines(
    text: Text, pieces: Iterator[tuple[int, bytes]], asked: Asked, sample: bytes, fault: Fault, *, first: bool
) -> Iterator[Rows]:
    """The rows of JSON lines: a row a line that is not blank.

    Args:
        text: the texts are appended to it.
        pieces: the lines, in pieces with their offsets.
        asked: what is read.
        sample: the beginning of the table, which tells the column of the text.
        fault: see `Fault`.
        first: true where the pieces begin with the table.
    """
    names, strings = sample_columns(sample.split(b"\n"))
    try:  # without a row in the sample no row is known that could lack it
        column = asked.columns.text or (asked.columns.text_among(names, strings) if names else "text")
    except Damaged as damage:
        if first:
            yield whole_file(asked, damage, text, sample)
        return
    part, ended = LinePart(text, asked, column), 0
    for line in lines_of(pieces, asked.settings.document_bytes):
        if part.is_full():
            yield part.rows(more=True)
            part = LinePart(text, asked, column)
        if not line.ended and (broken := fault()):
            part.reject(line, broken)
            yield part.rows(more=False)
            return
        _add_json(part, line)
        ended = line.offset + line.size + 1
    if broken := fault():
        part.reject(Line(ended, b"", 0, ended=False), broken)
    yield part.rows(more=False)


def _add_json(part: "LinePart", line: Line) -> None:
    """Adds the row of a line."""
    data = line.unmarked()
    if not data.strip(_WHITE):
        return
    try:
        row = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        part.reject(line, Damaged(RejectReason.BROKEN_ROW, f"the line is not JSON: {error}"))
        return
    if not isinstance(row, dict):
        part.reject(line, Damaged(RejectReason.BROKEN_ROW, "the line is JSON, but no object"))
    elif data.count(b"{") + data.count(b"[") > _DEEPEST and _is_deep(row):
        part.reject(line, Damaged(RejectReason.BROKEN_ROW, f"the line is nested more than {_DEEPEST} levels deep"))
    else:
        part.add(line, row)


def _is_deep(row: Any) -> bool:
    level = [row]
    for _ in range(_DEEPEST):
        level = [
            child
            for each in level
            if isinstance(each, dict | list)
            for child in (each.values() if isinstance(each, dict) else each)
        ]
    return bool(level)


class LinePart:
    """Rows of a part, gathered from lines."""

    def __init__(self, text: Text, asked: Asked, column: str) -> None:
        self._text, self._asked, self._column = text, asked, column
        self._texts: list[bytes] = []
        self._offset: list[int] = []
        self._length: list[int] = []
        self._name: list[str] = []
        self._rows: list[dict[str, Any]] = []
        self._faults: dict[int, Damaged] = {}
        detail = f"more than {asked.settings.document_bytes:,} bytes in one row; raise input.document_bytes"
        self._too_long = Damaged(RejectReason.DOCUMENT_TOO_LARGE, detail)

    def is_full(self) -> bool:
        """True where the part has as many bytes of lines as a part may have."""
        taken = self._offset[-1] + self._length[-1] - self._offset[0] if self._offset else 0
        return taken >= self._asked.settings.part_bytes

    def add(self, line: Line, row: dict[str, Any]) -> None:
        """Adds a row that has been parsed: its text and its other columns."""
        value = row.pop(self._column, None)
        if line.size > self._asked.settings.document_bytes:
            self.reject(line, self._too_long)
        elif isinstance(value, str):
            self._enter(line, value.encode("utf-8", "surrogateescape"), self._name_of(row), row)
        else:
            what = "there is none" if value is None else f"it is {sources.infer([value])}"
            self.reject(line, Damaged(RejectReason.NO_TEXT, f"column {self._column} holds no text: {what}"))

    def reject(self, line: Line, fault: Damaged) -> None:
        """Adds a row that cannot be read."""
        if line.size > self._asked.settings.document_bytes:
            fault = self._too_long
        self._faults[len(self._name)] = Damaged(fault.reason, fault.detail, line.data + fault.rest)
        self._enter(line, b"", "", {})

    def _enter(self, line: Line, text: bytes, name: str, row: dict[str, Any]) -> None:
        self._texts.append(text)
        self._offset.append(line.offset)
        self._length.append(line.size)
        self._name.append(name)
        self._rows.append(row)

    def _name_of(self, row: dict[str, Any]) -> str:
        naming = self._asked.columns.naming
        if naming is None:
            return self._asked.file_name
        value = row.get(naming)
        return "" if value is None else value.strip() if isinstance(value, str) else orjson.dumps(value).decode()

    def rows(self, *, more: bool) -> Rows:
        """All rows that were added."""
        gathered = Gathered(self._text, self._asked)
        ends = np.cumsum([len(each) for each in self._texts], dtype=np.int64)
        gathered.faults.update(self._faults)
        gathered.add(b"".join(self._texts), ends, self._offset, self._length, self._name)
        if self._asked.source is None:
            gathered.source_type = self._source_type()
        else:
            values = {field.name: [row.get(field.name) for row in self._rows] for field in self._asked.source}
            gathered.source.append(carried_values(values, len(self._rows), self._asked.source))
        return gathered.rows(more=more)

    def _source_type(self) -> pa.DataType:
        """The type of the carried columns."""
        values: dict[str, list[Any]] = {}
        for row in self._rows:
            for name, value in row.items():
                values.setdefault(name, []).append(value)
        carried = self._asked.columns.carried(list(values), self._column)
        return pa.struct([(name, sources.infer(values[name])) for name in carried])
