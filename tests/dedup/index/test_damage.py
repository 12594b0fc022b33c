"""A damaged index is found out before it is believed, and made again from what is committed; answers stay."""

import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tests.corpus import files_below
from tests.damaging import DAMAGES, damage
from tests.dedup.index.samples import write_earlier
from tests.plain_job import Whole, ingest_plainly, read_whole_output, settings_for, write_bundles
from transforms.dedup.index.building import compact, keep_up
from transforms.errors import RunError
from transforms.runs.catalog import committed_runs
from transforms.shards.reindexing import check_index, kept_sets
from transforms.storage import Folder

LINES = [f"سطر رقم {n} في صحيفة اليوم عن أخبار المدينة {n % 7} والقرية {n % 5}" for n in range(60)]
FIRST = "\n".join(LINES[:40])
SECOND = "\n".join([*LINES[20:50], LINES[3] + " زيادة", "نص لم يرد من قبل في أي مكان"])
FILES = ("index.json", *(f"segment-000/{name}.arrow" for name in ("rows", "postings")))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output with one run that is indexed, and the input of the next."""
    root = tmp_path_factory.mktemp("made")
    folder = write_bundles(root / "in", {"a.txt": FIRST, "b.txt": SECOND})
    ingest_plainly(settings_for(root / "out", folder / "a.txt"))
    index(root / "out")
    return root


def index(output: Path) -> None:
    """Makes one group of segments of all runs."""
    compact(Folder(str(output)), committed_runs(Folder(str(output))), kept_sets)


def second_run(root: Path) -> Whole:
    """The corpus after the second run."""
    ingest_plainly(settings_for(root / "out", root / "in" / "b.txt"))
    return read_whole_output(root / "out")


@pytest.fixture(scope="module")
def wanted(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    return second_run(Path(shutil.copytree(made, tmp_path_factory.mktemp("wanted") / "x")))


@pytest.mark.parametrize("kind", DAMAGES, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("seed", range(2))
def test_a_damaged_index_is_made_again(
    made: Path, wanted: Whole, tmp_path: Path, name: str, kind: Callable[[bytes, Random], bytes], seed: int,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    root = Path(shutil.copytree(made, tmp_path / "x"))
    (group,) = (root / "out" / "index").iterdir()
    damage(group / name, kind, seed)
    assert check_index(Folder(str(root / "out")), committed_runs(Folder(str(root / "out"))))
    with caplog.at_level(logging.WARNING, "rafid.index"):
        found = second_run(root)
    assert found == wanted
    assert any("is damaged" in each.message and "\n" not in each.message for each in caplog.records)
    index(root / "out")
    assert check_index(Folder(str(root / "out")), committed_runs(Folder(str(root / "out")))) == []


def test_files_that_changed_places_are_damaged(made: Path, wanted: Whole, tmp_path: Path) -> None:
    root = Path(shutil.copytree(made, tmp_path / "x"))
    other = Path(shutil.copytree(made, tmp_path / "y"))
    ingest_plainly(settings_for(other / "out", other / "in" / "b.txt"))
    index(other / "out")
    (group,), (stranger,) = ((each / "out" / "index").iterdir() for each in (root, other))
    shutil.copy(stranger / "segment-000" / "postings.arrow", group / "segment-000")
    assert "another file" in " ".join(check_index(Folder(str(root / "out")), committed_runs(Folder(str(root / "out")))))
    assert second_run(root) == wanted


@pytest.mark.parametrize("compacted", [False, True])
def test_an_index_of_the_format_before_is_written_anew_from_its_sets(
    made: Path, wanted: Whole, tmp_path: Path, compacted: bool, caplog: pytest.LogCaptureFixture
) -> None:
    root = Path(shutil.copytree(made, tmp_path / "x"))
    output = Folder(str(root / "out"))
    (group,) = output.folders("index")
    write_earlier(output, group)
    shards = {path: path.read_bytes() for path in (root / "out" / "documents").rglob("*.parquet")}
    assert check_index(output, committed_runs(output)) == []
    for path in shards:
        path.write_bytes(b"")  # it is not made from the documents
    with caplog.at_level(logging.WARNING, "rafid.index"):
        keep_up(output, committed_runs(output), kept_sets)
        if compacted:
            index(root / "out")
    assert {path.rpartition("/")[2] for path in output.files("index")} == {"index.json", "rows.arrow", "postings.arrow"}
    for path, data in shards.items():
        path.write_bytes(data)
    assert not caplog.records
    assert second_run(root) == wanted
    assert check_index(output, committed_runs(output)) == []


def test_an_index_of_an_earlier_version_is_made_again(
    made: Path, wanted: Whole, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It has neither the numbers of paragraphs nor their lengths."""
    root = Path(shutil.copytree(made, tmp_path / "x"))
    write_earlier(Folder(str(root / "out")), "compact=00000001", without=("length", "numbers"))
    with caplog.at_level(logging.WARNING, "rafid.index"):
        assert second_run(root) == wanted
    assert any("is of another version of Rafid; it is made again" in each.message for each in caplog.records)


def test_an_index_that_is_gone_is_made_again_to_the_byte(made: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(made, tmp_path / "x"))
    before = {name.split("/", 1)[1]: digest for name, digest in files_below(root / "out" / "index").items()}
    shutil.rmtree(root / "out" / "index")
    index(root / "out")
    after = {name.split("/", 1)[1]: digest for name, digest in files_below(root / "out" / "index").items()}
    arrows = [name for name in before if name.endswith(".arrow")]
    assert len(arrows) == 2
    assert [after[name] for name in arrows] == [before[name] for name in arrows]


def test_where_the_documents_are_damaged_too_the_run_ends(made: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(made, tmp_path / "x"))
    shutil.rmtree(root / "out" / "index")
    (shard,) = (root / "out" / "documents").rglob("*.parquet")
    shard.write_bytes(shard.read_bytes()[:-9])
    with pytest.raises(RunError, match=r"cannot be made again: .* restore it from a backup"):
        second_run(root)
