"""Failures on a runner, told in one line; and what Beam prints and leaves behind, kept out of the way."""

import atexit
import errno
import logging
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Iterator
from functools import cache
from typing import Any

import grpc
from apache_beam.runners.worker import sdk_worker

from pipelines.complaints import keep_traces_in
from transforms.bundles.errors import BundleChanged
from transforms.console import LogHandler
from transforms.errors import RafidError, RunError, UnexpectedError, UsageError
from transforms.runs.lease import LeaseLost
from transforms.runs.run import RunTaken


def stage_error(error: Exception, what: str = "the run", rest: str = "nothing was committed") -> RafidError:
    """The stage's own error, where a runner passes it on as the text of a traceback.

    Args:
        error: what the runner raised.
        what: has failed.
        rest: what became of its work.
    """
    by_name = {f"{kind.__module__}.{kind.__name__}": kind for kind in _subclasses(RafidError)}
    for line in reversed(str(error).splitlines()):
        name, _, message = line.partition(": ")
        if name in by_name:
            return without_stage(by_name[name](message))
    text = str(error.details() if isinstance(error, grpc.RpcError) else error)
    # A Java stack trace names places below its causes.
    lines = [line for line in text.splitlines() if line.strip() and not re.match(r"\s+(at |\.\.\. )", line)]
    last = lines[-1].removeprefix("Caused by: ") if lines else type(error).__name__
    kind = UnexpectedError if _is_unexpected(error) else RunError
    return without_stage(kind(f"{what} failed: {last.rstrip('.')}; {rest}"))


# What no other attempt mends, by class; and what a disk or a file system says, whoever meets it.
_LASTING = (UsageError, BundleChanged, RunTaken, LeaseLost)
_LASTING_WORDS = tuple(os.strerror(each) for each in (errno.ENOSPC, errno.EDQUOT, errno.EROFS))


def is_lasting(error: RafidError) -> bool:
    """True for an error of a stage that another attempt would meet again: wrong use, a bundle gone, a full disk."""
    return isinstance(error, _LASTING) or any(words in str(error) for words in _LASTING_WORDS)


def _is_unexpected(error: Exception) -> bool:
    """True for an error of a program; false for what runners say of a worker or a connection that is lost."""
    is_of_runner = isinstance(error, RuntimeError | grpc.RpcError)
    return not is_of_runner or "Traceback (most recent call last)" in str(error)


def without_stage(error: RafidError) -> RafidError:
    """The error without the name of the stage that Beam appends to it."""
    return type(error)(re.sub(r" \[while running .*?\]", "", str(error)))


def _subclasses(kind: type[Any]) -> Iterator[type[Any]]:
    for each in kind.__subclasses__():
        yield each
        yield from _subclasses(each)


@cache
def keep_to_ourselves() -> None:
    """Puts the files that Beam leaves behind into a folder that goes with this process, and silences what it prints.

    It prints tracebacks of what is reported here in one line; workers have logs of their own.
    """
    keep_traces_in(tempfile.gettempdir())
    tempfile.tempdir = tempfile.mkdtemp(prefix="rafid-")
    atexit.register(shutil.rmtree, tempfile.tempdir, ignore_errors=True)  # after what Beam registers from now on
    ours = LogHandler()
    ours.addFilter(logging.Filter("rafid"))
    logging.basicConfig(handlers=[ours], level=logging.WARNING, force=True)
    threading.excepthook = lambda _: None
    # A worker in this process prints the traceback of each bundle that fails, and of one that a killed runner left.
    vars(sdk_worker)["print"] = lambda *_, **__: None


def without_tracebacks(record: logging.LogRecord) -> bool:
    """True for a record that is more than the traceback of an error that Beam raises too: that is told in one line."""
    return not record.exc_info
