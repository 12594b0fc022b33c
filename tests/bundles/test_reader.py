"""Documents: where they begin and end, whatever the bundle holds and however it is cut."""

import os
import pickle
import tracemalloc
from pathlib import Path

import fsspec
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.bundles.oracle import Item, read_bundle, read_with_splits
from transforms.bundles import boundaries
from transforms.bundles.listing import list_bundles
from transforms.bundles.reader import BundleChanged, BundleReadError, Documents, read_documents
from transforms.bundles.splits import ByteRange, Split, plan_splits
from transforms.settings import ReadSettings

SHARED = Path(__file__).parents[2].parent / "shared"
FRAGMENTS = [
    b"<<<FILE>>>",
    b"\n<<<FILE>>>",
    b"\r<<<FILE>>> ",
    b"\r\n<<<FILE>>>\t",
    b"<<<FILE",
    b">>>",
    b"<<<",
    b"\n<",
    b"\n",
    b"\r",
    b"\r\n",
    b" ",
    b"\xef\xbb\xbf",
    b"\x00",
    b"\x1c",
    b"\xff\xfe",
    b"\xfe\xff",
    b"\x1a",
    b"\n\xef\xbb\xbf<<<FILE>>>",
    "\u200f<<<FILE>>>".encode(),
    "\n \u2067<<<FILE>>>b\n".encode(),
    b"\xed\xa0\xbd\xed\xb8\x80",
    b"\xe2\x80",
    "كتب\r\n".encode("utf-16-le"),
    "كتب\u2028".encode("utf-16-be"),
    "كتب\u2028".encode("utf-16-le"),
    b"\xff",
    b"\xd8",
    b"\xed\xa0\x80",
    b"\xc0\xaf",
    b"a",
    "نهر".encode(),
    "\u00a0".encode(),
    "\u0085".encode(),
    "\u2028".encode(),
    "\u3000".encode(),
    "خبر عاجل 🌊".encode(),
]
hostile = st.lists(st.sampled_from(FRAGMENTS), max_size=12).map(b"".join)


def _read(folder: Path, files: dict[str, bytes], target: int, **asked: object) -> list[Item]:
    for name, data in files.items():
        folder.joinpath(name).parent.mkdir(parents=True, exist_ok=True)
        folder.joinpath(name).write_bytes(data)
    return read_with_splits(list_bundles([str(folder)]), target, ReadSettings.model_validate(asked))


def _oracle(files: dict[str, bytes], *, lenient: bool = False, repair: bool = False) -> list[Item]:
    items = [
        item for name, data in sorted(files.items()) for item in read_bundle(name, data, lenient=lenient, repair=repair)
    ]
    return [item if item.text is not None else item._replace(preamble=False) for item in items]


def _documents(folder: Path, data: bytes, target: int = 1 << 26) -> Documents:
    folder.joinpath("bundle.txt").write_bytes(data)
    (split,) = plan_splits(list_bundles([str(folder)]), target)
    return read_documents(split)


@settings(deadline=None, max_examples=300)
@given(
    st.dictionaries(st.sampled_from(["a.txt", "b/c.txt", "b.txt", "ن.txt"]), hostile, min_size=1), st.integers(1, 40)
)
def test_documents_are_those_of_the_oracle_for_every_split_size(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes], target: int
) -> None:
    folder = tmp_path_factory.mktemp("bundles")
    assert _read(folder, files, target) == _oracle(files)


@settings(deadline=None, max_examples=300)
@example(data=b"<<<FILE>>>b\n\xff\xfe" + "خبر عاجل 🌊".encode(), target=1, repair=True)  # by its mark damaged UTF-16
@example(data=b"<<<FILE>>>b\n\xff\xfe" + "خبر عاجل 🌊".encode(), target=1, repair=False)
@given(hostile, st.integers(1, 40), st.booleans())
def test_lenient_and_repairing_readings_are_those_of_the_oracle(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, target: int, repair: bool
) -> None:
    asked = {"delimiter": "lenient", "repair": "bytes" if repair else "none"}
    found = _read(tmp_path_factory.mktemp("bundles"), {"a.txt": data}, target, **asked)
    assert found == _oracle({"a.txt": data}, lenient=True, repair=repair)


