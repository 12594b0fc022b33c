"""Runs a graph on a Flink cluster: submits it as one job, follows the job, and ends it when it has to end.

Beam's own way of following gives up when the cluster's REST interface is away for a moment, and leaves the job running
when this process is told to end. Here a run has succeeded when its manifest is there, whatever Flink says of the job,
and a run that has not leaves no job behind.
"""

import contextlib
import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import FlinkRunnerOptions, PipelineOptions

from pipelines.config import FlinkSettings, IngestSettings
from pipelines.graph import RunPlan, ingest
from pipelines.runners.failures import is_lasting, stage_error
from pipelines.runners.flink_failures import job_error
from pipelines.runners.flink_job import check_java_options, job_server_jar, submit
from pipelines.runners.flink_rest import ENDED, FlinkRest, JobView, NoAnswerError
from pipelines.runners.flink_slots import Slots
from pipelines.runners.interruption import Interruption, within
from pipelines.streaming.graphs import ingest_window
from transforms.errors import RafidError, RunError, UsageError
from transforms.runs.run import Run
from transforms.storage import Folder

Say = Callable[[str], None]
_REST = "nothing was committed"  # what errors say of the work that failed
_FIRST_POLL = 0.25  # seconds between the first looks at a job: a short one is not waited for
_SAY_SECONDS = 10  # between two lines of progress that differ in the records only


@contextlib.contextmanager
def alone_on_flink(
    settings: IngestSettings, options: PipelineOptions, say: Say, interruption: Interruption
) -> Iterator[None]:
    """A context for a holder of the output: no job of an earlier driver writes to it, and signals are noted from here.

    Raises:
        UsageError: no cluster is named.
        RunError: it does not answer, or an earlier job does not end.
    """
    with interruption:
        end_earlier_jobs(settings, options, say)
        interruption.check()
        yield


def end_earlier_jobs(settings: IngestSettings, options: PipelineOptions, say: Say) -> None:
    """Ends the jobs on the cluster that write to the output; `say` is told which. The caller holds the output."""
    check_java_options(settings.flink.beam)
    rest = FlinkRest(_master(options), settings.flink)
    rest.version()
    _end_jobs(rest, mark_of(settings.folder()), say)


@contextlib.contextmanager
def windows_on_flink(settings: IngestSettings, options: PipelineOptions, say: Say) -> Iterator[None]:
    """A context for a stream that holds the output: no earlier job writes to it, and at the end its jar goes."""
    end_earlier_jobs(settings, options, say)
    try:
        yield
    finally:
        with contextlib.suppress(RafidError):  # the next driver removes it
            _remove_jars(FlinkRest(_master(options), settings.flink), mark_of(settings.folder()))


def run_on_flink(plan: RunPlan, options: PipelineOptions, say: Say, interruption: Interruption) -> None:
    """Runs `plan` as a job of the cluster that `options` name; `say` is told how it goes.

    Raises:
        UsageError: no cluster is named, or the job-server jar is missing or wrong.
        RunError: the run is not committed, and its job has ended; or the error says that it may not have.
    """
    run, settings = plan.run, plan.settings.flink
    work = Work(run.name, run, lambda pipeline: ingest(pipeline, plan))
    with interruption:
        _work_on_flink(work, settings, options, interruption.check, say)


def run_window_on_flink(
    run: Run, settings: IngestSettings, options: PipelineOptions, check: Callable[[], None], say: Say
) -> None:
    """Has the cluster that `options` name work on a window whose run is open and at hand; `check` may raise.

    Raises:
        UsageError: no cluster is named, or the job-server jar is missing or wrong.
        RunError: the window is not committed, and its job has ended; or the error says that it may not have.
    """
    work = Work("stream", run, lambda pipeline: ingest_window(pipeline, settings), f"window {run.name}", keeps_jar=True)
    _work_on_flink(work, settings.flink, options, check, say)


@dataclass(frozen=True)
class Work:
    """The work that a job on the cluster does.

    Attributes:
        name: of a run, or a stream.
        run: what it commits.
        build: makes its graph.
        what: its name in errors.
        keeps_jar: whether the jar that holds the graph serves for later work of this name too, and stays.
    """

    name: str
    run: Run
    build: Callable[[beam.Pipeline], Any]
    what: str = "the run"
    keeps_jar: bool = False

    @property
    def job_name(self) -> str:
        """The job's name on the cluster: the work, and what tells its output from other outputs."""
        return f"rafid-{self.name}{self.mark}"

    @property
    def mark(self) -> str:
        """The ending of the names of all jobs that write to the output."""
        return mark_of(self.run.folder)


def mark_of(output: Folder) -> str:
    """The ending of the names of all jobs that write to `output`."""
    place = str(output.local_path()) if output.is_local else output.url
    return f"-{hashlib.sha256(place.rstrip('/').encode()).hexdigest()[:8]}"


