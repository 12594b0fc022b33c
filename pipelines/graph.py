"""The graph of an ingestion run, readable as sentences."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

import apache_beam as beam
from apache_beam.utils.interactive_utils import _extract_pipeline_of_pvalueish, is_in_ipython

from pipelines.config import IngestSettings
from transforms.bundles.beam import Batch, ListSplits
from transforms.bundles.splits import Split
from transforms.dedup.beam import FingerprintSplit, JoinRun
from transforms.runs.run import OnFailure, Run, abort
from transforms.shards.beam import Commit, WriteSplit
from transforms.shards.corpus import PARAGRAPH_BREAKS
from transforms.storage import Folder


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
    return run_batches(batches, plan.run.folder, plan.settings, _join(plan), abort)


def run_batches(
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
