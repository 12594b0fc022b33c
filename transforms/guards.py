"""Folders that this process may change only while it holds them: whatever writes or removes asks here first."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Check = Callable[[], None]
_guards: dict[str, Check] = {}


@contextmanager
def guarded(url: str, check: Check) -> Iterator[None]:
    """Lets `check`, which may raise, be called before each change of the folder at `url` by this process."""
    _guards[url] = check
    try:
        yield
    finally:
        _guards.pop(url, None)


def check_guards(url: str) -> None:
    """Raises what the guard of a folder raises that holds the file at `url`."""
    for folder, check in list(_guards.items()):
        if url == folder or url.startswith(f"{folder}/"):
            check()
