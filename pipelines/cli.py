"""What the commands share: errors in one line, exit codes, times."""

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from transforms.errors import RafidError, UsageError

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|)")
_YEAR = 366 * 86_400.0
_UNITS = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0, "h": 3600.0}


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are `UsageError`s; argparse itself prints its usage and exits."""

    def error(self, message: str) -> NoReturn:
        """Raises UsageError."""
        raise UsageError(f"{message}; see --help")


def complain(error: RafidError) -> int:
    """Prints an error in one line, whatever names it quotes; returns the exit code."""
    print(f"rafid: {' '.join(str(error).splitlines())}", file=sys.stderr)
    return error.exit_code


def settle_seconds(given: str | None, paths: Sequence[str]) -> float:
    """How long a bundle must have been still: what is given with --settle, or what suits where the bundles are.

    Raises:
        UsageError: it is no time.
    """
    from transforms.storage import is_local  # noqa: PLC0415 - it brings Arrow along

    if given is not None:
        return seconds(given, "--settle")
    return 10.0 if all(is_local(path) for path in paths) else 60.0


def say_once(say: Callable[[str], None]) -> Callable[[str], None]:
    """What says a line that has not been said before."""
    said: set[str] = set()

    def once(line: str) -> None:
        if line not in said:
            said.add(line)
            say(line)

    return once


def seconds(text: str, option: str) -> float:
    """The seconds of a time like 30s, 500ms, 5m or 1h; a number alone is seconds.

    Raises:
        UsageError: it is none, or more than a year.
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        raise UsageError(f"{option} {text}: is not a time; write for example 500ms, 30s, 5m or 1h")
    value = float(found[1]) * _UNITS[found[2]]
    if value > _YEAR:
        raise UsageError(f"{option} {text[:40]}: is more than a year; write for example 500ms, 30s, 5m or 1h")
    return value
