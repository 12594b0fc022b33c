"""The manifest as the commit, and the output folder that nobody else's files are touched in."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from transforms import storage
from transforms.runs.lock import LOCK
from transforms.runs.manifest import (
    RunTaken,
    clean_up,
    committed_runs,
    prepare_output,
    read_manifest,
    remove_run,
    uncommitted_runs,
    write_manifest,
)
from transforms.runs.run import MARKER, RunPaths
from transforms.storage import OutputError, StorageError


@pytest.fixture(params=["folder", "file://folder", "memory://"])
def output(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An output folder on each kind of store."""
    roots = {"folder": f"{tmp_path}/out", "file://folder": f"file://{tmp_path}/out", "memory://": "memory://manifest"}
    yield roots[request.param]
    storage.remove("memory://manifest")


def write_run(output: str, run: str, *, commit: bool = True) -> None:
    """A run with a shard, a ledger and a fingerprint file."""
    paths = RunPaths(output, run)
    files = [storage.write_whole(output, paths.shard(ledger, "0"), b"rows") for ledger in ("documents", "rejects")]
    storage.write_whole(output, paths.fingerprint("0"), b"sets")
    if commit:
        write_manifest(output, {"run": run, "files": [vars(file) for file in files], "words": "قلم"})


def test_a_new_output_is_marked(output: str) -> None:
    prepare_output(output)
    assert list(storage.list_files(output)) == [MARKER]
    assert json.loads(storage.read_whole(storage.join(output, MARKER)).to_pybytes())["format"] == 1
    prepare_output(output)
    assert list(storage.list_files(output)) == [MARKER]


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    prepare_output(str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == [MARKER]


def test_an_output_with_runs_is_left_as_it_is(output: str) -> None:
    prepare_output(output)
    write_run(output, "a")
    before = list(storage.list_files(output))
    prepare_output(output)
    assert list(storage.list_files(output)) == before


@pytest.mark.parametrize("name", ["thesis.doc", ".git/config", "documents/mine.parquet"])
def test_a_folder_of_somebody_else_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("mine")
    with pytest.raises(OutputError, match="holds files that are not Rafid's; name a new or an empty folder"):
        prepare_output(str(tmp_path))
    assert not (tmp_path / MARKER).exists()


class Crowded(MemoryFileSystem):
    """A store on which another run begins right after it was asked for a marker that was not there."""

    protocol = "crowded"

    def exists(self, path: str, **kwargs: Any) -> bool:
        found = bool(super().exists(path, **kwargs))
        if path.endswith(MARKER) and not found:
            for name in (MARKER, LOCK, "index/run=other/0.arrow"):
                self.pipe_file(path.replace(MARKER, name), b"{}")
        return found


def test_an_output_may_become_one_at_the_same_moment() -> None:
    fsspec.register_implementation("crowded", Crowded, clobber=True)
    prepare_output("crowded://out")
    assert storage.read_whole(f"crowded://out/{LOCK}") == b"{}"
    storage.remove("crowded://out")


def test_runs_that_begin_together_all_have_an_output(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        for place in range(100):
            output, start = str(tmp_path / str(place)), threading.Barrier(4)

            def begin(output: str = output, start: threading.Barrier = start) -> None:
                start.wait()
                prepare_output(output)
                clean_up(output)

            for begun in [pool.submit(begin) for _ in range(4)]:
                begun.result()
            assert list(storage.list_files(output)) == [MARKER]


def test_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match="is a file; name a folder"):
        prepare_output(str(tmp_path / "file"))
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("place", ["file/below", "file/far/below"])
def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match="cannot be written") as caught:
        prepare_output(str(tmp_path / place))
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_store_takes_no_output_with_wildcards() -> None:
    """Removing a run there would remove what the wildcards match."""
    with pytest.raises(OutputError, match="holds one of"):
        prepare_output("memory://out[1]")


def test_local_folders_may_be_named_as_one_likes(tmp_path: Path) -> None:
    for name in ("out[1]", "out1"):
        prepare_output(str(tmp_path / name))
        write_run(str(tmp_path / name), "a")
    remove_run(str(tmp_path / "out[1]"), "a")
    assert committed_runs(str(tmp_path / "out[1]")) == []
    assert committed_runs(str(tmp_path / "out1")) == ["a"]


