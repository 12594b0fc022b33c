"""A run from its opening to its end: where its files lie, who commits it, and what is left when it is removed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.corpus import manifest_of
from tests.runs.samples import header, manifest
from transforms.bundles.errors import BundleFailed
from transforms.errors import UsageError
from transforms.filesystems import OutputError, StorageError
from transforms.runs.catalog import committed_runs, read_catalog
from transforms.runs.manifest import Opening, RunKey, ShardFile
from transforms.runs.names import LEDGER_FOLDERS
from transforms.runs.run import Run, RunTaken, abandon, abort, manifest_path, run_folder
from transforms.storage import Folder

PATHS = Run(Folder("s3://bucket/corpus"), "2026-11")


@pytest.fixture(params=["folder", "file://folder", "memory://"])
def output(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Folder]:
    """An output folder on each kind of store."""
    roots = {"folder": f"{tmp_path}/out", "file://folder": f"file://{tmp_path}/out", "memory://": "memory://runs/out"}
    yield Folder(roots[request.param])
    Folder("memory://runs").remove("out")


def names(output: Folder) -> list[str]:
    """The committed runs."""
    return [each.run for each in committed_runs(output)]


def write_run(output: Folder, name: str) -> Run:
    """A committed run with a shard, a ledger, a fingerprint file and a report."""
    run = Run(output, name)
    files = [output.write(run.shard(ledger, "0"), b"rows") for ledger in ("documents", "rejects")]
    for path in (run.fingerprint("0"), run.report()):
        output.write(path, b"more")
    run.commit(manifest(name, files=files))
    return run


def test_the_layout_is_what_readers_were_told() -> None:
    assert LEDGER_FOLDERS == ("documents", "duplicates", "filtered", "rejects")
    assert manifest_path("2026-11") == "manifests/2026-11.json"
    assert run_folder("documents", "2026-11") == "documents/run=2026-11"
    assert PATHS.report() == "reports/2026-11.html"
    assert [PATHS.shard(ledger, "000003-ab") for ledger in LEDGER_FOLDERS] == [
        f"{ledger}/run=2026-11/000003-ab.parquet" for ledger in LEDGER_FOLDERS
    ]


def test_what_lies_between_stages_lies_in_the_index_of_the_run() -> None:
    assert PATHS.index_folder() == "index/run=2026-11"
    assert PATHS.fingerprint("000003-ab") == "index/run=2026-11/fingerprints/000003-ab.arrow"
    assert PATHS.verdicts("000003-ab") == PATHS.verdict_folder() + "/000003-ab.arrow"
    assert PATHS.join_figures().startswith("index/run=2026-11/")
    assert PATHS.scratch_folder().startswith("index/run=2026-11/")


def test_what_a_run_is_opened_with_is_read_wherever_its_stages_are(output: Folder) -> None:
    opening = Opening(
        header=header(settings={"dedup": {"threshold": 0.7}, "input": {"paths": ["في/*.txt"]}}),
        splits=3,
        earlier=(RunKey("a", "2026-11-01"), RunKey("b", "2026-11-02", 3)),
        digests={"أخبار.txt": "00ff"},
    )
    run = Run(output, "x")
    assert not run.is_open()
    with pytest.raises(StorageError, match="cannot be read"):
        run.opening()
    run.open(opening)
    assert run.is_open()
    assert run.opening() == opening
    assert run.opening().earlier[1].id == "b~3"


def test_a_manifest_is_the_commit(output: Folder) -> None:
    run = Run(output, "a")
    run.open(Opening(header=header(), splits=1))
    assert not run.is_committed()
    run.commit(manifest("a"))
    assert run.is_committed()
    assert run.manifest() == manifest("a")
    assert run.manifest().setting("words") == "قلم"


def test_a_manifest_is_readable_by_people(tmp_path: Path) -> None:
    write_run(Folder(str(tmp_path)), "a")
    assert "قلم" in (tmp_path / "manifests" / "a.json").read_text(encoding="utf-8")
    assert manifest_of(tmp_path, "a")["run"] == "a"


def test_a_manifest_that_cannot_be_written_commits_nothing(tmp_path: Path) -> None:
    (tmp_path / "manifests").write_text("in the way")
    with pytest.raises(StorageError, match="cannot be written"):
        write_run(Folder(str(tmp_path)), "a")
    with pytest.raises(OutputError, match="is a file; name the folder of a corpus"):
        names(Folder(str(tmp_path)))


def test_of_two_writers_of_a_run_one_commits_it(output: Folder) -> None:
    first, second = (manifest("a", started=f"2026-11-22T10:00:0{second}") for second in (1, 2))
    run = Run(output, "a")
    run.commit(first)
    with pytest.raises(RunTaken, match=r"another writer has committed run a .* another name with --run"):
        run.commit(second)
    run.commit(first.model_copy(update={"bytes": first.bytes + 1}))  # a second attempt
    assert run.manifest() == first


def test_a_run_whose_files_are_gone_is_not_committed(tmp_path: Path) -> None:
    missing = ShardFile(path="documents/run=a/0.parquet", rows=0, bytes=0, sha256="")
    run = Run(Folder(str(tmp_path)), "a")
    with pytest.raises((StorageError, OSError)):
        run.commit(manifest("a").model_copy(update={"files": (missing,)}))
    assert not run.is_committed()
    assert names(run.folder) == []


def test_a_run_that_is_not_there_is_named_with_those_that_are(output: Folder) -> None:
    with pytest.raises(OutputError, match=r"has no committed run z; its runs: none$"):
        read_catalog(output).run("z")
    write_run(output, "a")
    with pytest.raises(OutputError, match=r"has no committed run z; its runs: a$"):
        read_catalog(output).run("z")


def test_a_broken_manifest_is_named(output: Folder) -> None:
    output.write("manifests/a.json", b"{")
    with pytest.raises(OutputError, match=r"a.json: is not a manifest") as caught:
        Run(output, "a").manifest()
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"{output.url}/manifests/a.json: ")


@pytest.mark.parametrize("name", ["../a", "/etc/passwd", "a/../../b", "a//b", "", ".", "..", "a~1", "a b", "a\n"])
def test_no_name_of_a_run_leads_outside(output: Folder, name: str) -> None:
    """Names come from command lines, file names and manifests."""
    with pytest.raises(UsageError, match="cannot be the name of a run") as caught:
        Run(output, name)
    assert "\n" not in str(caught.value)


def test_a_run_beside_another_of_its_name_has_files_of_its_own(output: Folder) -> None:
    first, later = write_run(output, "a"), Run(output, "a", 1)
    assert (later.id, Run.of(output, "a~1"), Run.of(output, "a")) == ("a~1", later, first)
    assert later.shard("documents", "0") == "documents/run=a/0~1.parquet"
    assert later.index_folder() == "index/run=a~1"
    before = output.files()
    for path in (later.shard("documents", "0"), later.shard("filtered", "0"), later.fingerprint("0")):
        output.write(path, b"rows")
    later.commit(manifest("a", generation=1), waiting=True)
    assert (first.is_committed(), later.is_committed()) == (True, False)
    assert (first.is_done(), later.is_done()) == (True, True)
    assert (first.manifest().generation, later.manifest().generation) == (0, 1)
    assert names(output) == ["a"]
    later.remove()
    assert output.files() == before
    assert first.is_committed()


def test_a_run_is_removed_whole_and_alone(output: Folder) -> None:
    run = write_run(output, "a")
    write_run(output, "ab")
    run.remove()
    assert names(output) == ["ab"]
    assert [path for path in output.files() if "run=a/" in path or path.endswith("/a.html")] == []
    assert len([path for path in output.files() if "run=ab/" in path]) == 3
    assert output.exists("reports/ab.html")


def test_removing_starts_with_the_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whenever it is interrupted, the run does not exist; a report alone would not be known to be left over."""
    run = write_run(Folder(str(tmp_path)), "a")
    removed: list[str] = []
    monkeypatch.setattr(Folder, "remove", lambda folder, path: removed.append(folder.at(path)))
    run.remove()
    assert removed[:2] == [f"{tmp_path}/reports/a.html", f"{tmp_path}/manifests/a.json"]
    assert len(removed) == 2 + len(LEDGER_FOLDERS) + 3


def test_a_bundle_that_fails_ends_the_run_or_gives_it_up(output: Folder) -> None:
    run, error = Run(output, "w"), BundleFailed("أخبار.txt: cannot be read")
    with pytest.raises(BundleFailed, match="cannot be read"):
        abort(run, error)
    assert not run.is_given_up()
    abandon(run, error)
    assert run.is_given_up()
    assert run.why_given_up() == "أخبار.txt: cannot be read"
    run.remove()
    assert not run.is_given_up()
