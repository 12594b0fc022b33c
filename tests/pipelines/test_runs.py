"""The command that lists, shows, checks and removes runs."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.runs import list_runs, main
from pipelines.views.card import write_card
from tests.conftest import PROJECT
from tests.corpus import files_below
from tests.plain_job import ingest_plainly, settings_for, write_bundles
from transforms.runs.catalog import Catalog, committed_runs
from transforms.runs.lock import lock_output
from transforms.runs.manifest import Tally
from transforms.shards.corpus import Corpus
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
    heads, *rows = capsys.readouterr().out.splitlines()
    assert heads.split() == ["run", "began", "(UTC)", "paragraphs", "kept", "duplicate"]
    *committed, unfinished = map(str.split, rows)
    assert [[run, *figures] for run, _, _, *figures in committed] == [["a", "2", "2", "0"], ["b", "3", "1", "2"]]
    assert unfinished == ["c", "unfinished"]


def test_the_list_fits_a_terminal_of_80_columns(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    write_bundles(tmp_path / "in", {"a.txt": TEXT})
    ingest_plainly(settings_for(tmp_path / "out", tmp_path / "in" / "a.txt", run__id="run-20261127T120000.000000Z"))
    manifest = committed_runs(Folder(str(tmp_path / "out")))[0]
    many = Tally.of(kept=2_999_999_999, duplicate=6_999_999_999)
    counts = manifest.counts.model_copy(update={"paragraphs": many})
    assert list_runs(Catalog(Folder(str(tmp_path / "out")), (manifest.model_copy(update={"counts": counts}),), {})) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].split()[-6:] == ["10,000.0", "M", "3,000.0", "M", "7,000.0", "M"]
    assert max(map(len, lines)) <= 80


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


@pytest.mark.parametrize("name", ["../../x", "../rafid", "/etc/passwd", "a/../b", "..", "x y", "a~1"])
@pytest.mark.parametrize("action", ["show", "verify", "remove"])
def test_a_name_that_leads_outside_is_refused(
    output: Path, action: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    victim = output.parent / "x"
    victim.mkdir()
    (victim / "mine").write_text("mine")
    before = files_below(output.parent)
    sure = ["--yes"] if action == "remove" else []
    assert main([str(output), action, name, *sure]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "cannot be the name of a run" in line
    assert {path: digest for path, digest in files_below(output.parent).items() if not path.endswith(".lock")} == {
        path: digest for path, digest in before.items() if not path.endswith(".lock")
    }


def test_a_damaged_manifest_blocks_no_other_run(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (output / "manifests" / "a.json").write_text("{")
    assert main([str(output), "show", "b"]) == 0
    assert main([str(output), "list"]) == 1
    printed = capsys.readouterr()
    assert "damaged" in printed.out
    assert f"or remove the run: python -m pipelines.runs {output} remove a --yes" in printed.err
    assert main([str(output), "verify"]) == 1
    assert main([str(output), "show", "a"]) == 2
    assert "a.json: is not a manifest" in capsys.readouterr().err


def test_a_run_whose_manifest_is_damaged_can_be_removed(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (output / "manifests" / "a.json").write_text("{")
    assert main([str(output), "remove", "a"]) == 2
    assert "run b left out 2 paragraphs because a has them" in capsys.readouterr().out
    assert main([str(output), "remove", "a", "--yes"]) == 0
    assert not list(output.glob("*/run=a"))
    assert [each.run for each in committed_runs(Folder(str(output)))] == ["b"]


def test_a_run_is_removed_where_no_file_takes_a_byte(output: Path) -> None:
    """The lock is held by its file, whatever stands in it."""
    code = f"""
import resource, signal, sys
from pipelines.runs import main
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
sys.exit(main([{str(output)!r}, "remove", "b", "--yes"]))
"""
    ended = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert [each.run for each in committed_runs(Folder(str(output)))] == ["a"]
    assert not list(output.glob("*/run=b"))


def test_the_card_leaves_out_a_removed_run(output: Path) -> None:
    write_card(Corpus(str(output)))
    assert "| b |" in (output / "README.md").read_text(encoding="utf-8")
    assert main([str(output), "remove", "b", "--yes"]) == 0
    assert "| b |" not in (output / "README.md").read_text(encoding="utf-8")
    assert main([str(output), "remove", "a", "--yes"]) == 0
    assert not (output / "README.md").exists()


def test_a_readme_of_somebody_else_is_left_alone(output: Path) -> None:
    (output / "README.md").write_text("mine")
    assert main([str(output), "remove", "b", "--yes"]) == 0
    assert (output / "README.md").read_text() == "mine"
