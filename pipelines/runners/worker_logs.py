"""Log files of a process: all it prints, from Python or not, in files that stay small."""

import os
import threading
import time
from pathlib import Path

_LIMIT = 16 << 20  # bytes in a file before it is put aside; one is kept beside it
_KEPT_FILES = 64  # in the folder, of workers that have ended
_CHECK_SECONDS = 2


def log_to_file(folder: Path, name: str, limit: int = _LIMIT, check_seconds: float = _CHECK_SECONDS) -> Path:
    """The file that standard output and error go to from now on, put aside whenever it has grown beyond `limit`.

    The descriptors themselves are turned: a crash's last words, and what libraries print, are in the file too.
    A pipe with a reader could block the writer, or lose its last words.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _remove_oldest(folder, _KEPT_FILES)
    safe = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in name)
    path = folder / f"{safe}-{os.getpid()}.log"
    _turn_output(_open(path))
    threading.Thread(target=_rotate, args=(path, limit, check_seconds), name="rotate-logs", daemon=True).start()
    return path


def _open(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)


def _turn_output(handle: int) -> None:
    for output in (1, 2):
        os.dup2(handle, output)
    os.close(handle)


def _rotate(path: Path, limit: int, check_seconds: float) -> None:
    while True:
        time.sleep(check_seconds)
        if os.fstat(1).st_size > limit:
            _put_aside(path)


def _put_aside(path: Path) -> None:
    """Keeps the file beside a new one of its name. A crash may come at any time: it finds both, and loses no words."""
    old, new = path.with_suffix(".log.old"), path.with_suffix(".log.new")
    old.unlink(missing_ok=True)
    old.hardlink_to(path)
    old.replace(path.with_suffix(".log.1"))
    handle = _open(new)
    new.replace(path)
    _turn_output(handle)


def _remove_oldest(folder: Path, kept: int) -> None:
    files = sorted((file.stat().st_mtime_ns, file) for file in folder.glob("*.log*"))
    for _, file in files[: max(0, len(files) - kept)]:
        file.unlink(missing_ok=True)
