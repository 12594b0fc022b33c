"""The stores of bundles: local disks through system calls, all others through fsspec."""

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Protocol, Self

from transforms.bundles.errors import BundleError, PassedReason
from transforms.filesystems import MARKER, filesystem, is_local, persist


class Entry(NamedTuple):
    """A file in a store; its `state` is another whenever its bytes may have changed."""

    path: str
    size: int
    modified: str
    state: str


class Source(Protocol):
    """A file open for reading, as a context manager."""

    def __enter__(self) -> Self: ...
    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Closes the file."""

    def state(self) -> str:
        """The file's present state."""

    def read_into(self, target: memoryview, offset: int) -> int:
        """Reads bytes from `offset` on, until `target` is full or the file ends; returns their number."""


def _raise(error: OSError | BundleError) -> None:
    raise error


@dataclass(frozen=True)
class Asked:
    """The requests of a walk to its caller.

    Attributes:
        wanted: false for the paths of files to leave out, which are not looked at.
        refuse: called for each file that cannot be read: it raises, or lets the walk go on.
        pass_over: called for each hidden or unfinished file and folder; the path of a folder ends with a /.
    """

    wanted: Callable[[str], bool] = lambda _: True
    refuse: Callable[[OSError | BundleError], None] = _raise
    pass_over: Callable[[str, PassedReason], None] = lambda *_: None


_PLAINLY = Asked()


class Store(Protocol):
    """A file system to list and read; paths are absolute, with `/`."""

    def url(self, path: str) -> str:
        """The path or URL by which fsspec opens the file."""

    def kind(self, path: str) -> str:
        """`file`, `folder`, or '' if there is neither."""

    def entry(self, path: str) -> Entry:
        """The file at `path`.

        Raises:
            OSError: it cannot be read.
        """

    def walk(self, folder: str, depth: int | None, asked: Asked = _PLAINLY) -> Iterator[Entry]:
        """The files at most `depth` levels below `folder`, except hidden and unfinished ones.

        Args:
            folder: the folder to begin in.
            depth: 1 for the files of the folder itself; None for all below it.
            asked: decides on each file.
        """

    def open(self, path: str) -> Source:
        """The file at `path`, open for reading."""


def open_store(url: str) -> tuple[Store, str]:
    """The store that serves `url`, and the path inside it."""
    if "://" not in url:  # a path: fsspec would take longer over it than reading a small file takes
        return _LOCAL, os.path.abspath(url)  # noqa: PTH100 - it also removes `..`, as fsspec does
    system, path = filesystem(url)
    return (_LOCAL, os.path.normpath(path)) if is_local(url) else (_RemoteStore(system), path)


class LocalStore:
    """The file systems of this machine; links to files and folders are followed."""

    def url(self, path: str) -> str:
        """The path itself."""
        return path

    def kind(self, path: str) -> str:
        """`folder`, `file` for anything else that exists, or ''; `entry` refuses pipes and broken links."""
        return "folder" if Path(path).is_dir() else "file" if os.path.lexists(path) else ""

    def entry(self, path: str) -> Entry:
        """The file at `path`, checked to be readable."""
        return self._checked(path, os.stat(path))  # noqa: PTH116 - twice as fast, and there are many

    def walk(self, folder: str, depth: int | None, asked: Asked = _PLAINLY) -> Iterator[Entry]:
        """The files below `folder`."""
        for item in self._items(folder, depth, asked):
            if not asked.wanted(item.path):
                continue
            try:
                entry = self._checked(item.path, item.stat())
            except (OSError, BundleError) as error:
                asked.refuse(error)
            else:
                yield entry

    def _items(self, folder: str, depth: int | None, asked: Asked) -> Iterator[os.DirEntry[str]]:
        """The items below `folder` that are no folders."""
        # Folders, how many levels of each, those above it, to break loops of links. No calls: they may be too deep.
        left: list[tuple[str, int | None, frozenset[tuple[int, int]]]] = [(folder, depth, frozenset())]
        while left:
            place, levels, above = left.pop()
            try:
                here = os.stat(place)  # noqa: PTH116
                if (here.st_dev, here.st_ino) in above or levels == 0:
                    continue
                found = list(os.scandir(place))
            except OSError as error:
                asked.refuse(error)
                continue
            if place != folder and any(item.name == MARKER for item in found):
                asked.pass_over(f"{place}/", PassedReason.CORPUS)
                continue
            below = levels and levels - 1, above | {(here.st_dev, here.st_ino)}
            for item in found:
                try:
                    is_folder = item.is_dir()
                except OSError as error:  # such as a link to itself
                    asked.refuse(error)
                    continue
                reason = PassedReason.of_name(item.name)
                if reason:
                    asked.pass_over(f"{item.path}/" if is_folder else item.path, reason)
                elif is_folder:
                    left.append((item.path, *below))
                else:
                    yield item

    def _checked(self, path: str, status: os.stat_result) -> Entry:
        if not stat.S_ISREG(status.st_mode):
            raise BundleError(f"input {path}: not a regular file; take it out of the input")
        if not os.access(path, os.R_OK):
            raise BundleError(f"input {path}: no permission to read it; change its mode or take it out of the input")
        return Entry(path, status.st_size, _iso_time(status.st_mtime_ns / 1e9), _local_state(status))

    def open(self, path: str) -> "LocalSource":
        """The file at `path`, open for reading."""
        return LocalSource(path)


