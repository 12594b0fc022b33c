"""Progress of a run in this process: stages report the bytes that they are done with, observers are told."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

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