@settings(deadline=None)
@given(hostile.filter(bool), st.integers(1, 40))
def test_documents_tile_the_bundle(tmp_path_factory: pytest.TempPathFactory, data: bytes, target: int) -> None:
    items = _read(tmp_path_factory.mktemp("bundles"), {"a.txt": data}, target)
    ends = [items[0].offset, *(item.offset + item.length for item in items)]
    assert [item.offset for item in items] == ends[:-1]
    assert ends[-1] == len(data)
    before = data[: ends[0]].strip(b"\xff\xfe\0").decode(errors="ignore")
    assert not before.strip("\ufeff\x1a" + "\t\n\r \u00a0\u0085\u2028\u3000")


@settings(deadline=None)
@given(hostile, st.integers(1, 40), st.integers(1, 30))
def test_documents_do_not_depend_on_read_buffers(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, target: int, chunk: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boundaries, "FIRST_CHUNK", chunk)
        patch.setattr(boundaries, "LARGEST_CHUNK", chunk)
        assert _read(tmp_path_factory.mktemp("bundles"), {"a.txt": data}, target) == _oracle({"a.txt": data})


CASES = {
    "delimiter at the first byte": (b"<<<FILE>>>one\nx", [(0, 15, "one", "x")]),
    "delimiter at the last byte": (b"<<<FILE>>>one\nx\n<<<FILE>>>", [(0, 16, "one", "x\n"), (16, 10, None, None)]),
    "no final newline": (b"<<<FILE>>>\nx", [(0, 12, "", "x")]),
    "CR LF": (b"<<<FILE>>> a b \r\nx\r\n<<<FILE>>>c\r\ny", [(0, 20, "a b", "x\r\n"), (20, 14, "c", "y")]),
    "CR": (b"<<<FILE>>>a\rx\r<<<FILE>>>b\ry", [(0, 14, "a", "x\r"), (14, 13, "b", "y")]),
    "mark before the delimiter": (b"\xef\xbb\xbf<<<FILE>>>a\nx", [(0, 16, "a", "x")]),
    "mark behind the delimiter": (b"<<<FILE>>>a\n\xef\xbb\xbfx", [(0, 16, "a", "x")]),
    "mark inside the text": (b"x\xef\xbb\xbf", [(0, 4, "bundle.txt", "x\ufeff")]),
    "preamble": ("مقدمة\n<<<FILE>>>a\nx".encode(), [(0, 11, "bundle.txt", "مقدمة\n"), (11, 13, "a", "x")]),
    "white preamble is nothing": (b" \n\n<<<FILE>>>a\nx", [(3, 13, "a", "x")]),
    "no delimiter": (b"x", [(0, 1, "bundle.txt", "x")]),
    "delimiter inside a line": (b"x<<<FILE>>>y", [(0, 12, "bundle.txt", "x<<<FILE>>>y")]),
    "delimiter behind a vertical tab": (b"x\x0b<<<FILE>>>y", [(0, 13, "bundle.txt", "x\x0b<<<FILE>>>y")]),
    "two delimiters in a line": (b"<<<FILE>>><<<FILE>>>\nx", [(0, 22, "<<<FILE>>>", "x")]),
    "nothing but a NUL": (b"<<<FILE>>>a\n\x00", [(0, 13, None, None)]),
    "nothing but a control character": (b"<<<FILE>>>\x1c\n\x1c", [(0, 13, None, None)]),
    "empty document": (b"<<<FILE>>>a\n \xc2\xa0\n<<<FILE>>>b\nx", [(0, 16, None, None), (16, 13, "b", "x")]),
    "empty bundle": (b"", [(0, 0, None, None)]),
    "white bundle": (b"\xef\xbb\xbf \n", [(0, 5, None, None)]),
    "name not UTF-8": (b"<<<FILE>>>\xe3\nx\n<<<FILE>>>b\nx", [(0, 14, "م", "x\n"), (14, 13, "b", "x")]),
    "name in no encoding": (b"<<<FILE>>>\xe3\x01\nx", [(0, 14, "\\xe3\x01", "x")]),
    "sequence cut off by the end": (b"x\xd9", [(0, 2, None, None)]),
    "sequence cut off by a document": (b"x\xd9\n<<<FILE>>>\nx", [(0, 3, None, None), (3, 12, "", "x")]),
}


