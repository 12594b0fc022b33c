"""A Flink cluster on this machine: `make flink` starts it, `make flink-stop` ends it; it listens on loopback only."""

import argparse
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import requests
import yaml

from pipelines.cli import Command, Parser, run
from transforms.errors import RunError, UsageError

_HOST = "127.0.0.1"
_START_SECONDS = 120
_STOP_SECONDS = 15


class LocalCluster:
    """A JobManager and TaskManagers of the Flink in `home`; `folder` is theirs: configuration, logs, temporary files.

    Who started the processes does not matter: whoever names the same folder can end them, and only them.
    """

    def __init__(self, home: Path, folder: Path, port: int = 0, slots: int = 2) -> None:
        self.home, self.folder, self.slots = home.absolute(), folder.absolute(), slots
        self.port = port or self._configured_port() or free_port()
        self._children: list[subprocess.Popen[bytes]] = []

    @property
    def url(self) -> str:
        """The address of the REST interface."""
        return f"http://{_HOST}:{self.port}"

    @property
    def _mark(self) -> str:
        """A setting that stands in the command line of each process, and tells ours from others."""
        return f"io.tmp.dirs={self.folder / 'tmp'}"

    def start(self, task_managers: int = 1, workers: Sequence[str] = ()) -> None:
        """Starts the cluster, and waits until all its slots are there.

        Args:
            task_managers: how many.
            workers: the worker pool of each, where they do not share one.

        Raises:
            UsageError: Flink or Java is missing, or the port is taken.
            RunError: it did not come up in two minutes.
        """
        if not (self.home / "bin" / "jobmanager.sh").is_file():
            raise UsageError(f"{self.home}: holds no Flink; install one with make flink")
        if not shutil.which("java"):
            raise UsageError("java: not installed; Flink needs Java 11 or 17")
        if self.processes("jobmanager") or not _is_free(self.port):
            raise UsageError(f"port {self.port}: something listens there; end it, make flink-stop if it is our cluster")
        self._write_configuration(task_managers)
        self.start_job_manager()
        for own in workers or [""] * task_managers:
            self.start_task_manager(own)
        self.wait_for_slots(task_managers * self.slots)

    def start_job_manager(self) -> int:
        """The process id of the JobManager just started."""
        return self._start("jobmanager")

    def start_task_manager(self, workers: str = "") -> int:
        """The process id of the TaskManager just started; `workers` is its pool, for a job of translation/."""
        return self._start("taskmanager", f"-Dworkers={workers}" if workers else "")

    def wait_for_slots(self, slots: int) -> None:
        """Waits until the cluster offers `slots` slots."""
        deadline = time.monotonic() + _START_SECONDS
        while self.offered_slots() < slots:
            if time.monotonic() > deadline or not self.processes("jobmanager"):
                raise RunError(f"Flink at {self.url} did not come up; see {self.folder / 'log'}")
            time.sleep(0.25)

    def offered_slots(self) -> int:
        """The slots that the cluster offers; 0 where nothing answers."""
        with contextlib.suppress(requests.exceptions.RequestException, ValueError, KeyError), _session() as session:
            return int(session.get(f"{self.url}/v1/overview", timeout=5).json()["slots-total"])
        return 0

    def processes(self, role: str) -> list[int]:
        """The process ids of our JobManager or TaskManagers that run, in the order of their start."""
        for child in self._children:
            child.poll()  # or those that ended would still be seen
        started = self._pid_file(role).read_text().split() if self._pid_file(role).is_file() else []
        return [int(pid) for pid in started if self._mark in _command_line(int(pid))]

    def stop(self) -> None:
        """Ends the processes of this cluster, TaskManagers first, and waits until they have ended."""
        for role in ("taskmanager", "jobmanager"):
            self._end(role, signal.SIGTERM, _STOP_SECONDS)
            self._end(role, signal.SIGKILL, _STOP_SECONDS)
            self._pid_file(role).unlink(missing_ok=True)
        for child in self._children:
            child.wait()

    def _end(self, role: str, number: signal.Signals, seconds: float) -> None:
        for pid in self.processes(role):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        deadline = time.monotonic() + seconds
        while self.processes(role) and time.monotonic() < deadline:
            time.sleep(0.1)

    def _start(self, role: str, java_options: str = "") -> int:
        folders = {"FLINK_CONF_DIR": f"{self.folder}/conf", "FLINK_LOG_DIR": f"{self.folder}/log"}
        environment = {**os.environ, **folders, "FLINK_ENV_JAVA_OPTS_TM": java_options}
        with (self.folder / "log" / f"{role}.out").open("ab") as output:
            process = subprocess.Popen(
                ["bash", str(self.home / "bin" / f"{role}.sh"), "start-foreground", "-D", self._mark],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # a terminal's interrupt is not for it
            )
        self._children.append(process)
        with self._pid_file(role).open("a") as file:
            print(process.pid, file=file)  # the script becomes the Java process
        return process.pid

    def _write_configuration(self, task_managers: int) -> None:
        for name in ("conf", "log", "tmp", "upload"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        shipped = self.home / "conf"
        for name in ("log4j-console.properties", "log4j.properties"):
            shutil.copyfile(shipped / name, self.folder / "conf" / name)
        options = yaml.safe_load((shipped / "config.yaml").read_text())["env"]["java"]["opts"]["all"]
        (self.folder / "conf" / "config.yaml").write_text(yaml.safe_dump(self._configuration(options, task_managers)))

    def _configuration(self, java_options: str, task_managers: int) -> dict[str, object]:
        """What differs from Flink's defaults; `java_options` open the JDK's modules, as shipped with this Flink."""
        return {
            "env": {"java": {"opts": {"all": java_options}}},
            "jobmanager": {
                "bind-host": _HOST,
                "rpc": {"address": _HOST, "port": free_port()},
                "memory": {"process": {"size": "1024m"}},
            },
            "taskmanager": {
                "bind-host": _HOST,
                "host": _HOST,
                "numberOfTaskSlots": self.slots,
                "memory": {"process": {"size": "1536m"}, "network": {"min": "128mb", "max": "128mb"}},
                "network": {"sort-shuffle": {"min-buffers": 32}},  # an exchange; 512 by default, and a join has many
            },
            "parallelism": {"default": task_managers * self.slots},  # all slots work, whoever submits
            "rest": {"address": _HOST, "bind-address": _HOST, "port": self.port},
            "metrics": {"fetcher": {"update-interval": 1000}},  # milliseconds; progress shows restarts at once
            "heartbeat": {"interval": 2000, "timeout": 10000},  # milliseconds; a lost worker is seen soon
            "restart-strategy": {"type": "fixed-delay", "fixed-delay": {"attempts": 10, "delay": "1 s"}},
            "web": {"upload": {"dir": str(self.folder / "upload")}},
        }

    def _configured_port(self) -> int:
        path = self.folder / "conf" / "config.yaml"
        return int(yaml.safe_load(path.read_text())["rest"]["port"]) if path.is_file() else 0

    def _pid_file(self, role: str) -> Path:
        return self.folder / f"{role}.pids"


@contextlib.contextmanager
def _session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False  # no proxy stands between this machine and itself
        yield session


def free_port() -> int:
    """A port of the loopback interface that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind((_HOST, 0))
        return int(listener.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex((_HOST, port)) != 0


def _command_line(pid: int) -> str:
    """How a process was started; empty where there is none."""
    found = subprocess.run(["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return found.stdout


def parser() -> Parser:
    """The command line."""
    command = Parser(prog="python -m tests.flink.cluster", description=__doc__)
    command.add_argument("action", choices=("start", "stop"))
    command.add_argument("--home", type=Path, default=Path(".cluster/flink"), help="the Flink installation")
    command.add_argument("--folder", type=Path, default=Path(".cluster/local"), help="what the cluster writes")
    command.add_argument("--port", type=int, default=0, help="of the REST interface (default: a free one)")
    command.add_argument("--slots", type=int, default=2, help="tasks at a time (default: %(default)s)")
    return command


def main(argv: Sequence[str] | None = None) -> int:
    """Starts or stops the cluster; returns the exit code."""
    return run(Command(parser, _act), argv)


def _act(arguments: argparse.Namespace) -> int:
    cluster = LocalCluster(arguments.home, arguments.folder, arguments.port, arguments.slots)
    if arguments.action == "stop":
        cluster.stop()
    else:
        cluster.start()
        print(f"Flink runs at {cluster.url}; end it with make flink-stop")
    return 0


if __name__ == "__main__":
    sys.exit(main())
