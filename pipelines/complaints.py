"""Errors in one line, whatever they are: those that a user can cause, those of libraries, and those nobody foresaw."""

import os
import re
import sys
import tempfile
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError
from pathlib import Path

from transforms import console
from transforms.errors import RafidError, RunError, UnexpectedError
from transforms.versions import version_of

# How libraries say that there is no memory; most of them not by a MemoryError.
_NO_MEMORY = re.compile(
    r"MemoryError|[Cc]annot allocate memory|failed to map segment|malloc of size|bad_alloc|can't start new thread"
)

_LEAST_MEMORY = (
    "a run takes 0.5 GB at least, and 2 GB of addresses (ulimit -v); --threads 1 and a lower run.split_bytes help"
)


@dataclass
class _Traces:
    """The tracebacks that are kept: where, and which, by what was said of them: a watch that tries on keeps one."""

    folder: str | None = None  # None: that of temporary files
    kept: dict[str, str] = field(default_factory=dict)


_traces = _Traces()


def keep_traces_in(folder: str) -> None:
    """Keeps tracebacks in a folder from now on, for that of temporary files will go with this process."""
    _traces.folder = folder


def complain(error: Exception) -> int:
    """Prints an error in one line, whatever names it quotes; returns the exit code."""
    known = explained(error)
    console.tell(f"rafid: {known}")
    return known.exit_code


def explained(error: Exception) -> RafidError:
    """The error as one that can be reported in one line; the traceback of an unexpected one is kept in a file."""
    if isinstance(error, RafidError) and not isinstance(error, UnexpectedError):
        return error
    try:
        *_, root = chain = list(_chain(error))
        if any(_NO_MEMORY.search(f"{type(each).__name__}: {each}") for each in chain):
            detail = str(root) if isinstance(root, MemoryError) else _text(root)
            return RunError(f"not enough memory{f': {detail}' if detail else ''}; {_LEAST_MEMORY}")
        unexpected = "" if isinstance(error, RafidError) else "unexpected error: "
        line = f"{unexpected}{_text(error)}"
        if line not in _traces.kept:
            _traces.kept[line] = _kept("".join(traceback.format_exception(error)))
        return RunError(f"{line}; {_traces.kept[line]}")
    except MemoryError:
        return RunError(f"not enough memory; {_LEAST_MEMORY}")


def _text(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return text if isinstance(error, RafidError) else f"{type(error).__name__}{f': {text}' if text else ''}"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error, what it came from, and so on; each once, for `raise error from error` makes a circle."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _kept(trace: str) -> str:
    """A traceback is written to a file; returned is the part of a line that names it and the remedy."""
    head = f"{' '.join(sys.argv)}\nrafid {own_version()}, Python {sys.version.split()[0]}"
    try:
        handle, path = tempfile.mkstemp(".txt", "rafid-error-", _traces.folder)
        os.close(handle)
        with Path(path).open("w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{head}\n\n{trace}")
    except OSError as error:
        return f"its traceback cannot be kept ({error.strerror})"
    return f"the traceback is in {path}: send it to Rafid's maintainers"


def own_version() -> str:
    """The version of what is installed."""
    try:
        return version_of("rafid")
    except PackageNotFoundError:  # run from its sources
        return "from its sources"
