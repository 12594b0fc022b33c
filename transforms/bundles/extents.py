"""Where the documents of a byte range begin and end: each belongs to the range in which its delimiter line begins.

A bundle that can only be read from its beginning, because it is compressed or UTF-16, is taken in ranges of what comes
out of it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from transforms.arrays import Bools, Bytes, Int32s, Int64s
from transforms.bundles.buffer import AHEAD, Text
from transforms.bundles.compression import HEAD_BYTES, Damaged
from transforms.bundles.errors import BundleChanged, BundleReadError, RejectReason
from transforms.bundles.kernels import places
from transforms.bundles.listing import Bundle
from transforms.bundles.sequential import is_stream, open_stream
from transforms.bundles.settings import ReadSettings
from transforms.bundles.splits import ByteRange
from transforms.bundles.stores import Source, open_store

# Reading on behind a range, to the end of its last document, goes in chunks that grow; a stream is read in large ones.
FIRST_CHUNK, LARGEST_CHUNK = 1 << 16, 1 << 22
# Bytes that are held of a document that is too large.
SAMPLE_BYTES = 1 << 20


@dataclass(frozen=True)
class Extents:
    """The documents of one range.

    Attributes:
        edges: int64[n + 1], where they begin and end in the text; one place for none.
        offsets: int64[n + 1], the bytes before these edges in the bundle.
        ended: whether the last document ends with the bundle.
        more: whether the same range gives more documents.
        encoding: `utf-16-le` or `utf-16-be` for a bundle whose text was transcoded from it, else nothing.
        fault: what is wrong with the last document, if it is known here.
    """

    edges: Int64s
    offsets: Int64s
    ended: bool
    more: bool = False
    encoding: str = ""
    fault: Damaged | None = None


def read_extents(text: Text, part: ByteRange, settings: ReadSettings) -> Iterator[Extents]:
    """The documents that begin in the range, whole at the end of `text`; more than once for a bundle that is a stream.

    Whoever takes them may put `text` aside and clear it before the next ones.

    Raises:
        BundleChanged: the bundle is not what it was when it was listed.
        BundleReadError: it cannot be read.
    """
    bundle = part.bundle
    if part.unreadable:
        yield _rejected(text, bundle, part.unreadable)
        return
    store, path = open_store(bundle.url)
    try:
        with store.open(path) as source:
            yield from _read(text, source, part, settings)
            changed = source.state() != bundle.state
    except (FileNotFoundError, EOFError) as error:
        raise BundleChanged(f"{bundle.url}: cut short or gone since it was listed; run again") from error
    except OSError as error:
        raise BundleReadError(f"{bundle.url}: cannot be read: {error.strerror or error}") from error
    if changed:
        raise BundleChanged(f"{bundle.url}: changed since it was listed; run again when nobody writes to it")


def _rejected(text: Text, bundle: Bundle, why: str) -> Extents:
    """The whole bundle as one document of no text."""
    fault = Damaged(RejectReason.UNREADABLE_BUNDLE, why)
    return Extents(np.full(2, text.size, np.int64), np.array([0, bundle.size], np.int64), ended=True, fault=fault)


def _read(text: Text, source: Source, part: ByteRange, settings: ReadSettings) -> Iterator[Extents]:
    """A first chunk tells at the start of a bundle what it is; mostly it is all of it."""
    base, first, size = text.size, max(part.start - 1, 0), part.bundle.size
    wanted = min(part.end + AHEAD, size) - first
    begun = min(wanted, LARGEST_CHUNK) if part.start == 0 else wanted
    text.read(source, first, begun)
    if part.start == 0 and is_stream(text.bytes[base : min(text.size, base + HEAD_BYTES)].tobytes()):
        yield from _read_stream(text, _chunks(source, text.take(base), size), size, settings)
    else:
        if begun < wanted:
            text.read(source, first + begun, wanted - begun)
        yield _locate(text, source, part, base, settings.document_bytes)


def _chunks(source: Source, first: bytes, size: int) -> Iterator[bytes]:
    """The whole bundle, of which the first bytes have been read."""
    yield first
    for offset in range(len(first), size, LARGEST_CHUNK):
        chunk = bytearray(min(LARGEST_CHUNK, size - offset))
        if source.read_into(memoryview(chunk), offset) != len(chunk):
            raise EOFError
        yield bytes(chunk)


def _locate(text: Text, source: Source, part: ByteRange, base: int, most: int) -> Extents:
    """The documents of a range that has been read, and its last document's rest."""
    shift, size = max(part.start - 1, 0) - base, part.bundle.size
    starts = text.find_delimiters(base + 1, limit=text.size - base)  # only those before part.end can be whole
    if part.start == 0:  # what stands at the start of a file is a document, delimiter or not
        starts = np.concatenate([np.array([base]), starts])
    if not len(starts):
        text.size = base
        return Extents(np.array([base]), np.array([base + shift]), ended=False)
    rest = _rest(source, text.size + shift, size)
    text.size, dropped = _read_on(text, rest, int(starts[-1]), base + 1, most, len)
    edges = np.append(starts, text.size)
    offsets = edges + shift
    offsets[-1] += dropped
    return Extents(edges, offsets, bool(offsets[-1] == size))


