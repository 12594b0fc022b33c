"""500 damaged bundles: no crash, no hang, everything in one place, and what is readable is read."""

import bz2
import lzma
import zlib
from collections import Counter
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import zstandard

from tests.bundles.compressors import COMPRESSORS
from tests.bundles.damage import Damaged, damaged_bundles
from tests.bundles.oracle import read_bundle
from tests.conftest import PROJECT
from transforms.bundles.compression import PIECE_BYTES
from transforms.bundles.documents import Documents
from transforms.bundles.errors import RejectReason
from transforms.bundles.listing import list_bundles
from transforms.bundles.reader import read_parts
from transforms.bundles.splits import plan_splits
from transforms.settings import ReadSettings

COUNT, GROUP = 500, 25


@cache
def bundles() -> list[Damaged]:
    sources = [path.read_bytes() for path in sorted((PROJECT / "seeds").glob("*.txt"))]
    return list(damaged_bundles(sources, COUNT))


def test_they_are_the_same_whenever_they_are_asked_for() -> None:
    sources = [each.source for each in bundles() if each.wrapping == "plain"][:3]
    assert list(damaged_bundles(sources, 20)) == list(damaged_bundles(sources, 20))
    assert len({each.name.split(" ", 1)[1] for each in bundles()}) > 60


def _read(path: Path, target: int, settings: ReadSettings) -> list[Documents]:
    splits = plan_splits(list_bundles([str(path)]), target)
    return [documents for split in splits for _, documents in read_parts(split, settings)]


def _places(parts: list[Documents]) -> list[tuple[int, int]]:
    """Offset and length of every document and reject, in order."""
    good = [(offset, length) for part in parts for offset, length in zip(part.offset, part.length, strict=True)]
    bad = [(reject.offset, reject.length) for part in parts for reject in part.rejects]
    return sorted((int(offset), int(length)) for offset, length in good + bad)


def _texts(parts: list[Documents]) -> list[str]:
    return [
        part.text[start:end].tobytes().decode("utf-8")
        for part in parts
        for start, end in zip(part.text_start, part.text_end, strict=True)
    ]


@pytest.mark.parametrize("group", range(COUNT // GROUP))
def test_damaged_bundles_are_read(tmp_path: Path, group: int) -> None:
    for damaged in bundles()[group * GROUP : (group + 1) * GROUP]:
        path = tmp_path / "bundle"
        path.write_bytes(damaged.data)
        parts = _read(path, 1 << 25, ReadSettings())
        places = _places(parts)
        assert all(first[0] + first[1] <= second[0] for first, second in pairwise(places)), damaged.name
        assert {reject.reason for part in parts for reject in part.rejects} <= set(RejectReason), damaged.name
        again = _read(path, 3_000, ReadSettings(part_bytes=20_000))
        assert (_places(again), _texts(again)) == (places, _texts(parts)), damaged.name
        if damaged.wrapping == "plain":
            _check_plain(damaged, parts)
        else:
            _check_beginning(damaged, parts)


def _check_plain(damaged: Damaged, parts: list[Documents]) -> None:
    """A plain bundle is read as its bytes say, however they came about; other encodings may be read besides."""
    found = {offset: text for part in parts for offset, text in zip(part.offset.tolist(), _texts([part]), strict=True)}
    expected = {item.offset: item.text for item in read_bundle("bundle", damaged.data) if item.text is not None}
    assert found | expected == found, damaged.name


def _check_beginning(damaged: Damaged, parts: list[Documents]) -> None:
    """The documents that end before the damage are read, but for what a decoder may lose that meets it."""
    text = _sound_text(damaged.data[: damaged.untouched], damaged.wrapping)
    lost = _LOST.get(damaged.wrapping, 0)
    items = [item for item in read_bundle("bundle", text)[:-1] if item.offset + item.length <= len(text) - lost]
    found = set(zip((name for part in parts for name in part.name.to_pylist()), _texts(parts), strict=True))
    missing = {(item.name, item.text) for item in items if item.text is not None} - found
    assert not missing, damaged.name
    checked[damaged.wrapping] += len(items)


def _sound_text(data: bytes, wrapping: str) -> bytes:
    """UTF-8 of the text in the beginning of a bundle that is as it was."""
    if wrapping not in COMPRESSORS:
        return data.decode(wrapping, "ignore").encode()
    text = b""
    while data:
        decoder = _DECODERS[wrapping]()
        text += decoder.decompress(data)
        data = decoder.unused_data
    return text


_DECODERS: dict[str, Callable[[], Any]] = {
    "gzip": lambda: zlib.decompressobj(wbits=31),
    "bzip2": bz2.BZ2Decompressor,
    "xz": lzma.LZMADecompressor,
    "zstd": lambda: zstandard.ZstdDecompressor().decompressobj(),
}
_LOST = {"gzip": PIECE_BYTES, "bzip2": PIECE_BYTES, "xz": PIECE_BYTES, "zstd": 2 * PIECE_BYTES}
checked: Counter[str] = Counter()


def test_enough_was_readable() -> None:
    """Lest the checks above check nothing."""
    assert not checked or min(checked[wrapping] for wrapping in (*COMPRESSORS, "utf-16-le", "windows-1256")) > 100
