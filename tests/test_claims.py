"""Files that must be new: one writer has them, whole; the others are told."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from transforms import storage
from transforms.storage import FileTaken, write_new


@pytest.fixture(params=["folder", "memory://"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    yield "memory://claims" if request.param == "memory://" else f"{tmp_path}/a folder"
    storage.remove("memory://claims")


def test_a_new_file_is_written_and_not_again(root: str) -> None:
    write_new(root, "deep/er", "نهر".encode())
    with pytest.raises(FileTaken, match="deep/er: is there already"):
        write_new(root, "deep/er", b"other")
    assert storage.read_whole(f"{root}/deep/er").to_pybytes() == "نهر".encode()
    assert list(storage.list_files(root)) == ["deep/er"]


def test_of_many_writers_one_wins(root: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda number: _try(root, str(number).encode() * 1000), range(16)))
    assert len([data for data in won if data]) == 1
    assert storage.read_whole(f"{root}/file").to_pybytes() == next(data for data in won if data)


def _try(root: str, data: bytes) -> bytes:
    try:
        write_new(root, "file", data)
    except FileTaken:
        return b""
    return data


def test_what_is_in_the_way_is_no_taken_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(storage.StorageError, match="cannot be written") as caught:
        write_new(str(tmp_path), "file/below", b"x")
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
def memory(root: str) -> Any:
    return storage.filesystem("memory://claims")[0]


@pytest.mark.parametrize("root", ["memory://"], indirect=True)
def test_a_lost_answer_is_no_other_writer(root: str, memory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    store = _Answerless(memory, conditions=True)
    monkeypatch.setattr("transforms.storage.filesystem", lambda url: (store, "/claims/file"))
    write_new(root, "file", b"ours")
    assert (store.lost, memory.cat_file("/claims/file")) == (1, b"ours")


@pytest.mark.parametrize("root", ["memory://"], indirect=True)
def test_a_store_without_conditions_is_looked_at_first(root: str, memory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    store = _Answerless(memory, conditions=False)
    store.lost = 1
    monkeypatch.setattr("transforms.storage.filesystem", lambda url: (store, "/claims/file"))
    write_new(root, "file", b"ours")
    with pytest.raises(FileTaken):
        write_new(root, "file", b"other")
