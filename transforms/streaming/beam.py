"""WatchBundles and OpenWindows: bundles that come to rest, and the runs of their windows. ListWindow: one window's."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import apache_beam as beam
from apache_beam.coders import PickleCoder
from apache_beam.io.restriction_trackers import OffsetRange, OffsetRestrictionTracker
from apache_beam.io.watermark_estimators import ManualWatermarkEstimator
from apache_beam.metrics import Metrics
from apache_beam.transforms.timeutil import TimeDomain
from apache_beam.transforms.userstate import BagStateSpec, ReadModifyWriteStateSpec, TimerSpec, on_timer
from apache_beam.transforms.window import FixedWindows, TimestampedValue
from apache_beam.utils.timestamp import MAX_TIMESTAMP, Duration, Timestamp

from transforms.bundles.beam import Batch, batches
from transforms.bundles.listing import Bundle
from transforms.storage import Folder
from transforms.streaming.at_hand import window_at_hand
from transforms.streaming.turns import Arrival, Arrivals, Flight, Runs, Waiting, admit, take_turn

# The bundles that are there now, in input order; None where that cannot be told for the moment.
Listing = Callable[[], Sequence[Bundle] | None]
_LAST_POLL = (1 << 62) - 1
# Gauges: when the first bundle that waits, and that is being worked on, arrived; milliseconds since the epoch, or 0.
OLDEST_WAITING, OLDEST_IN_FLIGHT = "oldest_waiting", "oldest_in_flight"
_SOON = 0.2  # seconds between two looks at a window that is overdue


class WatchBundles(beam.PTransform):
    """Arrivals, each once it may be read, at the time of that; unbounded, until it is told to end."""

    def __init__(
        self,
        name: str,
        listing: Listing,
        settle: float,
        every: float,
        is_over: Callable[[], bool],
    ) -> None:
        super().__init__()
        self._poll = _Poll(name, listing, settle, every, is_over)

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection[Arrival]:
        """One element an arrival."""
        return begin | "Begin" >> beam.Impulse() | "Poll" >> beam.ParDo(self._poll).with_output_types(Arrival)


class OpenWindows(beam.PTransform):
    """The batches of windows' runs, in windows of `size` milliseconds; a run is opened when those before it are over.

    The queue of windows is in the global window under one key: state of a window of its own could not tell what became
    of the window before. Its timers hold the watermark back, so that nothing comes after it.
    """

    def __init__(self, runs: Runs, size: int, batch: int) -> None:
        super().__init__()
        self._runs, self._size, self._batch = runs, size, batch

    def expand(self, arrivals: beam.PCollection[Arrival]) -> beam.PCollection[Batch]:
        """One element a batch."""
        return (
            arrivals
            | "OneQueue" >> beam.Map(_one_key).with_output_types(tuple[int, Any])
            | "TakeTurns" >> beam.ParDo(_TakeTurns(self._runs, self._size, self._batch)).with_output_types(Batch)
            | "Windows" >> beam.WindowInto(FixedWindows(Duration(micros=self._size * 1000)))
            | "Spread" >> beam.Reshuffle()
        )


class ListWindow(beam.PTransform):
    """The batches of the window that is at hand when the graph runs: one graph serves all windows of a stream."""

    def __init__(self, folder: Folder, batch: int) -> None:
        super().__init__()
        self._folder, self._batch = folder, batch

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection[Batch]:
        """One element a batch."""
        window = begin | "Begin" >> beam.Impulse() | "Read" >> beam.FlatMap(_batches_at_hand, self._folder, self._batch)
        return window | "Spread" >> beam.Reshuffle()


def _batches_at_hand(_: bytes, folder: Folder, size: int) -> list[Batch]:
    run, splits = window_at_hand(folder)
    return batches(run, splits, size)


def _one_key(arrival: Arrival) -> tuple[int, Arrival]:
    return 0, arrival


def _timestamp(milliseconds: int) -> Timestamp:
    return Timestamp(micros=milliseconds * 1000)


class _Polls(OffsetRestrictionTracker):
    """Polls to come, one an offset. They are put off, and never spread over workers: one poll sees all bundles."""

    def try_split(self, fraction_of_remainder: float) -> Any:
        """The poll at hand, and the others."""
        return super().try_split(0) if fraction_of_remainder == 0 else None

    def is_bounded(self) -> bool:
        """There is no last one."""
        return False


class _PollProvider(beam.transforms.core.RestrictionProvider):
    def initial_restriction(self, element: bytes) -> OffsetRange:
        return OffsetRange(0, _LAST_POLL + 1)

    def create_tracker(self, restriction: OffsetRange) -> _Polls:
        return _Polls(restriction)

    def restriction_size(self, element: bytes, restriction: OffsetRange) -> int:
        return 1


# What the polls of a source have seen, and the number of the next: worth nothing to a poll that does not follow them,
# after a failure or on another worker. It is not state of the runner's, which would grow with the folder.
_memory: dict[str, tuple[int, Arrivals]] = {}


class _Poll(beam.DoFn):
    def __init__(
        self,
        name: str,
        listing: Listing,
        settle: float,
        every: float,
        is_over: Callable[[], bool],
    ) -> None:
        self._name, self._listing, self._settle, self._every, self._is_over = name, listing, settle, every, is_over

    @beam.DoFn.unbounded_per_element()
    def process(
        self,
        element: bytes,
        tracker: Any = beam.DoFn.RestrictionParam(_PollProvider()),
        estimator: Any = beam.DoFn.WatermarkEstimatorParam(ManualWatermarkEstimator.default_provider()),
    ) -> Iterator[TimestampedValue]:
        number = tracker.current_restriction().start
        if not tracker.try_claim(number):
            return
        is_over = self._is_over()
        following, arrivals = _memory.get(self._name, (-1, Arrivals(self._settle)))
        if following != number:
            arrivals = Arrivals(self._settle)
        listed = self._listing()
        fresh = [] if listed is None else arrivals.look(listed, time.monotonic())
        before = estimator.current_watermark()
        now = max(int(time.time() * 1000), before.micros // 1000 + 1 if before else 0)  # clocks are set back
        for bundle in fresh:
            yield TimestampedValue(Arrival(bundle, now), _timestamp(now))
        arrivals.finish(fresh)
        _memory[self._name] = (number + 1, arrivals)
        if is_over:
            tracker.try_claim(_LAST_POLL)
            estimator.set_watermark(MAX_TIMESTAMP)
            return
        estimator.set_watermark(_timestamp(now))
        tracker.defer_remainder(Duration.of(self._every))


class _TakeTurns(beam.DoFn):
    """One key's queue of windows. `now` is the time that a timer of event time fires at, and holds the watermark at."""

    WAITING = BagStateSpec("waiting", PickleCoder())
    FLIGHT = ReadModifyWriteStateSpec("flight", PickleCoder())
    DUE = TimerSpec("due", TimeDomain.WATERMARK)
    OVERDUE = TimerSpec("overdue", TimeDomain.REAL_TIME)

    def __init__(self, runs: Runs, size: int, batch: int) -> None:
        self._runs, self._size, self._batch = runs, size, batch
        self._oldest_waiting = Metrics.gauge("rafid", OLDEST_WAITING)
        self._oldest_in_flight = Metrics.gauge("rafid", OLDEST_IN_FLIGHT)

    def process(
        self,
        element: tuple[int, Arrival],
        waiting: Any = beam.DoFn.StateParam(WAITING),
        flight: Any = beam.DoFn.StateParam(FLIGHT),
        due: Any = beam.DoFn.TimerParam(DUE),
    ) -> None:
        there = flight.read()
        waiting.add(admit(element[1], there, self._size))
        everything = list(waiting.read())
        if there is None:  # else a timer is set
            due.set(_timestamp(min(each.end for each in everything) - 1))
        self._measure(everything, there)

    @on_timer(DUE)
    def when_due(
        self,
        now: Timestamp = beam.DoFn.TimestampParam,
        waiting: Any = beam.DoFn.StateParam(WAITING),
        flight: Any = beam.DoFn.StateParam(FLIGHT),
        due: Any = beam.DoFn.TimerParam(DUE),
        overdue: Any = beam.DoFn.TimerParam(OVERDUE),
    ) -> Iterator[TimestampedValue]:
        yield from self._look(now, waiting, flight, due, overdue)

    @on_timer(OVERDUE)
    def when_overdue(
        self,
        now: Timestamp = beam.DoFn.TimestampParam,
        waiting: Any = beam.DoFn.StateParam(WAITING),
        flight: Any = beam.DoFn.StateParam(FLIGHT),
        due: Any = beam.DoFn.TimerParam(DUE),
        overdue: Any = beam.DoFn.TimerParam(OVERDUE),
    ) -> Iterator[TimestampedValue]:
        yield from self._look(now, waiting, flight, due, overdue)

    def _look(self, now: Timestamp, waiting: Any, flight: Any, due: Any, overdue: Any) -> Iterator[TimestampedValue]:
        turn = take_turn(list(waiting.read()), flight.read(), now.micros // 1000 + 1, self._size, self._runs)
        waiting.clear()
        for each in turn.waiting:
            waiting.add(each)
        flight.write(turn.flight)
        self._measure(turn.waiting, turn.flight)
        if turn.soon:
            overdue.set(Timestamp.of(time.time() + _SOON))
        elif turn.wake is not None:
            due.set(_timestamp(turn.wake - 1))
        if turn.flight is not None and turn.opened is not None:
            for batch in batches(turn.opened.run, turn.opened.splits, self._batch):
                yield TimestampedValue(batch, _timestamp(turn.flight.end - 1))

    def _measure(self, waiting: Sequence[Waiting], flight: Flight | None) -> None:
        self._oldest_waiting.set(min((each.arrival.time for each in waiting), default=0))
        self._oldest_in_flight.set(min((each.time for each in flight.arrivals), default=0) if flight else 0)
