"""Shortcuts through Beam's slow ways, in a run and in a worker."""

import subprocess
import sys
from pathlib import Path

import apache_beam as beam
from apache_beam.runners.worker import statesampler

from pipelines.graph import Graph
from pipelines.runners.running import beam_options
from tests.conftest import PROJECT

_WORKER = """
import sys
from apache_beam.runners.worker import bundle_processor, sdk_worker_main
from apache_beam.utils.counters import CounterFactory
from pipelines.runners import worker

def harness(_):
    print(bundle_processor.statesampler.StateSampler("a", CounterFactory()).sampling_period_ms, flush=True)

worker._environment = lambda *_: {}
sdk_worker_main.main = harness
worker.main(["--id=w", *sys.argv[1:]])
"""


def _check_period(_: int) -> None:
    assert 0 < statesampler.get_current_tracker().sampling_period_ms < statesampler.DEFAULT_SAMPLING_PERIOD_MS / 10


def test_a_bundle_that_is_done_waits_for_no_sampler_of_beam() -> None:
    """It waits until the sampler wakes, which was a tenth of a second on average."""
    with Graph(options=beam_options([])) as pipeline:
        _ = pipeline | beam.Create([1]) | beam.Map(_check_period)


def test_nor_does_a_bundle_of_a_worker(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _WORKER, f"--logs={tmp_path}"]
    found = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    log = "".join(each.read_text() for each in tmp_path.iterdir())
    assert "10" in (found.stdout + log).split()
