"""The graphs of a stream of runs, and of one window of it."""

from dataclasses import dataclass

import apache_beam as beam

from pipelines.config import IngestSettings
from pipelines.graph import run_batches
from pipelines.streaming.windows import WindowRuns
from transforms.dedup.beam import JoinRun
from transforms.runs.run import abandon, abort
from transforms.streaming.beam import ListWindow, OpenWindows, WatchBundles
from transforms.streaming.turns import Arrival


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


def ingest_window(pipeline: beam.Pipeline, settings: IngestSettings) -> beam.PCollection[str]:
    """The run of the window that is at hand when the graph runs, whichever that is: its id, once it is committed."""
    folder, threads = settings.folder(), settings.run.worker_threads()
    batches = pipeline | "ListWindow" >> ListWindow(folder, threads)
    return run_batches(batches, folder, settings, JoinRun(folder, settings.dedup, threads, threads), abort)


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
    return run_batches(batches, folder, settings, join, abandon)
