"""How far a run is: told by the stages, shown on standard error."""

import json
from collections import Counter
from pathlib import Path

import pytest

from pipelines.ingest import main
from pipelines.views import summary as progress
from tests.conftest import UNSEGMENTED
from transforms.parallel import advance, observed


def ingest(seeds: Path, tmp_path: Path, *more: str) -> int:
    splits = ["--set", "run.split_bytes=8KB", "--set", "run.report=false"]
    return main(["--input", f"{seeds}/*.txt", "--output", str(tmp_path), "--run", "r", *splits, *UNSEGMENTED, *more])


def test_each_pass_tells_all_bytes(seeds: Path, tmp_path: Path) -> None:
    told: Counter[str] = Counter()
    with observed(lambda stage, size: told.update({stage: size})):
        assert ingest(seeds, tmp_path, "--quiet") == 0
    size = sum(path.stat().st_size for path in seeds.glob("*.txt"))
    assert told == {"fingerprint": size, "join": size, "write": size}


def test_nobody_is_told_after_the_block() -> None:
    told: list[str] = []
    with observed(lambda stage, _: told.append(stage)):
        advance("write", 1)
    advance("write", 1)
    assert told == ["write"]


@pytest.fixture
def _every_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_SECONDS_BETWEEN_LINES", 0.0)


@pytest.mark.usefixtures("_every_line")
def test_lines_where_there_is_no_terminal(seeds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ingest(seeds, tmp_path) == 0
    lines = capsys.readouterr().err.splitlines()
    assert any(line.startswith("r: reading ") for line in lines)
    assert "r: writing 100% of 90,067 bytes" in lines[-1]


@pytest.mark.usefixtures("_every_line")
def test_json_lines(seeds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ingest(seeds, tmp_path, "--log-format", "json") == 0
    printed = capsys.readouterr()
    (summary,) = [json.loads(line) for line in printed.out.splitlines()]
    assert (summary["event"], summary["counts"]["paragraphs"]["kept"]) == ("committed", 205)
    steps = [json.loads(line) for line in printed.err.splitlines()]
    assert {step["event"] for step in steps} == {"progress"}
    assert (steps[-1]["stage"], steps[-1]["bytes"], steps[-1]["of"]) == ("write", 90067, 90067)


@pytest.mark.usefixtures("_every_line")
def test_quiet_means_nothing(seeds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ingest(seeds, tmp_path, "--quiet") == 0
    assert capsys.readouterr() == ("", "")


def test_bars_come_to_their_ends_and_go(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.bars(100):
        for stage in ("fingerprint", "join", "write"):
            advance(stage, 40)
            advance(stage, 60)
    advance("write", 1)
    assert capsys.readouterr().out == ""
