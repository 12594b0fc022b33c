"""Runners and their errors: the local one by any of its names, a stage's error in its own words."""

import subprocess
import sys
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions
from apache_beam.runners.portability import fn_api_runner

from pipelines.config import IngestSettings
from pipelines.graph import RunPlan
from pipelines.runners import running
from pipelines.runners.failures import stage_error
from pipelines.runners.running import beam_options, runs_in_process
from tests.conftest import PROJECT
from transforms.bundles.errors import BundleChanged
from transforms.errors import RafidError, RunError, UnexpectedError, UsageError
from transforms.filesystems import StorageError
from transforms.runs.run import Run
from transforms.storage import Folder


def runner_of(options: PipelineOptions) -> str:
    return str(options.view_as(StandardOptions).runner)


@pytest.mark.parametrize(
    "arguments",
    [[], ["--runner=DirectRunner"], ["--runner", "direct"], ["--runner=directrunner"], ["--runner=FnApiRunner"]],
)
def test_the_local_runner_by_any_name_is_the_one_that_is_there(arguments: list[str]) -> None:
    """`DirectRunner` makes Beam look for a binary on the network first."""
    options = beam_options(arguments)
    assert runner_of(options) == "FnApiRunner"
    assert runs_in_process(options)


@pytest.mark.parametrize("name", ["FlinkRunner", "flink", "PortableRunner", f"{fn_api_runner.__name__}.FnApiRunner"])
def test_other_runners_are_left_alone(name: str) -> None:
    options = beam_options([f"--runner={name}"])
    assert runner_of(options) == name
    assert not runs_in_process(options)


def test_options_of_beam_pass_through() -> None:
    options = beam_options(["--runner=FlinkRunner", "--flink_master=host:8081", "--parallelism", "3"])
    assert options.get_all_options()["flink_master"] == "host:8081"
    assert options.get_all_options()["parallelism"] == 3


@pytest.mark.parametrize("arguments", [["--flink_mastre=x"], ["stray"], ["--flink_maste=x"], ["--runner=Flick"]])
def test_options_that_nobody_knows_are_wrong_use(arguments: list[str]) -> None:
    with pytest.raises(UsageError, match=r"unknown (option|runner)"):
        beam_options(arguments)


def fail_with(error: Exception) -> RafidError:
    """What a run ends with whose stage raises this."""

    def fail(_: Any) -> None:
        raise error

    def failing_graph(pipeline: beam.Pipeline, _: RunPlan) -> None:
        pipeline | beam.Create([1]) | "Fail" >> beam.Map(fail)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "ingest", failing_graph)
        with pytest.raises(RafidError) as caught:
            running.run_plan(RunPlan(Run(Folder("out"), "x"), [], IngestSettings(), 1), beam_options([]))
    return caught.value


def test_a_stage_speaks_for_itself() -> None:
    error = fail_with(BundleChanged("a.txt: changed since it was listed; run again"))
    assert type(error) is BundleChanged
    assert str(error) == "a.txt: changed since it was listed; run again"


def test_what_no_stage_names_is_still_one_line() -> None:
    error = fail_with(ValueError("first\nsecond"))
    assert type(error) is UnexpectedError
    assert str(error).startswith("the run failed: second")
    assert "while running" not in str(error)


def test_a_traceback_that_a_runner_passes_on_as_text() -> None:
    text = (
        "Traceback (most recent call last):\n"
        '  File "x.py", line 3, in y\n'
        f"{StorageError.__module__}.StorageError: out/a: cannot be written: No space left on device"
        " [while running 'A/B']\n\n"
        "During handling of the above exception, another exception occurred:\n"
        "RuntimeError: bundle failed\n"
    )
    error = stage_error(RuntimeError(text))
    assert type(error) is StorageError
    assert str(error) == "out/a: cannot be written: No space left on device"


@pytest.mark.parametrize("text", ["some\nlines\nof a library\n", "", "\n\n"])
def test_anything_else_is_one_line_that_says_so(text: str) -> None:
    error = stage_error(ValueError(text))
    assert type(error) is UnexpectedError
    assert "\n" not in str(error)
    assert str(error).startswith("the run failed: ")
    assert str(error).endswith("; nothing was committed")


@pytest.mark.parametrize("text", ["Channel closed prematurely.", "java.lang.RuntimeException: the task is broken"])
def test_what_a_runner_says_of_itself_is_not_unexpected(text: str) -> None:
    error = stage_error(RuntimeError(text))
    assert type(error) is RunError
    assert str(error) == f"the run failed: {text.rstrip('.')}; nothing was committed"


def test_worker_in_the_driver_that_loses_its_runner_prints_no_traceback() -> None:
    command = [sys.executable, "-m", "tests.pipelines.runners.lost_runner"]
    ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True, timeout=180)
    assert "StatusCode.UNAVAILABLE" in ended.stdout
    assert "Traceback" not in ended.stderr
