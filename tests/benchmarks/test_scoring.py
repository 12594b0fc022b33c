"""What the benchmarks count by: brute force, recall and precision, the cost of a process, the synthetic corpora."""

import sys
from pathlib import Path

import bulletins
import corpora
import definition
import measuring
import plain_text
import pytest
import scoring

from tests.dedup import oracle
from transforms.settings import DedupSettings, ShingleSettings


@pytest.mark.parametrize(
    ("removed", "recall", "precision"),
    [
        ({1, 2, 5}, 1.0, 1.0),
        ({0, 2, 5}, 1.0, 1.0),  # another copy of the same family stays
        ({1, 5}, 2 / 3, 1.0),
        ({0, 1, 2, 5}, 1.0, 3 / 4),  # a family went whole
        ({1, 2, 5, 7}, 1.0, 3 / 4),  # what repeats nothing went
        (set(), 0.0, 0.0),
    ],
)
def test_a_family_of_n_should_lose_all_but_one(removed: set[int], recall: float, precision: float) -> None:
    assert scoring.score(removed, {1: 0, 2: 0, 5: 4}) == (recall, precision)


@pytest.mark.parametrize("threshold", [0.4, 0.7, 1.0])
def test_brute_force_is_the_oracle_of_the_tests(tmp_path: Path, threshold: float) -> None:
    corpora.write_synthetic(tmp_path, 200_000)
    dense = bulletins.write_bulletins(tmp_path / "dense", 300)
    bundles = [*sorted(tmp_path.glob("bundle_*.txt")), *dense]
    paragraphs = [text for bundle in bundles for text, _ in plain_text.read_paragraphs(bundle)]
    triples = DedupSettings(threshold=threshold, shingle=ShingleSettings(size=3), numbers="ignore", fold="arabic-1")
    expected = oracle.decide_by_index(paragraphs, triples)
    found = definition.definition(bundles, threshold)
    assert len(found) > 20
    assert found == {removed: kept for removed, (kept, _) in expected.items()}


def test_words_are_folded_as_the_oracle_folds_them() -> None:
    text = "«إِنَّ الأُمَّــةَ ١٢٣ ۴۵ سنة ٢٠٢٦م»، COVID-19؛ سُئِلَ مُؤَلِّفٌ عن كتابی\u200cها 𐎀 A_b"
    assert plain_text.fold(text).split() == oracle.words(text, "arabic-1")


def test_a_cost_is_that_of_the_process_and_its_children(tmp_path: Path) -> None:
    child = "bytearray(200_000_000)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    cost = measuring.measure([sys.executable, "-c", parent], tmp_path, tmp_path / "log")
    assert cost.peak > 200
    assert cost.cpu > 0
    assert cost.wall > 0


def test_a_command_that_fails_ends_the_measuring(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="exit code 3"):
        measuring.measure([sys.executable, "-c", "raise SystemExit(3)"], tmp_path, tmp_path / "log")
