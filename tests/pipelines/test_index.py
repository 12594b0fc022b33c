"""The command that builds, compacts and shows the index."""

from pathlib import Path

import pytest

from pipelines.index import main
from tests.plain_job import ingest_plainly, read_whole_output, settings_for, write_bundles
from transforms.runs.lock import lock_output
from transforms.storage import Folder


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Three runs, the last not indexed yet."""
    for run in "abc":
        folder = write_bundles(tmp_path / "in", {f"{run}.txt": f"هذه جملة طويلة من الحزمة {run} في النهر الكبير\n"})
        ingest_plainly(settings_for(tmp_path / "out", folder / f"{run}.txt", run__id=run))
    return tmp_path / "out"


def folders(printed: str) -> list[str]:
    return [line.split("│")[1].strip() for line in printed.splitlines() if line.startswith("│")]


def test_show_build_and_compact(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = read_whole_output(output)
    assert main([str(output)]) == 0
    printed = capsys.readouterr().out
    assert (folders(printed), printed.splitlines()[-1]) == (["run=a", "run=b"], "run c: not indexed yet")
    assert main([str(output), "build"]) == 0
    assert folders(capsys.readouterr().out) == ["run=a", "run=b", "run=c"]
    assert main([str(output), "compact"]) == 0
    assert folders(capsys.readouterr().out) == ["compact=00000001"]
    assert read_whole_output(output) == before
    write_bundles(output.parent / "in", {"d.txt": "هذه جملة طويلة من الحزمة a في النهر الكبير\n"})
    ingest_plainly(settings_for(output, output.parent / "in" / "d.txt", run__id="d"))
    assert [each.bundle for each in read_whole_output(output).duplicates] == ["d.txt"]


@pytest.mark.parametrize("scope", ["document", "off"])
def test_runs_that_are_not_compared_leave_nothing(
    tmp_path: Path, scope: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_bundles(tmp_path / "in", {"a.txt": "نص\n"})
    ingest_plainly(settings_for(tmp_path / "out", folder, dedup__scope=scope))
    for action in ("show", "build", "compact"):
        assert main([str(tmp_path / "out"), action]) == 0
        printed = capsys.readouterr().out
        assert (folders(printed), "not indexed" in printed) == ([], False)
    assert not list((tmp_path / "out").rglob("*.arrow"))


def test_a_run_that_is_writing_is_named(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with lock_output(Folder(str(output)), "busy"):
        assert main([str(output), "compact"]) == 1
        assert main([str(output), "show"]) == 0
    assert "run busy" in capsys.readouterr().err
    assert main([str(output.parent / "in")]) == 2
