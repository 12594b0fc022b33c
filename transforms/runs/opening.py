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
        lease: the token of the output's lock; only under this lock is the run committed.
        digests: SHA-256 of bundles that earlier slices began, by name; they are not read again from end to end.
    """

    header: Header
    splits: int
    earlier: tuple[RunKey, ...] = ()
    lease: str = ""
    digests: dict[str, str] = Field(default_factory=dict)
