"""Compressed bundles: recognised by their first bytes, decompressed in pieces, damage distinguished from an end."""

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

import zstandard

from transforms.bundles.errors import RejectReason

# The first bytes of a bundle, from which its format is recognised.
HEAD_BYTES = 512
# Text is decoded in pieces of this size; the piece in which a decoder meets damage is lost.
PIECE_BYTES = 1 << 14
# Below this size the ratio is not checked: a gigabyte of one repeated line is no attack.
RATIO_COUNTS_FROM = 1 << 30
# Most memory that a decoder may ask for; `xz -9` and `zstd --long` need less.
_MEMORY_BYTES = 1 << 27
# A few bytes of zstd may hold megabytes of text, and its decoder returns all of them at once. It is fed so few bytes at
# a time that, at the ratio seen so far, less than _ZSTD_BURST comes out.
_ZSTD_FEWEST, _ZSTD_MOST, _ZSTD_BURST = 1 << 6, 1 << 11, 1 << 18

_COMPRESSIONS = ((b"\x1f\x8b\x08", "gzip"), (b"\xfd7zXZ\0", "xz"), (b"\x28\xb5\x2f\xfd", "zstd"))
# The first bytes that every member, stream or frame has.
_MEMBERS = {"gzip": b"\x1f\x8b", "bzip2": b"BZh", "xz": b"\xfd7zXZ", "zstd": b"\x28\xb5"}
_BZIP2_BLOCKS = (b"1AY&SY", b"\x17rE8P\x90")
_OTHER_FORMATS = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"LZIP\x01", "lzip"),
    (b"\x1f\x9d", "compress (.Z)"),
    (b"PAR1\x15", "Parquet"),
    (b"ARROW1\x00", "Arrow"),
    (b"Obj\x01", "Avro"),
    (b"%PDF-", "PDF"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Office"),
)
# Those of them that are no archives: nothing is to be unpacked.
DOCUMENT_FORMATS = ("Parquet", "Arrow", "Avro", "PDF", "Office")


class Damaged(Exception):  # noqa: N818 - says what happened
    """The rest of a bundle cannot be read.

    Attributes:
        reason: the reason of the reject.
        detail: one line for a person.
        rest: raw bytes that belong to the reject and are not in its text.
        after_members: the first raw bytes after members that are whole, if all text so far is of these; else none.
        member_began: true if those bytes begin as another member does.
    """

    def __init__(self, reason: RejectReason, detail: str, rest: bytes = b"") -> None:
        super().__init__(detail)
        self.reason, self.detail, self.rest = reason, detail, rest
        self.after_members, self.member_began = b"", False


def compression_of(head: bytes) -> str:
    """`gzip`, `bzip2`, `xz` or `zstd`, recognised by the first bytes of a file; '' for any other file."""
    for magic, kind in _COMPRESSIONS:
        if head.startswith(magic):
            return kind
    if head[:3] == b"BZh" and head[4:10] in _BZIP2_BLOCKS:
        return "bzip2"
    skippable = len(head) >= 4 and 0x50 <= head[0] <= 0x5F and head[1:4] == b"\x2a\x4d\x18"  # a zstd frame without text
    return "zstd" if skippable else ""


def foreign_format(head: bytes) -> str:
    """The name of a format that is not read, recognised by the first bytes; '' for any other file."""
    if head[257:265] in (b"ustar\x0000", b"ustar  \x00"):
        return "tar"
    return next((kind for magic, kind in _OTHER_FORMATS if head.startswith(magic)), "")


class _Decoder(Protocol):
    """A decoder of one member, stream or frame of compressed data."""

    @property
    def eof(self) -> bool:
        """True once its end has been read."""

    @property
    def needs_input(self) -> bool:
        """True if it gives no more text before it gets more data."""

    @property
    def unused_data(self) -> bytes:
        """The bytes after its end."""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """The next text, `max_length` bytes at most where the format allows a limit."""


class _Gzip:
    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        self.eof, self.needs_input, self.unused_data = False, True, b""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        text = self._inner.decompress(self._inner.unconsumed_tail + data, max_length)
        self.eof, self.unused_data = self._inner.eof, self._inner.unused_data
        self.needs_input = len(text) < max_length and not self._inner.unconsumed_tail
        return text


