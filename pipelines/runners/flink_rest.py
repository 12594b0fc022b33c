"""Flink's REST interface, as much of it as it takes to submit a job, follow it and end it."""

import contextlib
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from pipelines.config import FlinkSettings
from transforms.errors import RunError, UsageError

BEAM_PROGRAM = "org.apache.beam.runners.flink.FlinkPipelineRunner"  # the class in Beam's jar that runs the graph in it
ENDED = frozenset({"FINISHED", "CANCELED", "FAILED"})
_WITH_SLOT = ("DEPLOYING", "INITIALIZING", "RUNNING", "CANCELING")  # states of subtasks
_CONNECT_SECONDS = 10
_ANSWER_SECONDS = 30
SUBMIT_SECONDS = 600  # a submission is answered when the jar is there, or the job
_END_SECONDS = 120  # a task that is cancelled waits for its worker
_LOOK_SECONDS = 0.5


class FlinkError(RunError):
    """The cluster refused what was asked, or answered what cannot be understood."""


class NoAnswerError(FlinkError):
    """The cluster does not answer now; it may later."""


class UnknownJobError(NoAnswerError):
    """The cluster does not know the job; one that recovers may know it later."""


@dataclass(frozen=True)
class JobView:
    """A job as it is seen from outside.

    Attributes:
        state: Flink's word for it.
        vertices: its vertices.
        finished: those of them that are done.
        records: records that its vertices have written, as its metrics say; of use to a person only.
        restarts: how often it was started anew.
        at_work: subtasks that have a slot; progress without a change of the other figures is none.
    """

    state: str
    vertices: int
    finished: int
    records: int
    restarts: int
    at_work: int = field(default=1, compare=False)

    @property
    def waits_for_slots(self) -> bool:
        """True where it could begin or go on, and has no slot."""
        return self.state in ("CREATED", "RUNNING") and not self.at_work and self.finished < self.vertices


@dataclass(frozen=True)
class SlotView:
    """The slots of a cluster.

    Attributes:
        total: those that its TaskManagers offer.
        free: those of them without a job.
    """

    total: int
    free: int


