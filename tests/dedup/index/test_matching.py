"""Segments on disk, and what is found in them: as by definition, whatever they are cut into and ordered by."""

from itertools import chain, pairwise
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dedup.index.samples import (
    UNIVERSE,
    Shingles,
    best,
    build_segment,
    paragraphs,
    related,
    sets_of,
    splits,
    table_of,
)
from tests.dedup.samples import thresholds
from transforms.dedup.index.matching import IndexView
from transforms.dedup.index.segment import SETS, count_tokens_of, parts
from transforms.dedup.verdicts import PLACES

RUNS = ("a", "b", "c", "removed")


@settings(deadline=None, max_examples=60)
@given(st.lists(splits, min_size=1, max_size=3))
def test_a_segment_is_read_as_it_was_written(written: list[list[Shingles]]) -> None:
    tables = [table_of(run, split) for run, split in zip(RUNS, written, strict=False)]
    with TemporaryDirectory() as folder:
        segment = build_segment(Path(folder), "s", tables, frozenset("a")).opened()
        assert segment.rows.schema == SETS
        assert segment.rows.to_pylist() == list(chain.from_iterable(table.to_pylist() for table in tables))
        sets = segment.rows.column("set").to_pylist()
        assert segment.sizes.tolist() == [*map(len, sets)]
        assert segment.postings.fit(segment.sizes)
        assert segment.live.tolist() == [int(run == "a") for run in segment.rows.column("run").to_pylist()]


@settings(deadline=None, max_examples=150)
@given(st.data(), thresholds, st.booleans(), st.lists(st.tuples(splits, st.sampled_from(RUNS)), min_size=1, max_size=4))
def test_matches_are_those_of_the_definition(
    data: st.DataObject, threshold: float, numbered: bool, indexed: list[tuple[list[Shingles], str]]
) -> None:
    """Several segments, of runs of which one no longer counts; splits on two threads; with numbers and without."""
    asked = [data.draw(related([split for split, _ in indexed])) for _ in range(data.draw(st.integers(1, 2)))]
    with TemporaryDirectory() as folder:
        segments = [
            build_segment(Path(folder), f"s{at}", [table_of(run, split, numbered=numbered)], frozenset(RUNS[:3]))
            for at, (split, run) in enumerate(indexed)
        ]
        found = IndexView(segments).match([sets_of(split, numbered=numbered) for split in asked], threshold, 2)
        rows = [[each if run != "removed" else None for each in split] for split, run in indexed]
        wanted = [best(each, rows, threshold, numbered=numbered) for split in asked for each in split]
        columns = zip(found.segment.tolist(), found.row.tolist(), found.similarity.tolist(), strict=True)
        assert [each if each[0] >= 0 else None for each in columns] == wanted
        assert found.candidates >= sum(each is not None for each in wanted)
        hits = np.flatnonzero(found.segment >= 0)
        named = [f"{indexed[found.segment[at]][1]}-{found.row[at]}" for at in hits]
        if len(hits):
            places = IndexView(segments).places(found.segment[hits], found.row[hits])
            assert [row["doc_id"] for row in places.to_pylist()] == named
            assert places.schema == PLACES


def test_matching_nothing() -> None:
    with TemporaryDirectory() as folder:
        view = IndexView([build_segment(Path(folder), "s", [table_of("a", [])], frozenset("a"))])
        assert view.match([sets_of([])], 0.7, 1).segment.tolist() == []
        assert view.match([sets_of([[1, 2, 3], []])], 0.7, 1).segment.tolist() == [-1, -1]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(paragraphs, max_size=3), max_size=8), st.integers(1, 30))
def test_parts_keep_the_order_and_the_limit(tables: list[list[Shingles]], limit: int) -> None:
    whole = [table_of(str(at), split) for at, split in enumerate(tables)]
    groups = list(parts(iter(whole), count_tokens_of, limit))
    assert [id(table) for group in groups for table in group] == [id(table) for table in whole]
    sizes = [[sum(map(len, table.column("set").to_pylist())) for table in group] for group in groups]
    assert all(sum(each) <= limit or len([size for size in each if size]) == 1 for each in sizes)
    assert all(sum(one) + two[0] > limit for one, two in pairwise(sizes))


@pytest.mark.parametrize("count", [1, 2, 5])
def test_of_equally_similar_rows_the_first_stands(count: int) -> None:
    same = [1 << 60, 2 << 60, 3 << 60]
    with TemporaryDirectory() as folder:
        tables = [table_of(run, [same] * count) for run in "abc"]
        segments = [build_segment(Path(folder), f"s{at}", [table], frozenset("bc")) for at, table in enumerate(tables)]
        found = IndexView(segments).match([sets_of([same, same])], 0.7, 1)
        assert (found.segment.tolist(), found.row.tolist()) == ([1, 1], [0, 0])


@settings(deadline=None, max_examples=60)
@given(st.randoms(use_true_random=False), thresholds, st.booleans())
def test_tokens_of_many_sets_are_looked_at_as_far_as_sizes_fit(
    chance: Random, threshold: float, numbered: bool
) -> None:
    few = UNIVERSE[:10]
    rows = [chance.sample(few, chance.randint(1, 10)) for _ in range(150)]
    asked = [chance.sample(few, chance.randint(1, 10)) for _ in range(20)]
    with TemporaryDirectory() as folder:
        segment = build_segment(Path(folder), "s", [table_of("a", rows, numbered=numbered)], frozenset("a"))
        found = IndexView([segment]).match([sets_of(asked, numbered=numbered)], threshold, 1)
        wanted = [best(each, [rows], threshold, numbered=numbered) for each in asked]
        columns = zip(found.segment.tolist(), found.row.tolist(), found.similarity.tolist(), strict=True)
        assert [each if each[0] >= 0 else None for each in columns] == wanted


def test_sets_that_share_all_but_one_token_make_no_candidates_where_that_is_too_few() -> None:
    """Three of four shared are three of five: below 0.7, whatever the lists of the three hold."""
    same = UNIVERSE[:3]
    rows = [[*same, number * 0xC2B2AE3D27D4EB4F % 2**64] for number in range(1000)]
    with TemporaryDirectory() as folder:
        view = IndexView([build_segment(Path(folder), "s", [table_of("a", rows[1:])], frozenset("a"))])
        found = view.match([sets_of(rows[:1])], 0.7, 1)
        assert (found.segment.tolist(), found.candidates) == ([-1], 0)


def test_what_many_have_in_common_makes_no_candidates() -> None:
    """Ten thousand paragraphs that share half of their shingles, and one more of that kind: none is looked at."""
    shared = [number * 0x9E3779B97F4A7C15 % 2**64 for number in range(1, 11)]
    rows = [
        [*shared, *((number * 10 + at) * 0xC2B2AE3D27D4EB4F % 2**64 for at in range(10))] for number in range(10_000)
    ]
    with TemporaryDirectory() as folder:
        view = IndexView([build_segment(Path(folder), "s", [table_of("a", rows[1:])], frozenset("a"))])
        found = view.match([sets_of(rows[:1])], 0.7, 1)
        assert (found.segment.tolist(), found.candidates) == ([-1], 0)
        copy = view.match([sets_of([rows[5000]])], 0.7, 1)
        assert (copy.row.tolist(), copy.similarity.tolist(), copy.candidates) == ([4999], [1.0], 1)
