"""The lease of an output on a real S3 server: one writer at a time, whatever is late, lost, cut or killed."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.s3.conftest import Server
from tests.s3.proxy import Decide, FaultyWay, Stalls, Weather, faulty_way, pass_on
from tests.s3.writers import COMMITTED
from transforms.filesystems import check_guards
from transforms.runs.catalog import committed_runs
from transforms.runs.lease import LOCK, Holder, Lease, LeaseLost, OutputLocked, take_lease, token_of
from transforms.runs.lock import lock_output, void_claims
from transforms.runs.manifest import Manifest
from transforms.storage import Folder

SECONDS = 1.0  # what a lease lasts here
HELD = 3.0  # one that somebody else renews: longer than a busy machine lets that process wait
HOLDER = """
import signal, socket, sys
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever runs the tests may ignore it, as nohup does
socket.gethostname = lambda: "elsewhere"
from transforms.runs.lock import lock_output
from transforms.storage import Folder
with lock_output(Folder(sys.argv[1]), "the-first", seconds=float(sys.argv[2])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def output(bucket: str) -> Folder:
    return Folder(f"{bucket}/out")


@pytest.fixture
def holder(output: Folder) -> Iterator[subprocess.Popen[str]]:
    """A process that says to be on another machine, and holds the output until its input ends."""
    command = [sys.executable, "-c", HOLDER, output.url, str(HELD)]
    with subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def text(server: Server, output: Folder) -> bytes:
    """The lock as it lies on the server."""
    return Path(server.folder, output.url.removeprefix("s3://"), LOCK).read_bytes()


def test_the_second_is_told_who_holds_it(holder: subprocess.Popen[str], output: Folder) -> None:
    said = rf"run the-first \(process {holder.pid} on elsewhere\) .* wait until it ends; .* free 3 s after"
    with pytest.raises(OutputLocked, match=said), lock_output(output, "b"):
        pytest.fail("two at once")


def test_it_is_renewed_while_it_is_held(holder: subprocess.Popen[str], output: Folder) -> None:
    """Somebody who waits does not get it, though it is held for longer than it lasts."""
    taken = threading.Event()

    def wait() -> None:
        with lock_output(output, "b", wait=True, seconds=SECONDS):
            taken.set()

    waiting = threading.Thread(target=wait)
    waiting.start()
    assert not taken.wait(2 * HELD)
    holder.communicate()
    waiting.join()
    assert taken.is_set()


def test_a_killed_holder_on_another_machine_is_healed(holder: subprocess.Popen[str], output: Folder) -> None:
    holder.kill()
    holder.wait()
    with pytest.raises(OutputLocked), lock_output(output, "b"):  # it may live: it was renewed a moment ago
        pytest.fail("two at once")
    begun = time.monotonic()
    with lock_output(output, "b", wait=True) as token:
        assert time.monotonic() >= begun + HELD
        assert token_of(output) == token


def test_a_lock_that_was_left_long_ago_is_taken_without_waiting_for_long(
    holder: subprocess.Popen[str], output: Folder
) -> None:
    holder.kill()
    holder.wait()
    time.sleep(HELD)
    with lock_output(output, "b") as token:
        assert token_of(output) == token


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_signals_release_it(
    holder: subprocess.Popen[str], output: Folder, server: Server, number: signal.Signals
) -> None:
    holder.send_signal(number)
    holder.wait()
    assert text(server, output) == b""
    assert number == signal.SIGINT or holder.returncode == -number
    with lock_output(output, "b"):
        pass


@pytest.mark.parametrize("left", [b'{"run": "a", "process": 1, "host": "here"}', b"\xff", b"null"])
def test_a_lock_that_names_nobody_is_watched_too(output: Folder, left: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transforms.runs.lease.LEASE_SECONDS", SECONDS)
    output.replace_if(LOCK, left, "")
    with lock_output(output, "b", seconds=SECONDS) as token:
        assert token_of(output) == token


def test_the_token_decides_not_the_process(output: Folder) -> None:
    """A container that starts again has the host's name and the process number of the one before."""
    first = take_lease(output, "a", SECONDS, wait=False)
    with pytest.raises(OutputLocked, match=rf"process {os.getpid()} on "), lock_output(output, "b"):
        pytest.fail("took a live one for its own")
    with lock_output(output, "b", wait=True, seconds=SECONDS) as token:
        assert token != first.token
        with pytest.raises(LeaseLost):
            first.renew()
        with pytest.raises(LeaseLost):
            first.check()
    assert token_of(output) == ""


def test_what_is_not_ours_is_not_released(output: Folder, server: Server) -> None:
    first = Lease(output, Holder.of("a", SECONDS))
    first.take("")
    with lock_output(output, "b", wait=True, seconds=SECONDS) as token:
        with first.held():
            pass
        assert token_of(output) == token
    assert text(server, output) == b""


def test_who_lost_it_changes_nothing_more(output: Folder) -> None:
    lost = Lease(output, Holder.of("a", SECONDS))
    lost.take("")
    with lost.held():
        output.write("a/b", b"x")
        output.replace_if(LOCK, Holder.of("other").text(), output.version(LOCK))
        with pytest.raises(LeaseLost):
            lost.renew()
        with pytest.raises(LeaseLost, match="another writer has taken over"):
            output.write("a/c", b"x")
        with pytest.raises(LeaseLost):
            output.create("a/d", b"x")
        with pytest.raises(LeaseLost):
            output.below("a").remove("b")
    check_guards(output.at("a/b"))  # nobody guards it any more
    assert output.files("a") == ["b"]


def test_a_holder_that_slept_goes_on_where_nobody_came(output: Folder) -> None:
    lease = take_lease(output, "a", SECONDS, wait=False)
    time.sleep(2 * SECONDS)  # nobody renews it
    lease.check()
    assert token_of(output) == lease.token


def test_a_claim_that_is_void_commits_nothing(output: Folder) -> None:
    output.write("manifests/a.json", b"0" * 64)
    seen = output.version("manifests/a.json")
    assert committed_runs(output) == []
    void_claims(output)
    assert output.files("manifests") == []
    assert output.version("manifests/a.json") != seen


class Writers:
    """Writers as processes, each with a way of its own to the server."""

    def __init__(self, server: Server) -> None:
        self._server, self._stack = server, ExitStack()
        self._begun: list[subprocess.Popen[str]] = []

    def __enter__(self) -> "Writers":
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._begun:
            each.kill()
            each.communicate()
        self._stack.close()

    def begin(self, name: str, decide: Decide, outputs: Sequence[str]) -> FaultyWay:
        """Begins a writer, and returns its way."""
        way = self._stack.enter_context(faulty_way(self._server.port, decide))
        environment = os.environ | self._server.environment | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{way.port}"}
        environment["FSSPEC_S3"] = '{"config_kwargs": {"max_pool_connections": 100}}'  # stalled ones hold up no others
        command = [sys.executable, "-m", "tests.s3.writers", name, str(SECONDS), *outputs]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        self._begun.append(subprocess.Popen(command, cwd=PROJECT, env=environment, **pipes))
        return way

    def end(self, number: int) -> list[tuple[str, str, str]]:
        """The output, name and end of each run of the writer of that number, when all are done."""
        printed, errors = self._begun[number].communicate(timeout=300)
        assert "Traceback" not in errors
        assert self._begun[number].returncode == 0
        return [(*json.loads(line),) for line in printed.splitlines()]


def check_one_after_the_other(output: str, results: Sequence[tuple[str, str, str]]) -> list[Manifest]:
    """The runs of an output: each has seen all that were committed before it, and no two have one sequence."""
    runs = committed_runs(Folder(output))
    assert [each.sequence for each in runs] == list(range(1, len(runs) + 1))
    for place, each in enumerate(runs):
        assert each.settings["earlier"] == [earlier.run for earlier in runs[:place]]
    ends = {run: end for url, run, end in results if url == output}
    assert {each.run for each in runs} == {run for run, end in ends.items() if end == COMMITTED}
    for end in ends.values():
        assert end == COMMITTED or end.startswith(("LeaseLost: ", "StorageError: ", "RunTaken: "))
    return runs


def make_buckets(server: Server, *urls: str) -> None:
    for each in urls:
        Path(server.folder, each.removeprefix("s3://")).mkdir()


def test_whatever_step_is_late_there_is_one_commit_after_the_other(server: Server, bucket: str) -> None:
    """A writer is cut off before, at and after each of its puts; another takes over; then all it sent arrives."""
    with Writers(server) as writers:
        undisturbed = writers.begin("x", pass_on, [f"{bucket}/out"])
        assert writers.end(0) == [(f"{bucket}/out", "x-0", COMMITTED)]
    puts = [each.number for each in undisturbed.seen if each.method == "PUT"]
    steps = sorted({max(0, put + more) for put in puts for more in (-1, 0, 1)})
    buckets = [f"{bucket}-{step}" for step in steps]
    make_buckets(server, *buckets)
    outputs, stalls = [f"{each}/out" for each in buckets], Stalls()
    with Writers(server) as writers:
        writers.begin("a", stalls, outputs)
        stalls.wait(len(outputs))
        writers.begin("b", pass_on, outputs)
        others = writers.end(1)
        stalls.mend()
        results = [*writers.end(0), *others]
    assert {end for _, _, end in others} == {COMMITTED}
    for each in outputs:
        check_one_after_the_other(each, results)
    ends = [end for _, run, end in results if run == "a-0"]
    assert sum(end.startswith("LeaseLost: ") for end in ends) >= 4


@pytest.mark.parametrize("count", [2, 5])
def test_in_bad_weather_there_is_one_commit_after_the_other(server: Server, bucket: str, count: int) -> None:
    """Requests are late by more than a lease, refused, cut, and answered in vain, at random."""
    with Writers(server) as writers:
        for number in range(count):
            writers.begin(f"w{number}", Weather(number, 0.05, 0.05, 1.5 * SECONDS), [f"{bucket}/out"] * 2)
        results = [each for number in range(count) for each in writers.end(number)]
    assert len(results) == 2 * count
    assert check_one_after_the_other(f"{bucket}/out", results)
