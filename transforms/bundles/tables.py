"""Tables among the bundles: what is one, which of its columns is the text, and rows as they are gathered."""

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any, Self

import numpy as np
import orjson
import pyarrow as pa

from transforms.bundles import sources
from transforms.bundles.buffer import Text
from transforms.bundles.compression import HEAD_BYTES, Damaged, compression_of, foreign_format
from transforms.bundles.encodings import utf16_of
from transforms.bundles.errors import RejectReason
from transforms.bundles.formats import ending_of
from transforms.bundles.kernels.delimiters import DELIMITER
from transforms.bundles.listing import Bundle
from transforms.bundles.raw import Rows
from transforms.settings import ReadSettings, TableSettings


class TableFormat(StrEnum):
    """The formats of tables."""

    JSON_LINES = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"
    ARROW = "arrow"


# Text of a table that is looked at to find out which of its columns hold strings.
SAMPLE_BYTES = 1 << 20
_ENDINGS = {
    ".jsonl": TableFormat.JSON_LINES,
    ".ndjson": TableFormat.JSON_LINES,
    ".csv": TableFormat.CSV,
    ".tsv": TableFormat.CSV,
}
_MARK = b"\xef\xbb\xbf"
_OBJECT = re.compile(rb"\s*\{[ \t]*\"(?:[^\"\\\n]|\\.)*\"[ \t]*:|\s*\{[ \t]*\}[ \t\r]*\n")
_ARROW_STREAM = b"\xff\xff\xff\xff"
_LARGEST_SCHEMA = 1 << 28


def table_of(name: str, head: bytes, asked: str) -> TableFormat | None:
    """The format of a file that is a table; None for a bundle of text, and for what is compressed.

    Args:
        name: the file's name, which decides where its first bytes do not: it tells CSV from text with commas.
        head: its first bytes, decompressed.
        asked: see `ReadSettings.format`.
    """
    if asked == "bundle" or not head or compression_of(head):
        return None
    if asked != "auto":
        return TableFormat(asked)
    if foreign_format(head) == "Parquet":
        return TableFormat.PARQUET
    if foreign_format(head) == "Arrow" or _is_arrow_stream(head):
        return TableFormat.ARROW
    if utf16_of(head) or head.removeprefix(_MARK).startswith(DELIMITER):
        return None
    return TableFormat.JSON_LINES if _is_json_lines(head.removeprefix(_MARK)) else _ENDINGS.get(ending_of(name))


def _is_arrow_stream(head: bytes) -> bool:
    """True where a message of Arrow IPC begins: a mark, its size, and a table of Flatbuffers within that size."""
    size, root = (int.from_bytes(head[at : at + 4], "little") for at in (4, 8))
    return head.startswith(_ARROW_STREAM) and len(head) >= 16 and size % 8 == 0 and 0 < root < size <= _LARGEST_SCHEMA


def _is_json_lines(head: bytes) -> bool:
    """True where the first line is an object, as far as it is there."""
    if not _OBJECT.match(head):
        return False
    line, newline, _ = head.lstrip().partition(b"\n")
    try:
        return not newline or isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False


def is_table_ending(ending: str) -> bool:
    """True for the ending of a name that tables have."""
    return ending in _ENDINGS or ending in (".parquet", ".arrow")


def is_cut(table: TableFormat) -> bool:
    """True for a format that can be read from the middle: by lines, or by row groups."""
    return table in (TableFormat.JSON_LINES, TableFormat.PARQUET)


def is_of_lines(table: TableFormat) -> bool:
    """True for a format of lines of text, which may be compressed."""
    return table in (TableFormat.JSON_LINES, TableFormat.CSV)


@dataclass(frozen=True)
class Columns:
    """The columns of a table that are read.

    Attributes:
        text: the text; None where it is still to be told by the table's columns.
        name: gives names to documents; None for their files' names.
        identity: is always carried, and gives names where no other column does.
        carry: `all`, `none`, or the names of columns.
    """

    text: str | None
    name: str | None
    identity: str | None
    carry: str | list[str]

    @classmethod
    def of(cls, bundle: Bundle, settings: ReadSettings) -> Self:
        """The columns that the settings name for a table: by the first pattern that fits, else those for all."""
        path = PurePosixPath(bundle.url)
        rule = next((each for each in settings.tables if path.match(each.match)), None) or TableSettings(match="*")
        return cls(
            rule.text or settings.text_column,
            rule.name or settings.name_column,
            rule.id or settings.id_column,
            settings.carry if rule.carry is None else rule.carry,
        )

    def text_among(self, names: Sequence[str], strings: Sequence[str]) -> str:
        """The column of the text.

        Args:
            names: all columns of the table.
            strings: those of them that hold strings.

        Raises:
            Damaged: it cannot be told, or is not there.
        """
        known = ", ".join(names[:30]) + (", …" if len(names) > 30 else "")
        if self.text is not None:
            if self.text in strings:
                return self.text
            what = "holds no strings" if self.text in names else "is not there"
            raise Damaged(RejectReason.NO_TEXT, f"column {self.text} {what}; the columns are: {known}")
        if "text" in strings:
            return "text"
        if len(strings) == 1:
            return strings[0]
        what = "none holds strings" if not strings else f"{len(strings)} of them hold strings"
        raise Damaged(
            RejectReason.NO_TEXT,
            f"no column is named text, and {what}; name one with input.text_column; the columns are: {known}",
        )

    def carried(self, names: Sequence[str], text: str) -> list[str]:
        """The columns of the table that are carried, in its order."""
        every = {*names} if self.carry == "all" else set()
        chosen = {*self.carry} if isinstance(self.carry, list) else every
        return [name for name in names if name != text and (name in chosen or name == self.identity)]

    @property
    def naming(self) -> str | None:
        """The column that gives names to documents."""
        return self.name or self.identity


