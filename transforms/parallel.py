"""Several splits at a time in one process: kernels, Arrow and hashing release the interpreter lock."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

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


# Called with the name of a stage and the bytes of input that it is done with; from any thread.
Observer = Callable[[str, int], None]

_observers: list[Observer] = []


def advance(stage: str, size: int) -> None:
    """Tells that `stage` is done with another `size` bytes of the input."""
    for observer in tuple(_observers):
        observer(stage, size)


@contextmanager
def observed(observer: Observer) -> Iterator[None]:
    """Lets `observer` be told, inside the block, how far runs in this process are."""
    _observers.append(observer)
    try:
        yield
    finally:
        _observers.remove(observer)
