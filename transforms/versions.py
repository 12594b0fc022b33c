"""The versions of what is installed."""

import re
from functools import cache
from importlib.metadata import distribution

_VERSION = re.compile(r"^Version: *(\S+)", re.MULTILINE)


@cache
def version_of(package: str) -> str:
    """The version of a package; of its metadata only the head is read, for parsing all of it takes a millisecond.

    Raises:
        PackageNotFoundError: it is not installed.
    """
    installed = distribution(package)
    found = _VERSION.search(installed.read_text("METADATA") or "")
    return found[1] if found else installed.version
