"""One writer at a time: another process is told who writes, and a killed one holds nothing."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from transforms.runs import lock
from transforms.runs.lock import LOCK, OutputLocked, lock_output
from transforms.storage import Folder, StorageError

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


def test_the_second_is_told_who_holds_it(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    with pytest.raises(OutputLocked) as caught, lock_output(Folder(str(tmp_path)), "the-second"):
        pytest.fail("two at once")
    assert f"run the-first (process {holder.pid} on " in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 1


def test_a_killed_holder_holds_nothing(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    holder.kill()
    holder.wait()
    with lock_output(Folder(str(tmp_path)), "the-second"):
        assert "the-second" in (tmp_path / LOCK).read_text()


def test_it_is_free_when_the_holder_ends(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    holder.communicate()
    with lock_output(Folder(str(tmp_path)), "the-second"):
        assert "the-second" in (tmp_path / LOCK).read_text()


def test_one_may_wait(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    assert holder.stdin is not None
    holder.stdin.close()
    with lock_output(Folder(str(tmp_path)), "the-second", wait=True):
        assert "the-second" in (tmp_path / LOCK).read_text()


def test_an_error_frees_it(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="inside"), lock_output(Folder(str(tmp_path)), "a"):
        raise ValueError("inside")
    with lock_output(Folder(str(tmp_path)), "b"):
        assert "b" in (tmp_path / LOCK).read_text()


def test_a_holder_that_left_no_name_is_another_run(tmp_path: Path) -> None:
    with lock_output(Folder(str(tmp_path)), "a"):
        (tmp_path / LOCK).write_text("")
        with pytest.raises(OutputLocked, match="another run is writing"), lock_output(Folder(str(tmp_path)), "b"):
            pytest.fail("two at once")


def test_a_lock_that_cannot_be_opened_is_said(tmp_path: Path) -> None:
    (tmp_path / LOCK).mkdir()
    with (
        pytest.raises(StorageError, match=r"\.lock: cannot be written: Is a directory"),
        lock_output(Folder(str(tmp_path)), "a"),
    ):
        pytest.fail("locked what cannot be")


def test_folders_are_locked_one_by_one(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    with lock_output(Folder(str(tmp_path / "one")), "a"), lock_output(Folder(f"file://{tmp_path}/other"), "b"):
        assert (tmp_path / "other" / LOCK).exists()


@pytest.fixture
def store() -> Iterator[Folder]:
    yield Folder("memory://locked/out")
    Folder("memory://locked").remove("out")


def test_a_store_is_held_by_a_file(store: Folder) -> None:
    with lock_output(store, "a"):
        said = r"run a \(process \d+ on .* wait until it ends; .* remove memory://"
        with pytest.raises(OutputLocked, match=said), lock_output(store, "b"):
            pytest.fail("two at once")
        assert store.exists(LOCK)
    with lock_output(store, "b"):
        pass
    assert not store.exists(LOCK)


def test_a_store_is_waited_for(store: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "_PAUSE", 0.01)
    with ThreadPoolExecutor() as pool:
        with lock_output(store, "a"):
            second = pool.submit(_hold_once, store)
            assert not second.done()
        assert second.result(timeout=60)


def _hold_once(store: Folder) -> bool:
    with lock_output(store, "b", wait=True):
        return True


def test_a_holder_of_this_machine_that_is_dead_holds_no_store(store: Folder) -> None:
    dead = {"run": "a", "process": 2**22 + 1, "host": socket.gethostname()}
    store.write(LOCK, json.dumps(dead).encode())
    with lock_output(store, "b"):
        assert b'"b"' in store.read(LOCK).to_pybytes()


def test_a_holder_of_another_machine_may_live(store: Folder) -> None:
    store.write(LOCK, json.dumps({"run": "a", "process": 1, "host": "elsewhere"}).encode())
    with pytest.raises(OutputLocked, match=r"run a \(process 1 on elsewhere\)"), lock_output(store, "b"):
        pytest.fail("two at once")
