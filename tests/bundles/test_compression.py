"""Decompression: all of it, in pieces, and damage told from an end."""

import lzma
import random
from collections.abc import Iterator

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bundles.compressors import COMPRESSORS, compress_in_members
from transforms.bundles import compression
from transforms.bundles.compression import Damaged, capped, compression_of, decompress, foreign_format
from transforms.bundles.errors import RejectReason

kinds = st.sampled_from(sorted(COMPRESSORS))
TEXT = "\n".join(f"السطر {random.Random(number).random()} من النصّ" for number in range(3_000)).encode()


def _chunks(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def _read(kind: str, data: bytes, size: int = 1 << 20) -> tuple[bytes, Damaged | None]:
    """What comes out, and what ended it."""
    pieces = []
    try:
        for piece in decompress(kind, _chunks(data, size)):
            pieces.append(piece)
    except Damaged as damage:
        return b"".join(pieces), damage
    return b"".join(pieces), None


@settings(deadline=None, max_examples=60)
@given(kinds, st.binary(max_size=3_000), st.integers(1, 2_000), st.integers(1, 500))
def test_all_members_are_read_whatever_the_chunks(kind: str, data: bytes, member: int, chunk: int) -> None:
    packed = compress_in_members(kind, data, max(member, len(data) // 20)) or COMPRESSORS[kind](b"")
    assert compression_of(packed) == kind
    assert _read(kind, packed, chunk) == (data, None)


@pytest.mark.parametrize("kind", COMPRESSORS)
def test_padding_between_and_behind_members(kind: str) -> None:
    one = COMPRESSORS[kind](TEXT)
    assert _read(kind, one + bytes(16) + one + bytes(4096)) == (2 * TEXT, None)


@pytest.mark.parametrize("kind", COMPRESSORS)
@pytest.mark.parametrize("share", [0.3, 0.7, 0.99])
def test_what_is_cut_short_gives_what_is_there(kind: str, share: float) -> None:
    packed = compress_in_members(kind, TEXT, len(TEXT) // 5)
    text, damage = _read(kind, packed[: int(share * len(packed))])
    assert damage is not None
    assert damage.reason == RejectReason.TRUNCATED_STREAM
    assert f"{kind} data is cut short" in damage.detail
    assert TEXT.startswith(text)
    assert len(text) >= int(share * 5) * (len(TEXT) // 5)


@pytest.mark.parametrize("kind", COMPRESSORS)
def test_damage_gives_what_stands_before_it(kind: str) -> None:
    packed = bytearray(compress_in_members(kind, TEXT, len(TEXT) // 5))
    packed[len(packed) // 2] ^= 0x55
    text, damage = _read(kind, bytes(packed))
    if kind != "zstd" or damage:  # frames without a checksum may hide a wrong byte
        assert damage is not None
        assert damage.reason == RejectReason.CORRUPT_STREAM
        assert "\n" not in damage.detail
    assert text.startswith(TEXT[: len(TEXT) // 5])


@pytest.mark.parametrize("kind", COMPRESSORS)
def test_what_stands_behind_the_end_is_damage(kind: str) -> None:
    text, damage = _read(kind, COMPRESSORS[kind](TEXT) + b"not compressed at all, but there")
    assert (text, damage is not None) == (TEXT, True)


@settings(deadline=None, max_examples=150)
@given(kinds, st.binary(max_size=400), st.integers(1, 300))
def test_anything_ends(kind: str, data: bytes, chunk: int) -> None:
    head = COMPRESSORS[kind](TEXT[:2_000])[: len(data)]
    assert isinstance(_read(kind, head + data, chunk)[0], bytes)


@pytest.mark.parametrize("kind", COMPRESSORS)
def test_pieces_are_small_however_much_a_chunk_holds(kind: str) -> None:
    packed = COMPRESSORS[kind](bytes(20_000_000))
    sizes = [len(piece) for piece in decompress(kind, iter([packed]))]
    assert sum(sizes) == 20_000_000
    assert max(sizes) <= (1 << 26 if kind == "zstd" else compression.PIECE_BYTES)


def test_a_window_that_needs_too_much_memory_is_damage() -> None:
    wide = zstandard.ZstdCompressionParameters(window_log=29, enable_ldm=True)
    packer = zstandard.ZstdCompressor(compression_params=wide).compressobj()
    _, damage = _read("zstd", packer.compress(TEXT) + packer.flush())
    assert damage is not None
    assert "too much memory" in damage.detail
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 29}]
    _, damage = _read("xz", lzma.compress(TEXT, filters=filters))
    assert damage is not None
    assert "Memory usage limit" in damage.detail


def test_errors_of_reading_are_no_damage() -> None:
    def failing() -> Iterator[bytes]:
        yield COMPRESSORS["bzip2"](TEXT)[:100]
        raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output"):
        list(decompress("bzip2", failing()))


@pytest.mark.parametrize(
    ("head", "kind"),
    [(b"", ""), ("نصّ".encode(), ""), (b"\x1f\x8b", ""), (b"BZh9 is how it begins", ""), (b"\x50\x2a\x4d\x18", "zstd")],
)
def test_kinds_are_told_by_content(head: bytes, kind: str) -> None:
    assert compression_of(head) == kind


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"PK\x03\x04" + bytes(26), "zip"),
        (bytes(257) + b"ustar\x0000", "tar"),
        (b"7z\xbc\xaf\x27\x1c", "7z"),
        (b"Rar!\x1a\x07\x00", "rar"),
        (b"PKW", ""),
        (TEXT, ""),
    ],
)
def test_foreign_formats_are_named(head: bytes, kind: str) -> None:
    assert foreign_format(head) == kind


def test_caps_end_what_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    def taken(most: int, ratio: int) -> tuple[int, str]:
        count = 0
        try:
            for piece in capped(iter([b"x" * 10] * 10), 5, most, ratio):
                count += len(piece)
        except Damaged as damage:
            return count, f"{damage.reason}: {damage.detail}"
        return count, ""

    assert taken(100, 1) == (100, "")
    said = "decompressed_too_large: more than 99 bytes come out of 5; raise input.decompressed_bytes"
    assert taken(99, 1) == (90, said)
    monkeypatch.setattr(compression, "RATIO_COUNTS_FROM", 20)
    assert taken(100, 20) == (100, "")
    said = "decompressed_too_large: more than 10 times its 5 bytes come out; raise input.decompressed_ratio"
    assert taken(100, 10) == (50, said)
