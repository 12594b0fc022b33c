"""Compressed bundles: known by their content, decompressed piece by piece, damage told apart from an end."""

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

import zstandard

from transforms.bundles.errors import RejectReason

# Bytes of a bundle that tell what it is.
HEAD_BYTES = 512
# Text comes out in pieces of this size: what a decoder was about to give when it met damage is lost with the rest.
PIECE_BYTES = 1 << 14
# The ratio says nothing of little text: a gigabyte of one line repeated is no attack.
RATIO_COUNTS_FROM = 1 << 30
# Decoders ask for at most this much memory; `xz -9` and `zstd --long` stay below it.
_MEMORY_BYTES = 1 << 27
# A few bytes of zstd may hold megabytes of text, and its decoder gives all of them at once: it is fed by so few bytes
# that, if they go on as they did, less than this comes out.
_ZSTD_FEWEST, _ZSTD_MOST, _ZSTD_BURST = 1 << 6, 1 << 11, 1 << 18

_COMPRESSIONS = ((b"\x1f\x8b\x08", "gzip"), (b"\xfd7zXZ\0", "xz"), (b"\x28\xb5\x2f\xfd", "zstd"))
_BZIP2_BLOCKS = (b"1AY&SY", b"\x17rE8P\x90")
_OTHERS = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"LZIP\x01", "lzip"),
    (b"\x1f\x9d", "compress (.Z)"),
)


class Damaged(Exception):  # noqa: N818 - says what happened
    """What comes next cannot be had: why, in one line, and the raw bytes that are left over."""

    def __init__(self, reason: RejectReason, detail: str, rest: bytes = b"") -> None:
        super().__init__(detail)
        self.reason, self.detail, self.rest = reason, detail, rest


def compression_of(head: bytes) -> str:
    """`gzip`, `bzip2`, `xz` or `zstd`, by the first bytes of a file; nothing for another kind of file."""
    for magic, kind in _COMPRESSIONS:
        if head.startswith(magic):
            return kind
    if head[:3] == b"BZh" and head[4:10] in _BZIP2_BLOCKS:
        return "bzip2"
    skippable = len(head) >= 4 and 0x50 <= head[0] <= 0x5F and head[1:4] == b"\x2a\x4d\x18"  # a zstd frame without text
    return "zstd" if skippable else ""


def foreign_format(head: bytes) -> str:
    """The kind of an archive, or of a compression that is not read, by the first bytes; nothing for text."""
    if head[257:265] in (b"ustar\x0000", b"ustar  \x00"):
        return "tar"
    return next((kind for magic, kind in _OTHERS if head.startswith(magic)), "")


class Decoder(Protocol):
    """What reads one member, stream or frame of compressed data."""

    @property
    def eof(self) -> bool:
        """Whether its end has been read."""

    @property
    def needs_input(self) -> bool:
        """Whether nothing more comes without more data."""

    @property
    def unused_data(self) -> bytes:
        """What stands behind its end."""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """The next text, of `max_length` bytes at most where the format lets itself be stopped."""


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


def _xz() -> Decoder:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY_BYTES)


_DECODERS: dict[str, Callable[[], Decoder]] = {
    "gzip": _Gzip, "bzip2": bz2.BZ2Decompressor, "xz": _xz, "zstd": _Zstd,
}  # fmt: skip


def decompress(kind: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The text in `chunks` of compressed data, in pieces; all members, streams or frames, one behind the other.

    Zero bytes between and behind them are padding. Memory does not depend on the size of the data.

    Raises:
        Damaged: the data is cut short or damaged; what could be read before that has been given.
    """
    counted = _Counted(chunks)
    rest = _behind_padding(b"", counted)
    while rest:
        decoder = _DECODERS[kind]()
        while not decoder.eof:
            text = _decode(kind, decoder, rest, counted.count)
            if text:
                yield text
            rest = next(counted, b"") if decoder.needs_input and not decoder.eof else b""
            if decoder.needs_input and not (decoder.eof or rest or text):
                detail = f"{kind} data is cut short: it ends after {counted.count:,} bytes"
                raise Damaged(RejectReason.TRUNCATED_STREAM, detail)
        rest = _behind_padding(decoder.unused_data, counted)


class _Counted(Iterator[bytes]):
    """Chunks in slices: what decoders have not taken they keep as a copy. `count` are the bytes given."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._slices = (chunk[at : at + PIECE_BYTES] for chunk in chunks for at in range(0, len(chunk), PIECE_BYTES))
        self.count = 0

    def __next__(self) -> bytes:
        data = next(self._slices)
        self.count += len(data)
        return data


def _decode(kind: str, decoder: Decoder, data: bytes, count: int) -> bytes:
    """What the decoder gives next; only its own errors are damage, those of reading the bundle are not."""
    try:
        return decoder.decompress(data, PIECE_BYTES)
    except (zlib.error, OSError, EOFError, lzma.LZMAError, zstandard.ZstdError) as error:
        detail = f"{kind} data is damaged at or before byte {count:,}: {' '.join(str(error).split())}"
        raise Damaged(RejectReason.CORRUPT_STREAM, detail) from error


def _behind_padding(rest: bytes, chunks: Iterator[bytes]) -> bytes:
    rest = rest.lstrip(b"\0")
    while not rest:
        chunk = next(chunks, b"")
        if not chunk:
            break
        rest = chunk.lstrip(b"\0")
    return rest


def capped(pieces: Iterator[bytes], compressed: int, most: int, ratio: int) -> Iterator[bytes]:
    """`pieces`, as long as they are `most` bytes at most, and `ratio` times `compressed` from a gigabyte on.

    Raises:
        Damaged: they are more.
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
