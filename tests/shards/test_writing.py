"""Writing a split and committing a run, without Beam."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.corpus import check_corpus, files_below
from tests.plain_run import opening, run_plainly, write_splits
from transforms.bundles.errors import BundleChanged
from transforms.bundles.listing import list_bundles
from transforms.bundles.reader import read_documents
from transforms.bundles.splits import plan_splits
from transforms.runs.manifest import Counts, Tally
from transforms.runs.run import Run
from transforms.settings import ShardSettings
from transforms.shards.checking import AuditError
from transforms.shards.writing import commit_opened_run, commit_run, write_split
from transforms.storage import Folder


@pytest.fixture
def bundles(seeds: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in seeds.glob("*.txt")}


def test_a_run_is_whole(seeds: Path, bundles: dict[str, bytes], tmp_path: Path) -> None:
    manifest = run_plainly(tmp_path, [f"{seeds}/*.txt"], 8192)
    corpus = check_corpus(tmp_path, "x", bundles)
    assert corpus.manifest == json.loads(manifest.to_json())
    assert manifest.state == "committed"
    assert [each.name for each in manifest.inputs] == sorted(bundles)
    assert len({path for path in files_below(tmp_path) if path.startswith("documents/")}) > 5


def test_the_same_split_gives_the_same_files(seeds: Path, tmp_path: Path) -> None:
    first, second = (tmp_path / name for name in ("first", "second"))
    for output in (first, second):
        write_splits(Run(Folder(str(output)), "x"), [f"{seeds}/*.txt"], 8192)
    files = [
        {path: digest for path, digest in files_below(output).items() if path.endswith(".parquet")}
        for output in (first, second)
    ]
    assert files[0] == files[1]


def test_a_second_attempt_changes_nothing(seeds: Path, tmp_path: Path) -> None:
    run = Run(Folder(str(tmp_path)), "x")
    written = write_splits(run, [f"{seeds}/*.txt"], 8192)
    before = files_below(tmp_path)
    again = write_split(run, written[2].split, read_documents(written[2].split), 1, None, ShardSettings())
    assert (again.files, again.counts) == (written[2].files, written[2].counts)
    assert files_below(tmp_path) == before


def test_a_split_that_is_missing_is_noticed(seeds: Path, tmp_path: Path) -> None:
    """A shard that lost its rows stands for whatever may go wrong between writing and committing."""
    run = Run(Folder(str(tmp_path)), "x")
    written = write_splits(run, [f"{seeds}/*.txt"], 8192)
    counts = written[1].counts
    short = Counts(documents=counts.documents, paragraphs=Tally.of(kept=counts.paragraphs.kept - 1))
    lame = replace(written[1], counts=short, seconds=0.0)
    with pytest.raises(AuditError, match="counts do not balance"):
        commit_run(run, [lame, *written[2:], written[0]], opening())
    assert not (tmp_path / "manifests").exists()


def test_a_split_that_never_arrived_is_noticed(seeds: Path, tmp_path: Path) -> None:
    """Of runners it is known that they lose elements in silence."""
    run = Run(Folder(str(tmp_path)), "x")
    written = write_splits(run, [f"{seeds}/*.txt"], 8192)
    run.open(opening(splits=len(written)))
    with pytest.raises(AuditError, match=f"splits are missing: of {len(written)} only {len(written) - 1} were written"):
        commit_opened_run(run, written[1:])
    with pytest.raises(AuditError, match="counts do not balance"):
        commit_run(run, written[1:], opening())
    assert not (tmp_path / "manifests").exists()


def test_a_second_attempt_to_commit_changes_nothing(seeds: Path, tmp_path: Path) -> None:
    run = Run(Folder(str(tmp_path)), "x")
    written = write_splits(run, [f"{seeds}/*.txt"], 8192)
    run.open(opening(splits=len(written)))
    manifest = commit_opened_run(run, written)
    assert manifest == run.manifest()
    committed = files_below(tmp_path)
    assert not [path for path in committed if "/scratch/" in path]
    assert commit_opened_run(run, written) is None
    assert files_below(tmp_path) == committed


def test_the_order_of_arrival_does_not_count(seeds: Path, tmp_path: Path) -> None:
    manifests = []
    for name, step in (("first", 1), ("second", -1)):
        run = Run(Folder(str(tmp_path / name)), "x")
        manifests.append(commit_run(run, write_splits(run, [f"{seeds}/*.txt"], 8192)[::step], opening()))
    for key in ("inputs", "counts", "files", "bytes"):
        assert getattr(manifests[0], key) == getattr(manifests[1], key)


def test_a_bundle_that_changed_since_it_was_listed_ends_the_run(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("<<<FILE>>> أ\nكان يا ما كان")
    (split,) = plan_splits(list_bundles([str(tmp_path / "a.txt")]), 1 << 20)
    run = Run(Folder(str(tmp_path / "out")), "x")
    write_splits(run, [str(tmp_path / "a.txt")], 1 << 20)
    (tmp_path / "a.txt").write_text("<<<FILE>>> أ\nكان يا ما كان في قديم الزمان")
    with pytest.raises(BundleChanged, match=r"a\.txt: changed"):
        write_split(run, split, read_documents(split), 1, None, ShardSettings())
