"""Bundles that can only be read from their beginning: compressed ones, and UTF-16."""

from collections.abc import Iterator
from itertools import chain

import numpy as np

from transforms.bundles.compression import HEAD_BYTES, Damaged, capped, compression_of, decompress, foreign_format
from transforms.bundles.encodings import transcode_utf16, utf16_of
from transforms.bundles.errors import BundleReadError, RejectReason
from transforms.bundles.listing import Bundle
from transforms.bundles.settings import ReadSettings
from transforms.bundles.stores import open_store


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
    """The text of a bundle in pieces: decompressed, and transcoded to UTF-8 if it is UTF-16.

    Attributes:
        encoding: `utf-16-le` or `utf-16-be` if it was transcoded, else ''.
        width: bytes of the decompressed bundle for each UTF-16 code unit of the text; 0 if it was not transcoded.
        ended: true after the last piece.
        fault: the damage that ended the text before the end of the bundle, if any.
    """

    def __init__(self, pieces: Iterator[bytes], encoding: str) -> None:
        self._pieces, self.encoding, self.width = pieces, encoding, 2 if encoding else 0
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

    def measure(self, text: bytes) -> int:
        """The number of bytes of the decompressed bundle from which `text` was made."""
        raw = np.frombuffer(text, np.uint8)
        return self.width * int(((raw & 0xC0) != 0x80).sum() + (raw >= 0xF0).sum()) if self.width else len(raw)


def open_stream(chunks: Iterator[bytes], size: int, settings: ReadSettings) -> Stream:
    """The text of a bundle of `size` bytes, read in chunks."""
    head, chunks = _look(chunks)
    kind = compression_of(head)
    if not kind:
        return _open_text(head, chunks)
    pieces = capped(decompress(kind, chunks), size, settings.decompressed_bytes, settings.decompressed_ratio)
    return _open_text(*_look(pieces))


def _open_text(head: bytes, pieces: Iterator[bytes]) -> Stream:
    """The text in decompressed pieces that begin with `head`."""
    kind = foreign_format(head)
    if kind:
        detail = f"{kind} is not read; unpack it, or compress its files by gzip, bzip2, xz or zstd, and run again"
        return Stream(_refuse(Damaged(RejectReason.UNSUPPORTED_FORMAT, detail, head[:HEAD_BYTES])), "")
    encoding = utf16_of(head)
    return Stream(transcode_utf16(pieces, encoding) if encoding else pieces, encoding)


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
