"""Any file system that fsspec serves, but for the machine's own."""

from collections.abc import Iterator
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from transforms.bundles.stores import Entry, Refuse, Wanted, is_ready, iso_time, refuse_none, want_all
from transforms.retries import persist


class RemoteStore:
    """A store behind fsspec."""

    def __init__(self, system: Any) -> None:
        self._system = system

    def url(self, path: str) -> str:
        """The path with its protocol."""
        return str(self._system.unstrip_protocol(path))

    def kind(self, path: str) -> str:
        """`file`, `folder`, or nothing."""
        try:
            return "folder" if self._info(path)["type"] == "directory" else "file"
        except FileNotFoundError:
            return ""

    def entry(self, path: str) -> Entry:
        """The file at `path`."""
        return _remote_entry(self._info(path))

    def walk(
        self, folder: str, depth: int | None, wanted: Wanted = want_all, refuse: Refuse = refuse_none
    ) -> Iterator[Entry]:
        """The files below `folder`, from one listing, which knows nothing of what cannot be read."""
        del refuse
        prefix = folder.rstrip("/") + "/"
        found = persist(lambda: self._system.find(folder, maxdepth=depth, detail=True))
        for path, info in found.items():
            if wanted(path) and all(map(is_ready, path.removeprefix(prefix).split("/"))):
                yield _remote_entry(info)

    def open(self, path: str) -> "RemoteSource":
        """The file at `path`; its bytes are asked for range by range."""
        return RemoteSource(self._system, path)

    def _info(self, path: str) -> dict[str, Any]:
        found: dict[str, Any] = persist(lambda: self._system.info(path))
        return found


class RemoteSource:
    """A file of a remote store."""

    def __init__(self, system: Any, path: str) -> None:
        self._system, self._path = system, path

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        pass

    def state(self) -> str:
        """The state that the store tells now."""
        return _remote_entry(persist(lambda: self._system.info(self._path))).state

    def read_into(self, target: memoryview, offset: int) -> int:
        """The number of bytes read from `offset` on, in one request."""
        data = persist(lambda: self._system.cat_file(self._path, start=offset, end=offset + len(target)))
        target[: len(data)] = data
        return len(data)


def _remote_entry(info: dict[str, Any]) -> Entry:
    """The entry of a file as stores describe it: each has its own names for the time and the version."""
    times = (info.get(key) for key in ("LastModified", "last_modified", "updated", "mtime", "modified", "created"))
    moment = next((time for time in times if time is not None), "")
    if isinstance(moment, datetime):
        moment = moment.timestamp()
    modified = iso_time(moment) if isinstance(moment, (int, float)) else str(moment)
    versions = (info.get(key) for key in ("ETag", "etag", "generation", "md5Hash", "checksum"))
    version = next((version for version in versions if version is not None), moment)
    size = int(info["size"] or 0)
    return Entry(info["name"], size, modified, f"{size}-{version}")
