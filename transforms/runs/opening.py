"""The file that a run is opened with: the head of its manifest, and the runs that come before it.

Whoever opens a run decides this once; its stages read it, wherever they are worked on.
"""

from pydantic import Field

from transforms.runs.manifest import Header, Record, RunKey


class Opening(Record):
    """All that is known of a run when it begins.

    Attributes:
        header: the head of its manifest.
        splits: how many it has.
        earlier: the committed runs whose kept paragraphs come before its own, in order.
        digests: SHA-256 of bundles that earlier slices began, by name; they are not read again from end to end.
        waiting: whether its manifest waits until all runs of its job take the place of others, in one step.
    """

    header: Header
    splits: int
    earlier: tuple[RunKey, ...] = ()
    digests: dict[str, str] = Field(default_factory=dict)
    waiting: bool = False
