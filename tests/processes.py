"""Fixtures for tests that start runners and workers: the runner Prism, and the proof that none of it stays."""

import contextlib
import os
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PROJECT, require_tool

_END_SECONDS = 30  # for processes that end by themselves when those that they serve have ended
_MARK = "RAFID_TEST_MARK"
PRISM = PROJECT / ".tools" / "prism"


def wait_until(happened: Callable[[], Any], seconds: float = 180) -> Any:
    """What `happened` returns as soon as it is true."""
    deadline = time.monotonic() + seconds
    while not (result := happened()):
        assert time.monotonic() < deadline, "did not happen"
        time.sleep(0.02)
    return result


def children_of(pid: int) -> dict[int, str]:
    """The child processes of a process and their names; they may begin and end meanwhile."""
    found = {}
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in file.read_text().split():
                with contextlib.suppress(OSError):
                    found[int(child)] = Path(f"/proc/{child}/comm").read_text().strip()
    return found


def holds_open(pid: int, path: Path) -> bool:
    """Whether a process has a file open now; files and the process may go meanwhile."""
    with contextlib.suppress(OSError):
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                if link.readlink() == path:
                    return True
    return False


@pytest.fixture(scope="session", autouse=True)
def nothing_stays(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Marks every process begun from here, and looks at the end that none runs and no temporary file is left.

    Each folder of tests that imports it has one of its own; the first of a session is the last to end, and looks.
    """
    if _MARK in os.environ:
        yield
        return
    mark, temporary = uuid.uuid4().hex, tmp_path_factory.mktemp("temporary")
    before, folder = dict(os.environ), tempfile.tempdir
    os.environ.update({_MARK: mark, "TMPDIR": str(temporary)})
    tempfile.tempdir = str(temporary)
    yield
    tempfile.tempdir = folder
    os.environ.clear()
    os.environ.update(before)
    with contextlib.suppress(AssertionError):
        wait_until(lambda: not _marked(mark), _END_SECONDS)
    stays = _marked(mark)
    assert not stays, stays
    assert not list(temporary.iterdir()), list(temporary.iterdir())


def _marked(mark: str) -> list[str]:
    """The command lines of the processes that carry the mark, our own left out."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if int(process.name) != os.getpid() and mark.encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


@pytest.fixture(scope="session")
def prism() -> Path:
    """Prism, the portable runner in Go."""
    return Path(require_tool(str(PRISM)))  # make prism
