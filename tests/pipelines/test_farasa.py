"""Farasa's own command line."""

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipelines import farasa
from tests.conftest import PROJECT
from tests.segmentation.samples import model, tables, twin
from tests.segmentation.test_wheel import write_wheel
from transforms.segmentation.compiling import describe
from transforms.segmentation.tables import write_tables
from transforms.segmentation.wheel import WheelError
from transforms.segmentation.words import segment_text

FETCH = "python -m pipelines.farasa fetch"
TEXT = "وَالكتاب،\tللعلم 12 NATO\r\n\nمدرستهم @والعلم\rوكان\n\nكتابها"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "farasa.arrow"
    write_tables(tables(), describe(model()), path)
    return path


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_bytes(TEXT.encode())
    return path


def written(capfd: pytest.CaptureFixture[str]) -> str:
    captured = capfd.readouterr()
    assert captured.err == ""
    return captured.out


@pytest.mark.parametrize("norm", [False, True])
def test_segment_writes_the_same_lines_in_segments(
    norm: bool, data: Path, text: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert farasa.main(["segment", str(text), "--data", str(data), *(["--norm"] if norm else [])]) == 0
    out = capfdbinary.readouterr().out.decode()
    assert out == segment_text(TEXT, twin, norm=norm)


def test_a_dash_is_standard_input(
    data: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TEXT.encode())))
    assert farasa.main(["segment", "-", "--data", str(data)]) == 0
    assert capfdbinary.readouterr().out.decode() == segment_text(TEXT, twin)


def test_segment_can_be_undone(
    data: Path, text: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    farasa.main(["segment", str(text), "--data", str(data)])
    (tmp_path / "segmented").write_bytes(capfdbinary.readouterr().out)
    assert farasa.main(["segment", "--undo", str(tmp_path / "segmented")]) == 0
    assert capfdbinary.readouterr().out == text.read_bytes()


def test_standard_input_is_read_in_blocks_of_lines(
    data: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    lines = [f"والكتاب {number}\n" for number in range(500)]
    monkeypatch.setattr(farasa, "_BLOCK", 1000)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("".join(lines).encode())))
    assert farasa.main(["segment", "--data", str(data)]) == 0
    assert capfdbinary.readouterr().out.decode() == "".join(segment_text(line, twin) for line in lines)


def test_a_reader_that_leaves_is_no_error(data: Path, tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("والكتاب\n" * 2_000_000, encoding="utf-8")
    command = [sys.executable, "-m", "pipelines.farasa", "segment", str(tmp_path / "long.txt"), "--data", str(data)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().decode().strip() == twin("والكتاب")
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_fetch_compiles_shows_the_licence_and_does_so_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(farasa, "download", lambda folder: write_wheel(folder / "a.whl", model()))
    path = tmp_path / "folder" / "farasa.arrow"
    assert farasa.main(["fetch", "--to", str(path)]) == 0
    first = written(capfd)
    assert "for research purpose only" in first
    assert f"{path}: {path.stat().st_size:,} bytes" in first
    monkeypatch.setattr(farasa, "download", None)
    assert farasa.main(["fetch", "--to", str(path)]) == 0
    assert "research" not in written(capfd)
    assert farasa.main(["info", "--data", str(path)]) == 0
    assert "research purpose only" in written(capfd)


def test_fetch_that_fails_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def offline(folder: Path) -> Path:
        raise WheelError("PyFarasa 0.0.1: pip could not download it: no index")

    monkeypatch.setattr(farasa, "download", offline)
    assert farasa.main(["fetch", "--to", str(tmp_path / "farasa.arrow")]) == 1
    assert capfd.readouterr().err == "rafid: PyFarasa 0.0.1: pip could not download it: no index\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["segment", "--data", "none"],
            f"none: Farasa's data is not there; run: {FETCH} --to none",
        ),
        (
            ["info", "--data", "none"],
            f"none: Farasa's data is not there; run: {FETCH} --to none",
        ),
        (["segment", "--undo", "nowhere.txt"], "nowhere.txt: cannot be read: No such file or directory"),
        (["fetch", "--to", "/dev/null/x"], "cannot be written: Not a directory; name a new file"),
    ],
)
def test_wrong_use_is_one_line(
    arguments: list[str], message: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(farasa, "download", lambda folder: write_wheel(folder / "a.whl", model()))
    assert farasa.main(arguments) == 2
    error = capfd.readouterr().err
    assert error.startswith("rafid: ")
    assert error.endswith(f"{message}\n")
    assert error.count("\n") == 1


@pytest.mark.parametrize("arguments", [[], ["other"], ["segment", "--other"]])
def test_unknown_commands_and_options_exit_with_2(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert farasa.main(arguments) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith("rafid: ")
    assert line.endswith("; see --help")


def test_help_names_the_exit_codes(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        farasa.main(["--help"])
    assert caught.value.code == 0
    assert "Exit codes: 0 done; 1 it failed; 2 wrong use." in capfd.readouterr().out


def test_it_starts_without_beam() -> None:
    code = "import sys, pipelines.farasa; sys.exit('apache_beam' in sys.modules)"
    environment: dict[str, Any] = dict(os.environ)
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT, env=environment, check=False).returncode == 0
