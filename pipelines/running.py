"""Running a plan on a Beam runner: the runner that is asked for, quiet, with errors in one line."""

import atexit
import copy
import logging
import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import apache_beam as beam
import grpc
from apache_beam.options import pipeline_options
from apache_beam.runners.portability import fn_api_runner
from apache_beam.runners.worker import sdk_worker
from apache_beam.transforms import environments

from pipelines.command import Parser
from pipelines.config import IngestSettings
from pipelines.graph import RunPlan, ingest
from pipelines.job import Slice
from transforms.errors import RafidError, RunError, UsageError
from transforms.layout import RunPaths

# The in-process runner by its own name: the name DirectRunner makes Beam look for a binary on the network first.
LOCAL_RUNNER = "FnApiRunner"
_NAMES_OF_LOCAL = ("fnapirunner", "fnapi", "directrunner", "direct", "switchingdirectrunner", "switchingdirect")


class _BeamParser(Parser, pipeline_options._BeamArgumentParser):
    """A parser of Beam's options; what is wrong with one is a UsageError."""


def beam_options(arguments: Sequence[str]) -> pipeline_options.PipelineOptions:
    """Beam's options from `arguments`.

    Raises:
        UsageError: an argument that Beam does not know, a value that it cannot have, a runner that is not there.
    """
    parser = _BeamParser(allow_abbrev=False, add_help=False)
    for options in pipeline_options.PipelineOptions.__subclasses__():
        options._add_argparse_args(parser)
    known, unknown = parser.parse_known_args(list(arguments))
    if unknown:
        raise UsageError(f"{unknown[0]}: unknown option, neither Rafid's nor Beam's; see --help")
    options = pipeline_options.PipelineOptions([*arguments, f"--runner={_runner_name(known.runner or LOCAL_RUNNER)}"])
    if is_prism(options):
        from pipelines.prism import check_binary  # noqa: PLC0415

        check_binary(options)
    return options


def _runner_name(given: str) -> str:
    if given.lower() in _NAMES_OF_LOCAL:
        return LOCAL_RUNNER
    known = pipeline_options.StandardOptions.KNOWN_RUNNER_NAMES
    if "." not in given and not {given.lower(), f"{given.lower()}runner"} & {name.lower() for name in known}:
        raise UsageError(f"--runner={given}: unknown runner; Beam has {', '.join(known)}")
    return given


def runs_in_process(options: pipeline_options.PipelineOptions) -> bool:
    """Whether the run happens in this process, workers and all."""
    local = options.view_as(pipeline_options.StandardOptions).runner == LOCAL_RUNNER
    return bool(local and not options.view_as(pipeline_options.PortableOptions).environment_type)


def is_flink(options: pipeline_options.PipelineOptions) -> bool:
    """Whether the run goes to a Flink cluster."""
    return options.view_as(pipeline_options.StandardOptions).runner.lower() in ("flinkrunner", "flink")


def is_prism(options: pipeline_options.PipelineOptions) -> bool:
    """Whether the run goes to Prism."""
    return options.view_as(pipeline_options.StandardOptions).runner.lower() in ("prismrunner", "prism")


def runner_of(options: pipeline_options.PipelineOptions) -> Any:
    """The runner, or its name where Beam makes of that what is wanted."""
    name = options.view_as(pipeline_options.StandardOptions).runner
    portable = options.view_as(pipeline_options.PortableOptions)
    if is_prism(options):
        from pipelines.prism import LocalPrism  # noqa: PLC0415

        return LocalPrism()
    if name != LOCAL_RUNNER or not portable.environment_type:
        return name
    # By its name it would ignore the option.
    return fn_api_runner.FnApiRunner(default_environment=environments.Environment.from_options(portable))


def run_slice(
    paths: RunPaths,
    part: Slice,
    *,
    settings: IngestSettings,
    options: pipeline_options.PipelineOptions,
    say: Callable[[str], None],
) -> None:
    """Runs one slice of a job on the runner that `options` name; `say` is told how a job on a cluster goes."""
    batch = len(part.splits) if runs_in_process(options) else settings.run.worker_threads()
    size = sum(piece.end - piece.start for split in part.splits for piece in split.ranges)
    partitioned = settings.dedup.partitioned(size, in_process=runs_in_process(options))
    plan = RunPlan(paths, part.splits, settings, batch, partitioned)
    if is_flink(options):
        from pipelines.flink import run_on_flink  # noqa: PLC0415

        run_on_flink(plan, options, say)
    else:
        run_plan(plan, options)


def run_plan(plan: RunPlan, options: pipeline_options.PipelineOptions) -> None:
    """Runs the graph of `plan` to its end.

    Raises:
        RafidError: what a stage said, or that the run failed.
    """
    options = copy.deepcopy(options)  # Beam changes the options of a run
    if not runs_in_process(options):
        keep_to_ourselves()
    logging.getLogger("apache_beam.runners.common").addFilter(_is_unexpected)
    whole = beam.Pipeline(runner_of(options), options)
    try:
        with whole as pipeline:
            ingest(pipeline, plan)
    except RafidError as error:
        raise _without_stage(error) from error
    except Exception as error:
        raise stage_error(error) from error
    finally:
        shutil.rmtree(whole.local_tempdir, ignore_errors=True)  # Beam leaves it when a run fails


@cache
def keep_to_ourselves() -> None:
    """Keeps what Beam leaves lying on other runners in a folder that goes with this process, and what it prints silent.

    It prints tracebacks of what is reported here in one line; workers have logs of their own.
    """
    tempfile.tempdir = tempfile.mkdtemp(prefix="rafid-")
    atexit.register(shutil.rmtree, tempfile.tempdir, ignore_errors=True)  # after what Beam registers from now on
    ours = logging.StreamHandler()
    ours.addFilter(logging.Filter("rafid"))
    ours.setFormatter(logging.Formatter("rafid: %(message)s"))
    logging.basicConfig(handlers=[ours], level=logging.WARNING, force=True)
    threading.excepthook = lambda _: None
    # A worker in this process prints the traceback of each bundle that fails, and of one that a killed runner left.
    vars(sdk_worker)["print"] = lambda *_, **__: None


def _is_unexpected(record: logging.LogRecord) -> bool:
    """Whether what Beam logs is more than the traceback of an error that is reported in one line."""
    return not (record.exc_info and isinstance(record.exc_info[1], RafidError))


def _without_stage(error: RafidError) -> RafidError:
    return type(error)(re.sub(r" \[while running .*?\]", "", str(error)))


def stage_error(error: Exception, what: str = "the run", rest: str = "nothing was committed") -> RafidError:
    """The stage's own error, where a runner passes it on as the text of a traceback.

    Args:
        error: what the runner raised.
        what: has failed.
        rest: what became of its work.
    """
    by_name = {f"{kind.__module__}.{kind.__name__}": kind for kind in _subclasses(RafidError)}
    for line in reversed(str(error).splitlines()):
        name, _, message = line.partition(": ")
        if name in by_name:
            return _without_stage(by_name[name](message))
    text = str(error.details() if isinstance(error, grpc.RpcError) else error)
    # A Java stack trace names places below its causes.
    lines = [line for line in text.splitlines() if line.strip() and not re.match(r"\s+(at |\.\.\. )", line)]
    last = lines[-1].removeprefix("Caused by: ") if lines else type(error).__name__
    return _without_stage(RunError(f"{what} failed: {last.rstrip('.')}; {rest}"))


def _subclasses(kind: type[Any]) -> Iterator[type[Any]]:
    for each in kind.__subclasses__():
        yield each
        yield from _subclasses(each)
