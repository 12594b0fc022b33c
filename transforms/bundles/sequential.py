"""Bundles that can only be read from their beginning: compressed ones, and UTF-16."""

from collections.abc import Iterator
from itertools import chain

import numpy as np

from transforms.bundles.compression import (
    DOCUMENT_FORMATS,
    HEAD_BYTES,
    Damaged,
    capped,
    compression_of,
    decompress,
    foreign_format,
)
from transforms.bundles.encodings import ascii_line_end, transcode_utf16, utf16_bytes, utf16_of
from transforms.bundles.errors import BundleReadError, RejectReason
from transforms.bundles.kernels.delimiters import DELIMITER
from transforms.bundles.listing import Bundle
from transforms.bundles.stores import open_store
from transforms.bundles.tables import TableFormat, is_cut, is_of_lines, table_of
from transforms.settings import ReadSettings

# What may belong to a delimiter that is not read yet, or to the line end before it.
_HELD = len(DELIMITER) + 1


def is_stream(head: bytes) -> bool:
    """True if a bundle that begins with `head` can only be read from its beginning."""
    return bool(compression_of(head) or foreign_format(head) or utf16_of(head))


def bundle_is_stream(bundle: Bundle, asked: str = "auto") -> bool:
    """True if a bundle, by its first bytes, can only be read from its beginning.

    Args:
        bundle: a bundle, or a table.
        asked: see `ReadSettings.format`.

    Raises:
        BundleReadError: it cannot be read.
    """
    store, path = open_store(bundle.url)
    head = memoryview(bytearray(min(HEAD_BYTES, bundle.size)))
    try:
        with store.open(path) as source:
            found = bytes(head[: source.read_into(head, 0)])
    except OSError as error:
        raise BundleReadError(f"{bundle.url}: cannot be read: {error.strerror or error}") from error
    table = table_of(bundle.name, found, asked)
    return not is_cut(table) if table else is_stream(found)


class Stream(Iterator[bytes]):
    """Text of a bundle in pieces: decompressed, and transcoded to UTF-8 if it is UTF-16.

    Attributes:
        encoding: `utf-16-le` or `utf-16-be` if it was transcoded, else ''.
        width: bytes of the decompressed bundle for each UTF-16 code unit of the text; 0 if it was not transcoded.
        ended: true after the last piece.
        fault: the damage that ended the text before the end of the bundle, if any.
        table: the format of the text, if it is a table.
    """

    def __init__(self, pieces: Iterator[bytes], encoding: str = "", table: TableFormat | None = None) -> None:
        self.table = table
        self.encoding, self.width = encoding, 2 if encoding else 0
        self._raw = _UpToAscii(pieces) if encoding else None
        self._pieces = transcode_utf16(self._raw, encoding) if self._raw else pieces
        self.ended = False
        self.fault: Damaged | None = None

    def __next__(self) -> bytes:
        try:
            return next(self._pieces)
        except Damaged as damage:
            self.fault = damage
        except StopIteration:
            pass
        self.ended = True
        raise StopIteration

    @property
    def left_out(self) -> int:
        """The bytes after the text that belong to its last document: an ASCII line end after UTF-16."""
        return self._raw.left_out if self._raw else 0

    @property
    def followed(self) -> bool:
        """True if another stream follows, see `open_streams`; known when this one has ended."""
        return self._raw is not None and self._raw.rest is not None

    def rest(self) -> Iterator[bytes]:
        """The bytes that follow."""
        return self._raw.remainder() if self._raw else iter(())

    def measure(self, text: bytes) -> int:
        """The number of bytes of the decompressed bundle from which `text` was made."""
        raw = np.frombuffer(text, np.uint8)
        return self.width * int(((raw & 0xC0) != 0x80).sum() + (raw >= 0xF0).sum()) if self.width else len(raw)

    def size_of_last(self, text: bytes, count: int) -> int:
        """The number of bytes at the end of `text` that the last `count` bytes of the decompressed bundle became."""
        if not self.width or not count:
            return count
        raw = utf16_bytes(text, self.encoding)
        return len(b"".join(transcode_utf16(iter([raw[-(count & ~1) :]]), self.encoding)))


class _UpToAscii(Iterator[bytes]):
    """Pieces of UTF-16 up to the first delimiter in ASCII, whose bytes are no text in UTF-16.

    Attributes:
        rest: the delimiter and the bytes read after it; None if none was found.
        left_out: bytes before it that are a line end in ASCII.
    """

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._held, self._given = pieces, b"", 0
        self._damage: Damaged | None = None
        self.rest: bytes | None = None
        self.left_out = 0

    def __next__(self) -> bytes:
        while self.rest is None:
            piece = self._next_piece()
            self._held += piece
            found = self._held.find(DELIMITER)
            if found >= 0:
                self.rest, text = self._held[found:], self._held[:found]
                self.left_out = ascii_line_end(text, self._given)
                return text[: len(text) - self.left_out]
            at = max(0, len(self._held) - _HELD) if piece else len(self._held)
            given, self._held = self._held[:at], self._held[at:]
            self._given += len(given)
            if given:
                return given
            if not piece:
                break
        if self._damage:
            raise self._damage
        raise StopIteration

    def _next_piece(self) -> bytes:
        """The next piece; none at the end and at damage, which is raised when all bytes before it have been given."""
        try:
            return next(self._pieces, b"") if self._damage is None else b""
        except Damaged as damage:
            self._damage = damage
            return b""

    def remainder(self) -> Iterator[bytes]:
        """The delimiter and all that follows."""
        return chain([self.rest or b""], self._pieces)


def open_streams(chunks: Iterator[bytes], bundle: Bundle, settings: ReadSettings) -> Iterator[Stream]:
    """The text of a bundle, read in chunks.

    There is one stream, or two: where the bundle begins in UTF-16 and a delimiter in ASCII follows, the second is the
    rest from there on, as it is. Each must be read to its end before the next.
    """
    head, chunks = _look(chunks)
    kind = compression_of(head)
    if kind:
        most = settings.decompressed_bytes, settings.decompressed_ratio
        head, chunks = _look(capped(decompress(kind, chunks), bundle.size, *most))
    table = table_of(bundle.name, head, settings.format)
    if table and is_of_lines(table):
        yield Stream(chunks, table=table)
        return
    stream = _open_text(head, chunks, compressed=bool(kind))
    yield stream
    if stream.followed:
        yield Stream(stream.rest())


def _open_text(head: bytes, pieces: Iterator[bytes], *, compressed: bool) -> Stream:
    """The text in decompressed pieces that begin with `head`."""
    kind, packed = foreign_format(head), compression_of(head) if compressed else ""
    if kind or packed:
        detail = f"{kind} is not read; unpack it, or compress its files by gzip, bzip2, xz or zstd, and run again"
        if packed:
            detail = f"{packed} inside of compressed data; unpack it once, and run again"
        elif kind in DOCUMENT_FORMATS:
            detail = f"{kind} is not read; give its text as a file of text, and run again"
        return Stream(_refuse(Damaged(RejectReason.UNSUPPORTED_FORMAT, detail, head[:HEAD_BYTES])))
    return Stream(pieces, utf16_of(head))


def _look(pieces: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first bytes, `HEAD_BYTES` at least if there are so many, and all pieces."""
    head = b""
    try:
        while len(head) < HEAD_BYTES:
            head += next(pieces)
    except StopIteration:
        pass
    except Damaged as damage:
        pieces = _refuse(damage)
    return head, chain([head], pieces)


def _refuse(damage: Damaged) -> Iterator[bytes]:
    """An iterator that raises the damage at its first step."""
    raise damage
    yield b""
