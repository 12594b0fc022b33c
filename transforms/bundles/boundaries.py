"""The boundaries of the documents of a byte range: a document belongs to the range in which its delimiter line begins.

A bundle that can only be read from its beginning, being compressed or UTF-16, is read in parts of its text.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from transforms.arrays import Int64s
from transforms.bundles.buffer import AHEAD, FIRST_CHUNK, LARGEST_CHUNK, Text
from transforms.bundles.compression import HEAD_BYTES, Damaged
from transforms.bundles.errors import BundleChanged, BundleReadError, RejectReason
from transforms.bundles.kernels import delimiters as kernels
from transforms.bundles.kernels import places
from transforms.bundles.listing import Bundle
from transforms.bundles.raw import Boundaries
from transforms.bundles.sequential import Stream, is_stream, open_streams
from transforms.bundles.splits import ByteRange
from transforms.bundles.stores import Source, open_store
from transforms.bundles.tables import TableFormat, table_of
from transforms.settings import ReadSettings

# Bytes that are kept of a document that is too large: the first, and while its end is searched for the last.
SAMPLE_BYTES, _SEAM_BYTES = 1 << 20, 1 << 12
_FIRST_LOOK = 1 << 12  # bytes before a delimiter that are read again, if those before a range decide; then more


@contextmanager
def opened(bundle: Bundle) -> Iterator[Source]:
    """A bundle open for reading, which must be what it was when it was listed.

    Raises:
        BundleChanged: the bundle has changed since it was listed.
        BundleReadError: it cannot be read.
    """
    store, path = open_store(bundle.url)
    try:
        with store.open(path) as source:
            yield source
            changed = source.state() != bundle.state
    except (FileNotFoundError, EOFError) as error:
        raise BundleChanged(f"{bundle.url}: cut short or gone since it was listed; run again") from error
    except OSError as error:
        raise BundleReadError(f"{bundle.url}: cannot be read: {error.strerror or error}") from error
    if changed:
        raise BundleChanged(f"{bundle.url}: changed since it was listed; run again when nobody writes to it")


@dataclass(frozen=True)
class Table:
    """A bundle that turns out to be a table.

    Attributes:
        format: of the table.
        stream: its text, where it is compressed.
    """

    format: TableFormat
    stream: Stream | None = None


def read_boundaries(
    text: Text, source: Source, part: ByteRange, settings: ReadSettings
) -> Iterator[Boundaries | Table]:
    """Appends the documents that begin in a range to `text`, whole; returns their boundaries, or the table that it is.

    A stream gives them in parts. The caller may clear `text` before it asks for the next part. The first chunk of a
    bundle, usually all of it, shows what it is.
    """
    base, first, size = text.size, max(part.start - kernels.CONTEXT, 0), part.bundle.size
    wanted = min(part.end + AHEAD, size) - first
    # The head of a bundle decides what it is, however small the range.
    begun = min(max(wanted, HEAD_BYTES), max(LARGEST_CHUNK, HEAD_BYTES), size) if part.start == 0 else wanted
    text.read(source, first, begun)
    head = text.bytes[base : min(text.size, base + HEAD_BYTES)].tobytes() if part.start == 0 else _head(source, size)
    table = table_of(part.bundle.name, head, settings.format)
    if table:
        text.size = base
        yield Table(table)
    elif part.start == 0 and is_stream(head):
        yield from _read_stream(text, _chunks(source, text.take(base), size), part.bundle, settings)
    else:
        text.size = base + min(begun, wanted)
        if begun < wanted:
            text.read(source, first + begun, wanted - begun)
        yield _locate(text, source, part, base, settings)


def _head(source: Source, size: int) -> bytes:
    head = bytearray(min(HEAD_BYTES, size))
    if source.read_into(memoryview(head), 0) != len(head):
        raise EOFError
    return bytes(head)


def rejected(text: Text, bundle: Bundle, why: str) -> Boundaries:
    """The whole bundle as one document without text, which cannot be read."""
    fault = Damaged(RejectReason.UNREADABLE_BUNDLE, why)
    return Boundaries(np.full(2, text.size, np.int64), np.array([0, bundle.size], np.int64), ended=True, fault=fault)


def _chunks(source: Source, first: bytes, size: int) -> Iterator[bytes]:
    """The whole bundle in chunks; `first` are the bytes that have been read already."""
    yield first
    for offset in range(len(first), size, LARGEST_CHUNK):
        chunk = bytearray(min(LARGEST_CHUNK, size - offset))
        if source.read_into(memoryview(chunk), offset) != len(chunk):
            raise EOFError
        yield bytes(chunk)


def _locate(text: Text, source: Source, part: ByteRange, base: int, settings: ReadSettings) -> Boundaries:
    """The boundaries in a range that has been read from `base` on; reads the rest of its last document."""
    first, size = max(part.start - kernels.CONTEXT, 0), part.bundle.size
    shift = first - base
    # All that are found begin before part.end: later ones are not whole.
    starts = text.find_delimiters(part.start - shift, base, kernels.UNKNOWN if first else kernels.NO)
    if first:
        starts = _decided(starts, source, shift, lenient=settings.lenient)
    if part.start == 0:  # a document begins at the start of a file, with or without a delimiter
        starts = np.concatenate([np.array([base]), starts])
    if not len(starts):
        text.size = base
        return Boundaries(np.array([base]), np.array([base + shift]), ended=False)
    rest = _rest(source, text.size + shift, size)
    searched = max(base, part.start - shift)
    text.size, dropped = _read_on(text, rest, int(starts[-1]), searched, settings.document_bytes, len)
    edges = np.append(starts, text.size)
    offsets = edges + shift
    offsets[-1] += dropped
    return Boundaries(edges, offsets, bool(offsets[-1] == size), verbatim=dropped == 0)


def _decided(starts: Int64s, source: Source, shift: int, *, lenient: bool) -> Int64s:
    """The places of delimiters, after those that bytes before the range decide on have been decided."""
    if not (starts < 0).any():
        return starts
    decided = [max(at, ~at) for at in starts.tolist() if at >= 0 or _begins_line(source, ~at + shift, lenient=lenient)]
    return np.array(decided, np.int64)


def _begins_line(source: Source, offset: int, *, lenient: bool) -> bool:
    """True if a line begins at an offset of the bundle; reads as many bytes before it as decide."""
    size, answer = _FIRST_LOOK, kernels.UNKNOWN
    while answer == kernels.UNKNOWN:
        before = bytearray(min(size, offset))
        if source.read_into(memoryview(before), offset - len(before)) != len(before):
            raise EOFError
        at_floor = kernels.UNKNOWN if len(before) < offset else kernels.NO
        answer = kernels.line_begins(np.frombuffer(before, np.uint8), 0, len(before), at_floor, lenient)
        size *= 16
    return bool(answer == kernels.YES)


def _rest(source: Source, offset: int, size: int) -> Iterator[bytes]:
    """The bytes of a bundle from `offset` to its end, in chunks of growing size."""
    chunk = FIRST_CHUNK
    while offset < size:
        piece = bytearray(min(chunk, size - offset))
        if source.read_into(memoryview(piece), offset) != len(piece):
            raise EOFError
        yield bytes(piece)
        offset += len(piece)
        chunk = min(2 * chunk, LARGEST_CHUNK)


def _read_on(
    text: Text, pieces: Iterator[bytes], last: int, searched: int, most: int, measure: Callable[[bytes], int]
) -> tuple[int, int]:
    """Reads on to the end of the document that begins at `last`.

    Args:
        text: ends inside the document, or with it.
        pieces: the bytes that follow.
        last: the place of the document's first byte.
        searched: the first place that has not been searched for a delimiter.
        most: bytes of a document; of a longer one only the first `SAMPLE_BYTES` are kept.
        measure: gives the bytes in the bundle from which bytes of the text were made.

    Returns:
        The place of the document's end, and the bytes in the bundle of what was dropped.
    """
    floor, at_floor, dropped = last, kernels.NO, 0
    for piece in pieces:
        searched = max(searched, text.size - AHEAD)
        text.append(piece)
        found = text.find_delimiters(searched, floor, at_floor, limit=1)
        if len(found):
            return int(found[0]), dropped
        if text.size - last > max(most, 2 * SAMPLE_BYTES + _SEAM_BYTES):
            at_floor = text.line_begins(text.size - _SEAM_BYTES, floor, at_floor)
            seam = text.take(text.size - _SEAM_BYTES)
            dropped += measure(text.take(last + SAMPLE_BYTES))
            floor = searched = text.append(seam)
    return text.size, dropped


def _read_stream(
    text: Text, chunks: Iterator[bytes], bundle: Bundle, settings: ReadSettings
) -> Iterator[Boundaries | Table]:
    """The boundaries in a bundle that is a stream, in parts of as many documents as `settings.part_bytes` allows."""
    offset = 0
    for stream in open_streams(chunks, bundle, settings):
        if stream.table:
            yield Table(stream.table, stream)
            return
        most = settings.document_bytes * (1 + bool(stream.width))  # UTF-8 is at most half as long again as UTF-16
        surplus, ended = b"", False
        while not ended:
            base = text.append(surplus)
            for piece in stream:
                text.append(piece)
                if text.size >= settings.part_bytes:
                    break
            starts = np.append(base, text.find_delimiters(base, base, kernels.NO))
            end, dropped = _read_on(text, stream, int(starts[-1]), base, most, stream.measure)
            surplus = text.take(end)
            ended = stream.ended and not surplus
            fault = stream.fault if ended else None
            cut = _end_of_members(fault, text, stream, int(starts[-1]), end) if fault and not dropped else None
            edges = np.append(starts, end) if cut is None else np.concatenate([starts, [cut, end]])
            offsets = offset + np.append(0, np.cumsum(_sizes(text, edges, stream.width)))
            offsets[-1] += dropped + (stream.left_out if ended else 0)
            offset = int(offsets[-1]) + (len(fault.rest) if fault else 0)
            last = ended and not stream.followed
            yield Boundaries(edges, offsets, last, not last, stream.encoding, fault)


def _end_of_members(fault: Damaged, text: Text, stream: Stream, last: int, end: int) -> int | None:
    """The place where the text of whole members of compressed data ends, if the last document ends there too.

    It does if no other member begins, or a line ends there. The text of the damaged data then is no part of it; if it
    has none, its first raw bytes become the fault's.

    Args:
        fault, text, stream: the damage of the stream, whose text ends with the document.
        last, end: the document's bytes in the text.
    """
    place = end - stream.size_of_last(text.bytes[last:end].tobytes(), fault.given)
    if not fault.after_members or place <= last:
        return None
    if fault.member_began and text.line_begins(place, last, kernels.NO) != kernels.YES:
        return None
    if not fault.given:
        fault.rest = fault.after_members
    return place


def _sizes(text: Text, edges: Int64s, width: int) -> Int64s:
    """The bytes in the bundle of the text between two edges each, as int64[n]."""
    if not width:
        return np.diff(edges)
    units = np.empty(len(edges) - 1, np.int64)
    places.count_units(text.bytes, edges[:-1], edges[1:], units)
    return units * width
