"""The graph of an ingestion run, and of a stream of runs, readable as sentences."""

from collections.abc import Sequence
from dataclasses import dataclass

import apache_beam as beam

from pipelines.config import IngestSettings
from pipelines.streaming.windows import WindowRuns
from transforms.bundles.beam import Batch, ListSplits
from transforms.bundles.splits import Split
from transforms.dedup.beam import FingerprintSplit, JoinRun
from transforms.runs.run import OnFailure, RunPaths, fail, give_up
from transforms.shards.beam import Commit, WriteSplit
from transforms.streaming.beam import OpenWindows, WatchBundles
from transforms.streaming.turns import Arrival

# Paragraphs that are lines stand on lines; those that blank lines part are parted by one.
BREAKS = {"line": 1, "blank_line": 2}


@dataclass(frozen=True)
class RunPlan:
    """What a run will do, once it is opened.

    Attributes:
        paths: where it writes.
        splits: what it reads, in input order.
        settings: how.
        batch: splits that a worker takes at once.
        partitioned: whether the join is spread over workers.
    """

    paths: RunPaths
    splits: Sequence[Split]
    settings: IngestSettings
    batch: int
    partitioned: bool = False


@dataclass(frozen=True)
class StreamPlan:
    """What a stream will do.

    Attributes:
        source: gives the bundles as they come to rest.
        runs: the runs of its windows.
        batch: splits that a worker takes at once.
    """

    source: WatchBundles
    runs: WindowRuns
    batch: int


def ingest(pipeline: beam.Pipeline, plan: RunPlan) -> beam.PCollection[str]:
    """The run of `plan`: its id comes out once it is committed."""
    batches = pipeline | "ListSplits" >> ListSplits(plan.paths.run, plan.splits, plan.batch)
    return _run(batches, plan.paths.output, plan.settings, _join(plan), fail)


def ingest_stream(pipeline: beam.Pipeline, plan: StreamPlan) -> beam.PCollection[str]:
    """The windows of `plan`, one run after the other: the id of each comes out once it is committed."""
    arrivals = pipeline | "WatchBundles" >> plan.source
    return ingest_arrivals(arrivals, plan.runs, plan.batch)


def ingest_arrivals(arrivals: beam.PCollection[Arrival], runs: WindowRuns, batch: int) -> beam.PCollection[str]:
    """The windows of bundles that arrive, wherever they come from."""
    settings = runs.settings
    batches = arrivals | "OpenWindows" >> OpenWindows(runs, runs.size, batch)
    join = JoinRun(str(settings.output), settings.dedup, settings.run.worker_threads(), batch)
    return _run(batches, str(settings.output), settings, join, give_up)


def _run(
    batches: beam.PCollection[Batch],
    output: str,
    settings: IngestSettings,
    join: beam.PTransform,
    on_failure: OnFailure,
) -> beam.PCollection[str]:
    """The runs of `batches`, from their splits to their manifests."""
    reading, threads = settings.input, settings.run.worker_threads()
    fingerprinted = batches | "FingerprintSplit" >> FingerprintSplit(
        output, reading, reading.paragraphs, settings.language, settings.dedup, threads, on_failure
    )
    joined = fingerprinted | "JoinRun" >> join
    written = joined | "WriteSplit" >> WriteSplit(
        output, reading, BREAKS[reading.paragraphs], settings.segmentation, settings.shards, threads, on_failure
    )
    return written | "Commit" >> Commit(output)


def _join(plan: RunPlan) -> beam.PTransform:
    """The join that the settings ask for."""
    dedup = plan.settings.dedup
    if plan.partitioned:
        from transforms.dedup.partitioned.beam import JoinPartitioned  # noqa: PLC0415 - kernels that others do without

        return JoinPartitioned(plan.paths, dedup, dedup.partitions)
    return JoinRun(plan.paths.output, dedup, plan.settings.run.worker_threads(), plan.batch)
