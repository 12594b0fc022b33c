"""Streams on Prism, as people start and end them: what arrives is taken once, in order, whatever happens.

Proves source, windows, stages and driver together on a real runner and real files; not on Flink.
"""

import gzip
import hashlib
import json
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.arriving import arrive, check_whole, kept_texts, small, taken
from tests.plain_job import ingest_plainly, read_whole_output, settings_for
from tests.prism.conftest import Stream
from tests.prism.producer import Producer
from tests.processes import wait_until
from transforms.runs.catalog import committed_runs
from transforms.storage import Folder

Start = Callable[..., Stream]
KILLS = 10


def test_a_stream_takes_what_arrives_and_ends_when_told_to(
    start: Start, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arrive(tmp_path, small(0))
    stream = start("--log-format", "json", "--window", "4s")
    wait_until(lambda: stream.committed() == 1)
    arrive(tmp_path, small(1) | small(2))
    wait_until(lambda: len(taken(stream.output)) == 3)
    arrive(tmp_path, small(3))
    polls = stream.polls()
    wait_until(lambda: stream.polls() > polls + 8)  # it has come to rest, and its window may be open
    code, said, errors = stream.end()
    assert (code, errors) == (0, "rafid: SIGTERM: ending after the windows that are open; once more ends at once\n")
    events = [json.loads(line) for line in said.splitlines()]
    done = [event for event in events if event["event"] == "committed"]
    assert [event["run"] for event in done] == [run.run for run in committed_runs(Folder(str(stream.output)))]
    assert sum(event["bundles"] for event in done) == 4
    assert sum(event["paragraphs"]["kept"] for event in done) == 4
    assert all(event["lag_seconds"] > 0 for event in done)
    ingest_plainly(settings_for(tmp_path / "one", tmp_path / "in"))
    assert read_whole_output(stream.output) == read_whole_output(tmp_path / "one")
    check_whole(stream.output, capsys)


def test_a_signal_while_a_stream_starts_leaves_nothing_behind(start: Start, tmp_path: Path) -> None:
    arrive(tmp_path, small(0))
    stream = start()
    wait_until(stream.holds_output)
    assert stream.end()[0] in (0, -signal.SIGTERM)  # it heeds signals a moment later
    assert list(stream.temporary.iterdir()) == []
    assert not (stream.output / ".drain").exists()


def test_a_drain_file_ends_a_stream(start: Start, tmp_path: Path) -> None:
    arrive(tmp_path, small(0))
    stream = start()
    wait_until(lambda: stream.committed() == 1)
    (stream.output / ".drain").touch()
    assert stream.end(None)[::2] == (0, "")
    assert not (stream.output / ".drain").exists()


def test_a_window_in_which_nothing_arrives_leaves_no_manifest(start: Start, tmp_path: Path) -> None:
    arrive(tmp_path, small(0))
    stream = start()
    wait_until(lambda: stream.committed() == 1)
    time.sleep(3)
    assert stream.end()[0] == 0
    assert stream.committed() == 1


def test_a_cancelled_stream_drops_what_is_not_committed(
    start: Start, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arrive(tmp_path, small(0))
    stream = start("--window", "8000h", "--cancel-now")
    wait_until(lambda: stream.polls() > 8)  # the bundle has come to rest
    code, said, errors = stream.end()
    assert code == 0
    assert errors.endswith("rafid: SIGTERM: ending at once\n")
    assert said == "ended at once; what is not committed is not there\n"
    check_whole(stream.output, capsys)


def test_a_second_stream_on_one_output_says_who_holds_it(start: Start, tmp_path: Path) -> None:
    arrive(tmp_path, small(0))
    first = start()
    wait_until(lambda: first.committed() == 1)
    code, said, errors = start().end(None)
    assert (code, said) == (1, "")
    assert errors.startswith(f"rafid: output {first.output}: run stream (process {first.process.pid} on ")
    assert errors.count("\n") == 1
    assert first.end()[0] == 0
    assert first.committed() == 1


def test_a_stream_goes_on_behind_runs_and_runs_behind_a_stream(start: Start, tmp_path: Path) -> None:
    arrive(tmp_path, small(0))
    ingest_plainly(settings_for(tmp_path / "out", tmp_path / "in"))
    arrive(tmp_path, small(1))
    stream = start()
    wait_until(lambda: stream.committed() == 2)
    assert stream.end()[0] == 0
    arrive(tmp_path, small(2))
    ingest_plainly(settings_for(tmp_path / "out", tmp_path / "in"), new_only=True)
    ingest_plainly(settings_for(tmp_path / "one", tmp_path / "in"))
    assert read_whole_output(tmp_path / "out") == read_whole_output(tmp_path / "one")


def bundles_of(seeds: Path, real: Path) -> dict[str, bytes]:
    """The seeds and the books, each cut into some bundles at its documents, so that there is something to arrive."""
    files = [*sorted(seeds.glob("*.txt")), *sorted((real / "tirmidhi").glob("*.txt.gz"))]
    whole = [gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes() for path in files]
    pieces = [b"<<<FILE>>>" + piece for data in whole for piece in data.split(b"<<<FILE>>>")[1:]]
    groups = [b"".join(pieces[begin : begin + 4]) for begin in range(0, len(pieces), 4)]
    return {f"{number:03d}.txt": data for number, data in enumerate(groups)}


@pytest.mark.timeout(300)
def test_a_hostile_producer_loses_and_repeats_nothing(
    start: Start, tmp_path: Path, seeds: Path, real: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is kept is what one batch run keeps of the versions that were taken, in the order they were taken in."""
    stream = start()
    producer = Producer(tmp_path / "in", seed=8)
    producer.give(bundles_of(seeds, real), lambda: None)
    last = {name: hashlib.sha256(versions[-1]).hexdigest() for name, versions in producer.versions.items()}
    wait_until(lambda: set(last.items()) <= set(taken(stream.output)))
    assert stream.end()[0] == 0
    found = taken(stream.output)
    assert len(set(found)) == len(found), "nothing is taken twice"
    versions = {hashlib.sha256(data).hexdigest(): data for every in producer.versions.values() for data in every}
    (tmp_path / "taken").mkdir()
    for number, (_, digest) in enumerate(found):
        (tmp_path / "taken" / f"{number:03d}.txt").write_bytes(versions[digest])
    ingest_plainly(settings_for(tmp_path / "one", tmp_path / "taken"))
    assert kept_texts(stream.output) == kept_texts(tmp_path / "one")
    check_whole(stream.output, capsys)


@pytest.mark.timeout(400)
def test_kills_of_driver_and_runner_change_nothing(
    start: Start, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chance, number = random.Random(10), 0
    for kill in range(KILLS):
        stream = start()
        wait_until(stream.holds_output)
        for _ in range(chance.randint(1, 3)):
            arrive(tmp_path, small(number))
            number += 1
            time.sleep(chance.uniform(0, 1.2))
        if kill % 2:
            stream.end(signal.SIGKILL)
        else:
            while stream.process.poll() is None:  # at the start Beam tries again
                if runner := stream.runner():
                    os.kill(runner, signal.SIGKILL)
                time.sleep(2)
            code, _, errors = stream.end(None)
            assert code == 1
            assert errors.startswith("rafid: the ")
            assert errors.endswith("; what is committed stays, start again\n")
            assert errors.count("\n") == 1
    stream = start()
    wait_until(lambda: len(taken(stream.output)) == number)
    assert stream.end()[0] == 0
    assert sorted(name for name, _ in taken(stream.output)) == [f"{each:03d}.txt" for each in range(number)]
    ingest_plainly(settings_for(tmp_path / "one", tmp_path / "in"))
    assert read_whole_output(stream.output) == read_whole_output(tmp_path / "one")
    check_whole(stream.output, capsys)
