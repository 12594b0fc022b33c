"""Real near-duplicates: classical works in 14 editions, decided as by brute force."""

import gzip
import random
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pytest

from tests.dedup.oracle import decide_by_index
from tests.dedup.samples import cut, removed, sets_of
from tests.dedup.three_ways import decisions
from transforms.bundles.listing import list_bundles
from transforms.bundles.reader import read_parts
from transforms.bundles.splits import plan_splits
from transforms.dedup.fingerprints import Fingerprint
from transforms.dedup.first_pass import fingerprint_split, paragraph_bounds
from transforms.dedup.one_pass.join import decide
from transforms.dedup.shingles import ShingleSets
from transforms.dedup.verdicts import Decision
from transforms.settings import DedupSettings, ShingleSettings

WHOLE = 1 << 30
SMALL = 80_000
Place = tuple[str, int]  # document name, ordinal in the document


@pytest.fixture(scope="module")
def bundles(real: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundles, decompressed."""
    folder = tmp_path_factory.mktemp("tirmidhi")
    for packed in sorted((real / "tirmidhi").glob("bundle_*.txt.gz")):
        (folder / packed.stem).write_bytes(gzip.decompress(packed.read_bytes()))
    return folder


@pytest.fixture(scope="module")
def expected(real: Path) -> set[Place]:
    """The paragraphs that the definition keeps, with either fold: their marks and letters are those of both."""
    lines = gzip.decompress((real / "tirmidhi/kept.tsv.gz").read_bytes()).decode().splitlines()
    return {(name, int(ordinal)) for name, ordinal in (line.split("\t") for line in lines)}


# What `expected` was made by, but for the fold.
TRIPLES = DedupSettings(shingle=ShingleSettings(size=3), numbers="ignore", wordless="keep")


def fingerprints_of(bundles: Path, split_bytes: int, fold: str = "arabic-2") -> list[Fingerprint]:
    """The fingerprint of each split, by word triples."""
    settings = DedupSettings.model_validate(TRIPLES.model_dump() | {"fold": fold})
    splits = plan_splits(list_bundles([str(bundles)]), split_bytes)
    parts = (each for split in splits for each in read_parts(split))
    return [fingerprint_split(part, documents, "line", settings) for part, documents in parts]


def places(fingerprints: Sequence[Fingerprint]) -> list[Place]:
    """Each paragraph's document and ordinal."""
    found = []
    for each in fingerprints:
        names = each.documents.column("name").to_pylist()
        documents = [names[document] for document in each.paragraph_document()]
        found += list(zip(documents, each.paragraph_index().tolist(), strict=True))
    return found


def kept(fingerprints: Sequence[Fingerprint], decision: Decision) -> set[Place]:
    """The places of the paragraphs that are not removed."""
    gone = set(decision.removed.tolist())
    return {place for number, place in enumerate(places(fingerprints)) if number not in gone}


@pytest.mark.parametrize("fold", ["arabic-1", "arabic-2"])
@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize(("split_bytes", "splits"), [(WHOLE, 1), (SMALL, 199)])
def test_exactly_what_the_definition_keeps_is_kept(
    bundles: Path, expected: set[Place], split_bytes: int, splits: int, threads: int, fold: str
) -> None:
    fingerprints = fingerprints_of(bundles, split_bytes, fold)
    decision = decide([each.sets for each in fingerprints], 0.7, threads)
    assert len(fingerprints) == splits
    assert len(expected) == 48_361
    assert kept(fingerprints, decision) ^ expected == set()


def test_every_figure_is_the_same_for_any_cut_and_threads(bundles: Path) -> None:
    """Paragraphs cut into 200 splits anywhere, in the middle of documents too."""
    (whole,) = fingerprints_of(bundles, WHOLE)
    cuts = sorted(random.Random(2).choices(range(len(whole.offset)), k=199))
    one, many = decide([whole.sets], 0.7), decide(cut(whole.sets, cuts), 0.7, 4)
    assert removed(one) == removed(many)
    assert (one.contenders, one.candidates) == (many.contenders, many.candidates)
    assert one.candidates < 20 * len(whole.offset)


@pytest.fixture(scope="module")
def excerpts(bundles: Path) -> list[str]:
    """Some 8,000 paragraphs from eight places of the whole, in order."""
    (split,) = plan_splits(list_bundles([str(bundles)]), WHOLE)
    ((part, documents),) = read_parts(split)
    bounds = zip(*paragraph_bounds(documents, fingerprint_split(part, documents, "line", DedupSettings())), strict=True)
    texts = [documents.text[start:end].tobytes().decode() for start, end in bounds]
    return [text for first in range(0, len(texts), 9_000) for text in texts[first : first + 1_000]]


@pytest.fixture(scope="module")
def others(real: Path, seeds: Path) -> list[str]:
    """The paragraphs of news and of the seeds, and numbers exchanged in some of them."""
    files = [*sorted((real / "news").glob("*.txt")), *sorted(seeds.glob("*.txt"))]
    lines = [line.strip() for each in files for line in each.read_text("utf-8-sig", "replace").splitlines()]
    chance = random.Random(3)
    changed = [
        re.sub("[0-9]+", lambda _: str(chance.randrange(100)), line) for line in lines if re.search("[0-9]", line)
    ]
    return [*lines, *changed]


def check(paragraphs: list[str], definition: DedupSettings) -> ShingleSets:
    """The decision is the definition's: what is removed, what stands for it, and the exact similarity."""
    sets = sets_of(paragraphs, definition)
    found = removed(decide(cut(sets, range(500, len(paragraphs), 500)), definition.threshold, 2))
    expected = decide_by_index(paragraphs, definition)
    assert found.items() ^ expected.items() == set()
    assert len(expected) > len(paragraphs) // 20
    return sets


@pytest.mark.parametrize("numbers", ["inner", "ignore", "equal"])
@pytest.mark.parametrize("size", [1, 2, 3, [1, 2]])
def test_every_size_and_rule_of_numbers_in_all_ways(
    excerpts: list[str], others: list[str], size: int | list[int], numbers: Literal["inner", "ignore", "equal"]
) -> None:
    definition = DedupSettings(shingle=ShingleSettings(size=size), numbers=numbers)
    for paragraphs in (excerpts[::4], others):
        expected = decide_by_index(paragraphs, definition)
        for found in decisions(paragraphs, definition, range(100, len(paragraphs), 300)):
            assert found.items() ^ expected.items() == set()
        assert len(expected) > 10


@pytest.mark.parametrize("threshold", [0.5, 0.7, 0.8, 1.0])
def test_word_shingles_at_other_thresholds(excerpts: list[str], threshold: float) -> None:
    check(excerpts, DedupSettings(threshold=threshold))


@pytest.mark.parametrize("threshold", [0.5, 0.7, 1.0])
def test_character_shingles(excerpts: list[str], threshold: float) -> None:
    characters = ShingleSettings(unit="character", size=5)
    check(excerpts[::3], DedupSettings(threshold=threshold, shingle=characters))


def test_single_words_as_they_stand_and_no_short_paragraphs(excerpts: list[str]) -> None:
    check(excerpts[::4], DedupSettings(shingle=ShingleSettings(size=1), fold="none", minimum_words=4, threshold=0.6))
