"""Text that nobody writes: right, inside the arrays' bounds, and no worse than linear."""

import random

import numpy as np
import pytest

from tests.dedup.oracle import decide_by_index
from tests.dedup.samples import bulletins, cut, removed, sets_of
from transforms.dedup.one_pass.join import decide
from transforms.settings import DedupSettings, ShingleSettings

WORDS = DedupSettings()
CHARACTERS = DedupSettings(shingle=ShingleSettings(unit="character", size=5))
LONG = 100_000


def check(paragraphs: list[str], definition: DedupSettings) -> dict[int, tuple[int, float]]:
    """What is removed, which is what the definition removes, cut or whole."""
    expected = decide_by_index(paragraphs, definition)
    sets = sets_of(paragraphs, definition)
    assert removed(decide([sets], definition.threshold)) == expected
    assert removed(decide(cut(sets, [1, len(paragraphs) // 2]), definition.threshold, 3)) == expected
    return expected


def long_paragraph(seed: int) -> list[str]:
    choose = random.Random(seed)
    return [f"كلمة{choose.randrange(10**6)}" for _ in range(LONG)]


def test_paragraphs_of_a_hundred_thousand_words() -> None:
    words = long_paragraph(1)
    near = [*words[: LONG // 2], "زائدة", *words[LONG // 2 :]]
    third = words[: LONG // 3]
    other = long_paragraph(2)
    found = check([" ".join(each) for each in (words, near, third, other, words)], WORDS)
    assert found == {1: (0, (LONG - 2) / (LONG + 1)), 4: (0, 1.0)}


def test_one_word_a_hundred_thousand_times() -> None:
    """One shingle, as often as there are words: sorting equal tokens is no worse."""
    found = check(["نعم " * LONG, "نعم " * 3, "نعم نعم", "نعم لا " * LONG, "لا نعم " * LONG], WORDS)
    assert found == {1: (0, 1.0), 2: (0, 1.0), 4: (3, 1.0)}


@pytest.mark.parametrize("definition", [WORDS, CHARACTERS])
def test_a_word_of_a_megabyte(definition: DedupSettings) -> None:
    choose = random.Random(3)
    word = "".join(choose.choices("ابتثجحخدذرزسشصضطظعغفقكلمنهوي", k=1 << 19))
    assert len(word.encode()) == 1 << 20
    found = check([word, f"ـ{word}َ", word[:-1], word[:10]], definition)
    assert set(found) == ({1} if definition is WORDS else {1, 2})


def test_marks_and_joiners_of_a_megabyte_are_no_word() -> None:
    paragraphs = ["ـ" * (1 << 19), "َُِ" * (1 << 18), "\u200f" * (1 << 18), "قال" + "َ" * (1 << 19), "قال"]
    assert check(paragraphs, WORDS) == {4: (3, 1.0)}
    assert check(paragraphs, CHARACTERS) == {4: (3, 1.0)}


def test_a_million_paragraphs_of_one_word() -> None:
    """Half of them alone, half of five thousand words."""
    choose = random.Random(4)
    numbers = [number if number % 2 else 2 * choose.randrange(5000) for number in range(1_000_000)]
    decision = decide(cut(sets_of([f"ك{each}" for each in numbers], WORDS), [1, 333_333]), 0.7, 2)
    first: dict[int, int] = {}
    kept = np.array([first.setdefault(each, place) for place, each in enumerate(numbers)])
    repeats = np.flatnonzero(kept != np.arange(len(kept)))
    assert np.array_equal(decision.removed, repeats)
    assert np.array_equal(decision.kept, kept[repeats])
    assert set(decision.similarity.tolist()) == {1.0}
    assert decision.candidates == 0


def test_a_million_times_the_same_paragraph() -> None:
    decision = decide([sets_of(["اقرأ أيضا"] * 1_000_000, WORDS)], 0.7, 2)
    assert len(decision.removed) == 999_999
    assert not decision.kept.any()


@pytest.mark.parametrize("definition", [WORDS, CHARACTERS])
def test_only_punctuation_is_kept_once(definition: DedupSettings) -> None:
    paragraphs = ["***", "***", "، ، ،", "—" * 1000, "!؟." * 10_000, "😀🌙", "😀🌙", "\u200f", "َ", "ـ"]
    assert check(paragraphs, definition.model_copy(update={"wordless": "keep"})) == {}
    assert set(check(paragraphs, definition)) == {1, 6}
    assert set(check(paragraphs, DedupSettings(fold="none"))) == {1, 6}


@pytest.mark.parametrize("definition", [WORDS, CHARACTERS])
def test_beyond_the_basic_plane(definition: DedupSettings) -> None:
    mathematical = ["𞸀𞸁𞸂 𞸃𞸄 𐤀𐤁𐤂", "𞸀𞸁𞸂 𞸃𞸄 𐤀𐤁𐤂", "𞸀𞸁𞸂 𞸃𞸄 𐤀𐤁𐤃", "𞸀𞸁𞸂😀𞸃𞸄🌙𐤀𐤁𐤂"]
    paragraphs = [*mathematical, "𠀀𠀁 𠀂 𠀃", "\U00030000 𠀂", "\U0010ffff", "\U0010ffff"]
    assert {1, 3} <= set(check(paragraphs, definition))


def test_longest_and_shortest_shingles() -> None:
    choose = random.Random(5)
    texts = [" ".join(choose.choices("ابتث", k=choose.randrange(1, 200))) for _ in range(200)]
    texts += [" ".join([*text.split()[:-1], "ج"]) for text in texts]
    for size in (1, 64):
        assert check(texts, DedupSettings(shingle=ShingleSettings(unit="word", size=size)))
        assert check(texts, DedupSettings(shingle=ShingleSettings(unit="character", size=size)))


@pytest.mark.parametrize(("threshold", "least"), [(0.5, 1_900), (0.7, 1_800), (0.9, 1)])
def test_bulletins_of_one_template(threshold: float, least: int) -> None:
    definition = DedupSettings(threshold=threshold, shingle=ShingleSettings(size=3), numbers="ignore")
    assert len(check(list(bulletins(2_000)), definition)) >= least


@pytest.mark.parametrize("definition", [WORDS, DedupSettings(numbers="equal")])
def test_bulletins_with_other_numbers_stay(definition: DedupSettings) -> None:
    """All but one in fifteen or so, whose numbers those of another hold."""
    assert 50 < len(check(list(bulletins(2_000)), definition)) < 400


def test_bulletins_give_few_candidates() -> None:
    decision = decide([sets_of(list(bulletins(20_000)), WORDS)], 0.7, 2)
    assert decision.candidates < 60 * 20_000