class FlinkRest:
    """The REST interface of the cluster at `url`."""

    def __init__(self, url: str, settings: FlinkSettings) -> None:
        self.url = url.rstrip("/")
        self._settings = settings
        self._session = requests.Session()
        self._session.trust_env = False  # or the environment's certificates replace those of the settings
        self._session.verify = settings.ca_file or True
        self._session.cert = settings.client_certificate_file

    def request(
        self,
        method: str,
        path: str,
        *,
        accepted: tuple[int, ...] = (200, 202),
        seconds: float = _ANSWER_SECONDS,
        **content: Any,
    ) -> Any:
        """The answer's JSON, None where it is empty.

        Raises:
            NoAnswerError: the connection fails or breaks, or the cluster says that it is not ready.
            FlinkError: any other answer than an accepted one.
        """
        try:
            answer = self._session.request(
                method,
                f"{self.url}/{path}",
                timeout=(_CONNECT_SECONDS, seconds),
                headers=self._credentials(),
                **content,
            )
        except requests.exceptions.SSLError as error:
            raise FlinkError(f"Flink at {self.url}: {_innermost(error)}; name its CA with flink.ca_file") from error
        except requests.exceptions.RequestException as error:
            raise NoAnswerError(f"Flink at {self.url} does not answer: {_innermost(error)}") from error
        if answer.status_code not in accepted:
            raise self._refusal(path, answer)
        try:
            return answer.json() if answer.content else None
        except requests.exceptions.JSONDecodeError as error:
            raise FlinkError(
                f"{self.url}/{path}: answers no JSON; name Flink's REST interface with flink.master"
            ) from error

    def version(self) -> str:
        """The cluster's version, for example `1.20.5`."""
        answer = self.request("GET", "v1/config")
        if not isinstance(answer, dict) or "flink-version" not in answer:
            raise FlinkError(f"{self.url}: is not Flink's REST interface; name that with flink.master")
        return str(answer["flink-version"])

    def slots(self) -> SlotView:
        """The cluster's slots as they are now."""
        overview = self.request("GET", "v1/overview")
        return SlotView(int(overview["slots-total"]), int(overview["slots-available"]))

    def default_parallelism(self) -> int:
        """The cluster's parallelism of jobs that do not name theirs; jobs of uploaded jars have to be told it."""
        configuration = {each["key"]: each["value"] for each in self.request("GET", "v1/jobmanager/config")}
        return int(configuration.get("parallelism.default", 1))

    def running(self) -> dict[str, str]:
        """The names of the jobs that have not ended, by their ids."""
        jobs = self.request("GET", "v1/jobs/overview")["jobs"]
        return {job["jid"]: job["name"] for job in jobs if job["state"] not in ENDED}

    def jars(self) -> dict[str, str]:
        """The names of the uploaded jars, by their ids."""
        return {jar["id"]: jar["name"] for jar in self.request("GET", "v1/jars")["files"]}

    def run_jar(self, jar: str) -> str:
        """The id of a new job, started from an uploaded jar of Beam's: the graph is in it."""
        content = {"entryClass": BEAM_PROGRAM}
        answer = self.request("POST", f"v1/jars/{jar}/run", seconds=SUBMIT_SECONDS, json=content)
        return str(answer["jobid"])

    def remove_jar(self, jar: str) -> None:
        """Removes an uploaded jar; jobs that were started from it do not need it."""
        self.request("DELETE", f"v1/jars/{jar}")

    def view(self, job: str) -> JobView:
        """The job as it stands, some seconds ago at most: Flink keeps the answer that long. That it is done is news."""
        found = self.request("GET", f"v1/jobs/{job}")
        vertices = found["vertices"]
        done = self.request("GET", f"v1/jobs/{job}/status")["status"] == "FINISHED"
        return JobView(
            "FINISHED" if done else found["state"],
            len(vertices),
            len(vertices) if done else sum(vertex["status"] == "FINISHED" for vertex in vertices),
            sum(vertex["metrics"].get("write-records", 0) for vertex in vertices),
            self._restarts(job, found, done),
            sum(vertex["tasks"].get(state, 0) for vertex in vertices for state in _WITH_SLOT),
        )

    def failure(self, job: str) -> str:
        """The stack trace of what made the job fail; empty where Flink has nothing to say."""
        history = self.request("GET", f"v1/jobs/{job}/exceptions").get("exceptionHistory", {}).get("entries", [])
        return str(history[0]["stacktrace"]) if history else ""

    def cancel(self, job: str) -> None:
        """Cancels a job, and waits until it has ended.

        Raises:
            NoAnswerError: it had not after two minutes.
        """
        deadline = time.monotonic() + _END_SECONDS
        while True:
            try:
                if job not in self.running():
                    return
                self.request("PATCH", f"v1/jobs/{job}?mode=cancel", accepted=(200, 202, 404, 409))
            except NoAnswerError:
                if time.monotonic() > deadline:
                    raise
            if time.monotonic() > deadline:
                raise NoAnswerError(f"Flink at {self.url}: job {job} does not end; cancel it there")
            time.sleep(_LOOK_SECONDS)

    def _restarts(self, job: str, found: Any, done: bool) -> int:
        """The number of times that the job was started anew; by subtasks' attempts where the metric is missing or old.

        The metric appears some seconds after the job, stays away at times, and goes with the job.
        """
        counted = 0
        with contextlib.suppress(FlinkError, ValueError, IndexError):
            counted = int(self.request("GET", f"v1/jobs/{job}/metrics?get=numRestarts")[0]["value"])
            if not done and found["state"] not in ENDED:
                return counted
        return max([counted, *(self._attempt(job, vertex["id"]) for vertex in found["vertices"])])

    def _attempt(self, job: str, vertex: str) -> int:
        """The number of the latest attempt of a vertex's subtasks, counted from 0."""
        subtasks = self.request("GET", f"v1/jobs/{job}/vertices/{vertex}")["subtasks"]
        return max((int(each["attempt"]) for each in subtasks), default=0)

    def _credentials(self) -> dict[str, str]:
        """The header that lets us in; read anew each time, since tokens are changed while jobs run."""
        if self._settings.token_file:
            return {"Authorization": f"Bearer {_read_secret('flink.token_file', self._settings.token_file)}"}
        if self._settings.password_file:
            user, colon, password = _read_secret("flink.password_file", self._settings.password_file).partition(":")
            if not colon:
                raise UsageError(
                    f"flink.password_file {self._settings.password_file}: must hold one line user:password"
                )
            return {"Authorization": requests.auth._basic_auth_str(user, password)}
        return {}

    def _refusal(self, path: str, answer: requests.Response) -> FlinkError:
        said = " ".join(answer.text.split())[:500]
        if answer.status_code in (401, 403):
            return FlinkError(
                f"Flink at {self.url}: {answer.status_code} {answer.reason};"
                " name what lets us in with flink.token_file, flink.password_file or flink.client_certificate_file"
            )
        if answer.status_code == 404 and path.startswith("v1/jobs/"):
            return UnknownJobError(f"Flink at {self.url} does not know job {path.split('/')[2].partition('?')[0]}")
        kind = NoAnswerError if answer.status_code in (502, 503, 504) else FlinkError
        return kind(f"Flink at {self.url}: {path}: {answer.status_code} {answer.reason}: {said}")


def _read_secret(setting: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{setting} {path}: cannot be read: {error}") from error


def _innermost(error: BaseException) -> str:
    """The first cause of an error, in its own words; the errors raised from it repeat the request."""
    while error.__context__ is not None:
        error = error.__context__
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
