"""Streams whose driver watches: with a clock, a folder and runs of the test's own, which fail when they are told to."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from pipelines.streaming.driven import Around, Cancelled, DrivenWindows, drive
from transforms.bundles.listing import Bundle
from transforms.bundles.splits import Split
from transforms.errors import RunError, UsageError
from transforms.runs.lease import LeaseLost
from transforms.streaming.turns import Arrival, Opened, Outcome

SIZE = 10_000


def bundle(name: str, state: str = "1") -> Bundle:
    return Bundle(name, f"/in/{name}", 10, "", state)


@dataclass
class World:
    """A world whose seconds pass when `pass_` says so; `worked` has the ends and bundles of runs."""

    seconds: float = 100.0
    bundles: list[Bundle] | None = field(default_factory=list)
    told_to_end: bool = False
    errors: list[Exception] = field(default_factory=list)  # of the works to come
    polls: int = 0
    worked: list[tuple[str, list[str]]] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)
    did: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    windows: DrivenWindows = field(init=False)
    during: float = 0.0  # seconds that a work takes; every second of it is a check

    def __post_init__(self) -> None:
        around = Around(
            self.listing,
            lambda: self.told_to_end,
            self.work,
            lambda: self.did.append("clear"),
            self.said.append,
            clock=lambda: self.seconds,
            time=lambda: self.seconds,
        )
        self.windows = DrivenWindows(self, SIZE, 2.0, 1.0, around)

    def listing(self) -> list[Bundle] | None:
        self.polls += 1
        return self.bundles

    def outcome(self, run: str) -> Outcome | None:
        raise AssertionError(run)

    def drop(self, run: str) -> None:
        raise AssertionError(run)

    def open(self, end: int, arrivals: Sequence[Arrival]) -> Opened:
        self.failures = [each.failures for each in arrivals]
        self.did.append("open")
        splits = (Split(0, ()),) if arrivals else ()
        return Opened(str(end), tuple(arrivals), (), splits)

    def work(self, opened: Opened) -> None:
        self.worked.append((opened.run, [each.bundle.name for each in opened.taken]))
        for _ in range(int(self.during)):
            self.pass_(1)
        if self.errors:
            raise self.errors.pop(0)

    def pass_(self, seconds: int) -> None:
        """Lets seconds pass, with a look at each."""
        for _ in range(seconds):
            self.seconds += 1
            self.windows.look()

    def live(self, seconds: int) -> None:
        """Lets seconds pass, with a look at each, and works on what is due."""
        until = self.seconds + seconds
        while self.seconds < until:
            self.pass_(1)
            self.windows.take()


def test_a_window_is_worked_on_when_its_time_is_over() -> None:
    world = World(bundles=[bundle("a"), bundle("b")])
    world.live(4)
    assert world.worked == []
    world.live(10)
    assert world.worked == [("110000", ["a", "b"])]
    world.live(50)
    assert len(world.worked) == 1


def test_it_is_looked_at_the_input_once_in_every_so_long() -> None:
    world = World()
    for _ in range(1000):
        world.seconds += 0.01
        world.windows.look()
    assert 9 <= world.polls <= 11


def test_what_comes_to_rest_while_a_window_is_worked_on_is_in_the_window_of_that_time() -> None:
    world = World(bundles=[bundle("a")], during=25)
    world.live(9)
    assert world.bundles is not None
    world.bundles.append(bundle("b"))
    world.live(1)  # the work takes 25 seconds
    assert world.worked == [("110000", ["a"])]
    world.windows.take()
    assert world.worked[1:] == [("120000", ["b"])]


def test_a_window_that_fails_is_tried_again_with_its_name_after_the_time_of_a_window() -> None:
    world = World(bundles=[bundle("a")], errors=[RunError("the cluster is away"), RunError("it still is")])
    world.live(12)
    assert world.worked == [("110000", ["a"])]
    assert world.said == ["the cluster is away; the window is tried again"]
    world.live(20)
    assert world.worked == [("110000", ["a"])] * 3
    assert world.failures == [2]
    assert world.did == ["open", *["clear", "open"] * 2]
    assert world.windows.oldest() == (0, 0)


def test_later_windows_wait_for_one_that_fails() -> None:
    world = World(bundles=[bundle("a")], errors=[RunError("no")] * 2)
    world.live(10)
    assert world.bundles is not None
    world.bundles.append(bundle("b"))
    world.live(50)
    assert world.worked == [("110000", ["a"])] * 3 + [("120000", ["b"])]


def test_a_listing_that_fails_is_tried_again() -> None:
    world = World(bundles=None)
    world.live(20)
    world.bundles = [bundle("a")]
    world.live(20)
    assert [names for _, names in world.worked] == [["a"]]


@pytest.mark.parametrize("error", [Cancelled(), LeaseLost("taken over"), UsageError("wrong jar"), ValueError("no")])
def test_what_will_not_go_away_ends_the_stream(error: Exception) -> None:
    world = World(bundles=[bundle("a")], errors=[error])
    with pytest.raises(type(error)):
        world.live(20)
    assert world.said == []


def test_a_stream_that_is_told_to_end_takes_what_has_come_to_rest_and_looks_no_more() -> None:
    world = World(bundles=[bundle("a")])
    world.live(3)
    assert world.bundles is not None
    world.bundles.append(bundle("moving"))
    world.told_to_end = True
    world.seconds += 0.01
    world.windows.look(now=True)
    polls = world.polls
    drive(world.windows, world.windows.look)
    assert world.windows.is_done
    assert world.worked == [("110000", ["a"])]
    assert world.polls == polls


def test_windows_that_fail_while_the_stream_ends_end_it() -> None:
    world = World(bundles=[bundle("a")], errors=[RunError("the cluster is away")])
    world.live(3)
    world.told_to_end = True
    with pytest.raises(RunError, match="the cluster is away"):
        drive(world.windows, lambda: world.pass_(1))
    assert world.said == []


def test_the_oldest_bundles_are_known() -> None:
    world = World(bundles=[bundle("a")], during=3)
    world.live(5)
    assert world.windows.oldest() == (103.0, 0)
    seen = []

    object.__setattr__(world.windows._around, "work", lambda _: seen.append(world.windows.oldest()))
    world.live(6)
    assert seen == [(0, 103.0)]
