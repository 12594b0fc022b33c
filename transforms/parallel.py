"""Several splits at a time in one process: kernels, Arrow and hashing release the interpreter lock."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from threading import Event, Thread
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:  # commands that only parse their arguments import this too, and need no NumPy
    from transforms.arrays import Int64s

_STEP = 4 << 20  # bytes of text between two reports of progress
T = TypeVar("T")
R = TypeVar("R")


def map_in_order(function: Callable[[T], R], jobs: Sequence[T], threads: int) -> Iterator[R]:
    """The results of `function` for each job, in order; `threads` jobs are worked on at a time.

    The first error stops what has not begun, and is raised.
    """
    with ThreadPoolExecutor(max_workers=threads) as pool:
        futures = [pool.submit(function, job) for job in jobs]
        try:
            for future in futures:
                yield future.result()
        finally:
            for future in futures:
                future.cancel()


def all_in_order(function: Callable[[T], R], jobs: Sequence[T], threads: int) -> list[R]:
    """The results of `function` for each job, in order; one job at a time is worked on by the calling thread itself."""
    if min(threads, len(jobs)) <= 1:
        return list(map(function, jobs))
    return list(map_in_order(function, jobs, threads))


# Called with the name of a stage and the bytes of input that it is done with; from any thread.
Observer = Callable[[str, int], None]

_observers: list[Observer] = []


def advance(stage: str, size: int) -> None:
    """Tells that `stage` is done with another `size` bytes of the input."""
    for observer in tuple(_observers):
        observer(stage, size)


# Told of the share of its work, 0 to 1, that somebody has done.
Progress = Callable[[float], None]


def unheard(_: float) -> None:
    """Takes progress that nobody asked for."""


class Steps:
    """The progress of a stage over some bytes of the input, which is told step by step and never twice.

    Args:
        stage: its name.
        size: the bytes.
    """

    def __init__(self, stage: str, size: int) -> None:
        self._stage, self._size, self._told = stage, size, 0

    def __call__(self, share: float) -> None:
        """Tells that this share of the bytes is done with; all of them, at 1."""
        done = min(self._size, int(share * self._size))
        if done > self._told:
            advance(self._stage, done - self._told)
            self._told = done

    def within(self, start: float, end: float) -> Progress:
        """The progress of a part of the work, which takes the whole from one share to another."""
        return lambda share: self(start + share * (end - start))


@contextmanager
def watched(share: Callable[[], float], progress: Progress, every: float = 0.5) -> Iterator[None]:
    """Tells every so many seconds, while the block lasts, what share of its work is done, if anybody observes.

    Args:
        share: looks at the work, from another thread.
        progress: told of it.
        every: seconds between two looks.
    """
    if not _observers:
        yield
        return
    ended = Event()

    def look() -> None:
        while not ended.wait(every):
            progress(share())

    looker = Thread(target=look, name="progress", daemon=True)
    looker.start()
    try:
        yield
    finally:
        ended.set()
        looker.join()


@contextmanager
def observed(observer: Observer) -> Iterator[None]:
    """Lets `observer` be told, inside the block, how far runs in this process are."""
    _observers.append(observer)
    try:
        yield
    finally:
        _observers.remove(observer)


def in_steps(sizes: "Int64s", progress: Progress, step: int = _STEP) -> Iterator[tuple[int, int]]:
    """First and end of groups of paragraphs of about `step` bytes together, in order.

    Args:
        sizes: int64[p], the bytes of each paragraph.
        progress: told of the share of the bytes that is done with, when the next group is asked for.
        step: bytes.
    """
    done = sizes.cumsum()
    groups = done // step
    edges = (groups[1:] != groups[:-1]).nonzero()[0] + 1
    for first, last in pairwise([0, *edges.tolist(), len(sizes)]):
        yield first, last
        progress(done[last - 1] / max(1, done[-1]) if len(done) else 1.0)
