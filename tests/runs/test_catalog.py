"""The runs of an output: the committed ones in order, what others left, and folders that are somebody else's."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from tests.runs.samples import manifest
from transforms.errors import UsageError
from transforms.filesystems import MARKER, OutputError
from transforms.runs.catalog import committed_runs, is_output, prepare_output, read_catalog
from transforms.runs.cleaning import clean_up, unfinished_runs
from transforms.runs.lease import LOCK
from transforms.runs.run import Run
from transforms.storage import Folder


@pytest.fixture(params=["folder", "file://folder", "memory://"])
def output(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Folder]:
    """An output folder on each kind of store."""
    roots = {
        "folder": f"{tmp_path}/out",
        "file://folder": f"file://{tmp_path}/out",
        "memory://": "memory://catalog/out",
    }
    yield Folder(roots[request.param])
    Folder("memory://catalog").remove("out")


def write_run(output: Folder, name: str, *, commit: bool = True, sequence: int = 1) -> None:
    """A run with a shard, a ledger and a fingerprint file."""
    run = Run(output, name)
    files = [output.write(run.shard(ledger, "0"), b"rows") for ledger in ("documents", "rejects")]
    output.write(run.fingerprint("0"), b"sets")
    if commit:
        run.commit(manifest(name, files=files, sequence=sequence))


def names(output: Folder) -> list[str]:
    """The committed runs."""
    return [each.run for each in committed_runs(output)]


def test_a_new_output_is_marked(output: Folder) -> None:
    prepare_output(output)
    assert output.files() == [MARKER]
    assert json.loads(output.read(MARKER).to_pybytes())["format"] == 1
    prepare_output(output)
    assert output.files() == [MARKER]


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    prepare_output(Folder(str(tmp_path)))
    assert [path.name for path in tmp_path.iterdir()] == [MARKER]
    assert is_output(Folder(str(tmp_path)))


def test_an_output_with_runs_is_left_as_it_is(output: Folder) -> None:
    prepare_output(output)
    write_run(output, "a")
    before = output.files()
    prepare_output(output)
    assert output.files() == before


@pytest.mark.parametrize("name", ["thesis.doc", ".git/config", "documents/mine.parquet"])
def test_a_folder_of_somebody_else_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("mine")
    with pytest.raises(OutputError, match="holds files that are not Rafid's; name a new or an empty folder"):
        prepare_output(Folder(str(tmp_path)))
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
    output = Folder("crowded://some/out")
    prepare_output(output)
    assert output.read(LOCK) == b"{}"
    Folder("crowded://some").remove("out")


def test_runs_that_begin_together_all_have_an_output(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        for place in range(100):
            output, start = Folder(str(tmp_path / str(place))), threading.Barrier(4)

            def begin(output: Folder = output, start: threading.Barrier = start) -> None:
                start.wait()
                prepare_output(output)
                clean_up(output)

            for begun in [pool.submit(begin) for _ in range(4)]:
                begun.result()
            assert output.files() == [MARKER]


def test_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match="is a file; name a folder"):
        prepare_output(Folder(str(tmp_path / "file")))
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("place", ["file/below", "file/far/below"])
def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match="cannot be written") as caught:
        prepare_output(Folder(str(tmp_path / place)))
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_store_takes_no_output_with_wildcards() -> None:
    """Removing a run there would remove what the wildcards match."""
    with pytest.raises(OutputError, match="holds one of"):
        prepare_output(Folder("memory://out[1]"))


def test_local_folders_may_be_named_as_one_likes(tmp_path: Path) -> None:
    for name in ("out[1]", "out1"):
        prepare_output(Folder(str(tmp_path / name)))
        write_run(Folder(str(tmp_path / name)), "a")
    Run(Folder(str(tmp_path / "out[1]")), "a").remove()
    assert names(Folder(str(tmp_path / "out[1]"))) == []
    assert names(Folder(str(tmp_path / "out1"))) == ["a"]


def test_runs_are_committed_once_they_have_a_manifest(output: Folder) -> None:
    assert (committed_runs(output), unfinished_runs(output)) == ([], [])
    write_run(output, "b")
    write_run(output, "a", commit=False)
    write_run(output, "2026-11-22.3")
    assert names(output) == ["2026-11-22.3", "b"]
    assert unfinished_runs(output) == [Run(output, "a")]
    assert [each.setting("words") for each in committed_runs(output)] == ["قلم", "قلم"]


def test_runs_are_in_the_order_of_their_commits(output: Folder) -> None:
    for sequence, name in enumerate(["b", "a", "z", "0"], start=1):
        write_run(output, name, sequence=sequence)
    assert names(output) == ["b", "a", "z", "0"]


def test_a_manifest_is_read_once_and_again_when_it_is_replaced(output: Folder) -> None:
    write_run(output, "a")
    (first,) = committed_runs(output)
    assert committed_runs(output)[0] is first
    Run(output, "a").remove()
    Run(output, "a").commit(manifest("a", bytes=1234))
    assert [each.bytes for each in committed_runs(output)] == [1234]


def test_one_broken_manifest_is_an_error_that_names_it(output: Folder) -> None:
    write_run(output, "a")
    output.write("manifests/b.json", b'{"format": 99}')
    with pytest.raises(OutputError, match=r"manifests/b\.json: is not a manifest \(") as caught:
        committed_runs(output)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(f"or remove the run: python -m pipelines.runs {output.url} remove b --yes")


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe\x00"])
def test_a_broken_manifest_hides_no_other_run(output: Folder, text: bytes) -> None:
    write_run(output, "a")
    write_run(output, "c", sequence=2)
    output.write("manifests/b.json", text)
    catalog = read_catalog(output)
    assert [each.run for each in catalog.runs] == ["a", "c"]
    assert catalog.damaged.keys() == {"b"}
    assert catalog.run("a").run == "a"
    for ask in (lambda: catalog.run("b"), catalog.whole):
        with pytest.raises(OutputError, match=r"manifests/b\.json: (is not a manifest|cannot be read)"):
            ask()
    with pytest.raises(OutputError, match=r"has no committed run z; its runs: a, c$"):
        catalog.run("z")
    with pytest.raises(UsageError, match="cannot be the name of a run"):
        catalog.run("../rafid")


@pytest.mark.parametrize(
    ("file", "said"), [("x copy.json", "is not named after a run"), ("x-old.json", "is the manifest of run a")]
)
def test_a_manifest_under_another_name_is_damaged(output: Folder, file: str, said: str) -> None:
    write_run(output, "a")
    output.write(f"manifests/{file}", output.read("manifests/a.json"))
    with pytest.raises(OutputError, match=f"manifests/{file}: {said}"):
        committed_runs(output)
    assert [each.run for each in read_catalog(output).runs] == ["a"]


def test_a_manifest_that_leads_nowhere_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "manifests").mkdir()
    (tmp_path / "manifests" / "a.json").symlink_to("a.json")
    (tmp_path / "manifests" / "b.json").symlink_to(tmp_path / "none")
    (tmp_path / "manifests" / "c.json").mkdir()
    assert sorted(read_catalog(Folder(str(tmp_path))).damaged) == ["a", "b", "c"]


def test_files_that_are_no_manifests_are_passed_over(output: Folder) -> None:
    write_run(output, "a")
    output.write("manifests/notes.txt", b"mine")
    assert names(output) == ["a"]


def test_what_crashed_runs_left_is_removed(output: Folder) -> None:
    prepare_output(output)
    write_run(output, "a")
    kept = output.files()
    write_run(output, "b", commit=False)
    write_run(output, "c", commit=False)
    assert clean_up(output) == ["b", "c"]
    assert output.files() == kept
    assert clean_up(output) == []


def test_unfinished_files_of_whole_runs_are_removed(tmp_path: Path) -> None:
    write_run(Folder(str(tmp_path)), "a")
    ours = (".rafid.json.01ab23cd.tmp", "manifests/.a.json.01ab23cd.tmp", "documents/run=a/.0.parquet.01ab23cd.tmp")
    others = (".x.tmp", ".rafid.json.01ab.tmp", ".thesis.01ab23cd.tmp", "manifests/.a.json.tmp", "mine/.x.01ab23cd.tmp")
    (tmp_path / "mine").mkdir()
    for left in (*ours, *others):
        (tmp_path / left).write_bytes(b"half")
    clean_up(Folder(str(tmp_path)))
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob(".*.tmp")) == sorted(others)
    assert names(Folder(str(tmp_path))) == ["a"]
