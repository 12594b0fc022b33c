"""Tables of separated values: CSV with a header."""

import csv
from collections.abc import Iterator, Sequence
from itertools import chain, islice

from transforms.bundles import sources
from transforms.bundles.buffer import Text
from transforms.bundles.compression import Damaged
from transforms.bundles.encodings import decode_name
from transforms.bundles.errors import RejectReason
from transforms.bundles.lines import Fault, Line, LinePart, lines_of
from transforms.bundles.raw import Rows
from transforms.bundles.tables import Asked, whole_file

_SEPARATORS = ",;\t|"

Record = tuple[Line, list[str] | Damaged]


def read_csv(text: Text, pieces: Iterator[tuple[int, bytes]], asked: Asked, fault: Fault) -> Iterator[Rows]:
    """The rows of CSV with a header (RFC 4180); commas may be semicolons, tabs or bars.

    Args:
        text: the texts are appended to it.
        pieces: the whole table, in pieces with their offsets.
        asked: what is read.
        fault: see `lines.Fault`.
    """
    csv.field_size_limit(max(csv.field_size_limit(), asked.settings.document_bytes))
    records = _records(lines_of(pieces, asked.settings.document_bytes), fault)
    line, header = next(records, (Line(0, b"", 0, ended=False), []))
    try:
        if isinstance(header, Damaged):
            raise header
        names = _names(header, asked.settings.encodings)
        column = asked.columns.text_among(names, names)
    except Damaged as damage:
        yield whole_file(asked, damage, text, line.data)
        return
    part = LinePart(text, asked, column)
    for line, cells in records:
        if part.is_full():
            yield part.rows(more=True)
            part = LinePart(text, asked, column)
        if isinstance(cells, Damaged):
            part.reject(line, cells)
        elif len(cells) != len(names):
            what = f"the row has {len(cells):,} columns, and the header {len(names):,}"
            part.reject(line, Damaged(RejectReason.BROKEN_ROW, what))
        else:
            part.add(line, _row(names, cells, column, asked.settings.encodings))
    yield part.rows(more=False)


def header_of(sample: bytes, encodings: Sequence[str]) -> tuple[list[str], list[str]]:
    """The columns of a table that begins so, twice: all of them hold strings."""
    _, header = next(_records(lines_of([(0, sample)], len(sample)), lambda: None), (None, []))
    names = _names(header, encodings) if isinstance(header, list) else []
    return names, names


def _names(header: Sequence[str], encodings: Sequence[str]) -> list[str]:
    return sources.unique_names([_in_unicode(cell, encodings) for cell in header])


def _in_unicode(cell: str, encodings: Sequence[str]) -> str:
    """A cell without surrogates, which stand for bytes that are not UTF-8."""
    return cell if cell.isascii() else decode_name(cell.encode("utf-8", "surrogateescape"), "utf-8", encodings)


def _row(names: Sequence[str], cells: Sequence[str], column: str, encodings: Sequence[str]) -> dict[str, str]:
    """The row by column; only its text may still hold bytes that are not UTF-8."""
    return {
        name: cell if name == column else _in_unicode(cell, encodings) for name, cell in zip(names, cells, strict=True)
    }


def _records(lines: Iterator[Line], fault: Fault) -> Iterator[Record]:
    """The records, each as one line with its cells, or with the reason why it has none."""
    taken: list[Line] = []
    first = list(islice(lines, 1))
    header = first[0].data if first else b""
    separator = max(_SEPARATORS, key=lambda sign: header.count(sign.encode()))
    reader = csv.reader(_decoded(chain(first, lines), taken), delimiter=separator, strict=True)
    damage: Damaged | None = None
    end = 0
    while True:
        taken.clear()
        try:
            cells: list[str] | Damaged = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            cells = Damaged(RejectReason.BROKEN_ROW, f"the row is not CSV: {error}")
        if not taken:
            break
        line = _joined(taken)
        end = line.offset + line.size + line.ended
        if not line.ended and (damage := fault()):
            cells = damage
        if cells:
            yield line, cells
    if damage is None and (damage := fault()):
        yield Line(end, b"", 0, ended=False), damage


def _decoded(lines: Iterator[Line], taken: list[Line]) -> Iterator[str]:
    """The lines as text, in which bytes that are not UTF-8 are surrogates; those that were taken are noted."""
    for line in lines:
        taken.append(line)
        yield line.unmarked().decode("utf-8", "surrogateescape") + "\n" * line.ended


def _joined(lines: Sequence[Line]) -> Line:
    """The lines of a record as one."""
    first, last = lines[0], lines[-1]
    size = last.offset + last.size - first.offset
    return Line(first.offset, b"\n".join(line.data for line in lines), size, last.ended)