_LOCAL = LocalStore()


class LocalSource:
    """A local file, open for reading."""

    def __init__(self, path: str) -> None:
        self._file = open(path, "rb", buffering=0)  # noqa: PTH123, SIM115 - closed by __exit__

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def state(self) -> str:
        """The state of the open file, even if another file has taken its name."""
        return _local_state(os.fstat(self._file.fileno()))

    def read_into(self, target: memoryview, offset: int) -> int:
        """Reads bytes from `offset` on; the system may give them in several pieces."""
        self._file.seek(offset)
        done = 0
        while done < len(target):
            count = self._file.readinto(target[done:])
            if not count:
                break
            done += count
        return done


def _local_state(status: os.stat_result) -> str:
    return f"{status.st_size}-{status.st_mtime_ns}-{status.st_ino}"


def _iso_time(moment: float) -> str:
    """Seconds since the epoch as ISO 8601 in UTC."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")


class _RemoteStore:
    """A store that fsspec serves."""

    def __init__(self, system: Any) -> None:
        self._system = system

    def url(self, path: str) -> str:
        """The path with its protocol."""
        return str(self._system.unstrip_protocol(path))

    def kind(self, path: str) -> str:
        """`file`, `folder`, or ''."""
        try:
            return "folder" if self._info(path)["type"] == "directory" else "file"
        except FileNotFoundError:
            return ""

    def entry(self, path: str) -> Entry:
        """The file at `path`."""
        return _remote_entry(self._info(path))

    def walk(self, folder: str, depth: int | None, asked: Asked = _PLAINLY) -> Iterator[Entry]:
        """The files below `folder`, from one listing, which does not show if they can be read."""
        passed: set[str] = set()
        prefix = folder.rstrip("/") + "/"
        found = persist(lambda: self._system.find(folder, maxdepth=depth, detail=True))
        corpora = {path.removesuffix(f"/{MARKER}") for path in found if path.endswith(f"/{MARKER}")}
        for path, info in found.items():
            hidden = _hidden_part(prefix, path, corpora)
            if hidden:
                if hidden[0] not in passed:
                    asked.pass_over(*hidden)
                passed.add(hidden[0])
            elif asked.wanted(path):
                yield _remote_entry(info)

    def open(self, path: str) -> "_RemoteSource":
        """The file at `path`; each read is a request for a range of bytes."""
        return _RemoteSource(self._system, path)

    def _info(self, path: str) -> dict[str, Any]:
        found: dict[str, Any] = persist(lambda: self._system.info(path))
        return found


def _hidden_part(prefix: str, path: str, corpora: set[str]) -> tuple[str, PassedReason] | None:
    """The file, or the folder with a / at its end, that is passed over on a path below `prefix`; None for none."""
    parts = path.removeprefix(prefix).split("/")
    for count, name in enumerate(parts, 1):
        place = prefix + "/".join(parts[:count])
        reason = PassedReason.CORPUS if place in corpora else PassedReason.of_name(name)
        if reason:
            return place + "/" * (count < len(parts)), reason
    return None


class _RemoteSource:
    """A file of a remote store."""

    def __init__(self, system: Any, path: str) -> None:
        self._system, self._path = system, path

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        pass

    def state(self) -> str:
        """The present state of the file."""
        return _remote_entry(persist(lambda: self._system.info(self._path))).state

    def read_into(self, target: memoryview, offset: int) -> int:
        """Reads bytes from `offset` on in one request."""
        data = persist(lambda: self._system.cat_file(self._path, start=offset, end=offset + len(target)))
        target[: len(data)] = data
        return len(data)


def _remote_entry(info: dict[str, Any]) -> Entry:
    """The entry of a file from fsspec's description, in which each store names time and version differently."""
    times = (info.get(key) for key in ("LastModified", "last_modified", "updated", "mtime", "modified", "created"))
    moment = next((time for time in times if time is not None), "")
    if isinstance(moment, datetime):
        moment = moment.timestamp()
    modified = _iso_time(moment) if isinstance(moment, (int, float)) else str(moment)
    versions = (info.get(key) for key in ("ETag", "etag", "generation", "md5Hash", "checksum"))
    version = next((version for version in versions if version is not None), moment)
    size = int(info["size"] or 0)
    return Entry(info["name"], size, modified, f"{size}-{version}")
