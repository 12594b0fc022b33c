"""Folders on any store: files whole or not at all, new ones for one writer, nothing outside, refusals in one line."""

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.errors import UsageError
from transforms.filesystems import FileTaken, StorageError, filesystem, is_local
from transforms.storage import Folder
from transforms.written import WrittenFile

TEXT = "رافد يجري إلى النهر".encode()


@pytest.fixture(params=["folder", "file://folder", "memory://"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Folder]:
    if request.param == "memory://":
        yield Folder("memory://storage/a folder")
        Folder("memory://storage").remove("a folder")
    else:
        yield Folder(f"{'file://' if request.param.startswith('file') else ''}{tmp_path}/a folder")


def test_what_is_written_is_read(folder: Folder) -> None:
    written = folder.write("deep/er/نص.bin", TEXT, rows=3)
    assert written == WrittenFile("deep/er/نص.bin", 3, len(TEXT), hashlib.sha256(TEXT).hexdigest())
    assert folder.read("deep/er/نص.bin").to_pybytes() == TEXT


def test_what_is_written_piece_by_piece_is_read_whole(folder: Folder) -> None:
    pieces = [TEXT, b"", TEXT * 1000, b"\0"]
    written = folder.write_by("deep/er/نص.bin", lambda file: [file.write(each) for each in pieces], rows=3)
    whole = b"".join(pieces)
    assert written == WrittenFile("deep/er/نص.bin", 3, len(whole), hashlib.sha256(whole).hexdigest())
    assert folder.read("deep/er/نص.bin").to_pybytes() == whole


def test_a_file_whose_writer_fails_halfway_is_not_there(tmp_path: Path) -> None:
    folder = Folder(str(tmp_path))
    folder.write("a", b"before")

    def fill(file: pa.NativeFile) -> None:
        file.write(TEXT)
        raise OSError(28, "No space left on device")

    with pytest.raises(StorageError, match=r"a: cannot be written: No space left on device"):
        folder.write_by("a", fill)
    assert (folder.files(), folder.read("a").to_pybytes()) == (["a"], b"before")


def test_a_file_is_replaced(folder: Folder) -> None:
    folder.write("a", b"long" * 1000)
    folder.write("a", TEXT)
    assert folder.read("a").to_pybytes() == TEXT
    assert folder.files() == ["a"]


def test_an_empty_file_is_a_file(folder: Folder) -> None:
    assert folder.write("empty", b"").bytes == 0
    assert folder.exists("empty")
    assert folder.read("empty").to_pybytes() == b""


def test_arrays_are_written_as_their_bytes(folder: Folder) -> None:
    folder.write("a", np.arange(5, dtype=np.int64))
    assert folder.read("a").to_pybytes() == np.arange(5, dtype=np.int64).tobytes()


def test_files_are_listed_sorted_and_relative(folder: Folder) -> None:
    for name in ("b/2", "b/10", "a", "c/d/e"):
        folder.write(name, TEXT)
    assert folder.files() == ["a", "b/10", "b/2", "c/d/e"]
    assert folder.files("b") == ["10", "2"]
    assert folder.files("nowhere") == []


def test_a_folder_is_removed_with_all_below_it(folder: Folder) -> None:
    for name in ("a/1", "a/b/2", "keep"):
        folder.write(name, TEXT)
    folder.remove("a")
    folder.remove("a")
    assert not folder.exists("a")
    assert folder.files() == ["keep"]


def test_one_file_is_removed(folder: Folder) -> None:
    for name in ("a/1", "a/2"):
        folder.write(name, TEXT)
    folder.remove("a/1")
    assert folder.files() == ["a/2"]


def test_a_missing_file_is_named(folder: Folder) -> None:
    with pytest.raises(StorageError, match=r"nowhere: cannot be read") as caught:
        folder.read("nowhere")
    assert "\n" not in str(caught.value)


def test_a_file_is_not_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(TEXT)
    with pytest.raises(StorageError, match=r"file/below: cannot be written: ") as caught:
        Folder(str(tmp_path / "file")).write("below", TEXT)
    assert caught.value.exit_code == 1
    assert (tmp_path / "file").read_bytes() == TEXT


def test_a_full_disk_leaves_what_was_there_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Folder(str(tmp_path)).write("a", b"before")

    def fill(temporary: Path, target: Path) -> None:
        assert temporary.read_bytes() == TEXT, "the whole text stands under another name first"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fill)
    with pytest.raises(StorageError, match=r"a: cannot be written: No space left on device"):
        Folder(str(tmp_path)).write("a", TEXT)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"before"


