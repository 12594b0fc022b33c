"""The graph of an ingestion run, and of a stream of runs, readable as sentences."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

import apache_beam as beam
from apache_beam.utils.interactive_utils import _extract_pipeline_of_pvalueish, is_in_ipython

from pipelines.config import IngestSettings
from pipelines.streaming.windows import WindowRuns
from transforms.bundles.beam import Batch, ListSplits
from transforms.bundles.splits import Split
from transforms.dedup.beam import FingerprintSplit, JoinRun
from transforms.runs.run import OnFailure, Run, abandon, abort
from transforms.shards.beam import Commit, WriteSplit
from transforms.shards.corpus import PARAGRAPH_BREAKS
from transforms.storage import Folder
from transforms.streaming.beam import ListWindow, OpenWindows, WatchBundles
from transforms.streaming.turns import Arrival


@dataclass(frozen=True)
class RunPlan:
    """The work of a run, once it is opened.

    Attributes:
        run: what is opened.
        splits: what it reads, in input order.
        settings: how.
        batch: splits that a worker takes at once.
        partitioned: whether the join is spread over workers.
    """

    run: Run
    splits: Sequence[Split]
    settings: IngestSettings
    batch: int
    partitioned: bool = False


@dataclass(frozen=True)
class StreamPlan:
    """The work of a stream.

    Attributes:
        source: gives the bundles as they come to rest.
        runs: the runs of its windows.
        batch: splits that a worker takes at once.
    """

    source: WatchBundles
    runs: WindowRuns
    batch: int


class Graph(beam.Pipeline):
    """A pipeline of Rafid's, which is the same in a notebook as anywhere else.

    In IPython Beam takes a pipeline for one that a person builds cell by cell: to put the cell's number before the
    label of each step it imports its interactive environment, which needs pandas and loads scripts from the network.
    """


def _but_for_ours(alter_label: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    """Beam's function that changes the label of a step in IPython; it leaves the steps of a `Graph` as they are."""

    @wraps(alter_label)
    def alter(transform: Any, pvalueish: Any) -> None:
        if not isinstance(_extract_pipeline_of_pvalueish(pvalueish), Graph):
            alter_label(transform, pvalueish)

    return alter


def _in_ipython() -> bool:
    """True in a session of IPython, which is not imported to find out: who has not imported it is in none."""
    return "IPython" in sys.modules and is_in_ipython()


beam.pipeline.is_in_ipython = _in_ipython
beam.pipeline.alter_label_if_ipython = _but_for_ours(beam.pipeline.alter_label_if_ipython)


def ingest(pipeline: beam.Pipeline, plan: RunPlan) -> beam.PCollection[str]:
    """The run of `plan`: its id comes out once it is committed."""
    batches = pipeline | "ListSplits" >> ListSplits(plan.run.id, plan.splits, plan.batch)
    return _run(batches, plan.run.folder, plan.settings, _join(plan), abort)


def ingest_window(pipeline: beam.Pipeline, settings: IngestSettings) -> beam.PCollection[str]:
    """The run of the window that is at hand when the graph runs, whichever that is: its id, once it is committed."""
    folder, threads = settings.folder(), settings.run.worker_threads()
    batches = pipeline | "ListWindow" >> ListWindow(folder, threads)
    return _run(batches, folder, settings, JoinRun(folder, settings.dedup, threads, threads), abort)


def ingest_stream(pipeline: beam.Pipeline, plan: StreamPlan) -> beam.PCollection[str]:
    """The windows of `plan`, one run after the other: the id of each comes out once it is committed."""
    arrivals = pipeline | "WatchBundles" >> plan.source
    return ingest_arrivals(arrivals, plan.runs, plan.batch)


def ingest_arrivals(arrivals: beam.PCollection[Arrival], runs: WindowRuns, batch: int) -> beam.PCollection[str]:
    """The windows of bundles that arrive, wherever they come from."""
    settings = runs.settings
    batches = arrivals | "OpenWindows" >> OpenWindows(runs, runs.size, batch)
    folder = settings.folder()
    join = JoinRun(folder, settings.dedup, settings.run.worker_threads(), batch)
    return _run(batches, folder, settings, join, abandon)


def _run(
    batches: beam.PCollection[Batch],
    folder: Folder,
    settings: IngestSettings,
    join: beam.PTransform,
    on_failure: OnFailure,
) -> beam.PCollection[str]:
    """The runs of `batches`, from their splits to their manifests."""
    reading, threads = settings.input, settings.run.worker_threads()
    breaks = len(PARAGRAPH_BREAKS[reading.paragraphs])
    fingerprinted = batches | "FingerprintSplit" >> FingerprintSplit(
        folder, reading, reading.paragraphs, settings.language, settings.dedup, threads, on_failure, settings.filters
    )
    joined = fingerprinted | "JoinRun" >> join
    written = joined | "WriteSplit" >> WriteSplit(
        folder,
        reading,
        breaks,
        settings.segmentation,
        settings.shards,
        threads,
        on_failure,
    )
    return written | "Commit" >> Commit(folder)


def _join(plan: RunPlan) -> beam.PTransform:
    """The join that the settings ask for."""
    dedup = plan.settings.dedup
    if plan.partitioned:
        from transforms.dedup.partitioned.beam import JoinPartitioned  # noqa: PLC0415 - kernels that others do without

        return JoinPartitioned(plan.run, dedup, dedup.partitions)
    batch = plan.batch if plan.batch < len(plan.splits) else None
    return JoinRun(plan.run.folder, dedup, plan.settings.run.worker_threads(), batch)
