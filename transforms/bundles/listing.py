"""Input patterns resolved to the bundles that they name, checked before work starts, in the order of the input."""

import hashlib
import posixpath
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from fsspec.utils import glob_translate

from transforms.bundles.cards import CARD, DataFiles, data_files
from transforms.bundles.errors import BundleChanged, BundleError, BundleReadError, PassedReason
from transforms.bundles.formats import ending_of
from transforms.bundles.stores import Asked, Entry, Store, open_store
from transforms.settings import ANY_ENDING

__all__ = ["Bundle", "BundleChanged", "BundleError", "check_unchanged", "list_bundles", "list_input"]


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


@dataclass(frozen=True)
class PassedOver:
    """A file that is not taken, or a folder with all below it.

    Attributes:
        url: what fsspec opens; that of a folder ends with a /.
        reason: why it is not taken.
    """

    url: str
    reason: PassedReason


@dataclass(frozen=True)
class Listing:
    """The files that patterns name.

    Attributes:
        bundles: sorted by name (code points), each file once.
        passed_over: those that are not taken, sorted by URL.
    """

    bundles: list[Bundle]
    passed_over: list[PassedOver]


def list_input(
    patterns: Sequence[str],
    root: str | None = None,
    *,
    endings: Sequence[str] = (ANY_ENDING,),
    config_name: str | None = None,
    empty: bool = False,
    refused: Callable[[str], None] | None = None,
) -> Listing:
    """The files that patterns name, those to take and those that are passed over.

    Args:
        patterns: files, folders (all files below) or globs (`*`, `?`, `[...]` inside a component, `**` across), on any
            fsspec file system. A pattern that is the very name of a file or folder means that file or folder.
            Below folders and by globs, files and folders that start with `.` or `_` or end in `.tmp`, `.part`,
            `.crdownload` or `~` are passed over, and so are links that lead nowhere.
        root: names are relative to this folder; without it to the part of each pattern before its first component
            with a wildcard. A file named by two patterns has the name that the first gives it.
        endings: the endings of files that are taken from folders, see `ending_of`; `*` for any. From a folder with a
            dataset's card the files that it names are taken, see `data_files`.
        config_name: the configuration of datasets.
        empty: a pattern may match nothing.
        refused: is called, with one line, for each file below a folder that cannot be read, and the file is passed
            over; without it such a file is an error.

    Raises:
        BundleError: a pattern matches nothing and `empty` is not set; a file cannot be read and `refused` is not
            given, is outside `root`, or shares its name with another; a card is wrong, or there is none for the name.
    """
    bundles: dict[str, Bundle] = {}
    passed: dict[str, PassedReason] = {}
    has_card = False
    for pattern in patterns:
        search = _Search(pattern, frozenset(endings), config_name, refused)
        for bundle in search.bundles(root, empty=empty):
            bundles.setdefault(bundle.url, bundle)
        for url, reason in search.passed.items():
            passed.setdefault(url, reason)
        has_card |= search.card is not None
    if config_name and not has_card:
        raise BundleError(f"input.config_name {config_name}: no input is a folder whose {CARD} names configurations")
    others = [PassedOver(url, reason) for url, reason in sorted(passed.items()) if url not in bundles]
    return Listing(_sorted_by_name(bundles.values()), others)


def list_bundles(patterns: Sequence[str], root: str | None = None, **asked: Any) -> list[Bundle]:
    """The bundles that patterns name; `asked` is what `list_input` takes."""
    return list_input(patterns, root, **asked).bundles


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


