"""Files on any store: whole, under their final name only, refused in one line."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms import storage
from transforms.errors import UsageError

TEXT = "رافد يجري إلى النهر".encode()


@pytest.fixture(params=["folder", "file://folder", "memory://"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "memory://":
        yield "memory://storage"
        storage.remove("memory://storage")
    else:
        yield f"file://{tmp_path}/a folder" if request.param.startswith("file") else f"{tmp_path}/a folder"


def test_what_is_written_is_read(root: str) -> None:
    written = storage.write_whole(root, "deep/er/نص.bin", TEXT, rows=3)
    assert written == storage.WrittenFile("deep/er/نص.bin", 3, len(TEXT), hashlib.sha256(TEXT).hexdigest())
    assert storage.read_whole(storage.join(root, "deep/er/نص.bin")).to_pybytes() == TEXT


def test_a_file_is_replaced(root: str) -> None:
    storage.write_whole(root, "a", b"long" * 1000)
    storage.write_whole(root, "a", TEXT)
    assert storage.read_whole(storage.join(root, "a")).to_pybytes() == TEXT
    assert list(storage.list_files(root)) == ["a"]


def test_an_empty_file_is_a_file(root: str) -> None:
    assert storage.write_whole(root, "empty", b"").bytes == 0
    assert storage.exists(storage.join(root, "empty"))
    assert storage.read_whole(storage.join(root, "empty")).to_pybytes() == b""


def test_arrays_are_written_as_their_bytes(root: str) -> None:
    storage.write_whole(root, "a", np.arange(5, dtype=np.int64))
    assert storage.read_whole(storage.join(root, "a")).to_pybytes() == np.arange(5, dtype=np.int64).tobytes()


def test_files_are_listed_sorted_and_relative(root: str) -> None:
    for name in ("b/2", "b/10", "a", "c/d/e"):
        storage.write_whole(root, name, TEXT)
    assert list(storage.list_files(root)) == ["a", "b/10", "b/2", "c/d/e"]
    assert list(storage.list_files(storage.join(root, "b"))) == ["10", "2"]
    assert list(storage.list_files(storage.join(root, "nowhere"))) == []


def test_a_folder_is_removed_with_all_below_it(root: str) -> None:
    for name in ("a/1", "a/b/2", "keep"):
        storage.write_whole(root, name, TEXT)
    storage.remove(storage.join(root, "a"))
    storage.remove(storage.join(root, "a"))
    assert not storage.exists(storage.join(root, "a"))
    assert list(storage.list_files(root)) == ["keep"]


def test_one_file_is_removed(root: str) -> None:
    for name in ("a/1", "a/2"):
        storage.write_whole(root, name, TEXT)
    storage.remove(storage.join(root, "a/1"))
    assert list(storage.list_files(root)) == ["a/2"]


def test_a_missing_file_is_named(root: str) -> None:
    with pytest.raises(storage.StorageError, match=r"nowhere: cannot be read") as caught:
        storage.read_whole(storage.join(root, "nowhere"))
    assert "\n" not in str(caught.value)


def test_a_file_is_not_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(TEXT)
    with pytest.raises(storage.StorageError, match=r"file/below: cannot be written: ") as caught:
        storage.write_whole(str(tmp_path / "file"), "below", TEXT)
    assert caught.value.exit_code == 1
    assert (tmp_path / "file").read_bytes() == TEXT


def test_a_full_disk_leaves_what_was_there_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage.write_whole(str(tmp_path), "a", b"before")

    def fill(temporary: Path, target: Path) -> None:
        assert temporary.read_bytes() == TEXT, "the whole text stands under another name first"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fill)
    with pytest.raises(storage.StorageError, match=r"a: cannot be written: No space left on device"):
        storage.write_whole(str(tmp_path), "a", TEXT)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"before"


@given(st.lists(st.sampled_from(["", "a", "ب", "c d", "x=1"]), max_size=4))
def test_joining_is_what_a_slash_does(parts: list[str]) -> None:
    given_parts = [part for part in parts if part]
    for root in ("out", "/out", "memory://out", "s3://bucket/out", "file:///out"):
        assert storage.join(root, *given_parts) == "/".join([root, *given_parts])
        assert storage.join(root + "/", *given_parts) == "/".join([root, *given_parts])


def test_the_root_folder_stays_the_root_folder() -> None:
    assert storage.join("/", "a", "b") == "/a/b"


@pytest.mark.parametrize(
    ("url", "local"),
    [("out", True), ("/out", True), ("file:///out", True), ("memory://out", False), ("s3://bucket/out", False)],
)
def test_local_is_what_lies_on_this_machine(url: str, local: bool) -> None:
    assert storage.is_local(url) is local


def test_relative_paths_are_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert storage.filesystem("out")[1] == str(tmp_path / "out")
    assert storage.filesystem(f"file://{tmp_path}/out")[1] == str(tmp_path / "out")


def test_an_unknown_protocol_is_wrong_use() -> None:
    with pytest.raises(UsageError, match=r"nosuch://") as caught:
        storage.filesystem("nosuch://bucket/out")
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_syncing_asks_for_a_file_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(TEXT)
    storage.sync(str(tmp_path / "a"))
    with pytest.raises(FileNotFoundError):
        storage.sync(str(tmp_path / "b"))
