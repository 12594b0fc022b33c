"""Puts on condition: a file is written only where none is, or where it is still the one that was looked at.

Stores of the kind of S3 decide this themselves (If-None-Match and If-Match). Of other stores the file is looked at and
then written; of two writers at the same moment both may succeed there.
"""

import errno
import hashlib
from typing import Any

_ETAG = "ETag"  # in what s3fs tells of a file


def version(system: Any, path: str) -> str:
    """A text that changes whenever the file is written with other bytes; empty where there is none."""
    try:
        info = system.info(path)
        return str(info[_ETAG]) if _ETAG in info else hashlib.sha256(system.cat_file(path)).hexdigest()
    except FileNotFoundError:
        return ""


def version_of(system: Any, path: str, data: bytes) -> str:
    """The version of the file whose bytes are `data`.

    Raises:
        FileExistsError: its bytes are others.
    """
    found = version(system, path)  # first: it is that of these bytes, if they are there afterwards
    if not found or system.cat_file(path) != data:
        raise FileExistsError(path)
    return found


def put_new(system: Any, path: str, data: bytes) -> None:
    """Writes a file where none is.

    Raises:
        FileExistsError: there is one.
    """
    try:
        _put(system, path, data, None)
    except FileExistsError:
        version_of(system, path, data)  # it may be ours, and only the answer was lost


def put_if(system: Any, path: str, data: bytes, seen: str) -> None:
    """Writes a file whose version is `seen`.

    Raises:
        FileExistsError: it is another file by now, or none.
    """
    try:
        if _has_conditions(system, path):
            _put(system, path, data, seen)
        elif version(system, path) == seen:
            system.pipe_file(path, data)
        else:
            raise FileExistsError(path)
    except (FileNotFoundError, FileExistsError):
        version_of(system, path, data)


def refuses_others(system: Any, path: str, data: bytes) -> bool:
    """True where the store refuses a put whose condition does not hold; tried on a file whose bytes are `data`."""
    if not _has_conditions(system, path):
        return False
    try:
        _put(system, path, data, f'"{hashlib.md5(b"no file", usedforsecurity=False).hexdigest()}"')
    except FileExistsError:
        return True
    return False


def _has_conditions(system: Any, path: str) -> bool:
    try:
        return _ETAG in system.info(path)
    except FileNotFoundError:
        raise FileExistsError(path) from None


def _put(system: Any, path: str, data: bytes, seen: str | None) -> None:
    """A put of a file whose version is `seen`, or that is new; FileExistsError where it is not so."""
    try:
        if seen is None:
            system.pipe_file(path, data, mode="create")
        else:
            system.pipe_file(path, data, IfMatch=seen)
    except (NotImplementedError, TypeError, ValueError):  # it knows no puts of new files
        if system.exists(path):
            raise FileExistsError(path) from None
        system.pipe_file(path, data)
    except OSError as error:
        code = _code(error)
        if code == "PreconditionFailed":
            raise FileExistsError(path) from error
        if code == "ConditionalRequestConflict":  # another put of it is being decided: to be tried again
            raise OSError(errno.EAGAIN, str(error)) from error
        raise


def _code(error: BaseException) -> str:
    """The store's own code of an error, which s3fs leaves with what caused it."""
    response = getattr(error.__cause__, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))
