"""The errors a user can cause: one line that names the thing, what is wrong with it and what to do."""

import sys
from pathlib import Path


def command_line(name: str) -> str:
    """The first words of a command, as this process was called: `rafid NAME`, or `python -m pipelines.NAME`."""
    return f"rafid {name}" if Path(sys.argv[0]).stem == "rafid" else f"python -m pipelines.{name}"


class RafidError(Exception):
    """Base of every error that Rafid reports in one line; `exit_code` is what the process ends with."""

    exit_code = 1

    def __init__(self, message: str = "") -> None:
        super().__init__(" ".join(message.splitlines()))

    def _render_traceback_(self) -> list[str]:
        """The one line, which IPython asks for instead of a traceback."""
        return [f"rafid: {self}"]


class UsageError(RafidError):
    """Wrong use: a setting, an input or an output that cannot work. Found before work starts."""

    exit_code = 2


class RunError(RafidError):
    """A run that failed after it had started."""

    exit_code = 1


class UnexpectedError(RunError):
    """A run that failed for a reason that nobody foresaw: its traceback is of use to whoever mends it."""