def test_a_manifest_is_the_commit(output: str) -> None:
    write_run(output, "b")
    write_run(output, "a", commit=False)
    write_run(output, "2026-11-22.3")
    assert committed_runs(output) == ["2026-11-22.3", "b"]
    assert uncommitted_runs(output) == ["a"]
    assert read_manifest(output, "b")["words"] == "قلم"


def test_a_manifest_is_readable_by_people(tmp_path: Path) -> None:
    write_run(str(tmp_path), "a")
    assert "قلم" in (tmp_path / "manifests" / "a.json").read_text(encoding="utf-8")


def test_a_manifest_that_cannot_be_written_commits_nothing(tmp_path: Path) -> None:
    (tmp_path / "manifests").write_text("in the way")
    with pytest.raises(StorageError, match="cannot be written"):
        write_run(str(tmp_path), "a")
    assert committed_runs(str(tmp_path)) == []


def test_of_two_writers_of_a_run_one_commits_it(output: str) -> None:
    first, second = ({"run": "a", "files": [], "started": f"2026-11-22T10:00:0{second}"} for second in (1, 2))
    write_manifest(output, first)
    with pytest.raises(RunTaken, match=r"another writer has committed run a .* another name with --run"):
        write_manifest(output, second)
    write_manifest(output, first | {"seconds": 3})
    assert read_manifest(output, "a") == first


def test_a_run_whose_files_are_gone_is_not_committed(tmp_path: Path) -> None:
    missing = {"path": "documents/run=a/0.parquet", "rows": 0, "bytes": 0, "sha256": ""}
    with pytest.raises((StorageError, OSError)):
        write_manifest(str(tmp_path), {"run": "a", "files": [missing]})
    assert committed_runs(str(tmp_path)) == []


def test_a_run_that_is_not_there_is_named_with_those_that_are(output: str) -> None:
    write_run(output, "a")
    with pytest.raises(OutputError, match=r"has no committed run z; its runs: a$"):
        read_manifest(output, "z")


def test_a_broken_manifest_is_named(output: str) -> None:
    storage.write_whole(output, "manifests/a.json", b"{")
    with pytest.raises(OutputError, match=r"a.json: is not a manifest") as caught:
        read_manifest(output, "a")
    assert "\n" not in str(caught.value)


def test_a_run_is_removed_whole_and_alone(output: str) -> None:
    write_run(output, "a")
    write_run(output, "ab")
    remove_run(output, "a")
    assert committed_runs(output) == ["ab"]
    assert [path for path in storage.list_files(output) if "run=a/" in path] == []
    assert len([path for path in storage.list_files(output) if "run=ab/" in path]) == 3


def test_removing_starts_with_the_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whenever it is interrupted, the run does not exist."""
    write_run(str(tmp_path), "a")
    removed: list[str] = []
    monkeypatch.setattr(storage, "remove", removed.append)
    remove_run(str(tmp_path), "a")
    assert removed[0] == f"{tmp_path}/manifests/a.json"


def test_what_crashed_runs_left_is_removed(output: str) -> None:
    prepare_output(output)
    write_run(output, "a")
    kept = list(storage.list_files(output))
    write_run(output, "b", commit=False)
    write_run(output, "c", commit=False)
    assert clean_up(output) == ["b", "c"]
    assert list(storage.list_files(output)) == kept
    assert clean_up(output) == []


def test_unfinished_files_of_whole_runs_are_removed(tmp_path: Path) -> None:
    write_run(str(tmp_path), "a")
    for left in (".rafid.json.0a1b.tmp", "manifests/.a.json.0a1b.tmp", "documents/run=a/.0.parquet.0a1b.tmp"):
        (tmp_path / left).write_bytes(b"half")
    clean_up(str(tmp_path))
    assert list(tmp_path.rglob(".*.tmp")) == []
    assert committed_runs(str(tmp_path)) == ["a"]
