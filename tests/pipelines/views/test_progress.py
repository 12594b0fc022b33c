"""How far a run is: told by the stages, shown on standard error."""

import gzip
import json
from collections import Counter
from pathlib import Path
from threading import Event
from threading import enumerate as enumerate_threads

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.ingest import main
from pipelines.views import progress
from tests.conftest import UNSEGMENTED
from transforms.parallel import Steps, advance, in_steps, observed, watched


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


def moved(tmp_path: Path, *more: str) -> dict[str, list[int]]:
    """The bytes that each stage told of, step by step, in a run over one file that is one split."""
    told: dict[str, list[int]] = {"fingerprint": [], "join": [], "write": []}
    options = ["--output", str(tmp_path / "out"), "--quiet", "--set", "run.report=false", *more]
    with observed(lambda stage, size: told[stage].append(size)):
        assert main(["--input", str(tmp_path / "in"), *options]) == 0
    return told


def test_it_moves_within_a_compressed_bundle_which_is_one_split(tmp_path: Path) -> None:
    words = np.random.default_rng(0).permutation(40_000).astype(str)
    text = "".join(f"<<<FILE>>> {at}\nكتاب {' '.join(words[at : at + 8])}\n" for at in range(0, len(words), 8))
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
    size = (tmp_path / "in" / "a.txt.gz").stat().st_size
    told = moved(tmp_path, *UNSEGMENTED, "--set", "input.part_bytes=20000")
    assert {stage: sum(steps) for stage, steps in told.items()} == {"fingerprint": size, "join": size, "write": size}
    assert len(told["write"]) > 5


def test_it_moves_within_a_split_of_several_bundles(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number in range(5):
        (tmp_path / "in" / f"{number}.txt").write_text(f"<<<FILE>>> {number}\nكتاب {number}\n", encoding="utf-8")
    told = moved(tmp_path, *UNSEGMENTED)
    assert len(told["fingerprint"]) == 5
    assert len(told["join"]) == len(told["write"]) == 1


def test_work_is_looked_at_while_it_lasts() -> None:
    told, looked = [], Event()

    def tell(share: float) -> None:
        told.append(share)
        looked.set()

    with observed(lambda *_: None), watched(lambda: 0.25, tell, every=0.001):
        assert looked.wait(60)
    assert set(told) == {0.25}


def test_nobody_looks_where_nobody_listens() -> None:
    with watched(lambda: 1 / 0, lambda _: None, every=0.0):
        assert "progress" not in {thread.name for thread in enumerate_threads()}


def test_no_byte_is_told_twice() -> None:
    steps = Steps("join", 100)
    told: list[int] = []
    with observed(lambda _, size: told.append(size)):
        for share in (0.0, 0.1, 0.1, 0.555, 0.5, 1, 1):
            steps(share)
    assert told == [10, 45, 45]


@given(sizes=st.lists(st.integers(0, 40)), step=st.integers(1, 60))
def test_a_text_is_segmented_in_steps(sizes: list[int], step: int) -> None:
    shares: list[float] = []
    steps = list(in_steps(np.array(sizes, np.int64), shares.append, step))
    assert [at for first, last in steps for at in range(first, last)] == list(range(len(sizes)))
    assert len(shares) == len(steps) <= 1 + sum(sizes) // step
    assert shares == sorted(shares)
    assert shares[-1] == (1.0 if sum(sizes) or not sizes else 0.0)


@pytest.mark.usefixtures("_every_line")
def test_json_lines(seeds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ingest(seeds, tmp_path, "--log-format", "json") == 0
    printed = capsys.readouterr()
    (summary,) = [json.loads(line) for line in printed.out.splitlines()]
    assert (summary["event"], summary["counts"]["paragraphs"]["kept"]) == ("committed", 205)
    steps = [json.loads(line) for line in printed.err.splitlines()]
    assert {step["event"] for step in steps} == {"progress"}
    assert (steps[-1]["stage"], steps[-1]["bytes"], steps[-1]["of"]) == ("write", 90067, 90067)
    assert all(step["rate"] > 0 and step["left"] >= 0 for step in steps if step["bytes"])


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