@settings(deadline=None)
@given(st.lists(st.sampled_from(["a", "ب", "c d", "x=1", "..a", "*"]), max_size=4))
def test_a_place_is_what_a_slash_makes(parts: list[str]) -> None:
    path = "/".join(parts)
    for root in ("out", "/out", "memory://out", "s3://bucket/out", "file:///out"):
        for folder in (Folder(root), Folder(root + "/")):
            assert folder.at(path) == folder.below(path).at() == "/".join([root, *parts])


def test_the_root_folder_stays_the_root_folder() -> None:
    assert Folder("/").at("a/b") == "/a/b"
    assert Folder("/").at() == "/"


@pytest.mark.parametrize(
    ("url", "local"),
    [("out", True), ("/out", True), ("file:///out", True), ("memory://out", False), ("s3://bucket/out", False)],
)
def test_local_is_what_lies_on_this_machine(url: str, local: bool) -> None:
    assert is_local(url) is local


def test_relative_paths_are_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert filesystem("out")[1] == str(tmp_path / "out")
    assert filesystem(f"file://{tmp_path}/out")[1] == str(tmp_path / "out")


def test_an_unknown_protocol_is_wrong_use() -> None:
    with pytest.raises(UsageError, match=r"nosuch://") as caught:
        filesystem("nosuch://bucket/out")
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_syncing_asks_for_a_file_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(TEXT)
    Folder(str(tmp_path)).sync(["a"])
    with pytest.raises(StorageError, match="No such file"):
        Folder(str(tmp_path)).sync(["b"])
    Folder(str(tmp_path)).sync_names(["b", "c/d"])


PARTS = st.lists(st.sampled_from(["", ".", "..", "a", "..a", "ب", "\0"]), min_size=1, max_size=4)
OUTSIDE = ["../x", "/x", "a/../b", "..", ".", "/", "a/", "a//b", "./a", "a/.", "a\0b", "../" * 9 + "etc/passwd"]
# Every method that takes a path, called with one.
METHODS: dict[str, Callable[[Folder, str], Any]] = {
    "at": Folder.at,
    "below": Folder.below,
    "local_path": Folder.local_path,
    "write": lambda folder, path: folder.write(path, TEXT),
    "write_by": lambda folder, path: folder.write_by(path, lambda file: file.write(TEXT)),
    "write_arrow": lambda folder, path: folder.write_arrow(path, pa.table({"a": [1]})),
    "write_json": lambda folder, path: folder.write_json(path, {"a": 1}),
    "create": lambda folder, path: folder.create(path, TEXT),
    "read": Folder.read,
    "read_arrow": Folder.read_arrow,
    "read_json": Folder.read_json,
    "exists": Folder.exists,
    "is_file": Folder.is_file,
    "files": Folder.files,
    "names": Folder.names,
    "folders": Folder.folders,
    "remove": Folder.remove,
    "tidy": Folder.tidy,
    "size": Folder.size,
    "sizes": Folder.sizes,
    "version": Folder.version,
    "replace_if": lambda folder, path: folder.replace_if(path, TEXT, ""),
    "keeps_conditions": Folder.keeps_conditions,
    "is_link": Folder.is_link,
    "remove_files": lambda folder, path: folder.remove_files([path]),
}


def test_every_method_that_takes_a_path_is_tried() -> None:
    methods = {name: getattr(Folder, name) for name in dir(Folder) if not name.startswith("_")}
    taking = {name for name, each in methods.items() if callable(each) and "path" in signature(each).parameters}
    assert taking | {"remove_files"} == METHODS.keys()


@pytest.mark.parametrize("method", METHODS)
def test_no_method_goes_outside(folder: Folder, method: str) -> None:
    folder.write("a/b", TEXT)
    for path in OUTSIDE:
        with pytest.raises(StorageError, match="is not inside the folder") as caught:
            METHODS[method](folder, path)
        assert str(caught.value).startswith(f"{folder.url}: path {path!r} ")
        assert "\n" not in str(caught.value)
    assert folder.files() == ["a/b"]


@pytest.mark.parametrize("path", OUTSIDE)
def test_nothing_outside_is_synced(tmp_path: Path, path: str) -> None:
    """Only what is local is synced at all."""
    with pytest.raises(StorageError, match="is not inside the folder"):
        Folder(str(tmp_path)).sync([path])


def test_files_are_removed_together(folder: Folder) -> None:
    for path in ("a/b", "a/c", "d"):
        folder.write(path, TEXT)
    folder.remove_files(["a/b", "d"])
    folder.remove_files([])
    assert folder.files() == ["a/c"]


def test_a_link_is_removed_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    folder = Folder(str(tmp_path / "out"))
    folder.write("a/b", TEXT)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "x").write_bytes(TEXT)
    for name, target in (("folder", tmp_path / "mine"), ("file", tmp_path / "mine" / "x"), ("broken", tmp_path / "no")):
        (tmp_path / "out" / name).symlink_to(target)
        assert folder.is_link(name)
        folder.remove(name)
    assert not folder.is_link("a")
    assert folder.names() == ["a"]
    assert (tmp_path / "mine" / "x").read_bytes() == TEXT


