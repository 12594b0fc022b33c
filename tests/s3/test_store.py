"""Reading, writing, listing and locking on a real S3 server."""

from pathlib import Path

import pytest

from tests.bundles.oracle import read_bundle, read_with_splits
from tests.s3.conftest import Server
from transforms import storage
from transforms.bundles.errors import BundleChanged
from transforms.bundles.listing import check_unchanged, list_bundles
from transforms.runs.lock import OutputLocked, lock_output
from transforms.runs.manifest import RunTaken, read_manifest, write_manifest
from transforms.storage import FileTaken, write_new

TEXT = "<<<FILE>>> الأول\nنصّ أوّل\n<<<FILE>>> الثاني\nنصّ ثانٍ\n".encode()


def test_what_is_written_is_read_listed_and_removed(bucket: str) -> None:
    for name in ("a/نصّ [1].bin", "a/b/2", "c"):
        storage.write_whole(bucket, name, TEXT)
    assert storage.read_whole(f"{bucket}/a/نصّ [1].bin").to_pybytes() == TEXT
    assert list(storage.list_files(bucket)) == ["a/b/2", "a/نصّ [1].bin", "c"]
    assert list(storage.list_folders(bucket)) == ["a"]
    storage.remove(f"{bucket}/a")
    storage.remove(f"{bucket}/a")
    assert list(storage.list_files(bucket)) == ["c"]
    assert not storage.exists(f"{bucket}/a")


def test_what_is_not_there_is_named(bucket: str) -> None:
    with pytest.raises(storage.StorageError, match=r"nowhere: cannot be read"):
        storage.read_whole(f"{bucket}/nowhere")
    with pytest.raises(storage.StorageError, match=r"no-such-bucket/a: cannot be written"):
        storage.write_whole("s3://no-such-bucket", "a", b"x")


def test_documents_are_read_by_ranges(bucket: str) -> None:
    storage.write_whole(bucket, "in/a.txt", TEXT * 50)
    storage.write_whole(bucket, "in/b.txt", TEXT)
    expected = [*read_bundle("a.txt", TEXT * 50), *read_bundle("b.txt", TEXT)]
    for target in (100, 10_000):
        assert read_with_splits(list_bundles([f"{bucket}/in"]), target) == expected
    assert [bundle.name for bundle in list_bundles([f"{bucket}/in/*.txt"])] == ["a.txt", "b.txt"]


def test_a_bundle_that_is_written_again_has_changed(bucket: str) -> None:
    storage.write_whole(bucket, "in/a.txt", TEXT)
    (bundle,) = list_bundles([f"{bucket}/in"])
    check_unchanged(bundle)
    storage.write_whole(bucket, "in/a.txt", TEXT[:-2] + b"x\n")
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
    write_new(bucket, "claim", b"first")
    with pytest.raises(FileTaken, match="claim: is there already"):
        write_new(bucket, "claim", b"second")
    assert storage.read_whole(f"{bucket}/claim").to_pybytes() == b"first"


def test_a_run_is_committed_once(bucket: str) -> None:
    write_manifest(bucket, {"run": "a", "started": "1", "files": []})
    with pytest.raises(RunTaken, match=r"another writer has committed run a in the meantime; .* --run"):
        write_manifest(bucket, {"run": "a", "started": "2", "files": []})
    assert read_manifest(bucket, "a")["started"] == "1"


def test_an_output_has_one_writer(bucket: str) -> None:
    with (
        lock_output(bucket, "a"),
        pytest.raises(OutputLocked, match=r"run a .* is writing to it"),
        lock_output(bucket, "b"),
    ):
        pytest.fail("two at once")
    with lock_output(bucket, "b"):
        assert list(storage.list_files(bucket)) == [".lock"]
    assert list(storage.list_files(bucket)) == []


def test_the_bucket_is_a_folder_of_the_server(server: Server, bucket: str) -> None:
    storage.write_whole(bucket, "deep/er", TEXT)
    assert Path(server.folder, bucket.removeprefix("s3://"), "deep", "er").read_bytes() == TEXT
