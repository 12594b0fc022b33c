"""What becomes of a run one of whose bundles fails: it ends, or, where it is a window of a stream, it is given up.

A window that is given up leaves a note. Whoever opened it finds the note, and takes its bundles into a later window.
"""

from collections.abc import Callable

from transforms import storage
from transforms.bundles.errors import BundleFailed
from transforms.layout import RunPaths

OnFailure = Callable[[RunPaths, BundleFailed], None]


def fail(_: RunPaths, error: BundleFailed) -> None:
    """Ends the run with the error."""
    raise error


def give_up(paths: RunPaths, error: BundleFailed) -> None:
    """Leaves the note; the run's stages, which look for it, do no more for it."""
    storage.write_whole(paths.output, paths.setback(), str(error).encode())


def is_given_up(paths: RunPaths) -> bool:
    """Whether a bundle of the run has failed."""
    return storage.exists(storage.join(paths.output, paths.setback()))


def read_setback(paths: RunPaths) -> str:
    """Why the run was given up, in one line."""
    return str(storage.read_whole(storage.join(paths.output, paths.setback())).to_pybytes(), "utf-8")
