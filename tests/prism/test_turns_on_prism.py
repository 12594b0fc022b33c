"""The graph of a stream on Prism, with a source that keeps to a script: on time, empty and crowded windows.

Proves the queue of windows with real timers and watermarks of a portable runner; not Flink's.
"""

import errno
import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import apache_beam as beam
import grpc
import pytest
from apache_beam.coders import PickleCoder
from apache_beam.testing.test_stream import TestStream as Script
from apache_beam.transforms.window import TimestampedValue
from apache_beam.utils.timestamp import Timestamp

from pipelines.runners.running import beam_options, runner_of
from pipelines.streaming.graphs import ingest_arrivals
from pipelines.streaming.windows import WindowRuns
from tests.corpus import manifest_of
from tests.flink.cluster import free_port
from tests.plain_job import ingest_plainly, read_whole_output, settings_for, write_bundles
from transforms.bundles.listing import list_bundles
from transforms.bundles.stores import LocalSource
from transforms.runs.catalog import committed_runs
from transforms.storage import Folder
from transforms.streaming.turns import Arrival

# When Prism ends, threads of Beam's worker in this process are told so, and say so.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")

SIZE = 10_000
BEGIN = 1_795_000_000_000


@pytest.fixture(autouse=True)
def leftovers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Beam leaves lying when it stages a graph goes with the test's folder."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))


@pytest.fixture(scope="module")
def endpoint(prism: Path) -> Iterator[str]:
    """Where a Prism serves that was started for these tests."""
    port = free_port()
    command = [prism, "--job_port", str(port), "--serve_http=false"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        grpc.channel_ready_future(grpc.insecure_channel(f"localhost:{port}")).result(timeout=120)
        yield f"localhost:{port}"
        process.terminate()


def bundle(number: int) -> str:
    """A bundle that repeats a paragraph of the one before, and holds one of its own."""
    return "".join(f"كلام طويل في الحزمة رقم {each} من هذه الحزم الكثيرة\n" for each in (max(0, number - 1), number))


def run_script(
    endpoint: str, folder: Path, windows: Sequence[Sequence[int]], *, late: Sequence[int] = ()
) -> list[list[str]]:
    """The names of the bundles of each run: window n takes those of `windows[n]`, `late` come behind their window."""
    settings = settings_for(folder / "out", folder / "in", segmentation__engine="none")
    listed = {int(each.name[:2]): each for each in list_bundles([str(folder / "in")])}
    script = Script(coder=PickleCoder()).advance_watermark_to(_timestamp(BEGIN))

    def arriving(numbers: Sequence[int], begin: int) -> list[TimestampedValue]:
        times = [(number, begin + 1000 + place) for place, number in enumerate(numbers)]
        return [TimestampedValue(Arrival(listed[number], time), _timestamp(time)) for number, time in times]

    for place, numbers in enumerate(windows):
        begin = BEGIN + place * SIZE
        if numbers:
            script = script.add_elements(arriving(numbers, begin))
        script = script.advance_watermark_to(_timestamp(begin + SIZE)).advance_processing_time(5)
    if late:
        script = script.add_elements(arriving(late, BEGIN))
    options = beam_options(
        ["--runner=PortableRunner", f"--job_endpoint={endpoint}", "--environment_type=LOOPBACK", "--streaming"]
    )
    with beam.Pipeline(runner_of(options), options) as pipeline:
        arrivals = pipeline | script.advance_watermark_to_infinity()
        ingest_arrivals(arrivals, WindowRuns(settings, SIZE), batch=2)
    runs = [each.run for each in committed_runs(Folder(str(folder / "out")))]
    assert runs == sorted(runs), "the order of commits is that of the windows"
    return [[each["name"] for each in manifest_of(folder / "out", run)["inputs"]] for run in runs]


def _timestamp(milliseconds: int) -> Timestamp:
    return Timestamp(micros=milliseconds * 1000)


@pytest.mark.parametrize(
    ("windows", "late", "wanted"),
    [
        ([[0], [1], [2]], [], [["00"], ["01"], ["02"]]),
        ([[0], [], [], [1], []], [], [["00"], ["01"]]),
        ([list(range(12)), [12], []], [], [[f"{n:02d}" for n in range(12)], ["12"]]),
        ([[0, 1], [3, 2]], [4], [["00", "01"], ["02", "03"], ["04"]]),
        ([[0], [0, 1], [1, 0]], [], [["00"], ["01"]]),
        ([[], []], [], []),
    ],
    ids=["on time", "empty", "crowded", "late", "offered again", "nothing"],
)
def test_each_window_is_committed_once_in_order(
    endpoint: str, tmp_path: Path, windows: list[list[int]], late: list[int], wanted: list[list[str]]
) -> None:
    """What is kept is what one plain job keeps of the same bundles in their order."""
    write_bundles(tmp_path / "in", {f"{number:02d}.txt": bundle(number) for number in range(13)})
    found = run_script(endpoint, tmp_path, windows, late=late)
    assert [[name.removesuffix(".txt") for name in names] for names in found] == wanted
    if found:
        ingest_plainly(settings_for(tmp_path / "one", *(tmp_path / "in" / name for names in found for name in names)))
        assert read_whole_output(tmp_path / "out") == read_whole_output(tmp_path / "one")


@pytest.mark.parametrize(
    ("times", "wanted", "rejected"),
    [(1, [["00", "01", "02"]], 0), (100, [["00", "01", "02", "03"]], 1)],
    ids=["once", "always"],
)
def test_a_bundle_that_fails_does_not_stop_the_stream(
    endpoint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    times: int,
    wanted: list[list[str]],
    rejected: int,
) -> None:
    """Its window is given up, and its bundles go into the next; if it fails for good, it is rejected."""
    write_bundles(tmp_path / "in", {f"{number:02d}.txt": bundle(number) for number in range(4)})
    plain, failures = LocalSource.read_into, [OSError(errno.EIO, os.strerror(errno.EIO))] * times

    def read_into(self: LocalSource, target: memoryview, offset: int) -> int:
        if str(self._file.name).endswith("01.txt") and failures:
            raise failures.pop()
        return plain(self, target, offset)

    monkeypatch.setattr(LocalSource, "read_into", read_into)
    found = run_script(endpoint, tmp_path, [[0, 1], [2], [3], []])
    runs = [manifest_of(tmp_path / "out", run.run) for run in committed_runs(Folder(str(tmp_path / "out")))]
    assert [[name.removesuffix(".txt") for name in names] for names in found][: len(wanted)] == wanted
    assert sorted(name for names in found for name in names) == [f"{number:02d}.txt" for number in range(4)]
    assert sum(run["rejects"].get("unreadable_bundle", 0) for run in runs) == rejected
    assert {path.name for path in (tmp_path / "out" / "index").iterdir() if path.name.startswith("run=")} <= {
        f"run={run['run']}" for run in runs
    }
