"""The join against the definition: whatever the text, the settings, the cut into splits and the threads."""

import random
from collections.abc import Sequence
from itertools import pairwise
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dedup import oracle
from tests.dedup.samples import bulletins, corpora, cut, definitions, removed, sets_of
from tests.dedup.three_ways import decisions
from transforms.arrays import Float64s
from transforms.dedup.one_pass import join
from transforms.dedup.one_pass.join import decide, decide_documents
from transforms.dedup.one_pass.ordering import order_table
from transforms.dedup.shingles import ShingleSets
from transforms.dedup.verdicts import Decision
from transforms.parallel import Progress
from transforms.settings import DedupSettings, ShingleSettings


@settings(deadline=None, max_examples=400)
@given(corpora(), definitions, st.integers(1, 4), st.integers(1, 4), st.data())
def test_paragraphs_are_decided_as_by_definition(
    paragraphs: list[str], definition: DedupSettings, per_document: int, threads: int, data: st.DataObject
) -> None:
    documents = [number // per_document for number in range(len(paragraphs))]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(paragraphs)), max_size=5)))
    splits = cut(sets_of(paragraphs, definition, documents), cuts)
    found = removed(decide(splits, definition.threshold, threads))
    assert found == oracle.decide(paragraphs, documents, definition)


@settings(deadline=None, max_examples=300)
@given(corpora(), definitions, st.integers(1, 40), st.integers(1, 3), st.data())
def test_documents_are_decided_by_themselves_as_by_definition(
    paragraphs: list[str], definition: DedupSettings, block: int, threads: int, data: st.DataObject
) -> None:
    """Some have no paragraph, some splits no document; large blocks and small ones, with and without earlier runs."""
    definition = definition.model_copy(update={"scope": "document"})
    ends = st.lists(st.integers(0, len(paragraphs)), max_size=8).map(sorted)
    edges = [0, *data.draw(ends), len(paragraphs)]
    documents = np.repeat(np.arange(len(edges) - 1), np.diff(edges))
    sets, at = sets_of(paragraphs, definition, documents.tolist()), sorted(data.draw(st.lists(st.sampled_from(edges))))
    splits = cut(sets, at)
    starts = [  # a split without paragraphs has no document
        np.array([first, *(each for each in edges if first < each < last), *[last][: last - first]], np.int64) - first
        for first, last in pairwise([0, *at, len(paragraphs)])
    ]
    hashes = [
        crc32(sets.shingles[first:last].tobytes()) % 3 if first < last else 3 for first, last in pairwise(sets.offsets)
    ]
    repeated = data.draw(st.none() | st.integers(0, 2))
    earlier = None if repeated is None else np.array([float(each == repeated) for each in hashes])
    large = data.draw(st.integers(0, 40))
    shares: list[float] = []
    found = decide_documents(splits, starts, definition.threshold, threads, earlier, shares.append, block, large)
    if earlier is None:
        assert removed(found) == oracle.decide(paragraphs, documents.tolist(), definition)
    assert removed(found) == removed(decide(splits, definition.threshold, threads, earlier))
    assert shares == sorted(shares)
    assert shares[-1:] == [1.0][: len(paragraphs)]


def test_documents_are_decided_alike_by_any_number_of_threads() -> None:
    definition = DedupSettings(scope="document")
    paragraphs = list(bulletins(4_000))
    sets = sets_of(paragraphs, definition, [number // 40 for number in range(4_000)])
    starts = [np.arange(0, 2_001, 40)] * 2
    one, *others = (
        decide_documents(cut(sets, [2_000]), starts, 0.7, threads, block=9_000, large=10_000) for threads in (1, 2, 5)
    )
    assert one.contenders >= len(one.removed) > 0
    for other in others:
        assert (one.contenders, one.candidates) == (other.contenders, other.candidates)
        for column in ("removed", "kept", "similarity"):
            np.testing.assert_array_equal(getattr(one, column), getattr(other, column))


def test_progress_moves_within_a_large_document(monkeypatch: pytest.MonkeyPatch) -> None:
    def deciding(sets: Sequence[ShingleSets], threshold: float, _: int, given: Float64s, told: Progress) -> Decision:
        told(0.5)
        return decide(sets, threshold, given=given)

    monkeypatch.setattr(join, "decide", deciding)
    sets = sets_of(["نعم نعم", "لا لا"] * 2, DedupSettings(scope="document"), [0, 0, 1, 1])
    shares: list[float] = []
    decide_documents([sets], [np.array([0, 2, 4])], 0.7, progress=shares.append, block=1, large=0)
    assert shares == [0.25, 0.5, 0.75, 1.0]


@settings(deadline=None, max_examples=60)
@given(corpora(), st.integers(1, 5), st.floats(0.3, 1.0))
def test_the_index_of_the_oracle_passes_nothing_over(paragraphs: list[str], size: int, threshold: float) -> None:
    definition = DedupSettings(threshold=threshold, shingle=ShingleSettings(size=size))
    expected = oracle.decide(paragraphs, [0] * len(paragraphs), definition)
    assert oracle.decide_by_index(paragraphs, definition) == expected


@settings(deadline=None, max_examples=100)
@given(corpora(), definitions, st.data())
def test_all_three_ways_are_the_definition(
    paragraphs: list[str], definition: DedupSettings, data: st.DataObject
) -> None:
    definition = definition.model_copy(update={"scope": "corpus"})
    cuts = sorted(data.draw(st.lists(st.integers(0, len(paragraphs)), min_size=1, max_size=3)))
    expected = oracle.decide(paragraphs, [0] * len(paragraphs), definition)
    assert list(decisions(paragraphs, definition, cuts)) == [expected] * 3


@settings(deadline=None, max_examples=100)
@given(corpora(), corpora(), st.integers(1, 5), st.floats(0.3, 1.0), st.integers(1, 4))
def test_a_run_after_another_decides_as_both_in_one(
    earlier: list[str], later: list[str], size: int, threshold: float, threads: int
) -> None:
    definition = DedupSettings(threshold=threshold, shingle=ShingleSettings(size=size))
    both = oracle.decide(earlier + later, [0] * len(earlier + later), definition)
    given_similarity = np.zeros(len(later))
    kept = [text for number, text in enumerate(earlier) if number not in both]
    for number, text in enumerate(later):
        best = max((oracle.similarity(text, each, definition) for each in kept), default=0.0)
        given_similarity[number] = best if best >= threshold else 0.0
    found = removed(decide([sets_of(later, definition)], threshold, threads, given_similarity))
    assert found == {
        number - len(earlier): (max(other - len(earlier), -1), similarity)
        for number, (other, similarity) in both.items()
        if number >= len(earlier)
    }


@pytest.mark.parametrize(
    ("paragraphs", "expected"),
    [
        ([], {}),
        ([""], {}),
        (["", "", "،", "؛"], {}),
        (["* * *", "***", "* * *", "نعم", "* * *"], {2: (0, 1.0), 4: (0, 1.0)}),  # no word: compared by bytes
        (["نعم", "نعم", "لا"], {1: (0, 1.0)}),
        (["مدرسة كبيرة", "مَدْرَسَةٌ كَبِيرَةٌ!", "مدرسه كبيره"], {1: (0, 1.0), 2: (0, 1.0)}),
        (["يوم ٢٥ آذار", "يوم 25 آذار", "يوم ٢٦ آذار"], {1: (0, 1.0)}),
        # 0 ~ 1 ~ 2 in a chain: 1 goes for 0, so 2 has nobody left and stays.
        (["ا ب ج د ه و ز", "ب ج د ه و ز ح", "ج د ه و ز ح ط"], {1: (0, 5 / 7)}),
        (["ا ب ج د ه و ز ح ط", "ب ج د ه و ز ح ط", "ج د ه و ز ح ط"], {1: (0, 7 / 8), 2: (0, 6 / 8)}),
        (["ا ب ج د ه و ز ح ط", "ب ج د ه و ز ح ط ي", "ج د ه و ز ح ط ي ك"], {1: (0, 7 / 9)}),
    ],
)
def test_what_stands_for_what(paragraphs: list[str], expected: oracle.Removed) -> None:
    assert removed(decide([sets_of(paragraphs, DedupSettings())], 0.7)) == expected


def test_the_most_similar_stands_for_a_duplicate_and_then_the_earliest() -> None:
    """Three kept paragraphs with 16, 17 and 17 of the words of the last one."""
    words = list("ابجدهوزحطيكلمنسعفصقر")
    ranges = ((0, 4), (4, 7), (17, 20))
    others = [words[:first] + [f"{word}خ" for word in words[first:last]] + words[last:] for first, last in ranges]
    paragraphs = [" ".join(each) for each in (*others, words)]
    definition = DedupSettings(threshold=0.6, shingle=ShingleSettings(size=1))
    assert removed(decide([sets_of(paragraphs, definition)], 0.6)) == {3: (1, 17 / 23)}


@pytest.mark.parametrize("threads", [1, 7, 64, 256])
def test_more_threads_than_work_change_nothing(threads: int) -> None:
    """A table of 1,024 slots cut into 256 pieces would have full ones."""
    definition = DedupSettings()
    for seed in range(3070, 3076):
        choose = random.Random(seed)
        paragraphs = [" ".join(str(choose.randrange(10**9)) for _ in range(32)) for _ in range(24)]
        shorter = [each.rpartition(" ")[0] for each in paragraphs]
        found = removed(decide([sets_of([*paragraphs, *shorter], definition)], 0.7, threads))
        assert found == {number + 24: (number, 30 / 31) for number in range(24)}


def test_every_figure_is_the_same_for_any_cut_and_threads() -> None:
    sets = sets_of(list(bulletins(600)), DedupSettings())
    one = decide([sets], 0.7)
    many = decide(cut(sets, sorted(random.Random(1).choices(range(601), k=90))), 0.7, 3)
    assert (one.contenders, one.candidates) == (many.contenders, many.candidates)
    assert removed(one) == removed(many)
    assert 0 < one.candidates < 600 * 600


@pytest.mark.parametrize("numbers", ["inner", "ignore"])
def test_blocks_of_one_template_are_decided_alike_by_any_number_of_threads(numbers: str) -> None:
    """Some blocks, sets that are looked up by their numbers, and copies of removed paragraphs long after them."""
    definition = DedupSettings.model_validate({"numbers": numbers})
    paragraphs = list(bulletins(36_000))
    paragraphs += random.Random(2).sample(paragraphs, 500)
    sets = sets_of(paragraphs, definition)
    one, *others = (decide(cut(sets, [4_000]), 0.7, threads) for threads in (1, 2, 5))
    for other in others:
        assert one.candidates == other.candidates
        for column in ("removed", "kept", "similarity"):
            np.testing.assert_array_equal(getattr(one, column), getattr(other, column))
    found, few = removed(one), 200
    expected = oracle.decide(paragraphs[:few], [0] * few, definition)
    assert {number: match for number, match in found.items() if number < few} == expected
    assert found.keys() >= set(range(36_000, 36_500))


def test_the_order_is_by_rising_frequency() -> None:
    sets = sets_of(["نعم"] * 300 + ["لا"] * 2 + ["كلا"], DedupSettings())
    order = order_table([sets], [np.ones(303, np.uint8)], 303)
    yes, no, never = (int(order.counts[sets.shingles[at] >> order.shift]) for at in (0, 300, 302))
    assert (yes, no, never) == (131, 16, 0)


@pytest.mark.parametrize(("shingles", "bits"), [(0, 10), (1_000, 10), (5_000, 13), (1 << 30, 22)])
def test_the_order_table_is_as_large_as_its_shingles_need(shingles: int, bits: int) -> None:
    order = order_table([sets_of(["نعم"], DedupSettings())], [np.ones(1, np.uint8)], shingles)
    assert (order.counts.dtype.name, len(order.counts), int(order.shift)) == ("uint8", 1 << bits, 64 - bits)


def test_copies_are_compared_with_nothing() -> None:
    texts = [f"قال الراوي في الباب {number} ما قال" for number in range(200)]
    found = decide([sets_of(texts * 3, DedupSettings(numbers="ignore", threshold=0.9))], 0.9)
    assert removed(found) == {number: (number % 200, 1.0) for number in range(200, 600)}
    assert found.candidates == 0


def test_lines_of_a_table_are_compared_with_nothing() -> None:
    """Each shares three of four shingles with every other, three of five of both: too few for 0.7."""
    lines = [f"ارشيف الصحيفة اليومية صفحة {number}" for number in range(500)]
    found = decide([sets_of(lines, DedupSettings(numbers="ignore"))], 0.7)
    assert (len(found.removed), found.contenders, found.candidates) == (0, 500, 0)


def test_what_is_alone_is_compared_with_nothing() -> None:
    found = decide([sets_of([f"كلمة {number} وحيدة" for number in range(1000)], DedupSettings())], 0.7)
    assert (len(found.removed), found.candidates) == (0, 0)
    long = [" ".join(f"{number}x{each}" for each in range(40)) for number in range(300)]
    assert decide([sets_of(long, DedupSettings())], 0.7).contenders < 30
