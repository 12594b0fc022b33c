"""Writing a split and committing a run, without Beam."""

from pathlib import Path

import pytest

from tests.corpus import check_corpus, files_below
from tests.plain_run import STARTED, run_plainly, write_splits
from transforms.bundles.errors import BundleChanged
from transforms.bundles.listing import list_bundles
from transforms.bundles.reader import read_documents
from transforms.bundles.splits import plan_splits
from transforms.runs.opening import Opening, write_opening
from transforms.runs.run import RunPaths
from transforms.shards.audit import AuditError
from transforms.shards.settings import ShardSettings
from transforms.shards.writing import commit_opened_run, commit_run, write_split

HEADER = {
    "sequence": 1,
    "started": STARTED,
    "settings": {"input": {"paragraphs": "line"}, "dedup": {"scope": "corpus"}},
    "versions": {},
}


@pytest.fixture
def bundles(seeds: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in seeds.glob("*.txt")}


def test_a_run_is_whole(seeds: Path, bundles: dict[str, bytes], tmp_path: Path) -> None:
    manifest = run_plainly(tmp_path, [f"{seeds}/*.txt"], 8192)
    corpus = check_corpus(tmp_path, "x", bundles)
    assert corpus.manifest == manifest
    assert manifest["state"] == "committed"
    assert [each["name"] for each in manifest["inputs"]] == sorted(bundles)
    assert len({path for path in files_below(tmp_path) if path.startswith("documents/")}) > 5


def test_the_same_split_gives_the_same_files(seeds: Path, tmp_path: Path) -> None:
    first, second = (tmp_path / name for name in ("first", "second"))
    for output in (first, second):
        write_splits(RunPaths(str(output), "x"), [f"{seeds}/*.txt"], 8192)
    files = [
        {path: digest for path, digest in files_below(output).items() if path.endswith(".parquet")}
        for output in (first, second)
    ]
    assert files[0] == files[1]


def test_a_second_attempt_changes_nothing(seeds: Path, tmp_path: Path) -> None:
    paths = RunPaths(str(tmp_path), "x")
    written = write_splits(paths, [f"{seeds}/*.txt"], 8192)
    before = files_below(tmp_path)
    again = write_split(paths, written[2].split, read_documents(written[2].split), 1, None, ShardSettings())
    assert (again.files, again.counts) == (written[2].files, written[2].counts)
    assert files_below(tmp_path) == before


def test_a_split_that_is_missing_is_noticed(seeds: Path, tmp_path: Path) -> None:
    """A shard that lost its rows stands for whatever may go wrong between writing and committing."""
    paths = RunPaths(str(tmp_path), "x")
    written = write_splits(paths, [f"{seeds}/*.txt"], 8192)
    counts = written[1].counts
    short = type(counts)(counts.documents, type(counts.paragraphs)(kept=counts.paragraphs.kept - 1))
    lame = type(written[1])(written[1].split, written[1].files, short, 0.0)
    with pytest.raises(AuditError, match="counts do not balance"):
        commit_run(paths, [lame, *written[2:], written[0]], HEADER)
    assert not (tmp_path / "manifests").exists()


def test_a_split_that_never_arrived_is_noticed(seeds: Path, tmp_path: Path) -> None:
    """Of runners it is known that they lose elements in silence."""
    paths = RunPaths(str(tmp_path), "x")
    written = write_splits(paths, [f"{seeds}/*.txt"], 8192)
    write_opening(paths, Opening(HEADER, len(written)))
    with pytest.raises(AuditError, match=f"splits are missing: of {len(written)} only {len(written) - 1} were written"):
        commit_opened_run(paths, written[1:])
    with pytest.raises(AuditError, match="counts do not balance"):
        commit_run(paths, written[1:], HEADER)
    assert not (tmp_path / "manifests").exists()


def test_a_second_attempt_to_commit_changes_nothing(seeds: Path, tmp_path: Path) -> None:
    paths = RunPaths(str(tmp_path), "x")
    written = write_splits(paths, [f"{seeds}/*.txt"], 8192)
    opening = Opening(HEADER, len(written))
    write_opening(paths, opening)
    commit_opened_run(paths, written)
    committed = files_below(tmp_path)
    assert not [path for path in committed if "/scratch/" in path]
    commit_opened_run(paths, written)
    assert files_below(tmp_path) == committed


def test_the_order_of_arrival_does_not_count(seeds: Path, tmp_path: Path) -> None:
    manifests = []
    for name, step in (("first", 1), ("second", -1)):
        paths = RunPaths(str(tmp_path / name), "x")
        manifests.append(commit_run(paths, write_splits(paths, [f"{seeds}/*.txt"], 8192)[::step], HEADER))
    for key in ("inputs", "counts", "files", "bytes"):
        assert manifests[0][key] == manifests[1][key]


def test_a_bundle_that_changed_since_it_was_listed_ends_the_run(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("<<<FILE>>> أ\nكان يا ما كان")
    (split,) = plan_splits(list_bundles([str(tmp_path / "a.txt")]), 1 << 20)
    paths = RunPaths(str(tmp_path / "out"), "x")
    write_splits(paths, [str(tmp_path / "a.txt")], 1 << 20)
    (tmp_path / "a.txt").write_text("<<<FILE>>> أ\nكان يا ما كان في قديم الزمان")
    with pytest.raises(BundleChanged, match=r"a\.txt: changed"):
        write_split(paths, split, read_documents(split), 1, None, ShardSettings())