def _work_on_flink(
    work: Work, settings: FlinkSettings, options: PipelineOptions, check: Callable[[], None], say: Say
) -> None:
    """Has the cluster that `options` name do `work`; `check` is called again and again, and raises what is to end it.

    Raises:
        UsageError: no cluster is named, or the job-server jar is missing or wrong.
        RunError: the work is not done, and its job has ended; or the error says that it may not have.
    """
    rest, check = FlinkRest(_master(options), settings), within(settings.timeout, check)
    there = _uploaded(f"{work.job_name}.jar", rest) if work.keeps_jar else None
    jar = there or job_server_jar(options, rest.version())
    _end_jobs(rest, work.mark, say, keep=there)
    slots = Slots(rest, settings, options, say)
    try:
        check()
        slots.ask()
        if there:
            job = rest.run_jar(there)
        else:
            job = submit(work.build, work.job_name, jar, options, rest, settings.beam, check)
        say(f"flink: submitted {work.job_name} as job {job}")
        view = _follow(job, work, rest, settings, slots, check, say)
        if not work.run.is_done():
            raise _failure(job, work, view, rest)
    except Exception as error:
        _end_jobs_after(error, work, rest, say)
    finally:
        if not work.keeps_jar:
            with contextlib.suppress(RafidError):
                _remove_jars(rest, work.mark)


def _uploaded(name: str, rest: FlinkRest) -> str | None:
    """The id of the jar of that name which is on the cluster."""
    return next((jar for jar, known in rest.jars().items() if known == name), None)


def _master(options: PipelineOptions) -> str:
    master = str(options.view_as(FlinkRunnerOptions).flink_master)
    if master.startswith("["):  # Beam's default: a cluster that Beam would start by itself
        raise UsageError(
            "no Flink cluster: name its REST interface with flink.master, for example flink.master=host:8081"
        )
    return master if "://" in master else f"http://{master}"


def _follow(
    job: str, work: Work, rest: FlinkRest, settings: FlinkSettings, slots: Slots, check: Callable[[], None], say: Say
) -> JobView:
    """The job as it stands at its end."""
    progress, begun, away = _Progress(say), time.monotonic(), False
    answered = begun
    while True:
        check()
        try:
            view = rest.view(job)
        except NoAnswerError as error:
            if time.monotonic() > answered + settings.outage:
                raise RunError(f"{error}, for {settings.outage:g} s now; {_REST}") from error
            if not away:
                say(f"flink: {error}; waiting")
            away = True
        else:
            answered, away = time.monotonic(), False
            progress.show(view)
            if view.state in ENDED:
                return view
            slots.check(view, _REST)
            _check_failure(rest.failure(job), work)
        time.sleep(min(settings.poll, max(_FIRST_POLL, (time.monotonic() - begun) / 10)))


def _check_failure(trace: str, work: Work) -> None:
    """Raises the error of an attempt, where another is in vain; `trace` is empty where none has failed."""
    if trace:
        error = job_error(trace, work.what, _REST)
        if is_lasting(error):
            raise error if isinstance(error, RunError) else RunError(str(error))  # the run had begun


class _Progress:
    """Says how a job goes, when that has changed."""

    def __init__(self, say: Say) -> None:
        self._say, self._said, self._shown = say, 0.0, JobView("", 0, 0, 0, 0)

    def show(self, view: JobView) -> None:
        """Says it at once where more has changed than the records."""
        changed = view != replace(self._shown, records=view.records)
        due = view != self._shown and time.monotonic() > self._said + _SAY_SECONDS
        if not (changed or due):
            return
        self._said, self._shown = time.monotonic(), view
        self._say(
            f"flink: {view.state}, {view.finished} of {view.vertices} vertices done,"
            f" {view.records:,} records, {view.restarts} restarts"
        )


def _failure(job: str, work: Work, view: JobView, rest: FlinkRest) -> RafidError:
    """The reason why the work is not done, as far as Flink knows it."""
    if view.state == "FAILED":
        told = rest.failure(job) or f"Flink job {job} has failed, Flink says not why"
        return job_error(told, work.what, _REST)
    if view.state == "CANCELED":
        return RunError(f"Flink job {job} was cancelled; {_REST}")
    return RunError(
        f"Flink says that job {job} has {view.state}, but {work.what} has no manifest; {_REST}."
        " Do the workers write to the same folder as is read here?"
    )


def _end_jobs(rest: FlinkRest, mark: str, say: Say, keep: str | None = None) -> None:
    """Cancels the jobs that write to our output, one writes at a time: nobody follows these any more.

    Their jars go, but for the one with the id `keep`.
    """
    for job, name in rest.running().items():
        if name.startswith("rafid-") and name.endswith(mark):
            say(f"flink: cancelling {name}, job {job}")
            rest.cancel(job)
    _remove_jars(rest, mark, keep)


def _remove_jars(rest: FlinkRest, mark: str, keep: str | None = None) -> None:
    for jar, name in rest.jars().items():
        if name.endswith(f"{mark}.jar") and jar != keep:
            rest.remove_jar(jar)


def _end_jobs_after(error: Exception, work: Work, rest: FlinkRest, say: Say) -> None:
    """Ends the job of work that went wrong, and raises what did, unless the work is done all the same."""
    wrong = error if isinstance(error, RafidError) else stage_error(error, work.what, _REST)
    try:
        _end_jobs(rest, work.mark, say)
    except NoAnswerError:
        unsure = f"{wrong}; its job may still run at {rest.url}, the next run with this output ends it"
        raise RunError(unsure) from error
    if not work.run.is_done():
        raise wrong from (None if wrong is error else error)
    say(f"flink: {wrong}; yet the run had been committed by then")
