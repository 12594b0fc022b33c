"""The definition: against every way to cut a word, and against the official segmenter's answers."""

import random
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.segmentation.samples import PREFIX_CHAINS, PREFIXES, SUFFIX_CHAINS, SUFFIXES, model, words
from transforms.segmentation.model import Model
from transforms.segmentation.ranking import Parse, best_parse, candidates, score


def cuts(word: str) -> Iterator[list[str]]:
    """Every way to cut a word into pieces; the first is that of single letters."""
    for joints in product((True, False), repeat=len(word) - 1):
        ends = [0, *(at for at, joint in enumerate(joints, 1) if joint), len(word)]
        yield [word[first:last] for first, last in pairwise(ends)]


def read(pieces: Sequence[str]) -> tuple[list[str], str, list[str]]:
    """Pieces as prefixes, stem and suffixes, as the original takes them: greedily, and the seen back to its stem."""
    first = next((at for at, piece in enumerate(pieces) if piece not in PREFIXES), len(pieces))
    last = len(pieces)
    while last > max(first - 1, 0) and pieces[last - 1] in SUFFIXES:
        last -= 1
    last = max(last, first)
    prefixes, stem, suffixes = list(pieces[:first]), "".join(pieces[first:last]), list(pieces[last:])
    if prefixes[-1:] == ["س"] and not stem.startswith(tuple("ينأت")):
        stem = prefixes.pop() + stem
    return prefixes, stem, suffixes


def readings(word: str) -> set[Parse]:
    """All that the original reads a word as: each cut is read, and what comes out is cut and read again."""
    found = set()
    for pieces in cuts(word):
        prefixes, stem, suffixes = read(pieces)
        if len(pieces) == len(word) > 1 == len(stem):
            continue
        again = [*prefixes, stem, *suffixes]
        while again and not again[-1]:
            again.pop()
        prefixes, stem, suffixes = read(again)
        found.add(Parse("".join(f"{each}+" for each in prefixes), stem, "".join(f"+{each}" for each in suffixes)))
    return found


def known(parses: set[Parse]) -> set[Parse]:
    return {parse for parse in parses if parse.prefixes in PREFIX_CHAINS and parse.suffixes in SUFFIX_CHAINS}


@settings(deadline=None, max_examples=800)
@given(words.filter(lambda word: len(word) <= 9))
def test_candidates_are_all_that_some_cut_is_read_as(word: str) -> None:
    expected = known(readings(word))
    for start in ("لل", "ولل", "فلل"):
        if word.startswith(start):
            expected |= known(readings(f"{start[:-1]}ال{word[len(start) :]}"))
    found = list(candidates(word, model()))
    assert len(found) == len(set(found))
    assert set(found) == expected


@settings(deadline=None, max_examples=300)
@given(words)
def test_candidates_have_the_letters_of_the_word(word: str) -> None:
    letters = {parse.text().replace("+", "") for parse in candidates(word, model())}
    assert letters <= {word, *(f"{word[:at]}ا{word[at:]}" for at in (1, 2) if word[at - 1 : at + 1] == "لل")}


def test_a_word_that_no_chain_fits_stays_whole() -> None:
    assert list(candidates("هما", model())) == []
    assert best_parse("هما", model()).text() == "هما"


@settings(deadline=None, max_examples=300)
@given(words)
def test_the_best_is_the_first_of_highest_score(word: str) -> None:
    if word in model().tokenised:
        return
    scored = [(score(parse, model()), parse.text()) for parse in candidates(word, model())]
    best = max((value for value, _ in scored), default=0.0)
    assert best_parse(word, model()).text() == next((text for value, text in scored if value == best), word)


@pytest.mark.parametrize(("word", "segmented"), [("والكتاب", "و+ال+كتاب"), ("للعلم", "ل+لعلم")])
def test_what_the_training_text_says_of_a_word_is_final(word: str, segmented: str) -> None:
    assert best_parse(word, model()).text() == segmented


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (Parse("و+ال+", "كتاب", "+ه"), "و+ال+كتاب+ه"),
        (Parse("و+", "", "+ه"), "و+ه"),
        (Parse("و+", "", ""), "و+"),
        (Parse("", "", "+ها"), "+ها"),
    ],
)
def test_a_parse_is_written_with_one_plus_at_a_joint(parse: Parse, text: str) -> None:
    assert parse.text() == text


@pytest.mark.parametrize("name", ["words", "adversarial"])
def test_the_definition_is_the_official_segmenter(
    name: str, farasa_model: Model, official: Callable[[str], list[tuple[str, str]]]
) -> None:
    sample = random.Random(11).sample(official(name), 2500)
    assert [(word, best_parse(word, farasa_model).text()) for word, _ in sample] == sample


@settings(deadline=None, max_examples=50)
@given(st.sampled_from(["ه", "ها", "و", "ال", "س", "كما", "ت"]), st.integers(1, 40))
def test_repeated_affixes_have_few_candidates(affix: str, times: int) -> None:
    assert len(list(candidates(affix * times, model()))) <= 20
