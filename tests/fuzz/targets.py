"""What is fuzzed: each target takes any bytes, and fails unless what must hold of them does."""

import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from pipelines.config import load_settings
from pipelines.remedies import ConfigError
from transforms.bundles.compression import Damaged, decompress
from transforms.bundles.documents import PARAGRAPH_MODES, find_paragraphs
from transforms.bundles.encodings import decode, transcode_utf16, utf16_bytes
from transforms.bundles.listing import list_bundles
from transforms.bundles.reader import read_parts
from transforms.bundles.splits import plan_splits
from transforms.settings import ReadSettings

_KINDS = ("gzip", "bzip2", "xz", "zstd")
# Enough for any input that a fuzzer makes, and soon at an end for a bomb that it finds.
_MOST_TEXT = 1 << 24


def fuzz_reader(data: bytes) -> None:
    """A bundle is read the same in all splits and parts; its documents do not overlap; its paragraphs are text."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "bundle").write_bytes(data)
        for asked in ({}, {"delimiter": "lenient", "repair": "bytes"}):
            most = {"decompressed_bytes": _MOST_TEXT, **asked}
            whole = _read(folder, 1 << 20, ReadSettings.model_validate(most))
            parts = _read(folder, 1 + len(data) // 3, ReadSettings.model_validate({**most, "part_bytes": 100}))
            assert whole == parts
            places = sorted({place for place, *_ in whole})
            assert all(first[0] + first[1] <= second[0] for first, second in pairwise(places))


def _read(folder: str, target: int, settings: ReadSettings) -> list[tuple[tuple[int, int], str, list[str]]]:
    """Place, encoding or reason, and paragraphs of every document and reject."""
    found: list[tuple[tuple[int, int], str, list[str]]] = []
    for split in plan_splits(list_bundles([folder]), target):
        for _, documents in read_parts(split, settings):
            texts: list[list[str]] = [[] for _ in documents.name]
            for mode in PARAGRAPH_MODES:
                paragraphs = find_paragraphs(documents, mode)
                offsets = documents.offsets_of(paragraphs.start, paragraphs.document)
                assert (documents.places_of(offsets, paragraphs.document) == paragraphs.start).all()
                for start, end, row in zip(paragraphs.start, paragraphs.end, paragraphs.document, strict=True):
                    texts[row].append(documents.text[start:end].tobytes().decode("utf-8"))
            places = zip(documents.offset.tolist(), documents.length.tolist(), strict=True)
            assert documents.repaired.shape == (len(documents.name),)
            found += zip(places, documents.encoding, texts, strict=True)
            found += [((reject.offset, reject.length), reject.reason, []) for reject in documents.rejects]
    return sorted(found)


def fuzz_decompression(data: bytes) -> None:
    """Any bytes come to an end; whatever the chunks, what is sound gives the same, and damage a part of the same."""
    for kind in _KINDS:
        (one, sound), (other, as_sound) = (_decompress(kind, data, size) for size in (len(data) or 1, 7))
        assert sound == as_sound
        assert one == other if sound else one.startswith(other) or other.startswith(one)


def _decompress(kind: str, data: bytes, size: int) -> tuple[bytes, bool]:
    """What comes out, and whether that is all."""
    out, count = [], 0
    try:
        for piece in decompress(kind, (data[at : at + size] for at in range(0, len(data), size))):
            out.append(piece)
            count += len(piece)
            if count > _MOST_TEXT:
                break
    except Damaged:
        return b"".join(out), False
    return b"".join(out)[:_MOST_TEXT], True


def fuzz_encodings(data: bytes) -> None:
    """What is recoded is UTF-8 and gives the bytes again; UTF-16 always does."""
    found = decode(data, b"", ReadSettings().encodings, repair=False)
    if found and found.width == 1:
        assert found.text.decode("utf-8").encode(found.encoding) == data
    repaired = decode(data, b"", [], repair=True)
    if repaired and not repaired.width:
        assert repaired.text.decode("utf-8").count("\ufffd") >= data.count("\ufffd".encode())
    for encoding in ("utf-16-le", "utf-16-be"):
        out, rest = [], b""
        try:
            for piece in transcode_utf16((data[at : at + 3] for at in range(0, len(data), 3)), encoding):
                out.append(piece)
        except Damaged as damage:
            rest = damage.rest
        assert utf16_bytes(b"".join(out), encoding) + rest == data


def fuzz_configuration(data: bytes) -> None:
    """A configuration file is taken, or refused in one line."""
    with tempfile.NamedTemporaryFile(suffix=".yaml") as file:
        file.write(data)
        file.flush()
        for assignments in ([], [data.decode("utf-8", "replace")]):
            try:
                load_settings(file.name if not assignments else None, assignments, {})
            except ConfigError as error:
                said = str(error).splitlines()
                if len(said) != 1:
                    raise AssertionError(said) from error


TARGETS: dict[str, Callable[[bytes], None]] = {
    "reader": fuzz_reader,
    "decompression": fuzz_decompression,
    "encodings": fuzz_encodings,
    "configuration": fuzz_configuration,
}