@pytest.mark.parametrize("target", [1, 7, 1 << 20])
@pytest.mark.parametrize(("data", "expected"), CASES.values(), ids=CASES.keys())
def test_named_cases(tmp_path: Path, data: bytes, expected: list[tuple[object, ...]], target: int) -> None:
    items = _read(tmp_path, {"bundle.txt": data}, target)
    assert [(i.offset, i.length, i.name if i.text is not None else None, i.text) for i in items] == expected


@pytest.mark.parametrize("place", range(-12, 3))
def test_a_delimiter_across_the_edge_of_a_read_buffer(tmp_path: Path, place: int) -> None:
    head = b"<<<FILE>>>a\n" + b"x" * (20 + 9 + boundaries.FIRST_CHUNK + place - 13) + b"\n"
    data = head + b"<<<FILE>>>b\ny"
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "f").write_bytes(data)
    (bundle,) = list_bundles([str(folder)])
    first = read_documents(Split(0, (ByteRange(bundle, 0, 20),)))
    assert (first.offset.tolist(), first.length.tolist()) == ([0], [len(head)])
    rest = read_documents(Split(1, (ByteRange(bundle, 20, len(data)),)))
    assert (rest.offset.tolist(), rest.name.to_pylist()) == ([len(head)], ["b"])


def test_documents_of_one_byte(tmp_path: Path) -> None:
    data = b"".join(b"<<<FILE>>>%d\nx\n" % number for number in range(2_000))
    documents = _documents(tmp_path, data)
    assert documents.name.to_pylist() == [str(number) for number in range(2_000)]
    assert documents.length.sum() == len(data)
    assert _read(tmp_path, {}, 1_000) == read_bundle("bundle.txt", data)


def test_a_document_of_100_mb_is_read_once_and_only_by_its_owner(tmp_path: Path) -> None:
    size = 100_000_000
    with (tmp_path / "large.txt").open("wb") as file:
        file.write(b"<<<FILE>>>large\nx")
        file.truncate(size)  # the rest are NUL bytes, and no block of the disk
        file.seek(size)
        file.write(b"\n<<<FILE>>>small\ny")
    (bundle,) = list_bundles([str(tmp_path)])
    inside = read_documents(Split(1, (ByteRange(bundle, 10_000_000, 10_100_000),)))
    assert (len(inside.offset), len(inside.text), inside.bytes_read) == (0, 0, 100_000)
    owner = read_documents(Split(0, (ByteRange(bundle, 0, 10_000_000),)))
    assert (owner.length.tolist(), owner.name.to_pylist()) == ([size + 1], ["large"])
    assert owner.text_end[0] - owner.text_start[0] == 1  # what follows is padding


def test_a_range_inside_a_document_reads_its_own_bytes_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "f").write_bytes(b"x" * 300_000)
    (bundle,) = list_bundles([str(tmp_path)])
    reads = []
    plain = boundaries.Text.read
    monkeypatch.setattr(
        boundaries.Text,
        "read",
        lambda self, source, at, count: (reads.append((at, count)), plain(self, source, at, count)),
    )
    read_documents(Split(0, (ByteRange(bundle, 100_000, 101_000),)))
    assert reads == [(99_980, 1_029)]


