"""What the tests on Prism share: Prism, a folder that bundles arrive in, and drivers as processes of their own."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import PROJECT, UNSEGMENTED
from tests.flink.conftest import bundles, expected, pool  # noqa: F401 - fixtures
from tests.flink.conftest import start as start_run  # noqa: F401 - a fixture; `start` is that of streams
from tests.processes import children_of, nothing_stays, prism, wait_until  # noqa: F401 - fixtures

WINDOW, SETTLE, EVERY = "1s", "300ms", "100ms"


class Stream:
    """A driver of a stream from the folder `in` to the folder `out`, in a process of its own."""

    def __init__(self, folder: Path, binary: Path, *more: str) -> None:
        self.input, self.output = folder / "in", folder / "out"
        temporary = folder / "temporary"
        temporary.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "tests.flink.counted", "--streaming", "--input", str(self.input)]
        times = ["--window", WINDOW, "--settle", SETTLE, "--every", EVERY, f"--output={self.output}"]
        runner = ["--runner=PrismRunner", f"--prism_location={binary}", *UNSEGMENTED]
        self.process = subprocess.Popen(
            [*command, *times, *runner, *more],
            cwd=PROJECT,
            env={**os.environ, "TMPDIR": str(temporary)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.temporary = temporary

    def committed(self) -> int:
        """How many windows have a manifest."""
        return len(list(self.output.glob("manifests/*.json")))

    def polls(self) -> int:
        """How often it has looked at its input, since the first stream of the test began."""
        file = self.output.with_name("polls")
        return file.stat().st_size if file.exists() else 0

    def holds_output(self) -> bool:
        """Whether it has begun, and is the one that writes."""
        lock = self.output / ".lock"
        return lock.exists() and f'"process":{self.process.pid},' in lock.read_text().replace(" ", "")

    def runner(self) -> int | None:
        """The process id of its Prism, if that has begun."""
        return next((pid for pid, name in children_of(self.process.pid).items() if name == "prism"), None)

    def end(self, number: signal.Signals | None = signal.SIGTERM) -> tuple[int, str, str]:
        """The exit code, what was said, and the errors, after the signal."""
        if number is not None:
            self.process.send_signal(number)
        said, errors = self.process.communicate(timeout=180)
        assert "Traceback" not in errors, errors
        return self.process.returncode, said, errors


@pytest.fixture
def start(tmp_path: Path, prism: Path) -> Iterator[Callable[..., Stream]]:  # noqa: F811
    """Starts a stream; what still runs at the end of the test is killed."""
    (tmp_path / "in").mkdir()
    started: list[Stream] = []

    def begin(*more: str) -> Stream:
        started.append(Stream(tmp_path, prism, *more))
        return started[-1]

    yield begin
    for each in started:
        each.process.kill()
        each.process.communicate()
