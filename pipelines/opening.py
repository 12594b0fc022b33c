"""Opening a run: what it comes after, what it is compared with, and the head of its manifest, decided once."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pipelines.config import IngestSettings
from transforms.dedup.index.building import keep_up, within_horizon
from transforms.dedup.index.references import index_references
from transforms.runs.manifest import (
    Header,
    Manifest,
    Opening,
    PassedFile,
    Reference,
    RunKey,
    SlicePlace,
    WindowSpan,
)
from transforms.runs.run import Run
from transforms.shards.reindexing import kept_sets
from transforms.versions import version_of

_PACKAGES = ("rafid", "apache-beam", "numba", "numpy", "pyarrow")


@dataclass(frozen=True)
class Facts:
    """Facts of a run that whoever opens it knows.

    Attributes:
        splits: how many it has.
        slice: its place among the slices of a job.
        window: the window of a stream that it is.
        digests: SHA-256 of bundles that earlier slices began, by name.
        replaced: the committed runs whose place its job takes; until then it waits.
        passed_over: files that its job does not take.
        against: the corpora that `dedup.against` names.
    """

    splits: int
    slice: SlicePlace | None = None
    window: WindowSpan | None = None
    digests: Mapping[str, str] = field(default_factory=dict)
    replaced: Sequence[Manifest] = ()
    passed_over: tuple[PassedFile, ...] = ()
    against: tuple[Reference, ...] = ()


def open_run(run: Run, runs: Sequence[Manifest], settings: IngestSettings, facts: Facts) -> None:
    """Opens a run after others, and brings the index up to them. Nobody else may be writing.

    Args:
        run: what is opened.
        runs: those that come before it, in order.
        settings: how it will be worked on.
        facts: what is known of it.
    """
    started = datetime.now(UTC)
    earlier: list[RunKey] = []
    if settings.dedup.scope == "corpus":
        # Here, where the lock is held: two attempts of a worker would get in each other's way.
        keep_up(run.folder, runs, kept_sets, facts.replaced)
        earlier = within_horizon([each.key for each in runs], settings.index, started)
        index_references(run, facts.against, kept_sets)
    header = Header(
        sequence=1 + max((each.sequence for each in runs), default=0),
        started=started.isoformat(timespec="microseconds"),
        settings=json.loads(settings.model_dump_json()),
        versions={name: version_of(name) for name in _PACKAGES},
        slice=facts.slice,
        window=facts.window,
        passed_over=facts.passed_over,
        against=facts.against,
    )
    digests, waiting = dict(facts.digests), bool(facts.replaced)
    run.open(Opening(header=header, splits=facts.splits, earlier=tuple(earlier), digests=digests, waiting=waiting))