def _rest(source: Source, offset: int, size: int) -> Iterator[bytes]:
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
    """Where the document that begins at `last` ends, and what was dropped of it because it is longer than `most`.

    Only new bytes are searched. Of what is dropped, `measure` tells the bytes in the bundle.
    """
    dropped = 0
    for piece in pieces:
        searched = max(searched, text.size - AHEAD)
        text.append(piece)
        found = text.find_delimiters(searched, limit=1)
        if len(found):
            return int(found[0]), dropped
        if text.size - last > max(most, 2 * SAMPLE_BYTES):
            seam = text.take(text.size - AHEAD - 1)
            dropped += measure(text.take(last + SAMPLE_BYTES))
            searched = text.append(seam) + 1
    return text.size, dropped


def _read_stream(text: Text, chunks: Iterator[bytes], size: int, settings: ReadSettings) -> Iterator[Extents]:
    """The documents of a stream, as many at a time as fit a part."""
    stream = open_stream(chunks, size, settings)
    most = settings.document_bytes * (1 + bool(stream.width))  # UTF-8 is at most half as long again as UTF-16
    surplus, offset, ended = b"", 0, False
    while not ended:
        base = text.append(surplus)
        for piece in stream:
            text.append(piece)
            if text.size >= settings.part_bytes:
                break
        starts = np.append(base, text.find_delimiters(base + 1, limit=text.size - base))
        end, dropped = _read_on(text, stream, int(starts[-1]), base + 1, most, stream.measure)
        surplus = text.take(end)
        ended = stream.ended and not surplus
        edges = np.append(starts, end)
        offsets = offset + np.append(0, np.cumsum(_sizes(text, edges, stream.width)))
        offsets[-1] += dropped
        offset = int(offsets[-1])
        fault = stream.fault if ended else None
        yield Extents(edges, offsets, ended, not ended, stream.encoding, fault)


def _sizes(text: Text, edges: Int64s, width: int) -> Int64s:
    """The bytes in the bundle of the text between edges."""
    if not width:
        return np.diff(edges)
    units = np.empty(len(edges) - 1, np.int64)
    places.count_units(text.bytes, edges[:-1], edges[1:], units)
    return units * width


_NONE = np.empty(0, np.int64)


@dataclass(frozen=True)
class Rows:
    """Documents in input order.

    Attributes:
        start, end: int64[d], their bytes in the text, delimiter lines included.
        offset, length: int64[d], their bytes in the bundle.
        bundle: int32[d], the index into the split's ranges.
        closes: bool[d], whether a document ends with its bundle.
        encoding: d strings, what the bundle came in: UTF-8 if nothing else is known.
        width: uint8[d], see `Documents`.
        faults: what is known to be wrong with a document, by row.
    """

    start: Int64s
    end: Int64s
    offset: Int64s
    length: Int64s
    bundle: Int32s
    closes: Bools
    encoding: list[str]
    width: Bytes
    faults: dict[int, Damaged]

    @classmethod
    def of(cls, gathered: Sequence[tuple[int, Extents]]) -> Self:
        """The documents of extents, each with the index of its range."""
        extents = [each for _, each in gathered]
        counts = np.array([len(each.edges) - 1 for each in extents], np.int64)
        last = np.cumsum(counts) - 1
        closing = [row for row, each, count in zip(last, extents, counts, strict=True) if each.ended and count]
        closes = np.zeros(int(counts.sum()), np.bool_)
        closes[closing] = True
        number = np.repeat(np.arange(len(extents)), counts).tolist()
        return cls(
            start=np.concatenate([_NONE, *(each.edges[:-1] for each in extents)]),
            end=np.concatenate([_NONE, *(each.edges[1:] for each in extents)]),
            offset=np.concatenate([_NONE, *(each.offsets[:-1] for each in extents)]),
            length=np.concatenate([_NONE, *(np.diff(each.offsets) for each in extents)]),
            bundle=np.repeat(np.array([index for index, _ in gathered], np.int32), counts),
            closes=closes,
            encoding=[extents[each].encoding or "utf-8" for each in number],
            width=np.repeat(np.array([2 if each.encoding else 0 for each in extents], np.uint8), counts),
            faults={int(row): each.fault for row, each in zip(last, extents, strict=True) if each.fault},
        )
