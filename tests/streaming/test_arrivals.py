"""When bundles may be read: as by definition, over any sequence of listings."""

from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.bundles.listing import Bundle
from transforms.streaming.turns import Sighting, observe


def bundle(name: str, state: str) -> Bundle:
    return Bundle(name, f"/in/{name}", 1, "", state)


def ready(listings: list[tuple[float, dict[str, str]]], settle: float) -> list[str]:
    """The definition: listed now and in the listing before, the state the same ever since `settle` seconds ago."""
    now, last = listings[-1]
    found = []
    for name, state in last.items():
        still = []
        for at, listing in reversed(listings):
            if listing.get(name) != state:
                break
            still.append(at)
        if len(still) > 1 and now - still[-1] >= settle:
            found.append(name)
    return found


listings = st.lists(
    st.tuples(st.integers(0, 5), st.dictionaries(st.sampled_from("أبج"), st.sampled_from("12"))), min_size=1, max_size=9
)


@settings(deadline=None)
@given(listings, st.integers(0, 6))
def test_what_is_ready_is_what_the_definition_says(steps: list[tuple[int, dict[str, str]]], settle: int) -> None:
    seen: dict[str, Sighting] = {}
    past: list[tuple[float, dict[str, str]]] = []
    now = 100.0
    for passed, listing in steps:
        now += passed
        past.append((now, listing))
        seen, found = observe(seen, [bundle(*each) for each in listing.items()], now, settle)
        assert [each.name for each in found] == ready(past, settle)
        assert seen.keys() == {f"/in/{name}" for name in listing}


def test_a_slow_writer_is_waited_for() -> None:
    seen: dict[str, Sighting] = {}
    taken = []
    for now, state in enumerate(["1", "2", "2", "3", "3", "3", "3"]):
        seen, found = observe(seen, [bundle("x", state)], float(now), 2.0)
        taken.append(len(found))
    assert taken == [0, 0, 0, 0, 0, 1, 1]


def test_one_listing_is_not_enough_however_short_the_wait() -> None:
    seen, found = observe({}, [bundle("x", "1")], 0.0, 0.0)
    assert found == []
    assert observe(seen, [bundle("x", "1")], 0.0, 0.0)[1] == [bundle("x", "1")]


def test_a_clock_that_jumps_takes_nothing_too_early() -> None:
    """The bundle's own time is never looked at."""
    seen, _ = observe({}, [bundle("x", "1")], 1000.0, 10.0)
    assert observe(seen, [bundle("x", "2")], 5000.0, 10.0)[1] == []
