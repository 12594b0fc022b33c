"""Two corpora of the same input compared: the figures are those of sets of places in plain Python."""

from pathlib import Path

import pytest

from pipelines.ingest import main as ingest
from pipelines.runs import main as runs
from tests.conftest import UNSEGMENTED
from tests.corpus import read_corpus
from transforms.shards.comparing import Side, kept_by_both, kept_by_one
from transforms.shards.corpus import Corpus

Place = tuple[str, int]


@pytest.fixture(scope="module")
def outputs(seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The seeds as usual; two of their bundles by a stricter definition, without short documents, in two runs."""
    folder = tmp_path_factory.mktemp("comparing")
    strict = ["--set", "dedup.threshold=0.95", "--set", "filters=[{use: tests.filters.examples:short, words: 190}]"]
    jobs = (("usual", "*", "all", []), ("strict", "*news*", "one", strict), ("strict", "*stories*", "two", strict))
    for output, bundles, run, options in jobs:
        given = ["--input", f"{seeds}/{bundles}.txt", "--output", str(folder / output), "--run", run, "--quiet"]
        assert ingest([*given, "--set", "run.report=false", *UNSEGMENTED, *options]) == 0
    return folder / "usual", folder / "strict"


def fates(output: Path, names: tuple[str, ...]) -> tuple[set[Place], set[Place], set[Place]]:
    """The places of kept paragraphs, of removed ones, and of those of documents that were left out."""
    kept: set[Place] = set()
    removed: set[Place] = set()
    left_out: set[Place] = set()
    for name in names:
        corpus = read_corpus(output, name)
        kept |= {(row["bundle"], offset) for row, _, _, offset in corpus.kept()}
        removed |= {(row["bundle"], row["offset"]) for row in corpus.duplicates}
        left_out |= {(row["bundle"], offset) for row in corpus.filtered for offset in row["paragraph_offset"]}
    return kept, removed, left_out


def test_each_way_is_what_sets_say(outputs: tuple[Path, Path]) -> None:
    names = (("all",), ("one", "two"))
    sides = [Side(str(output), Corpus(str(output))) for output in outputs]
    places = [fates(output, those) for output, those in zip(outputs, names, strict=True)]
    assert kept_by_both(*sides) == len(places[0][0] & places[1][0])
    for this, that in ((0, 1), (1, 0)):
        found = kept_by_one(sides[this], sides[that])
        only = places[this][0] - places[that][0]
        removed = set(zip(*(found.removed.column(name).to_pylist() for name in ("bundle", "offset")), strict=True))
        assert removed == only & places[that][1]
        assert found.left_out == len(only & places[that][2] - removed)
        assert found.absent == len(only - places[that][1] - places[that][2])
    assert kept_by_one(*sides).left_out > 0
    assert kept_by_one(*sides).absent > 0
    assert len(kept_by_one(*reversed(sides)).removed) > 0


def test_samples_are_the_first_removals_in_their_places(outputs: tuple[Path, Path]) -> None:
    usual, strict = (Side(str(output), Corpus(str(output))) for output in outputs)
    places = kept_by_one(strict, usual).removed
    rows = usual.removals(places, 2)
    expected = sorted(zip(*(places.column(name).to_pylist() for name in ("bundle", "offset")), strict=True))[:2]
    assert list(zip(rows.column("bundle").to_pylist(), rows.column("offset").to_pylist(), strict=True)) == expected


def test_the_command_shows_what_one_keeps_and_the_other_removed(
    outputs: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    usual, strict = map(str, outputs)
    assert runs([usual, "diff", strict, "--top", "1"]) == 0
    printed = capsys.readouterr().out
    assert f"paragraphs are kept by {usual} and by {strict}." in printed
    assert printed.count("similarity ") == 1
    assert runs([strict, "diff", "one", "two"]) == 0
    first, there, back = capsys.readouterr().out.splitlines()
    assert first == "0 paragraphs are kept by one and by two."
    assert there.startswith("Kept by one and not by two: 0 removed there, 0 left out by a rule, ")
    assert back.startswith("Kept by two and not by one: 0 removed there, 0 left out by a rule, ")