class _Zstd:
    def __init__(self) -> None:
        self._inner = zstandard.ZstdDecompressor(max_window_size=_MEMORY_BYTES).decompressobj()
        self._waiting, self._step = b"", _ZSTD_FEWEST
        self.eof, self.needs_input, self.unused_data = False, True, b""

    def decompress(self, data: bytes, max_length: int) -> bytes:  # noqa: ARG002 - frames cannot be stopped
        data = self._waiting + data
        text: bytes = self._inner.decompress(data[: self._step])
        self._waiting = data[self._step :]
        self._step = max(_ZSTD_FEWEST, self._step // 2) if len(text) > _ZSTD_BURST else min(_ZSTD_MOST, 2 * self._step)
        self.eof, self.unused_data = self._inner.eof, self._inner.unused_data + self._waiting
        self.needs_input = not self._waiting
        return text


def _xz() -> _Decoder:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY_BYTES)


_DECODERS: dict[str, Callable[[], _Decoder]] = {
    "gzip": _Gzip, "bzip2": bz2.BZ2Decompressor, "xz": _xz, "zstd": _Zstd,
}  # fmt: skip


def decompress(kind: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The text of compressed data, in pieces: all members, streams or frames, one after the other.

    Zero bytes between and after them are padding. Memory does not depend on the size of the data.

    Args:
        kind: see `compression_of`.
        chunks: the compressed data, in pieces of any size.

    Raises:
        Damaged: the data is cut short or damaged; the text before the damage has been yielded.
    """
    counted = _Counted(chunks)
    rest = _after_padding(b"", counted)
    whole = False
    while rest:
        decoder, first, given = _DECODERS[kind](), rest, False
        try:
            for text in _decode_member(kind, decoder, rest, counted):
                given = True
                yield text
        except Damaged as damage:
            if whole and not given:
                damage.after_members = first[:HEAD_BYTES]
                damage.member_began = _MEMBERS[kind].startswith(first[: len(_MEMBERS[kind])])
            raise
        whole = True
        rest = _after_padding(decoder.unused_data, counted)


def _decode_member(kind: str, decoder: _Decoder, rest: bytes, chunks: "_Counted") -> Iterator[bytes]:
    """The text of one member, whose first bytes are `rest`."""
    while not decoder.eof:
        text = _decode(kind, decoder, rest, chunks.count)
        if text:
            yield text
        rest = next(chunks, b"") if decoder.needs_input and not decoder.eof else b""
        if decoder.needs_input and not (decoder.eof or rest or text):
            detail = f"{kind} data is cut short: it ends after {chunks.count:,} bytes"
            raise Damaged(RejectReason.TRUNCATED_STREAM, detail)


class _Counted(Iterator[bytes]):
    """Chunks in small slices, because decoders copy what they have not used yet; `count` bytes have been given."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._slices = (chunk[at : at + PIECE_BYTES] for chunk in chunks for at in range(0, len(chunk), PIECE_BYTES))
        self.count = 0

    def __next__(self) -> bytes:
        data = next(self._slices)
        self.count += len(data)
        return data


def _decode(kind: str, decoder: _Decoder, data: bytes, count: int) -> bytes:
    """The next text of the decoder, whose errors become `Damaged`; errors of reading the bundle do not."""
    try:
        return decoder.decompress(data, PIECE_BYTES)
    except (zlib.error, OSError, EOFError, lzma.LZMAError, zstandard.ZstdError) as error:
        detail = f"{kind} data is damaged at or before byte {count:,}: {' '.join(str(error).split())}"
        raise Damaged(RejectReason.CORRUPT_STREAM, detail) from error


def _after_padding(rest: bytes, chunks: Iterator[bytes]) -> bytes:
    """The next bytes after zero bytes; none at the end of the data."""
    rest = rest.lstrip(b"\0")
    while not rest:
        chunk = next(chunks, b"")
        if not chunk:
            break
        rest = chunk.lstrip(b"\0")
    return rest


def capped(pieces: Iterator[bytes], compressed: int, most: int, ratio: int) -> Iterator[bytes]:
    """The same pieces, up to a limit.

    Args:
        pieces: decompressed text.
        compressed: bytes that it came from.
        most: bytes allowed.
        ratio: bytes allowed for each compressed byte, once a gigabyte has come out.

    Raises:
        Damaged: there are more.
    """
    total = 0
    for piece in pieces:
        total += len(piece)
        if total > most:
            detail = f"more than {most:,} bytes come out of {compressed:,}; raise input.decompressed_bytes"
            raise Damaged(RejectReason.DECOMPRESSED_TOO_LARGE, detail)
        if total > max(RATIO_COUNTS_FROM, ratio * compressed):
            detail = f"more than {ratio} times its {compressed:,} bytes come out; raise input.decompressed_ratio"
            raise Damaged(RejectReason.DECOMPRESSED_TOO_LARGE, detail)
        yield piece
