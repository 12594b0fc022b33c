"""The command that lists, shows, checks and removes runs."""

from pathlib import Path

import pytest

from pipelines.runs import main
from tests.plain_job import ingest_plainly, settings_for, write_bundles
from transforms.runs.lock import lock_output
from transforms.storage import Folder

TEXT = "قال الراوي إن النهر كان يفيض كل عام في الربيع ويسقي الحقول\nنشر الخبر اليوم\n"


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Run a, run b that repeats its two paragraphs, and what a crash left of run c."""
    write_bundles(tmp_path / "in", {"a.txt": TEXT, "b.txt": TEXT + "نص جديد\n"})
    for run in "ab":
        ingest_plainly(settings_for(tmp_path / "out", tmp_path / "in" / f"{run}.txt", run__id=run))
    (tmp_path / "out" / "documents" / "run=c").mkdir()
    return tmp_path / "out"


def test_list_has_a_row_a_run(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(output)]) == 0
    rows = [line.split("│")[1:-1] for line in capsys.readouterr().out.splitlines() if line.startswith("│")]
    cells = [[cell.strip() for cell in row] for row in rows]
    assert [[run, *rest] for run, _, *rest in cells] == [
        ["a", "1", "1", "2", "0", "committed"],
        ["b", "1", "1", "1", "2", "committed"],
        ["c", "", "", "", "", "unfinished"],
    ]


def test_show_names_inputs_and_who_depends_on_it(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(output), "show", "a"]) == 0
    printed = capsys.readouterr().out
    assert str(output.parent / "in" / "a.txt") in printed
    assert "run b left out 2 paragraphs because this one has them" in printed


def test_verify_names_what_is_wrong(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(output), "verify"]) == 0
    assert capsys.readouterr().out == "a: as its manifest says\nb: as its manifest says\n"
    (path,) = (output / "documents" / "run=b").iterdir()
    path.unlink()
    assert main([str(output), "verify", "a"]) == 0
    assert main([str(output), "verify"]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == f"b: documents/run=b/{path.name}: missing"


def test_remove_says_who_points_to_it_and_needs_yes(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(output), "remove", "a"]) == 2
    printed = capsys.readouterr()
    assert printed.out == "run b left out 2 paragraphs because a has them; they will be nowhere\n"
    assert printed.err == "rafid: run a: not removed; add --yes to remove it\n"
    assert (output / "manifests" / "a.json").exists()
    assert main([str(output), "remove", "a", "--yes"]) == 0
    assert not (output / "manifests" / "a.json").exists()
    assert not list(output.glob("*/run=a"))
    assert main([str(output), "verify"]) == 1


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["show"], "show: name a run"),
        (["show", "x"], "has no committed run x; its runs: a, b"),
        (["remove", "x", "--yes"], "has no committed run x"),
        (["burn"], "invalid choice: 'burn'"),
    ],
)
def test_wrong_use(output: Path, arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(output), *arguments]) == 2
    error = capsys.readouterr().err
    assert line in error
    assert error.count("\n") == 1


def test_a_folder_of_somebody_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path), "list"]) == 2
    assert "not a folder that Rafid wrote" in capsys.readouterr().err


def test_a_run_is_not_removed_while_another_is_writing(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with lock_output(Folder(str(output)), "busy"):
        assert main([str(output), "remove", "b", "--yes"]) == 1
    assert "run busy" in capsys.readouterr().err