class _Search:
    """The files of one pattern.

    Attributes:
        passed: the URLs that were passed over, and why.
        card: what the card of a dataset says, where the pattern is its folder.
    """

    def __init__(
        self, pattern: str, endings: frozenset[str], config: str | None, refused: Callable[[str], None] | None
    ) -> None:
        self._pattern, self._endings, self._config, self._refused = pattern, endings, config, refused
        self._store, self._path = open_store(pattern)
        self.card: DataFiles | None = None
        self.passed: dict[str, PassedReason] = {}

    def bundles(self, root: str | None, *, empty: bool) -> Iterator[Bundle]:
        """The bundles, in no order."""
        try:
            fixed, entries = self._match()
        except OSError as error:
            raise BundleError(_unreadable(error, self._pattern)) from error
        if not entries and not empty:
            raise BundleError(f"input {self._pattern}: matches no file{self._why_none()}")
        base = fixed if root is None else _root_path(root, self._store, self._pattern)
        for entry in entries:
            try:
                name = _relative(entry.path, base)
            except BundleError as error:
                self._refuse(error)
            else:
                yield Bundle(name, self._store.url(entry.path), entry.size, entry.modified, entry.state)

    def _why_none(self) -> str:
        if not self.passed:
            return "; check the spelling, quote wildcards (names like .x, _x, x.tmp, x.part and x~ are passed over)"
        counts = Counter(self.passed.values())
        told = ", ".join(f"{counts[reason]:,} {reason}" for reason in PassedReason if reason in counts)
        return f" to take; passed over: {told}; name files by a pattern, or set input.endings"

    def _match(self) -> tuple[str, list[Entry]]:
        """The fixed folder of the pattern, and the files that it matches."""
        kind = self._store.kind(self._path)
        if kind == "file":
            try:
                return posixpath.dirname(self._path), [self._store.entry(self._path)]
            except (OSError, BundleError) as error:  # what is named by itself is not passed over
                if self._refused is None:
                    raise
                self._refuse(error)
                return posixpath.dirname(self._path), []
        if kind == "folder":
            self.card = data_files(self._store, self._path, self._config)
            asked = Asked(self._is_wanted, self._refuse, self._pass_over)
            return self._path, list(self._store.walk(self._path, None, asked))
        return self._match_glob()

    def _is_wanted(self, path: str) -> bool:
        """True for a file that the dataset's card names; without a card for one whose ending is taken from folders."""
        if self.card:
            wanted, reason = self.card.hold(path), PassedReason.NOT_IN_CARD
        else:
            ending = ending_of(posixpath.basename(path))
            wanted, reason = bool(self._endings & {ANY_ENDING, ending}), PassedReason.ENDING
        if not wanted:
            self._pass_over(path, reason)
        return wanted

    def _match_glob(self) -> tuple[str, list[Entry]]:
        """The folder above the first wildcard, and the files below it that match."""
        parts = self._path.split("/")
        wild = next((i for i, part in enumerate(parts) if re.search(r"[*?\[]", part)), len(parts))
        fixed = "/".join(parts[:wild]) or "/"
        if wild == len(parts) or self._store.kind(fixed) != "folder":
            return fixed, []
        below = parts[wild:]
        try:
            matches = re.compile(glob_translate("/".join(below))).match
        except (ValueError, re.error) as error:
            raise BundleError(f"input {self._path}: not a pattern: {error}") from error
        depth = None if "**" in below else len(below)
        beginning = len(fixed.rstrip("/")) + 1

        def wanted(path: str) -> bool:
            return matches(path[beginning:]) is not None

        def pass_over(path: str, reason: PassedReason) -> None:
            # A folder counts if the pattern goes down all folders; a file if it would match.
            if depth is None if path.endswith("/") else wanted(path):
                self._pass_over(path, reason)

        return fixed, list(self._store.walk(fixed, depth, Asked(wanted, self._refuse, pass_over)))

    def _pass_over(self, path: str, reason: PassedReason) -> None:
        folder = "/" * path.endswith("/")
        self.passed[self._store.url(path.rstrip("/")) + folder] = reason
        if self._refused and reason == PassedReason.ENDING:
            self._refused(f"input {path}: passed over, because its ending is not one of input.endings")

    def _refuse(self, error: OSError | BundleError) -> None:
        """Passes over a file that cannot be read, or raises."""
        if self._refused:
            self._refused(str(error) if isinstance(error, BundleError) else _unreadable(error, ""))
        elif isinstance(error, FileNotFoundError) and error.filename:
            self._pass_over(str(error.filename), PassedReason.BROKEN_LINK)
        else:
            raise error


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
