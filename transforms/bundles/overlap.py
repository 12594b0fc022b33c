"""Inputs that are refused before anything is listed: they take in what Rafid writes, or can never have any file."""

import os
import posixpath
import re
from collections.abc import Sequence

from fsspec.utils import glob_translate

from transforms.bundles.errors import BundleError
from transforms.bundles.stores import Store, open_store
from transforms.errors import UsageError
from transforms.filesystems import MARKER, is_local

# A file of each kind that an output holds, and that a listing does not pass over.
_WRITTEN = (
    MARKER,
    "README.md",
    "manifests/run.json",
    "reports/run.html",
    "index/run=run/index.json",
    "index/run=run/segment-000/rows.arrow",
    *(f"{ledger}/run=run/000000-0123456789ab.parquet" for ledger in ("documents", "duplicates", "filtered", "rejects")),
)


def check_apart(patterns: Sequence[str], output: str) -> None:
    """Checks that no pattern of the input takes files that are written to the output.

    Args:
        patterns: files, folders and globs.
        output: the URL of the output folder.

    Raises:
        UsageError: one does.
    """
    store, folder = open_store(output)
    for pattern in patterns:
        other, path = open_store(pattern)
        if other.url("/") != store.url("/"):
            continue
        taken = [name for name in _WRITTEN if _takes(other, path, posixpath.join(folder, name), local=is_local(output))]
        if taken:
            raise UsageError(
                f"input {pattern}: takes in the output {output}, for example its {taken[0]}; "
                "name an output outside of the input, or a narrower pattern"
            )


def check_watched(patterns: Sequence[str]) -> None:
    """Checks that bundles can arrive where patterns look for them; in a store a folder is there as soon as a file is.

    Raises:
        BundleError: a pattern, or the folder above its first wildcard, is not there.
    """
    for pattern in patterns:
        store, path = open_store(pattern)
        fixed = _parted(path)[0]
        if is_local(pattern) and not store.kind(path) and store.kind(fixed) != "folder":
            raise BundleError(f"input {pattern}: no folder {fixed}; make it, or check the spelling")


def _parted(pattern: str) -> tuple[str, str]:
    """The part of a pattern before its first component with a wildcard, and the rest."""
    parts = pattern.split("/")
    wild = next((i for i, part in enumerate(parts) if re.search(r"[*?\[]", part)), len(parts))
    return "/".join(parts[:wild]) or "/", "/".join(parts[wild:])


def _takes(store: Store, pattern: str, path: str, *, local: bool) -> bool:
    """True where a listing of the pattern gives the path."""
    # What exists under a pattern's very name is meant by it.
    fixed, below = (pattern, "") if store.kind(pattern) else _parted(pattern)
    if local:
        fixed, path = os.path.realpath(fixed), os.path.realpath(path)
    prefix = fixed.rstrip("/") + "/"
    rest = path.removeprefix(prefix)
    if not path.startswith(prefix) or any(part.startswith((".", "_")) for part in rest.split("/")):
        return False  # listings pass over what is hidden
    try:
        return re.match(glob_translate(below or "**"), rest) is not None
    except (ValueError, re.error):
        return False  # listing says what is wrong with it
