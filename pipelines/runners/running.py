"""Running a plan on a Beam runner: the runner that is asked for, quiet, with errors in one line."""

import copy
import difflib
import logging
import shutil
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from importlib import import_module
from typing import Any

from apache_beam.options import pipeline_options
from apache_beam.runners.portability import fn_api_runner
from apache_beam.transforms import environments

from pipelines.cli import Parser
from pipelines.config import IngestSettings
from pipelines.graph import Graph, RunPlan, ingest
from pipelines.job import Slice
from pipelines.runners.failures import keep_to_ourselves, stage_error, without_stage, without_tracebacks
from pipelines.runners.interruption import Interruption
from pipelines.runners.shortcuts import take_shortcuts
from transforms.errors import RafidError, UsageError
from transforms.runs.run import Run

# The in-process runner by its own name: the name DirectRunner makes Beam look for a binary on the network first.
LOCAL_RUNNER = "FnApiRunner"
# What runs of Rafid have been seen on; Beam has more names.
_TRIED = ("FnApiRunner", "DirectRunner", "PrismRunner", "FlinkRunner", "PortableRunner")
_NAMES_OF_LOCAL = ("fnapirunner", "fnapi", "directrunner", "direct", "switchingdirectrunner", "switchingdirect")

take_shortcuts()


class _BeamParser(Parser, pipeline_options._BeamArgumentParser):
    """A parser of Beam's options; what is wrong with one is a UsageError."""


class _Options(pipeline_options.PipelineOptions):
    """Beam's options, each view of which is made once; Beam looks at them hundreds of times, and parses all anew."""

    def view_as(self, cls: type[Any]) -> Any:
        """The view of that class; views share what is set."""
        views = self.__dict__.setdefault("_views", {})
        if cls not in views:
            views[cls] = super().view_as(cls)
        return views[cls]


def beam_options(arguments: Sequence[str]) -> pipeline_options.PipelineOptions:
    """Beam's options from `arguments`.

    Raises:
        UsageError: an argument that Beam does not know, a value that it cannot have, a runner that is not there.
    """
    known, unknown = _beam_parser().parse_known_args(list(arguments))
    if unknown:
        raise UsageError(f"{unknown[0]}: unknown option, neither Rafid's nor Beam's; see --help")
    options = _Options([*arguments, f"--runner={_runner_name(known.runner or LOCAL_RUNNER)}"])
    if _is_prism(options):
        from pipelines.runners.prism import check_binary  # noqa: PLC0415

        check_binary(options)
    return options


def _beam_parser() -> _BeamParser:
    parser = _BeamParser(allow_abbrev=False, add_help=False)
    for options in pipeline_options.PipelineOptions.__subclasses__():
        options._add_argparse_args(parser)
    return parser


def _runner_name(given: str) -> str:
    if given.lower() in _NAMES_OF_LOCAL:
        return LOCAL_RUNNER
    names = {given.lower(), f"{given.lower()}runner"}
    if "." in given:
        _check_runner_is_there(given)
    elif not names & {name.lower() for name in _TRIED}:
        known = names & {name.lower() for name in pipeline_options.StandardOptions.KNOWN_RUNNER_NAMES}
        what = "Rafid was never tried on it" if known else "unknown runner"
        near = difflib.get_close_matches(given, _TRIED, 1)
        remedy = f"did you mean {near[0]}?" if near and not known else f"there are {', '.join(_TRIED)}"
        raise UsageError(f"--runner={given}: {what}; {remedy}")
    return given


def _check_runner_is_there(path: str) -> None:
    """Raises UsageError where MODULE.CLASS names no runner."""
    module, _, name = path.rpartition(".")
    try:
        found = hasattr(import_module(module), name)
    except (ImportError, ValueError):
        found = False
    if not found:
        raise UsageError(f"--runner={path}: cannot be imported; name one of {', '.join(_TRIED)}, or MODULE.CLASS")


def runs_in_process(options: pipeline_options.PipelineOptions) -> bool:
    """True where the run happens in this process, workers and all."""
    local = options.view_as(pipeline_options.StandardOptions).runner == LOCAL_RUNNER
    return bool(local and not options.view_as(pipeline_options.PortableOptions).environment_type)


def is_flink(options: pipeline_options.PipelineOptions) -> bool:
    """True where the run goes to a Flink cluster."""
    return options.view_as(pipeline_options.StandardOptions).runner.lower() in ("flinkrunner", "flink")


def _is_prism(options: pipeline_options.PipelineOptions) -> bool:
    """True where the run goes to Prism."""
    return options.view_as(pipeline_options.StandardOptions).runner.lower() in ("prismrunner", "prism")


def runner_of(options: pipeline_options.PipelineOptions) -> Any:
    """The runner, or its name where Beam makes of that what is wanted."""
    name = options.view_as(pipeline_options.StandardOptions).runner
    portable = options.view_as(pipeline_options.PortableOptions)
    if _is_prism(options):
        from pipelines.runners.prism import LocalPrism  # noqa: PLC0415

        return LocalPrism()
    if name != LOCAL_RUNNER or not portable.environment_type:
        return name
    # By its name it would ignore the option.
    return fn_api_runner.FnApiRunner(default_environment=environments.Environment.from_options(portable))


def run_slice(
    run: Run,
    part: Slice,
    *,
    settings: IngestSettings,
    options: pipeline_options.PipelineOptions,
    say: Callable[[str], None],
    interruption: Interruption | None = None,
) -> None:
    """Runs one slice of a job on the runner that `options` name.

    Args:
        run: the slice's run, which is open.
        part: the slice.
        settings: of the job.
        options: Beam's.
        say: told how a job on a cluster goes.
        interruption: the one that the job's context has been given; None where there is no such context.
    """
    batch = len(part.splits) if runs_in_process(options) else settings.run.worker_threads()
    partitioned = settings.dedup.partitioned(part.size, in_process=runs_in_process(options))
    plan = RunPlan(run, part.splits, settings, batch, partitioned)
    if is_flink(options):
        from pipelines.runners.flink import run_on_flink  # noqa: PLC0415

        run_on_flink(plan, options, say, interruption or Interruption())
    else:
        run_plan(plan, options)


def context_of_job(
    settings: IngestSettings,
    options: pipeline_options.PipelineOptions,
    say: Callable[[str], None],
    interruption: Interruption,
) -> Callable[[], AbstractContextManager[None]]:
    """The function that makes the context of a job while it holds its output, for `run_job`.

    On a cluster no job of an earlier driver writes there, and signals are noted for `interruption`.
    """
    if not is_flink(options):
        return nullcontext
    from pipelines.runners.flink import alone_on_flink  # noqa: PLC0415

    return partial(alone_on_flink, settings, options, say, interruption)


def run_plan(plan: RunPlan, options: pipeline_options.PipelineOptions) -> None:
    """Runs the graph of `plan` to its end.

    Raises:
        RafidError: what a stage said, or that the run failed.
    """
    options = copy.deepcopy(options)  # Beam changes the options of a run
    if not runs_in_process(options):
        keep_to_ourselves()
    logging.getLogger("apache_beam.runners.common").addFilter(without_tracebacks)
    pipeline = Graph(runner_of(options), options)
    try:
        ingest(pipeline, plan)
        pipeline.run().wait_until_finish()  # `with` would make ready for steps in other languages
    except RafidError as error:
        raise without_stage(error) from error
    except Exception as error:
        raise stage_error(error) from error
    finally:
        shutil.rmtree(pipeline.local_tempdir, ignore_errors=True)  # Beam leaves it when a run fails
