"""What a run is opened with: what its manifest will say of it beforehand, and the runs that come before it.

Whoever opens a run decides this once; its stages read it from a file, wherever they are worked on.
"""

import json
from dataclasses import asdict, dataclass
from typing import Any

from transforms import storage
from transforms.runs.catalog import CommittedRun
from transforms.runs.run import RunPaths


@dataclass(frozen=True)
class Opening:
    """What is known of a run when it begins.

    Attributes:
        header: what stands in its manifest beside what the stages find; see `commit_run`.
        splits: how many it has.
        earlier: the committed runs whose kept paragraphs come before its own, in order.
    """

    header: dict[str, Any]
    splits: int
    earlier: tuple[CommittedRun, ...] = ()


def write_opening(paths: RunPaths, opening: Opening) -> None:
    """Opens the run."""
    text = json.dumps(asdict(opening), ensure_ascii=False)
    storage.write_whole(paths.output, paths.opening(), text.encode())


def read_opening(paths: RunPaths) -> Opening:
    """What the run was opened with.

    Raises:
        StorageError: it was not, or is committed.
    """
    fields = json.loads(storage.read_whole(storage.join(paths.output, paths.opening())).to_pybytes())
    return Opening(fields["header"], fields["splits"], tuple(CommittedRun(*each) for each in fields["earlier"]))
