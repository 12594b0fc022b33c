"""Splits: every byte once, in input order, under names that follow from the ranges."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.bundles.errors import BundleError
from transforms.bundles.listing import Bundle
from transforms.bundles.splits import plan_splits


def _bundles(sizes: list[int]) -> list[Bundle]:
    return [Bundle(f"{number:03d}.txt", f"/in/{number}", size, "", "") for number, size in enumerate(sizes)]


def _never(_: Bundle) -> bool:
    return False


@settings(deadline=None)
@given(st.lists(st.integers(0, 300), max_size=20), st.integers(1, 100))
def test_ranges_tile_the_bundles_in_order(sizes: list[int], target: int) -> None:
    bundles = _bundles(sizes)
    splits = plan_splits(bundles, target, _never)
    ranges = [part for split in splits for part in split.ranges]
    for bundle in bundles:
        own = [part for part in ranges if part.bundle == bundle]
        assert [part.start for part in own] == [0, *(part.end for part in own[:-1])]
        assert own[-1].end == bundle.size
        lengths = [part.end - part.start for part in own]
        assert max(lengths) - min(lengths) <= 1
    assert [part.bundle.name for part in ranges] == sorted(part.bundle.name for part in ranges)
    assert all(sum(part.end - part.start for part in split.ranges) <= target for split in splits)
    assert [split.index for split in splits] == list(range(len(splits)))
    assert len({split.id for split in splits}) == len(splits)


def test_small_bundles_share_a_split_and_large_ones_are_cut() -> None:
    splits = plan_splits(_bundles([0, 40, 60, 1, 250, 10, 0]), 100, _never)
    assert [[(p.bundle.url, p.start, p.end) for p in split.ranges] for split in splits] == [
        [("/in/0", 0, 0), ("/in/1", 0, 40), ("/in/2", 0, 60)],
        [("/in/3", 0, 1), ("/in/4", 0, 83)],
        [("/in/4", 83, 166)],
        [("/in/4", 166, 250), ("/in/5", 0, 10), ("/in/6", 0, 0)],
    ]


def test_a_gigabyte_gives_many_splits_and_nothing_gives_none() -> None:
    assert len(plan_splits(_bundles([1 << 30]), 1 << 25, _never)) == 32
    assert plan_splits([], 100) == []


def test_the_id_is_frozen_and_follows_from_place_and_size() -> None:
    (split,) = plan_splits(_bundles([40]), 100, _never)
    assert split.id == "000000-a99e5ee18230"
    assert plan_splits(_bundles([41]), 100, _never)[0].id != split.id


def test_a_split_size_of_nothing_is_an_error() -> None:
    with pytest.raises(BundleError, match="split size 0: must be at least 1 byte"):
        plan_splits([], 0)
