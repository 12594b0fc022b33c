"""Bundles that are streams: the documents of what comes out of them, in parts, whole or rejected."""

import io
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bundles.compressors import COMPRESSORS, compress_in_members
from tests.bundles.oracle import Item, paragraphs_with_splits, read_bundle, read_with_splits
from tests.bundles.test_reader import hostile
from transforms.bundles import boundaries, compression, parsing
from transforms.bundles.documents import Documents
from transforms.bundles.errors import BundleChanged
from transforms.bundles.listing import list_bundles
from transforms.bundles.reader import read_again, read_documents, read_parts
from transforms.bundles.splits import plan_splits
from transforms.settings import ReadSettings

MARK = "\ufeff"
DOCUMENTS = "".join(f"<<<FILE>>> مقال {number}\n" + f"هذا نصّ المقال رقم {number} كما نُشر\n" * 9 for number in range(60))
kinds = st.sampled_from(sorted(COMPRESSORS))
lines = st.lists(
    st.sampled_from(["<<<FILE>>>", "\n<<<FILE>>>أ", "\n", "\r\n", "نهر", "خبر 🌊", " ", "\u00a0", "x"]), max_size=15
)


def _items(folder: Path, files: dict[str, bytes], target: int = 1 << 20, **asked: object) -> list[Item]:
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return read_with_splits(list_bundles([str(folder)]), target, ReadSettings.model_validate(asked))


def _expected(name: str, data: bytes) -> list[Item]:
    items = read_bundle(name, data)
    return [item if item.text is not None else item._replace(preamble=False) for item in items]


@contextmanager
def _in_small_pieces(size: int) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compression, "PIECE_BYTES", size)
        patch.setattr(boundaries, "LARGEST_CHUNK", max(size, 20))
        yield


def _documents(folder: Path, data: bytes, **asked: object) -> Documents:
    (folder / "bundle").write_bytes(data)
    (split,) = plan_splits(list_bundles([str(folder)]), 1 << 26)
    return read_documents(split, ReadSettings.model_validate(asked))


@settings(deadline=None, max_examples=150)
@given(hostile, kinds, st.integers(1, 60), st.integers(1, 40))
def test_a_compressed_bundle_is_its_text(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, kind: str, part: int, target: int
) -> None:
    files = {"a.txt": COMPRESSORS[kind](data)}
    with _in_small_pieces(part):
        found = _items(tmp_path_factory.mktemp("in"), files, target, part_bytes=part)
    assert found == _expected("a.txt", data)


@settings(deadline=None, max_examples=100)
@given(lines.map("".join), st.sampled_from(["utf-16-le", "utf-16-be"]), st.integers(1, 60), st.booleans())
def test_a_bundle_in_utf16_is_its_text(
    tmp_path_factory: pytest.TempPathFactory, text: str, encoding: str, part: int, packed: bool
) -> None:
    data = (MARK + text).encode(encoding)
    files = {"a.txt": COMPRESSORS["gzip"](data) if packed else data}
    with _in_small_pieces(part):
        found = _items(tmp_path_factory.mktemp("in"), files, 7, part_bytes=part)
    plain = _expected("a.txt", (MARK + text).encode())
    assert [(item.name, item.text, item.preamble) for item in found] == [
        (item.name, item.text, item.preamble) for item in plain
    ]
    sources = [data[item.offset : item.offset + item.length].decode(encoding).encode() for item in found]
    assert sources == [(MARK + text).encode()[item.offset : item.offset + item.length] for item in plain]


