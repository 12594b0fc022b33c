"""Windows take their turns: in order, one at a time, with every bundle in one that is committed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.bundles.listing import Bundle
from transforms.bundles.splits import ByteRange, Split
from transforms.streaming.turns import (
    Arrival,
    Flight,
    Opened,
    Outcome,
    Turn,
    Waiting,
    admit,
    take_turn,
    window_end,
)

SIZE = 10


def arrival(name: str, time: int) -> Arrival:
    return Arrival(Bundle(name, f"/in/{name}", 1, "", "1"), time)


@dataclass
class FakeRuns:
    """Runs in memory; `fates` says what becomes of the next ones: looks until it ends, and whether it is given up."""

    fates: Iterator[tuple[int, bool]]
    limit: int = 100
    begun: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    committed: list[tuple[str, ...]] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    now: tuple[int, bool, tuple[str, ...]] | None = None

    def outcome(self, run: str) -> Outcome | None:
        assert self.now is not None, f"nobody works on {run}"
        looks, gives_up, names = self.now
        if looks:
            self.now = (looks - 1, gives_up, names)
            return None
        self.now = None
        if gives_up:
            return Outcome.GIVEN_UP
        self.committed.append(names)
        return Outcome.COMMITTED

    def drop(self, run: str) -> None:
        self.dropped.append(run)

    def open(self, end: int, arrivals: Sequence[Arrival]) -> Opened:
        assert self.now is None, "a window is opened beside another"
        taken, left = tuple(arrivals[: self.limit]), tuple(arrivals[self.limit :])
        names = tuple(each.bundle.name for each in taken)
        self.begun.append((end, names))
        self.now = (*next(self.fates, (0, False)), names)
        work = tuple(Split(number, (ByteRange(each.bundle, 0, 1),)) for number, each in enumerate(taken))
        return Opened(str(end), taken, left, work)


class Queue:
    """What a runner does with turns: keeps the state, and looks again when it was asked to."""

    def __init__(self, runs: FakeRuns) -> None:
        self.runs = runs
        self.waiting: list[Waiting] = []
        self.flight: Flight | None = None
        self.wake: int | None = None
        self.soon = False

    def add(self, each: Arrival) -> None:
        self.waiting.append(admit(each, self.flight, SIZE))
        if self.flight is None:
            self.wake = min(each.end for each in self.waiting)

    def look(self, now: int) -> Turn:
        turn = take_turn(self.waiting, self.flight, now, SIZE, self.runs)
        self.waiting, self.flight, self.wake, self.soon = list(turn.waiting), turn.flight, turn.wake, turn.soon
        return turn

    def pass_time(self, now: int) -> None:
        """No bundle arrives before `now` any more."""
        while self.wake is not None and self.wake <= now:
            self.look(self.wake)
            while self.soon:
                self.look(now)

    def finish(self) -> None:
        """Nothing arrives any more at all."""
        while self.waiting or self.flight:
            self.pass_time(10**9)


steps = st.lists(st.tuples(st.integers(0, 25), st.booleans()), max_size=30)
fates = st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=20)


@settings(deadline=None)
@given(steps, fates, st.integers(1, 4))
def test_every_bundle_is_committed_once_and_windows_keep_their_order(
    arriving: list[tuple[int, bool]], ends: list[tuple[int, bool]], limit: int
) -> None:
    runs = FakeRuns(iter(ends), limit)
    queue, now = Queue(runs), 100
    for number, (passed, tick) in enumerate(arriving):
        now += passed
        if tick:
            queue.pass_time(now)
        queue.add(arrival(f"{number:02d}", now))
    queue.finish()
    assert sorted(name for names in runs.committed for name in names) == [f"{n:02d}" for n in range(len(arriving))]
    assert [end for end, _ in runs.begun] == sorted({end for end, _ in runs.begun}), "each window once, in order"
    assert len(runs.dropped) == len(runs.begun) - len(runs.committed)


def test_a_window_waits_until_the_one_before_it_is_committed() -> None:
    runs = FakeRuns(iter([(2, False)]))
    queue = Queue(runs)
    for name, time in (("a", 3), ("b", 12)):
        queue.add(arrival(name, time))
    assert queue.look(10).opened is not None
    for _ in range(2):
        turn = queue.look(20)
        assert (turn.opened, turn.soon) == (None, True)
    turn = queue.look(20)
    assert turn.opened is not None
    assert runs.begun == [(10, ("a",)), (20, ("b",))]
    assert runs.committed == [("a",)]


def test_a_window_is_not_opened_before_its_end() -> None:
    queue = Queue(FakeRuns(iter([])))
    queue.add(arrival("a", 5))
    turn = queue.look(9)
    assert (turn.opened, turn.wake, turn.soon) == (None, 10, False)


def test_bundles_of_a_window_that_is_given_up_are_in_the_next() -> None:
    runs = FakeRuns(iter([(0, True), (0, False)]))
    queue = Queue(runs)
    for name, time in (("a", 3), ("b", 12)):
        queue.add(arrival(name, time))
    queue.look(10)
    turn = queue.look(20)
    assert runs.dropped == ["10"]
    assert turn.flight is not None
    assert {each.bundle.name: each.failures for each in turn.flight.arrivals} == {"a": 1, "b": 0}


def test_what_comes_too_late_for_its_window_is_in_the_next() -> None:
    flight = Flight(20, "20", ())
    assert admit(arrival("a", 15), flight, SIZE).end == 30
    assert admit(arrival("a", 15), None, SIZE).end == 20
    assert admit(arrival("a", 35), flight, SIZE).end == 40


def test_a_window_without_work_is_passed_over() -> None:
    class Nothing(FakeRuns):
        def open(self, end: int, arrivals: Sequence[Arrival]) -> Opened:
            self.begun.append((end, ()))
            return Opened(str(end), (), (), ())

    queue = Queue(Nothing(iter([])))
    for time in (3, 12, 25):
        queue.add(arrival(str(time), time))
    turn = queue.look(100)
    assert turn == Turn()
    assert [end for end, _ in queue.runs.begun] == [10, 20, 30]


@settings(deadline=None)
@given(st.integers(0, 10**13), st.integers(1, 10**6))
def test_a_time_is_in_one_window(time: int, size: int) -> None:
    end = window_end(time, size)
    assert end - size <= time < end
    assert end % size == 0