def test_reading_costs_a_few_times_its_bytes_in_memory(tmp_path: Path) -> None:
    data = ("<<<FILE>>>a\n" + "نص عربي طويل بعض الشيء\n" * 500).encode() * 2_000
    tracemalloc.start()
    documents = _documents(tmp_path, data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(documents.name) == 2_000
    assert peak < 3 * len(data)  # a buffer that grows is copied once


def test_rejects_carry_the_whole_document(tmp_path: Path) -> None:
    data = "<<<FILE>>>خ\n".encode() + b"\xe2\x28\n<<<FILE>>>b\n \n<<<FILE>>>c\nx"
    documents = _documents(tmp_path, data)
    first, second = documents.rejects
    assert (first.bundle, first.stage, first.reason) == ("bundle.txt", "read", "not_text")
    tried = "nor Arabic in windows-1256, iso-8859-6"
    assert first.detail == f"not UTF-8: byte 0xe2 at 13: invalid continuation byte; {tried}"
    assert first.payload + second.payload == data[: documents.offset[0]]
    assert (second.reason, second.detail) == ("empty_document", "nothing but white space in b")


def test_many_small_files_share_a_split(tmp_path: Path) -> None:
    files = {f"{number:04d}.txt": f"مقال رقم {number}".encode() for number in range(300)}
    assert _read(tmp_path, files, 1 << 20) == _oracle(files)
    assert len(plan_splits(list_bundles([str(tmp_path)]), 1 << 20)) == 1


def test_the_columns_have_the_promised_types(tmp_path: Path) -> None:
    documents = _documents(tmp_path, b"x")
    names = ("text", "text_start", "text_end", "shift", "bundle", "offset", "length", "preamble")
    types = [np.uint8, np.int64, np.int64, np.int64, np.int32, np.int64, np.int64, np.bool_]
    assert [getattr(documents, name).dtype for name in names] == types
    assert documents.encoding == ["utf-8"]
    assert documents.preamble.tolist() == [True]


def test_a_split_without_ranges_has_no_documents() -> None:
    documents = read_documents(Split(0, ()))
    assert (documents.name.to_pylist(), documents.rejects, documents.bytes_read) == ([], [], 0)


@settings(deadline=None)
@given(hostile.filter(bool), st.integers(1, 30))
def test_other_stores_give_the_same(data: bytes, target: int) -> None:
    system = fsspec.filesystem("memory")
    system.pipe("/reader/a.txt", data)
    try:
        assert read_with_splits(list_bundles(["memory://reader"]), target) == _oracle({"a.txt": data})
    finally:
        system.rm("/reader", recursive=True)


@pytest.mark.parametrize("change", ["longer", "shorter", "gone", "other file of the same size"])
def test_a_bundle_that_changed_is_not_read(tmp_path: Path, change: str) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"first text")
    (split,) = plan_splits(list_bundles([str(tmp_path)]), 100)
    if change == "gone":
        path.unlink()
    elif change.startswith("other"):
        times = path.stat().st_mtime_ns
        path.with_name("g").write_bytes(b"other text")
        os.utime(path.with_name("g"), ns=(times, times))
        path.with_name("g").replace(path)
    else:
        path.write_bytes(b"first text and more" if change == "longer" else b"less")
    with pytest.raises(BundleChanged, match=r"f: .*run again"):
        read_documents(split)


def test_a_bundle_that_changes_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"first text")
    (split,) = plan_splits(list_bundles([str(tmp_path)]), 100)
    plain = boundaries.Text.read
    monkeypatch.setattr(
        boundaries.Text, "read", lambda *args: (plain(*args), os.truncate(path, 3), os.utime(path, ns=(1, 1)))
    )
    with pytest.raises(BundleChanged, match="changed since it was listed"):
        read_documents(split)


def test_a_failing_store_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "f").write_bytes(b"x")
    (split,) = plan_splits(list_bundles([str(tmp_path)]), 100)

    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(boundaries.Text, "read", fail)
    with pytest.raises(BundleReadError, match="f: cannot be read: Input/output error"):
        read_documents(split)


def test_documents_can_be_sent_to_workers(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x")
    splits = plan_splits(list_bundles([str(tmp_path)]), 100)
    assert pickle.loads(pickle.dumps(splits)) == splits


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared real texts are not beside the project")
@pytest.mark.parametrize("target", [1_000, 65_536, 1 << 30])
def test_real_news(target: int) -> None:
    folder = SHARED / "real" / "news"
    expected = [item for path in sorted(folder.iterdir()) for item in read_bundle(path.name, path.read_bytes())]
    assert read_with_splits(list_bundles([str(folder)]), target) == expected
    assert all(item.preamble for item in expected)
