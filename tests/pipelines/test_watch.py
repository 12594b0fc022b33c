"""The command that watches: its options, its signals, its figures; in processes of its own."""

import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipelines.cli import seconds
from pipelines.watch import main
from tests.conftest import PROJECT, UNSEGMENTED
from tests.plain_job import ingest_plainly, read_whole_output, settings_for, write_bundles
from transforms.errors import UsageError
from transforms.runs.catalog import committed_runs
from transforms.storage import Folder


@pytest.mark.parametrize(
    ("text", "wanted"), [("30s", 30.0), ("500ms", 0.5), ("5m", 300.0), ("1h", 3600.0), ("2.5", 2.5), ("0", 0.0)]
)
def test_times(text: str, wanted: float) -> None:
    assert seconds(text, "--every") == wanted


@pytest.mark.parametrize("text", ["", "s", "-1s", "1 s", "5 minutes", "1d"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(UsageError, match=r"--settle .*: is not a time; write for example 500ms"):
        seconds(text, "--settle")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--output", "o"], "no input"),
        (["--input", "i"], "no output"),
        (["--input", "i", "--output", "o", "--every", "soon"], "--every soon: is not a time"),
        (["--input", "nope", "--output", "o"], "input nope: no folder /"),
        (["--input", "seeds/nope/*.txt", "--output", "o"], "seeds/nope; make it, or check the spelling"),
        (["--input", "i", "--output", "o", "--metrics-port", "x"], "--metrics-port"),
        (
            ["--input", "seeds", "--output", "o", "--metrics-host", "192.0.2.1", "--metrics-port", "0"],
            "--metrics-port 0",
        ),
        (["--input", "i", "--output", "o", "--nonsense"], "--nonsense: unknown option"),
    ],
)
def test_wrong_use(
    arguments: list[str], line: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(PROJECT)
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert line in error
    assert error.count("\n") == 1


class Process:
    """A watch in a process of its own, every 50 ms, a settled bundle after 100 ms."""

    def __init__(self, folder: Path) -> None:
        self.output = folder / "out"
        arguments = [
            "--input",
            str(folder / "in"),
            "--output",
            str(self.output),
            "--every",
            "50ms",
            "--settle",
            "100ms",
        ]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pipelines.watch", *arguments, "--metrics-port", "0", *UNSEGMENTED],
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def line(self, start: str) -> str:
        """The next line that starts so; those before it are passed over."""
        assert self.process.stdout is not None
        return next(line for line in self.process.stdout if line.startswith(start)).strip()

    def end(self, number: signal.Signals) -> tuple[int, str]:
        self.process.send_signal(number)
        _, error = self.process.communicate(timeout=180)
        return self.process.returncode, error


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], Process]]:
    """Starts a watch on the folder `in`; what still runs at the end of the test is killed."""
    (tmp_path / "in").mkdir()
    started: list[Process] = []

    def begin() -> Process:
        started.append(Process(tmp_path))
        return started[-1]

    yield begin
    for each in started:
        each.process.kill()
        each.process.communicate()


@pytest.mark.timeout(180)
def test_bundles_that_arrive_are_taken_and_counted(start: Callable[[], Process], tmp_path: Path) -> None:
    watch = start()
    url = watch.line("figures at ").removeprefix("figures at ")
    assert url.startswith("http://127.0.0.1:")
    for at in range(3):
        write_bundles(tmp_path / "in", {f"{at}.txt": f"كلام طويل في الحزمة رقم {at // 2} من هذه الحزم\n" + "—\n" * at})
        assert f"1 bundles, {at + 1} paragraphs" in watch.line("run ")
    with urllib.request.urlopen(url) as answer:
        figures = dict(line.rsplit(" ", 1) for line in answer.read().decode().splitlines() if not line.startswith("#"))
    assert figures["rafid_windows_total"] == "3.0"
    assert figures['rafid_paragraphs_total{place="kept"}'] == "3.0"
    assert figures['rafid_paragraphs_total{place="duplicate"}'] == "3.0"
    code, error = watch.end(signal.SIGTERM)
    assert (code, error) == (0, "rafid: SIGTERM: ending after the run in progress\n")
    ingest_plainly(settings_for(tmp_path / "one", tmp_path / "in"))
    assert read_whole_output(tmp_path / "out") == read_whole_output(tmp_path / "one")
    assert len(list((tmp_path / "out" / "reports").glob("run-*.html"))) == 3
    assert (tmp_path / "out" / "reports" / "index.html").exists()
    assert (tmp_path / "out" / "README.md").read_text(encoding="utf-8").count("    - documents/") == 3


@pytest.mark.timeout(180)
def test_a_killed_watch_loses_and_repeats_nothing(start: Callable[[], Process], tmp_path: Path) -> None:
    bundles = {f"{at:02d}.txt": f"كلام طويل في الحزمة رقم {at // 2} من هذه الحزم\nسطر {at}\n" for at in range(12)}
    for number, name in enumerate(bundles):
        write_bundles(tmp_path / "in", {name: bundles[name]})
        if number % 4 == 3:
            watch = start()
            watch.line("watching ")
            time.sleep(0.1 * number)  # somewhere between the first listing and the commit
            assert watch.end(signal.SIGKILL)[0] == -signal.SIGKILL
    watch = start()
    watch.line("watching ")
    output, deadline = Folder(str(tmp_path / "out")), time.monotonic() + 60
    while sum(len(run.inputs) for run in committed_runs(output)) < 12 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert watch.end(signal.SIGINT)[0] == 0
    taken = [each.url for run in committed_runs(output) for each in run.inputs]
    assert sorted(taken) == [str(tmp_path / "in" / name) for name in sorted(bundles)]
    ingest_plainly(settings_for(tmp_path / "one", tmp_path / "in"))
    assert read_whole_output(tmp_path / "out").kept == read_whole_output(tmp_path / "one").kept
