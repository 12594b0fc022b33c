"""Slots that a job on Flink waits for: said before it is submitted and while it waits, and not waited for without end.

The job is submitted all the same: some clusters start TaskManagers only when a job asks for slots.
"""

import time
from collections.abc import Callable

from apache_beam.options.pipeline_options import FlinkRunnerOptions, PipelineOptions

from pipelines.config import FlinkSettings
from pipelines.runners.flink_rest import FlinkRest, JobView
from transforms.errors import RunError

_SAY_SECONDS = 10  # a job that has been without a slot for so long says it


class Slots:
    """The slots that a job needs, and how long it has been without any."""

    def __init__(
        self, rest: FlinkRest, settings: FlinkSettings, options: PipelineOptions, say: Callable[[str], None]
    ) -> None:
        self._rest, self._say, self._seconds = rest, say, settings.slot_timeout
        given = options.view_as(FlinkRunnerOptions).parallelism
        self._parallelism = given if given and given > 0 else None  # Beam's default stands for the cluster's
        self._since: float | None = None
        self._said = False

    def ask(self) -> None:
        """Says before the job is submitted that it will wait, and what for."""
        slots = self._rest.slots()
        if slots.free < (self._parallelism or 1):
            self._tell(f"{slots.free} of the cluster's {slots.total} are free")

    def check(self, view: JobView, rest: str) -> None:
        """Takes note of how the job stands; `rest` is what an error says of its results.

        Raises:
            RunError: it has waited for slots for too long.
        """
        if not view.waits_for_slots:
            self._since = None
            return
        now = time.monotonic()
        self._since = now if self._since is None else self._since
        if now > self._since + self._seconds:
            raise RunError(
                f"no slot for the job for flink.slot_timeout, {self._seconds:g} s: {self._there()}{self._asked()};"
                f" start TaskManagers, or lower flink.parallelism; {rest}"
            )
        if now > self._since + _SAY_SECONDS and not self._said:
            self._tell(self._there())

    def _tell(self, there: str) -> None:
        self._said = True
        lack = f"{there}{self._asked()}"
        self._say(f"flink: waiting for slots: {lack}; given up after flink.slot_timeout, {self._seconds:g} s")

    def _there(self) -> str:
        """The slots of the cluster; a job that waits has taken those that were free, and they do not suffice."""
        return f"the cluster has {self._rest.slots().total} for all its jobs"

    def _asked(self) -> str:
        return f", flink.parallelism asks for {self._parallelism}" if self._parallelism else ""
