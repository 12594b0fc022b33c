"""Input patterns resolved to the bundles that they name, checked before work starts, in the order of the input."""

import hashlib
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from fsspec.utils import glob_translate

from transforms.bundles.errors import BundleChanged, BundleError, BundleReadError
from transforms.bundles.stores import Entry, Refuse, Store, open_store, refuse_none

__all__ = ["Bundle", "BundleChanged", "BundleError", "check_unchanged", "list_bundles"]


@dataclass(frozen=True)
class Bundle:
    """A file of the input.

    Attributes:
        name: its path relative to the fixed folder of the pattern that named it, or to the root; with `/`.
        url: the path or URL to open, for fsspec.
        size: bytes.
        modified: the store's modification time in ISO 8601, UTC; '' if the store has none.
        state: size, time and inode, or size and version; it must not change while the bundle is read.
    """

    name: str
    url: str
    size: int
    modified: str
    state: str


def list_bundles(
    patterns: Sequence[str],
    root: str | None = None,
    *,
    empty: bool = False,
    refused: Callable[[str], None] | None = None,
) -> list[Bundle]:
    """The bundles that patterns name, sorted by name (code points), each file once.

    Args:
        patterns: files, folders (all files below) or globs (`*`, `?`, `[...]` inside a component, `**` across), on any
            fsspec file system. A pattern that is the very name of a file or folder means that file or folder.
            Below folders and by globs, files and folders that start with `.` or `_` or end in `.tmp`, `.part`,
            `.crdownload` or `~` are passed over: they are hidden, or still being written.
        root: names are relative to this folder; without it to the part of each pattern before its first component
            with a wildcard. A file named by two patterns has the name that the first gives it.
        empty: a pattern may match nothing.
        refused: is called, with one line, for each file below a folder that cannot be read, and the file is passed
            over; without it such a file is an error.

    Raises:
        BundleError: a pattern matches nothing and `empty` is not set; or a file cannot be read and `refused` is not
            given, is outside `root`, or shares its name with another.
    """
    refuse = refuse_none if refused is None else _told(refused)
    bundles: dict[str, Bundle] = {}
    for pattern in patterns:
        for bundle in _bundles_of(pattern, root, refuse, empty=empty):
            bundles.setdefault(bundle.url, bundle)
    return _sorted_by_name(bundles.values())


def check_unchanged(bundle: Bundle) -> None:
    """Checks that the bundle has not changed since it was listed.

    Raises:
        BundleChanged: its size, time, inode or version differ, or it is gone.
    """
    store, path = open_store(bundle.url)
    try:
        state = store.entry(path).state
    except (OSError, BundleError) as error:
        raise BundleChanged(f"{bundle.url}: gone since it was listed; run again") from error
    if state != bundle.state:
        raise BundleChanged(f"{bundle.url}: changed since it was listed; run again when nobody writes to it")


def _told(refused: Callable[[str], None]) -> Refuse:
    """A function that calls `refused` with an error in one line."""

    def refuse(error: OSError | BundleError) -> None:
        refused(str(error) if isinstance(error, BundleError) else _unreadable(error, ""))

    return refuse


def _bundles_of(pattern: str, root: str | None, refuse: Refuse, *, empty: bool) -> Iterator[Bundle]:
    store, path = open_store(pattern)
    try:
        fixed, entries = _match(store, path, refuse)
    except OSError as error:
        raise BundleError(_unreadable(error, pattern)) from error
    if not entries and not empty:
        raise BundleError(
            f"input {pattern}: matches no file; check the spelling, quote wildcards "
            "(names like .x, _x, x.tmp, x.part and x~ are passed over)"
        )
    base = fixed if root is None else _root_path(root, store, pattern)
    for entry in entries:
        try:
            name = _relative(entry.path, base)
        except BundleError as error:
            refuse(error)
        else:
            yield Bundle(name, store.url(entry.path), entry.size, entry.modified, entry.state)


def _match(store: Store, path: str, refuse: Refuse) -> tuple[str, list[Entry]]:
    """The fixed folder of a pattern, and the files that it matches."""
    kind = store.kind(path)
    if kind == "file":
        return posixpath.dirname(path), [store.entry(path)]
    if kind == "folder":
        return path, list(store.walk(path, None, refuse=refuse))
    return _match_glob(store, path, refuse)


def _match_glob(store: Store, path: str, refuse: Refuse) -> tuple[str, list[Entry]]:
    """The folder above the first wildcard, and the files below it that match."""
    parts = path.split("/")
    wild = next((i for i, part in enumerate(parts) if re.search(r"[*?\[]", part)), len(parts))
    fixed = "/".join(parts[:wild]) or "/"
    if wild == len(parts) or store.kind(fixed) != "folder":
        return fixed, []
    below = parts[wild:]
    try:
        matches = re.compile(glob_translate("/".join(below))).match
    except (ValueError, re.error) as error:
        raise BundleError(f"input {path}: not a pattern: {error}") from error
    depth = None if "**" in below else len(below)
    beginning = len(fixed.rstrip("/")) + 1
    return fixed, list(store.walk(fixed, depth, lambda found: matches(found[beginning:]) is not None, refuse))


def _root_path(root: str, store: Store, pattern: str) -> str:
    root_store, path = open_store(root)
    if store.url("/") != root_store.url("/"):
        raise BundleError(f"input {pattern}: not in the store of input.root {root}; give a root that holds all input")
    return path


def _relative(path: str, folder: str) -> str:
    """The path below `folder`, which becomes the bundle's name."""
    prefix = folder.rstrip("/") + "/"
    if not path.startswith(prefix):
        raise BundleError(f"input {path}: outside input.root {folder}; give a root that holds all input")
    name = path[len(prefix) :]
    if not name.isascii() and any("\ud800" <= character <= "\udfff" for character in name):
        raise BundleError(f"input {path!a}: the name is not UTF-8; rename the file")
    return name


def _unreadable(error: OSError, pattern: str) -> str:
    reason = "no file behind this link" if isinstance(error, FileNotFoundError) else error.strerror or str(error)
    return f"input {error.filename or pattern}: cannot be read: {reason}; repair it or take it out of the input"


def _sorted_by_name(bundles: Iterable[Bundle]) -> list[Bundle]:
    ordered = sorted(bundles, key=lambda bundle: bundle.name)
    for first, second in pairwise(ordered):
        if first.name == second.name:
            raise BundleError(
                f"input {first.url} and {second.url}: both would be named {first.name}; "
                "set input.root to a folder above them"
            )
    return ordered


_CHUNK = 1 << 20


def digest_bundle(bundle: Bundle) -> str:
    """The hex SHA-256 of a bundle's bytes, which are read in chunks.

    Raises:
        BundleReadError: the bundle cannot be read.
    """
    digest = hashlib.sha256()
    store, path = open_store(bundle.url)
    chunk = memoryview(bytearray(min(_CHUNK, bundle.size)))
    try:
        with store.open(path) as source:
            for offset in range(0, bundle.size, _CHUNK):
                digest.update(chunk[: source.read_into(chunk, offset)])
    except OSError as error:
        raise BundleReadError(f"{bundle.url}: cannot be read: {error.strerror or error}") from error
    return digest.hexdigest()
