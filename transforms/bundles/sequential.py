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
from transforms.bundles.encodings import ascii_line_end, transcode_utf16, utf16_of
from transforms.bundles.errors import BundleReadError, RejectReason
from transforms.bundles.kernels.delimiters import DELIMITER
from transforms.bundles.listing import Bundle
from transforms.bundles.stores import open_store
from transforms.settings import ReadSettings

# What may belong to a delimiter that is not read yet, or to the line end before it.
_HELD = len(DELIMITER) + 1


def is_stream(head: bytes) -> bool:
    """True if a bundle that begins with `head` can only be read from its beginning."""
    return bool(compression_of(head) or foreign_format(head) or utf16_of(head))


def bundle_is_stream(bundle: Bundle) -> bool:
    """True if a bundle, by its first bytes, can only be read from its beginning.

    Raises:
        BundleReadError: it cannot be read.
    """
    store, path = open_store(bundle.url)
    head = memoryview(bytearray(min(HEAD_BYTES, bundle.size)))
    try:
        with store.open(path) as source:
            return is_stream(bytes(head[: source.read_into(head, 0)]))
    except OSError as error:
        raise BundleReadError(f"{bundle.url}: cannot be read: {error.strerror or error}") from error


class Stream(Iterator[bytes]):
    """Text of a bundle in pieces: decompressed, and transcoded to UTF-8 if it is UTF-16.

    Attributes:
        encoding: `utf-16-le` or `utf-16-be` if it was transcoded, else ''.
        width: bytes of the decompressed bundle for each UTF-16 code unit of the text; 0 if it was not transcoded.
        ended: true after the last piece.
        fault: the damage that ended the text before the end of the bundle, if any.
    """

    def __init__(self, pieces: Iterator[bytes], encoding: str = "") -> None:
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


class _UpToAscii(Iterator[bytes]):
    """Pieces of UTF-16 up to the first delimiter in ASCII, whose bytes are no text in UTF-16.

    Attributes:
        rest: the delimiter and the bytes read after it; None if none was found.
        left_out: bytes before it that are a line end in ASCII.
    """

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._held, self._given = pieces, b"", 0
        self.rest: bytes | None = None
        self.left_out = 0

    def __next__(self) -> bytes:
        while self.rest is None:
            piece = next(self._pieces, b"")
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
        raise StopIteration

    def remainder(self) -> Iterator[bytes]:
        """The delimiter and all that follows."""
        return chain([self.rest or b""], self._pieces)


def open_streams(chunks: Iterator[bytes], size: int, settings: ReadSettings) -> Iterator[Stream]:
    """The text of a bundle of `size` bytes, read in chunks.

    There is one stream, or two: where the bundle begins in UTF-16 and a delimiter in ASCII follows, the second is the
    rest from there on, as it is. Each must be read to its end before the next.
    """
    head, chunks = _look(chunks)
    kind = compression_of(head)
    if kind:
        pieces = capped(decompress(kind, chunks), size, settings.decompressed_bytes, settings.decompressed_ratio)
        head, chunks = _look(pieces)
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