def test_nothing_removes_the_folder_itself(folder: Folder) -> None:
    folder.write("a", TEXT)
    with pytest.raises(StorageError, match="is not inside the folder"):
        folder.remove("")
    assert folder.files() == ["a"]


@settings(deadline=None)
@given(PARTS)
def test_inside_is_what_has_only_names_in_it(parts: list[str]) -> None:
    path, inside = "/".join(parts), not {"", ".", "..", "\0"}.intersection(parts)
    for root in ("/out", "out/", "memory://out", "s3://bucket/out"):
        try:
            found = Folder(root).at(path)
        except StorageError:
            assert not inside
            continue
        assert inside or not path
        assert found.startswith(root.rstrip("/"))


def test_names_are_listed_sorted_and_one_level_deep(folder: Folder) -> None:
    for name in ("b/2", "b/10", "a", "c/d/e"):
        folder.write(name, TEXT)
    assert (folder.names(), folder.folders()) == (["a", "b", "c"], ["b", "c"])
    assert (folder.names("b"), folder.folders("c")) == (["10", "2"], ["d"])
    assert folder.names("nowhere") == folder.folders("nowhere") == []
    assert (folder.is_file("a"), folder.is_file("b"), folder.is_file("nowhere")) == (True, False, False)


def test_a_table_is_written_as_one_batch_and_read(folder: Folder) -> None:
    table = pa.concat_tables([pa.table({"سطر": [1, 2]}), pa.table({"سطر": [3]})])
    for name, rows in (("whole.arrow", table), ("empty.arrow", table.slice(0, 0))):
        folder.write_arrow(name, rows)
        assert pa.Table.from_batches([folder.read_arrow(name)]).equals(rows.combine_chunks())
    assert folder.files() == ["empty.arrow", "whole.arrow"]


def test_a_password_in_a_url_is_wrong_use_and_not_said_again() -> None:
    with pytest.raises(UsageError, match="a password in a URL is written down") as caught:
        Folder("s3://me:secret@bucket/out").exists()
    assert "secret" not in str(caught.value)


def test_a_new_file_is_written_and_not_again(folder: Folder) -> None:
    folder.create("deep/er", "نهر".encode())
    with pytest.raises(FileTaken, match="deep/er: is there already"):
        folder.create("deep/er", b"other")
    assert folder.read("deep/er").to_pybytes() == "نهر".encode()
    assert folder.files() == ["deep/er"]


def test_of_many_writers_one_wins(folder: Folder) -> None:
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda number: _try(folder, str(number).encode() * 1000), range(16)))
    assert len([data for data in won if data]) == 1
    assert folder.read("file").to_pybytes() == next(data for data in won if data)


def _try(folder: Folder, data: bytes) -> bytes:
    try:
        folder.create("file", data)
    except FileTaken:
        return b""
    return data


def test_what_is_in_the_way_is_no_taken_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="cannot be written") as caught:
        Folder(str(tmp_path)).create("file/below", b"x")
    assert not isinstance(caught.value, FileTaken)


class _Answerless:
    """A store whose first answer is lost, and which may know no puts on condition."""

    def __init__(self, inner: Any, *, conditions: bool) -> None:
        self._inner, self._conditions, self.lost = inner, conditions, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite") -> None:
        if mode == "create" and not self._conditions:
            raise NotImplementedError
        self._inner.pipe_file(path, value, mode=mode)
        if not self.lost:
            self.lost += 1
            raise ConnectionResetError


@pytest.fixture
def memory(folder: Folder) -> Any:
    return filesystem(folder.url)[0]


@pytest.mark.parametrize("folder", ["memory://"], indirect=True)
def test_a_lost_answer_is_no_other_writer(folder: Folder, memory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    store = _Answerless(memory, conditions=True)
    monkeypatch.setattr("transforms.storage.filesystem", lambda url: (store, "/storage/a folder/file"))
    folder.create("file", b"ours")
    assert (store.lost, memory.cat_file("/storage/a folder/file")) == (1, b"ours")


@pytest.mark.parametrize("folder", ["memory://"], indirect=True)
def test_a_store_without_conditions_is_looked_at_first(
    folder: Folder, memory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = _Answerless(memory, conditions=False)
    store.lost = 1
    monkeypatch.setattr("transforms.storage.filesystem", lambda url: (store, "/storage/a folder/file"))
    folder.create("file", b"ours")
    with pytest.raises(FileTaken):
        folder.create("file", b"other")
