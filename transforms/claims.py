"""Files that must be new: of two writers one has written it, and the other knows."""

import os
import uuid
from pathlib import Path
from typing import Any

from transforms.retries import persist
from transforms.storage import StorageError, exists, filesystem, is_local, join, refused


class FileTaken(StorageError):  # noqa: N818 - says what is
    """A file that was to be new is there."""


def write_new(root: str, path: str, data: bytes) -> None:
    """Writes all of `data` at `path` below `root`, where nothing may be; as one step, where the store can do it.

    Raises:
        FileTaken: there is a file.
        StorageError: the store refused it (disk full, no permission).
    """
    url = join(root, path)
    system, inner = filesystem(url)
    try:
        if is_local(url):
            _link(Path(inner), data)
        else:
            persist(lambda: _create(system, inner, data))
    except OSError as error:
        taken = isinstance(error, FileExistsError) and exists(url)
        raise FileTaken(f"{url}: is there already") if taken else refused(url, error) from error


def _link(target: Path, data: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        temporary.write_bytes(data)
        os.link(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def _create(system: Any, path: str, data: bytes) -> None:
    """A put on condition where the store has one; else a look, and a put."""
    try:
        system.pipe_file(path, data, mode="create")
    except (NotImplementedError, TypeError, ValueError):
        if system.exists(path):
            raise FileExistsError(path) from None
        system.pipe_file(path, data)
    except FileExistsError:
        if system.cat_file(path) != data:  # else it is ours, and only the answer was lost
            raise
