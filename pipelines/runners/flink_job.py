"""A Beam graph as a job of a Flink cluster: Beam's Flink runner, with our way to the cluster and a look at the jar."""

import contextlib
import copy
import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import FlinkRunnerOptions, GoogleCloudOptions, PipelineOptions
from apache_beam.runners.portability.flink_runner import FlinkRunner
from apache_beam.runners.portability.flink_uber_jar_job_server import FlinkBeamJob, FlinkUberJarJobServer
from apache_beam.runners.portability.job_server import JavaJarJobServer

from pipelines.config import JavaValue
from pipelines.graph import Graph
from pipelines.runners.flink_rest import BEAM_PROGRAM, SUBMIT_SECONDS, FlinkRest
from transforms.errors import UsageError

_ENTRY = f"{BEAM_PROGRAM.replace('.', '/')}.class"
_RELEASE = "org/apache/beam/sdk/sdk.properties"


def submit(
    build: Callable[[beam.Pipeline], Any],
    name: str,
    jar: str,
    options: PipelineOptions,
    rest: FlinkRest,
    java_options: Mapping[str, JavaValue],
    check: Callable[[], None],
) -> str:
    """Flink's id of a new job `name` on the cluster: the graph that `build` makes, with `jar`, uploaded as `name`.jar.

    `java_options` go into the jar with `options`. `check` is called before each request, and may raise.
    """
    options = copy.deepcopy(options)  # Beam changes the options of a run
    options.view_as(GoogleCloudOptions).job_name = name
    flink = options.view_as(FlinkRunnerOptions)
    flink.flink_job_server_jar = jar
    if flink.parallelism <= 0:
        flink.parallelism = rest.default_parallelism()  # Flink itself gives one task to a job that does not say it
    with _own_temporary_folder():
        server = _JobServer(rest, options, name, java_options, check)
        pipeline = Graph(_Runner(server), options)
        build(pipeline)
        pipeline.run()
    return server.flink_job_id


def check_java_options(names: Iterable[str]) -> None:
    """Looks whether only Beam's Java knows the options of `flink.beam`.

    Raises:
        UsageError: Beam's Python has one of them too, or sets it by itself.
    """
    known = PipelineOptions([]).get_all_options()
    for name in names:
        if name in known:
            raise UsageError(
                f"flink.beam.{name}: is not of Beam's Java only; give --{name} on the command line instead"
            )


def job_server_jar(options: PipelineOptions, flink_version: str) -> str:
    """The path of Beam's job-server jar: the one that `options` name, or the one that Beam fetches; looked at.

    Raises:
        UsageError: there is none, or it is not the one for this Beam and this Flink.
    """
    named = options.view_as(FlinkRunnerOptions).flink_job_server_jar
    try:
        path = named or _fetched_jar(flink_version)
    except (OSError, ValueError, RuntimeError) as error:
        raise UsageError(
            f"flink.job_server_jar: not set, and Beam could not fetch the jar for Flink {flink_version} ({error});"
            " see docs/flink.md for where it comes from"
        ) from error
    check_jar(path, flink_version)
    return str(path)


def check_jar(path: str, flink_version: str) -> None:
    """Looks whether the file is Beam's job server, of this Beam, and as far as its name tells for this Flink.

    Raises:
        UsageError: it is not.
    """
    named = f"flink.job_server_jar {path}"
    try:
        with zipfile.ZipFile(path) as jar:
            release = re.search(rb"^version=(\S+)", jar.read(_RELEASE), re.MULTILINE)
            jar.getinfo(_ENTRY)
    except FileNotFoundError as error:
        raise UsageError(f"{named}: is not there; see docs/flink.md for where it comes from") from error
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise UsageError(f"{named}: is not Beam's Flink job server; see docs/flink.md for the right one") from error
    found = release.group(1).decode() if release else "an unknown version"
    if found != beam.__version__:
        raise UsageError(f"{named}: is of Beam {found}, this is Beam {beam.__version__}; take the jar of this version")
    target = re.search(r"flink-(\d+\.\d+)-job-server", Path(path).name)
    if target and target.group(1) != _minor(flink_version):
        raise UsageError(f"{named}: is for Flink {target.group(1)}, the cluster is {flink_version}; take its jar")


class _Job(FlinkBeamJob):
    """Beam's job, with requests that go through `rest`."""

    rest: FlinkRest
    name: str
    check: Callable[[], None]

    def request(self, method: Any, path: str, expected_status: int = 200, **content: Any) -> Any:
        """The answer to a request of Beam's; `method` is a function of the module requests."""
        self.check()
        if "files" in content:
            _, jar = content["files"]["jarfile"]
            content["files"] = {"jarfile": (f"{self.name}.jar", jar)}  # where Beam has one name for all
        accepted = (expected_status,)
        return self.rest.request(method.__name__.upper(), path, accepted=accepted, seconds=SUBMIT_SECONDS, **content)


class _JobServer(FlinkUberJarJobServer):
    """Beam's job server, whose job goes through `rest` and is known."""

    def __init__(
        self,
        rest: FlinkRest,
        options: PipelineOptions,
        name: str,
        java_options: Mapping[str, JavaValue],
        check: Callable[[], None],
    ) -> None:
        super().__init__(rest.url, options)
        self._rest, self._name, self._java_options, self._check = rest, name, java_options, check
        self._job: _Job | None = None

    def create_beam_job(self, job_id: str, job_name: str, pipeline: Any, options: Any) -> _Job:
        """The job; Beam calls this once."""
        for key, value in self._java_options.items():
            # Beam hands whole numbers on as text too: a Struct would make floats of them.
            options[f"beam:option:{key}:v1"] = str(value) if type(value) is int else value
        jar, port = self._executable_jar, self._artifact_port
        self._job = _Job(self._master_url, jar, job_id, job_name, pipeline, options, port)
        self._job.rest, self._job.name, self._job.check = self._rest, self._name, self._check
        return self._job

    @property
    def flink_job_id(self) -> str:
        """Flink's id of the job, once it is submitted."""
        assert self._job is not None
        return str(self._job._flink_job_id)


class _Runner(FlinkRunner):
    """Beam's Flink runner with a job server of ours."""

    def __init__(self, server: _JobServer) -> None:
        super().__init__()
        self._server = server

    def default_job_server(self, options: PipelineOptions) -> _JobServer:
        """Our server; inside the cluster the jar finds its master by itself, as with Beam's own."""
        options.view_as(FlinkRunnerOptions).flink_master = "[auto]"
        return self._server


@contextlib.contextmanager
def _own_temporary_folder() -> Iterator[None]:
    """A folder for what Beam leaves lying: an empty folder always, and a copy of the jar when a submission fails."""
    before, tempfile.tempdir = tempfile.tempdir, tempfile.mkdtemp(prefix="rafid-flink-")
    try:
        yield
    finally:
        shutil.rmtree(tempfile.tempdir, ignore_errors=True)
        tempfile.tempdir = before


def _fetched_jar(flink_version: str) -> str:
    url = JavaJarJobServer.path_to_beam_jar(f":runners:flink:{_minor(flink_version)}:job-server:shadowJar")
    return str(JavaJarJobServer.local_jar(url))


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])