@settings(deadline=None, max_examples=100)
@given(
    st.lists(
        st.tuples(lines.map("".join), st.sampled_from(["utf-8", "utf-16-le", "utf-16-be", "cp1256", "iso-8859-6"])),
        max_size=6,
    )
)
def test_documents_of_a_bundle_may_be_in_different_encodings(
    tmp_path_factory: pytest.TempPathFactory, documents: list[tuple[str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("in")
    arabic = "ذهب الولد إلى المدرسة صباحا ثم عاد إلى البيت في المساء "
    texts = [
        (arabic + text.replace("<", "").replace("🌊", "").replace("\u00a0", " ") + arabic, encoding)
        for text, encoding in documents
    ]
    bundle = b"".join(
        b"<<<FILE>>>n\n" + ((MARK if "16" in encoding else "") + text).encode(encoding) + b"\n"
        for text, encoding in texts
    )
    (folder / "mixed").write_bytes(bundle)
    found = paragraphs_with_splits(list_bundles([str(folder)]), 1 << 20, "line")
    expected = [line.strip() for text, _ in texts for line in text.splitlines() if line.strip()]
    assert [text for _, _, text in found] == expected
    encodings = [encoding for text, encoding in texts for line in text.splitlines() if line.strip()]
    for (_, offset, text), encoding in zip(found, encodings, strict=True):
        raw = text.encode(encoding)
        assert bundle[offset : offset + len(raw)] == raw


@pytest.mark.parametrize("kind", COMPRESSORS)
def test_parts_are_the_same_when_they_are_read_again(tmp_path: Path, kind: str) -> None:
    (tmp_path / "a").write_bytes(compress_in_members(kind, DOCUMENTS.encode() * 2, 9_000))
    (tmp_path / "b").write_bytes(DOCUMENTS.encode())
    (split,) = plan_splits(list_bundles([str(tmp_path)]), 1 << 20)
    asked = ReadSettings(part_bytes=5_000)
    first = [
        (part, documents.text.tobytes(), documents.offset.tolist()) for part, documents in read_parts(split, asked)
    ]
    assert len(first) > 2
    assert [part.part for part, _, _ in first] == list(range(len(first)))
    assert len({part.id for part, _, _ in first}) == len(first)
    again = [
        (part, documents.text.tobytes(), documents.offset.tolist())
        for part, documents in read_again([part for part, _, _ in first], asked)
    ]
    assert again == first
    some = [part for part, _, _ in first][1:3]
    assert [part for part, _ in read_again(some, asked)] == some
    assert read_documents(some[1], asked).offset.tolist() == first[2][2]
    with pytest.raises(BundleChanged, match="run again"):
        read_documents(some[1])


def test_bytes_are_counted_once(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(COMPRESSORS["xz"](DOCUMENTS.encode()))
    (bundle,) = list_bundles([str(tmp_path)])
    (split,) = plan_splits([bundle], 100)
    counted = [documents.bytes_read for _, documents in read_parts(split, ReadSettings(part_bytes=5_000))]
    assert counted == [bundle.size, *[0] * (len(counted) - 1)]


@pytest.mark.parametrize("kind", COMPRESSORS)
def test_a_compressed_bundle_cut_short_keeps_what_is_whole(tmp_path: Path, kind: str) -> None:
    packed = compress_in_members(kind, DOCUMENTS.encode(), 4_000)
    documents = _documents(tmp_path, packed[: 2 * len(packed) // 3])
    whole = read_bundle("bundle", DOCUMENTS.encode())
    count = len(documents.name)
    assert 20 < count < 60
    assert documents.name.to_pylist() == [item.name for item in whole[:count]]
    (reject,) = documents.rejects
    assert (reject.reason, reject.offset) == ("truncated_stream", whole[count].offset)
    assert DOCUMENTS.encode()[reject.offset :].startswith(reject.payload)
    assert reject.length == len(reject.payload)


@pytest.mark.parametrize("kind", sorted(set(COMPRESSORS) - {"zstd"}))
def test_a_damaged_bundle_keeps_what_stands_before(tmp_path: Path, kind: str) -> None:
    packed = bytearray(compress_in_members(kind, DOCUMENTS.encode(), 4_000))
    packed[len(packed) // 2] ^= 0xFF
    documents = _documents(tmp_path, bytes(packed))
    assert documents.rejects[-1].reason == "corrupt_stream"
    assert documents.name.to_pylist()[:20] == [f"مقال {number}" for number in range(20)]


def test_what_never_opened_is_one_reject(tmp_path: Path) -> None:
    documents = _documents(tmp_path, b"\x1f\x8b\x08 and no more")
    assert [(item.offset, item.length, item.reason) for item in documents.rejects] == [(0, 0, "corrupt_stream")]


TWO = "<<<FILE>>>a\nأوّل\n<<<FILE>>>b\nثانٍ\n".encode()


@pytest.mark.parametrize("kind", COMPRESSORS)
@pytest.mark.parametrize("text", [TWO, TWO[:-1]])
@pytest.mark.parametrize("rest", [b"trailing junk", b"\n", b"<<<FILE>>>c\nplain"])
def test_a_whole_member_keeps_its_documents_whatever_follows(
    tmp_path: Path, kind: str, text: bytes, rest: bytes
) -> None:
    documents = _documents(tmp_path, COMPRESSORS[kind](text) + rest)
    assert documents.name.to_pylist() == ["a", "b"]
    (reject,) = documents.rejects
    assert (reject.offset, reject.length, reject.payload) == (len(text), len(rest), rest)
    assert reject.reason in ("corrupt_stream", "truncated_stream")


@pytest.mark.parametrize("kind", COMPRESSORS)
@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_a_whole_member_keeps_its_documents_before_a_broken_one(tmp_path: Path, kind: str, damage: str) -> None:
    other = bytearray(COMPRESSORS[kind]("<<<FILE>>>c\nثالث\n".encode() * 3))
    broken = bytes(other[: len(other) // 3]) if damage == "cut" else bytes(other[:8]) + b"\xff" * 20 + bytes(other[28:])
    for text in (TWO, ("\ufeff" + TWO.decode()).encode("utf-16-be")):
        documents = _documents(tmp_path, COMPRESSORS[kind](text) + broken)
        assert documents.name.to_pylist()[:2] == ["a", "b"]
        assert documents.text[documents.text_start[1] : documents.text_end[1]].tobytes().decode() == "ثانٍ\n"
        (reject,) = documents.rejects
        assert reject.offset >= len(text)


@pytest.mark.parametrize("kind", COMPRESSORS)
def test_a_document_that_goes_on_in_a_broken_member_is_rejected(tmp_path: Path, kind: str) -> None:
    broken = COMPRESSORS[kind](TWO[-8:] * 9)
    documents = _documents(tmp_path, COMPRESSORS[kind](TWO[:-4]) + broken[: len(broken) // 2])
    assert documents.name.to_pylist() == ["a"]
    (reject,) = documents.rejects
    assert reject.offset == TWO.index(b"<<<", 3)
    assert reject.payload.startswith(TWO[reject.offset : -4])


def test_what_is_compressed_twice_is_named(tmp_path: Path) -> None:
    (reject,) = _documents(tmp_path, COMPRESSORS["gzip"](COMPRESSORS["zstd"](TWO))).rejects
    assert (reject.reason, reject.detail.partition(";")[0]) == ("unsupported_format", "zstd inside of compressed data")


@pytest.mark.parametrize("head", [b"%PDF-1.7\n", b"Obj\x01", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"])
def test_documents_of_programs_are_named(tmp_path: Path, head: bytes) -> None:
    (reject,) = _documents(tmp_path, head + bytes(100)).rejects
    assert reject.reason == "unsupported_format"
    assert "is not read; give its text as a file of text" in reject.detail


@pytest.mark.parametrize("line_end", [b"", b"\n", b"\r\n", "\r\n".encode("utf-16-le")])
@pytest.mark.parametrize("part", [1, 1 << 20])
def test_a_bundle_may_begin_in_utf16_and_go_on_in_utf8(tmp_path: Path, line_end: bytes, part: int) -> None:
    first, rest = ("\ufeff" + "نصّ المقال الأول\n").encode("utf-16-le"), "<<<FILE>>>b\nثانٍ\n<<<FILE>>>c\nثالث".encode()
    (item, second, third) = _items(tmp_path, {"a.txt": first + line_end + rest}, 7, part_bytes=part)
    assert (item.offset, item.length, item.text and item.text.strip()) == (0, len(first + line_end), "نصّ المقال الأول")
    assert (second.offset, second.name, second.text) == (len(first + line_end), "b", "ثانٍ\n")
    assert (third.name, third.text) == ("c", "ثالث")


def test_archives_are_named(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a"))
    for data in (out.getvalue(), COMPRESSORS["gzip"](out.getvalue())):
        (reject,) = _documents(tmp_path, data).rejects
        assert reject.reason == "unsupported_format"
        assert reject.detail.startswith("tar is not read; unpack it")
    (reject,) = _documents(tmp_path, b"PK\x03\x04" + DOCUMENTS.encode()).rejects
    assert reject.detail.startswith("zip is not read")


def test_too_much_text_is_rejected_from_there_on(tmp_path: Path) -> None:
    documents = _documents(tmp_path, COMPRESSORS["gzip"](DOCUMENTS.encode() * 40), decompressed_bytes=100_000)
    assert len(documents.name) > 50
    (reject,) = documents.rejects
    assert reject.reason == "decompressed_too_large"
    assert reject.offset == documents.offset[-1] + documents.length[-1]


@pytest.mark.parametrize("kind", [*COMPRESSORS, "plain", "utf-16"])
def test_a_document_that_is_too_large_is_rejected_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    for name, size in (("SAMPLE_BYTES", 1_000), ("FIRST_CHUNK", 300), ("LARGEST_CHUNK", 2_000)):
        monkeypatch.setattr(boundaries, name, size)
    monkeypatch.setattr(parsing, "SAMPLE_BYTES", 1_000)
    head, large, tail = "<<<FILE>>>a\nأوّل\n", "<<<FILE>>>b\n" + "طويل جدًّا\n" * 9_000, "<<<FILE>>>c\nأخير"
    text = head + large + tail
    plain = {"utf-16": (MARK + text).encode("utf-16-le")}.get(kind, text.encode())
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "f").write_bytes(COMPRESSORS[kind](plain) if kind in COMPRESSORS else plain)
    (split, *_) = plan_splits(list_bundles([str(tmp_path / "in")]), 1 << 20)
    asked = ReadSettings(document_bytes=20_000, part_bytes=3_000)
    parts = [documents for _, documents in read_parts(split, asked)]
    assert [name for documents in parts for name in documents.name.to_pylist()] == ["a", "c"]
    (reject,) = [reject for documents in parts for reject in documents.rejects]
    source = large.encode("utf-16-le") if kind == "utf-16" else large.encode()
    assert (reject.reason, reject.length) == ("document_too_large", len(source))
    assert plain[reject.offset : reject.offset + reject.length] == source
    assert source.startswith(reject.payload)
    assert 900 < len(reject.payload) <= 1_500


def test_half_a_character_at_the_end_of_utf16(tmp_path: Path) -> None:
    data = (MARK + "<<<FILE>>>a\nأوّل\n<<<FILE>>>b\nثانٍ").encode("utf-16-le")
    documents = _documents(tmp_path, data[:-1])
    assert documents.name.to_pylist() == ["a"]
    (reject,) = documents.rejects
    assert (reject.reason, reject.payload) == ("truncated_stream", data[reject.offset : -1])


def test_half_a_surrogate_pair_rejects_its_document_only(tmp_path: Path) -> None:
    texts = ["\ufeff<<<FILE>>>a\nأوّل\n", "<<<FILE>>>b\n\ud83c\n", "<<<FILE>>>c\nثانٍ"]
    data = "".join(texts).encode("utf-16-be", "surrogatepass")
    documents = _documents(tmp_path, data)
    assert documents.name.to_pylist() == ["a", "c"]
    (reject,) = documents.rejects
    assert reject.detail == "not UTF-16: half of a surrogate pair"
    assert reject.payload == texts[1].encode("utf-16-be", "surrogatepass")


def test_a_bundle_in_windows_1256_is_read_document_by_document(tmp_path: Path) -> None:
    data = DOCUMENTS.encode("cp1256") + b"<<<FILE>>>bad\n\xff\xfe\x00"
    documents = _documents(tmp_path, data)
    assert documents.name.to_pylist() == [f"مقال {number}" for number in range(60)]
    assert documents.encoding == ["windows-1256"] * 60
    assert documents.offset.tolist() == [item.offset for item in read_bundle("x", data)][:60]
    assert len(documents.rejects) == 1


def test_planning_looks_at_large_bundles_only(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(COMPRESSORS["zstd"](DOCUMENTS.encode()))
    (tmp_path / "b").write_bytes(DOCUMENTS.encode())
    bundles = list_bundles([str(tmp_path)])
    size = bundles[0].size
    assert [len(split.ranges) for split in plan_splits(bundles[:1], size)] == [1]
    assert [len(split.ranges) for split in plan_splits(bundles[:1], size // 3)] == [1]
    asked = []
    plan_splits(bundles, 1 << 20, lambda bundle: bool(asked.append(bundle)))
    assert asked == []
    assert len(plan_splits(bundles[1:], size)) > 3
