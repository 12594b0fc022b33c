"""Reading, writing, listing and locking on a real S3 server."""

from pathlib import Path

import pytest

from tests.bundles.oracle import read_bundle, read_with_splits
from tests.plain_run import run_plainly
from tests.s3.conftest import Server
from transforms.bundles.errors import BundleChanged
from transforms.bundles.listing import check_unchanged, list_bundles
from transforms.filesystems import FileTaken, StorageError
from transforms.runs.lease import OutputLocked
from transforms.runs.lock import lock_output
from transforms.runs.run import Run, RunTaken
from transforms.storage import Folder

TEXT = "<<<FILE>>> الأول\nنصّ أوّل\n<<<FILE>>> الثاني\nنصّ ثانٍ\n".encode()


def test_what_is_written_is_read_listed_and_removed(bucket: str) -> None:
    for name in ("a/نصّ [1].bin", "a/b/2", "c"):
        Folder(bucket).write(name, TEXT)
    assert Folder(bucket).read("a/نصّ [1].bin").to_pybytes() == TEXT
    assert Folder(bucket).files() == ["a/b/2", "a/نصّ [1].bin", "c"]
    assert Folder(bucket).folders() == ["a"]
    Folder(bucket).remove("a")
    Folder(bucket).remove("a")
    assert Folder(bucket).files() == ["c"]
    assert not Folder(bucket).exists("a")


def test_what_is_not_there_is_named(bucket: str) -> None:
    with pytest.raises(StorageError, match=r"nowhere: cannot be read"):
        Folder(bucket).read("nowhere")
    with pytest.raises(StorageError, match=r"no-such-bucket/a: cannot be written"):
        Folder("s3://no-such-bucket").write("a", b"x")


def test_documents_are_read_by_ranges(bucket: str) -> None:
    Folder(bucket).write("in/a.txt", TEXT * 50)
    Folder(bucket).write("in/b.txt", TEXT)
    expected = [*read_bundle("a.txt", TEXT * 50), *read_bundle("b.txt", TEXT)]
    for target in (100, 10_000):
        assert read_with_splits(list_bundles([f"{bucket}/in"]), target) == expected
    assert [bundle.name for bundle in list_bundles([f"{bucket}/in/*.txt"])] == ["a.txt", "b.txt"]


def test_a_bundle_that_is_written_again_has_changed(bucket: str) -> None:
    Folder(bucket).write("in/a.txt", TEXT)
    (bundle,) = list_bundles([f"{bucket}/in"])
    check_unchanged(bundle)
    Folder(bucket).write("in/a.txt", TEXT[:-2] + b"x\n")
    with pytest.raises(BundleChanged, match=r"a\.txt: changed since it was listed"):
        check_unchanged(bundle)


def test_more_objects_than_one_listing_holds_are_listed(server: Server, bucket: str) -> None:
    folder = server.folder / bucket.removeprefix("s3://") / "in"
    folder.mkdir()
    for number in range(1_100):
        (folder / f"{number:04d}.txt").write_bytes(TEXT)
    bundles = list_bundles([f"{bucket}/in"])
    assert [bundle.name for bundle in bundles] == [f"{number:04d}.txt" for number in range(1_100)]
    assert {bundle.size for bundle in bundles} == {len(TEXT)}


def test_a_new_file_has_one_writer(bucket: str) -> None:
    Folder(bucket).create("claim", b"first")
    with pytest.raises(FileTaken, match="claim: is there already"):
        Folder(bucket).create("claim", b"second")
    assert Folder(bucket).read("claim").to_pybytes() == b"first"


def test_a_run_is_committed_once(bucket: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(TEXT)
    manifest = run_plainly(tmp_path / "out", [str(tmp_path / "a.txt")], 1 << 20)
    first, second = (manifest.model_copy(update={"run": "a", "started": each, "files": ()}) for each in "12")
    run = Run(Folder(bucket), "a")
    run.commit(first)
    with pytest.raises(RunTaken, match=r"another writer has committed run a in the meantime; .* --run"):
        run.commit(second)
    assert run.manifest() == first


def test_an_output_has_one_writer(bucket: str) -> None:
    with (
        lock_output(Folder(bucket), "a"),
        pytest.raises(OutputLocked, match=r"run a .* is writing to it"),
        lock_output(Folder(bucket), "b"),
    ):
        pytest.fail("two at once")
    with lock_output(Folder(bucket), "b"):
        assert Folder(bucket).files() == [".lock"]
    assert Folder(bucket).read(".lock").size == 0


def test_the_bucket_is_a_folder_of_the_server(server: Server, bucket: str) -> None:
    Folder(bucket).write("deep/er", TEXT)
    assert Path(server.folder, bucket.removeprefix("s3://"), "deep", "er").read_bytes() == TEXT
