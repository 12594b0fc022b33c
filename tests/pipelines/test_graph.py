"""The graph of a run: its stages, in their order, each label once."""

from collections import Counter
from pathlib import Path
from typing import Any, get_args

import apache_beam as beam
from apache_beam.portability import common_urns

from pipelines.config import IngestSettings, InputSettings
from pipelines.graph import RunPlan, ingest
from pipelines.streaming.graphs import StreamPlan, ingest_stream, ingest_window
from pipelines.streaming.windows import WindowRuns
from transforms.bundles.listing import list_bundles
from transforms.bundles.splits import plan_splits
from transforms.runs.run import Run
from transforms.shards.corpus import PARAGRAPH_BREAKS
from transforms.storage import Folder
from transforms.streaming.beam import WatchBundles


def _plan(tmp_path: Path, *, batch: int = 1, partitioned: bool = False) -> RunPlan:
    (tmp_path / "a.txt").write_text("نص قصير")
    splits = plan_splits(list_bundles([str(tmp_path)]), 8)
    assert len(splits) > 1
    return RunPlan(Run(Folder(str(tmp_path / "out")), "x"), splits, IngestSettings(), batch, partitioned)


def _steps(plan: RunPlan) -> list[Any]:
    """The steps that a runner sees."""
    pipeline = beam.Pipeline()
    ingest(pipeline, plan)
    every = pipeline.to_runner_api().components.transforms.values()
    return [each for each in every if not each.subtransforms and each.inputs != each.outputs]


def _groupings(steps: list[Any]) -> int:
    return sum(step.spec.urn == common_urns.primitives.GROUP_BY_KEY.urn for step in steps)


def test_the_stages_read_as_a_sentence(tmp_path: Path) -> None:
    pipeline = beam.Pipeline()
    ingest(pipeline, _plan(tmp_path))
    labels = [part.full_label for part in pipeline._current_transform().parts]
    assert labels == ["ListSplits", "FingerprintSplit", "JoinRun", "WriteSplit", "Commit"]
    assert not (tmp_path / "out").exists(), "building a graph does nothing"


def test_the_stages_of_a_stream_are_those_of_a_run(tmp_path: Path) -> None:
    settings = IngestSettings(output=str(tmp_path / "out"))
    source = WatchBundles("x", list, 1.0, 1.0, bool)
    pipeline = beam.Pipeline()
    ingest_stream(pipeline, StreamPlan(source, WindowRuns(settings, 1000), 1))
    labels = [part.full_label for part in pipeline._current_transform().parts]
    assert labels == ["WatchBundles", "OpenWindows", "FingerprintSplit", "JoinRun", "WriteSplit", "Commit"]
    assert not (tmp_path / "out").exists(), "building a graph does nothing"


def test_the_stages_of_a_window_are_those_of_a_run(tmp_path: Path) -> None:
    settings = IngestSettings(output=str(tmp_path / "out"))
    pipeline = beam.Pipeline()
    ingest_window(pipeline, settings)
    labels = [part.full_label for part in pipeline._current_transform().parts]
    assert labels == ["ListWindow", "FingerprintSplit", "JoinRun", "WriteSplit", "Commit"]
    assert not (tmp_path / "out").exists(), "building a graph does nothing"


def test_the_partitioned_join_is_one_row_of_stages(tmp_path: Path) -> None:
    """Branches, side inputs and combiners cost a cluster exchanges of their own."""
    steps = _steps(_plan(tmp_path, partitioned=True))
    used = Counter(each for step in steps for each in step.inputs.values())
    assert max(used.values()) == 1
    assert all(len(step.inputs) <= 1 and len(step.outputs) <= 1 for step in steps)
    assert _groupings(steps) == 8


def test_batches_are_spread_over_the_workers_where_there_are_several(tmp_path: Path) -> None:
    assert _groupings(_steps(_plan(tmp_path))) == 4
    assert _groupings(_steps(_plan(tmp_path, batch=100))) == 2


def test_every_kind_of_paragraph_has_its_breaks() -> None:
    assert tuple(PARAGRAPH_BREAKS) == get_args(InputSettings.model_fields["paragraphs"].annotation)