@dataclass(frozen=True)
class Asked:
    """A request for the rows of a table.

    Attributes:
        bundle: the table's file.
        columns: the columns that are read.
        settings: how bundles are read.
        source: the type of the carried columns of the run, once it is known; None: it is to be found out.
    """

    bundle: Bundle
    columns: Columns
    settings: ReadSettings
    source: pa.DataType | None

    @property
    def file_name(self) -> str:
        """The name of documents that have none of their own."""
        return posixpath.basename(self.bundle.name)


@dataclass
class Gathered:
    """Rows that are being gathered, whose texts are appended to the text of a part.

    Attributes:
        text: the text.
        asked: what is asked of the table.
        begin: where they begin in it.
    """

    text: Text
    asked: Asked
    begin: int = field(init=False)
    edges: list[Any] = field(default_factory=list)
    offset: list[Any] = field(default_factory=list)
    length: list[Any] = field(default_factory=list)
    name: list[str] = field(default_factory=list)
    faults: dict[int, Damaged] = field(default_factory=dict)
    lost: list[tuple[int, str]] = field(default_factory=list)
    source: list[pa.Array] = field(default_factory=list)
    source_type: pa.DataType | None = None

    def __post_init__(self) -> None:
        self.begin = self.text.size

    def add(self, texts: Any, ends: Sequence[int] | np.ndarray, offset: Any, length: Any, name: Sequence[str]) -> None:
        """Adds rows.

        Args:
            texts: their texts, one after the other, as bytes.
            ends: where each text ends, from the beginning of `texts`.
            offset, length: see `Rows`.
            name: their names.
        """
        begin = self.text.append(texts)
        self.edges.append(np.asarray(ends, np.int64) + begin)
        self.offset.append(np.asarray(offset, np.int64))
        self.length.append(np.asarray(length, np.int64))
        self.name.extend(name)

    def reject(self, offset: int, length: int, fault: Damaged) -> None:
        """Adds a row without text, which cannot be read; its carried columns are the caller's to add."""
        self.faults[len(self.name)] = fault
        self.add(b"", [0], [offset], [length], [""])

    def rows(self, *, more: bool) -> Rows:
        """All rows that were added."""
        none = np.empty(0, np.int64)
        return Rows(
            edges=np.concatenate([np.array([self.begin]), *self.edges]),
            offset=np.concatenate([none, *self.offset]),
            length=np.concatenate([none, *self.length]),
            name=self.name,
            faults=self.faults,
            source=pa.concat_arrays(self.source) if self.source else None,
            source_type=self.source_type,
            lost=self.lost,
            more=more,
        )


def sample_columns(lines: Sequence[bytes]) -> tuple[list[str], list[str]]:
    """The columns of lines of JSON, and those of them that hold strings, each in order of appearance."""
    names: dict[str, None] = {}
    strings: dict[str, None] = {}
    for line in lines:
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if isinstance(row, dict):
            names.update(dict.fromkeys(row))
            strings.update(dict.fromkeys(name for name, value in row.items() if isinstance(value, str)))
    return list(names), list(strings)


def string_columns(schema: pa.Schema) -> tuple[list[str], list[str]]:
    """The columns of a schema, and those of them that hold strings."""
    strings = [each.name for each in schema if sources.plain_type(each.type) == pa.string()]
    return schema.names, strings


def whole_file(asked: Asked, fault: Damaged, text: Text, head: bytes) -> Rows:
    """One row that rejects a whole table, of which the first bytes are kept."""
    gathered = Gathered(text, asked)
    gathered.reject(0, asked.bundle.size, Damaged(fault.reason, fault.detail, head[:HEAD_BYTES]))
    if asked.source is not None:
        gathered.source.append(no_columns(1, asked.source))
    return gathered.rows(more=False)


def no_columns(count: int, source: pa.DataType) -> pa.Array:
    """The carried columns of documents that have none."""
    return pa.nulls(count, sources.written(source))


def carried_values(values: Mapping[str, Sequence[Any]], count: int, source: pa.DataType) -> pa.Array:
    """The carried columns of rows, from Python's values.

    Args:
        values: by column, one for each row.
        count: of the rows.
        source: the struct type of the carried columns of the run.
    """
    kind = sources.written(source)
    children = [sources.array_of(values.get(each.name) or [None] * count, each.type) for each in source]
    return pa.StructArray.from_arrays(children, fields=list(kind))
