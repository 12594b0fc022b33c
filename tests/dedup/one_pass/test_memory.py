"""The estimate of the join's memory: it covers what is allocated, and stops a run that cannot end well."""

import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.dedup.samples import bulletins, cut, sets_of
from transforms.dedup.one_pass import ordering as memory
from transforms.dedup.one_pass.join import decide, decide_documents
from transforms.dedup.one_pass.ordering import (
    JoinMemoryError,
    available_bytes,
    check_memory,
    deciding_bytes,
)
from transforms.dedup.shingles import ShingleSets
from transforms.settings import DedupSettings

FIXED = 24 << 20  # tables whose size does not depend on the input

CORPORA = {
    "one word": [f"{number % 3000}" for number in range(300_000)],
    "pairs of three words": [f"{number // 2} قال نعم" for number in range(300_000)],
    "pairs of forty words": [" ".join(f"{at // 2}-{each}" for each in range(20 + at % 2)) for at in range(20_000)],
    "bulletins": list(bulletins(20_000)),
}


def peak_bytes(splits: Sequence[ShingleSets], threshold: float) -> int:
    """The most that a join allocated at a time."""
    tracemalloc.start()
    try:
        decide(splits, threshold)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("threshold", [0.3, 0.7, 1.0])
@pytest.mark.parametrize("corpus", CORPORA)
def test_the_estimate_covers_what_is_allocated_and_not_much_more(
    corpus: str, threshold: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    estimates: list[int] = []
    monkeypatch.setattr(memory, "check_memory", lambda needed, _: estimates.append(needed))
    sets = sets_of(CORPORA[corpus], DedupSettings())
    peak = peak_bytes(cut(sets, [len(sets.offsets) // 3]), threshold)
    assert sum(estimates) / 3 < peak < sum(estimates) + FIXED


def test_too_little_memory_is_said_before_the_join_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    long = " ".join(map(str, range(100_001)))
    splits = [sets_of([*(f"قال نعم لا {number}" for number in range(3_000)), long], DedupSettings())]
    available = {
        "comparing 3,001 paragraphs": 100,
        "counting 109,000 shingles": 200_000,
        "joining 3,000 sets of 9,000 shingles": 300_000,
    }
    for what, size in available.items():
        monkeypatch.setattr(memory, "available_bytes", lambda size=size: size)
        with pytest.raises(JoinMemoryError, match=rf"^{what} needs about .*: set run\.max_bytes .*$"):
            decide(splits, 0.3)


def test_too_little_memory_for_documents_side_by_side_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    definition = DedupSettings(scope="document")
    sets = sets_of([f"قال نعم لا {number}" for number in range(300)], definition, [at // 3 for at in range(300)])
    one = deciding_bytes(9, 3, 0.7)
    monkeypatch.setattr(memory, "available_bytes", lambda: 2 * one)
    with pytest.raises(JoinMemoryError, match=r"^joining 3 blocks of documents at a time needs about .*$"):
        decide_documents([sets], [np.arange(0, 301, 3)], 0.7, threads=3, block=1)
    assert len(decide_documents([sets], [np.arange(0, 301, 3)], 0.7, threads=1, block=1).removed) == 0


def test_an_error_says_how_much_is_needed_and_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available_bytes", lambda: 3 << 30)
    check_memory(3 << 30, "a join")
    with pytest.raises(JoinMemoryError) as caught:
        check_memory(4 << 30, "a join")
    assert "a join needs about 4,096 MiB of memory and 3,072 MiB are free" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_there_is_memory_for_a_small_join() -> None:
    assert 1 << 20 < available_bytes() < 1 << 50


@pytest.mark.parametrize(
    ("limit", "expected"),
    [("max", 8 << 30), (str(4 << 30), (4 << 30) - (1 << 30) + (1 << 20)), (str(64 << 30), 8 << 30)],
)
def test_a_control_group_may_allow_less_than_the_machine_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, expected: int
) -> None:
    (tmp_path / "meminfo").write_text(f"MemTotal: {16 << 20} kB\nMemFree: 1 kB\nMemAvailable: {8 << 20} kB\n")
    (tmp_path / "memory.max").write_text(limit + "\n")
    (tmp_path / "memory.current").write_text(f"{1 << 30}\n")
    (tmp_path / "memory.stat").write_text(f"anon 5\ninactive_file {1 << 20}\nactive_file 7\n")
    monkeypatch.setattr(memory, "_MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(memory, "_CGROUP", tmp_path)
    assert available_bytes() == expected
