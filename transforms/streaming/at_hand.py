"""The window at hand: a file of an output that names the window which is being worked on, and has its splits.

It is written by the holder of the output when no work on the window before it goes on, so a second attempt reads the
same again.
"""

from collections.abc import Sequence
from dataclasses import asdict

from pydantic import TypeAdapter

from transforms.bundles.splits import Split
from transforms.storage import Folder

AT_HAND = ".window"
_splits = TypeAdapter(tuple[Split, ...])


def put_at_hand(folder: Folder, run: str, splits: Sequence[Split]) -> None:
    """Says that the window at hand is that run, which is open, and these its splits."""
    folder.write_json(AT_HAND, {"run": run, "splits": [asdict(split) for split in splits]})


def window_at_hand(folder: Folder) -> tuple[str, tuple[Split, ...]]:
    """The run of the window at hand, and its splits.

    Raises:
        StorageError: there is none.
    """
    found = folder.read_json(AT_HAND)
    return str(found["run"]), _splits.validate_python(found["splits"])
