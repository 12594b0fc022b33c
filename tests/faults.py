"""Faults: a process that dies before any chosen one of its file operations."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_CHANGING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_WRITING = {"os.rename", "os.mkdir", "os.link", "os.symlink", "os.truncate"}
_REMOVING = {"os.remove", "os.rmdir"}


class Killed(BaseException):
    """Stands for the end of a process: nobody catches it, and nothing is written or removed after it."""


class Operations:
    """Counts the operations that change files below a folder, and dies before one of them.

    Attributes:
        done: the operations so far.
    """

    def __init__(self, folder: Path, most: float, before: Callable[[], None] | None, *, removing: bool) -> None:
        self._folder, self._most, self._before = f"{folder.resolve()}/", most, before
        self._removing = removing
        self._looking = False
        self.done = 0

    def see(self, event: str, args: tuple[Any, ...]) -> None:
        """Takes note of one of Python's audit events."""
        if self._looking or not self._changes(event, args):
            return
        if self.done >= self._most:
            raise Killed
        self.done += 1
        if self._before:
            self._looking = True
            try:
                self._before()
            finally:
                self._looking = False

    def _changes(self, event: str, args: tuple[Any, ...]) -> bool:
        if event == "open":
            return self._is_below(args[0]) and bool((args[2] or 0) & _CHANGING)
        if event in _REMOVING:  # folders by names relative to their open handles
            return self._removing and (self._is_below(args[0]) or args[-1] != -1)
        return event in _WRITING and self._is_below(args[0])

    def _is_below(self, path: Any) -> bool:
        return isinstance(path, str | bytes | os.PathLike) and os.fsdecode(path).startswith(self._folder)


_watching: list[Operations] = []
_hooked: list[bool] = []


def _hook(event: str, args: tuple[Any, ...]) -> None:
    for each in _watching:
        each.see(event, args)


@contextmanager
def operations(
    folder: Path, most: float = float("inf"), before: Callable[[], None] | None = None, *, removing: bool = True
) -> Iterator[Operations]:
    """The operations of this process on files below a folder, while this holds.

    Args:
        folder: an existing one.
        most: so many are carried out; before the next one the process dies.
        before: called before each.
        removing: whether removing counts too.
    """
    if not _hooked:
        sys.addaudithook(_hook)  # it stays for good
        _hooked.append(True)
    watch = Operations(folder, most, before, removing=removing)
    _watching.append(watch)
    try:
        yield watch
    finally:
        _watching.remove(watch)
