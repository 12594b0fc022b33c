"""One writer at a time on a local folder: another process is told who writes, and a killed one holds nothing."""

import subprocess
import sys
from collections.abc import Iterator
from io import FileIO
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from transforms import storage
from transforms.runs import lock
from transforms.runs.lease import LOCK, LeaseLost, OutputLocked, check_token, token_of
from transforms.runs.lock import lock_output
from transforms.storage import Folder

HOLDER = """
import sys
from transforms.runs.lock import lock_output
from transforms.storage import Folder
with lock_output(Folder(sys.argv[1]), "the-first"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the folder until its input ends."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


@pytest.fixture
def output(tmp_path: Path) -> Folder:
    return Folder(str(tmp_path))


def test_the_second_is_told_who_holds_it(holder: subprocess.Popen[str], output: Folder) -> None:
    with pytest.raises(OutputLocked) as caught, lock_output(output, "the-second"):
        pytest.fail("two at once")
    assert f"run the-first (process {holder.pid} on " in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 1


def test_a_killed_holder_holds_nothing(holder: subprocess.Popen[str], output: Folder) -> None:
    holder.kill()
    holder.wait()
    with lock_output(output, "the-second") as token:
        assert token_of(output) == token


def test_it_is_free_when_the_holder_ends(holder: subprocess.Popen[str], output: Folder, tmp_path: Path) -> None:
    holder.communicate()
    with lock_output(output, "the-second"):
        assert "the-second" in (tmp_path / LOCK).read_text()


def test_one_may_wait(holder: subprocess.Popen[str], output: Folder, tmp_path: Path) -> None:
    assert holder.stdin is not None
    holder.stdin.close()
    with lock_output(output, "the-second", wait=True):
        assert "the-second" in (tmp_path / LOCK).read_text()


def test_an_error_frees_it(output: Folder) -> None:
    with pytest.raises(ValueError, match="inside"), lock_output(output, "a"):
        raise ValueError("inside")
    with lock_output(output, "b") as token:
        assert token_of(output) == token
    assert token_of(output) == ""


@pytest.mark.parametrize("text", [b"", b"\xff\xfe", b"[1]", b'{"run": "a", "process": "b"}'])
def test_a_holder_that_left_no_name_is_another_run(output: Folder, tmp_path: Path, text: bytes) -> None:
    with lock_output(output, "a"):
        (tmp_path / LOCK).write_bytes(text)
        with pytest.raises(OutputLocked, match="another run is writing"), lock_output(output, "b"):
            pytest.fail("two at once")


def test_a_lock_that_cannot_be_opened_is_said(output: Folder, tmp_path: Path) -> None:
    (tmp_path / LOCK).mkdir()
    with (
        pytest.raises(storage.StorageError, match=r"\.lock: cannot be written: Is a directory"),
        lock_output(output, "a"),
    ):
        pytest.fail("locked what cannot be")


def test_folders_are_locked_one_by_one(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    with lock_output(Folder(str(tmp_path / "one")), "a"), lock_output(Folder(f"file://{tmp_path}/other"), "b"):
        assert (tmp_path / "other" / LOCK).exists()


def test_a_worker_knows_that_another_holds_the_output(output: Folder) -> None:
    with lock_output(output, "a") as first:
        check_token(output, first)
    with (
        lock_output(output, "b"),
        pytest.raises(LeaseLost, match="another writer has taken over"),
    ):
        check_token(output, first)


def test_a_full_disk_keeps_nobody_out(output: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever removes a run to make room for others must be able to hold the output."""

    class Full(FileIO):
        def write(self, _: object, /) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(lock, "_opened", lambda folder: Full(folder.local_path(LOCK), "a+"))
    with lock_output(output, "remove") as token:
        assert token == token_of(output) == ""
        monkeypatch.undo()
        with pytest.raises(OutputLocked, match="another run"), lock_output(output, "b"):
            pytest.fail("two at once")
