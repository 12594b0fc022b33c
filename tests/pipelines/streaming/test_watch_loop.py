"""The watch, by a clock that the test turns: what it takes, when, and what it does when things go wrong."""

import os
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from pipelines.batch import Publisher
from pipelines.config import IngestSettings
from pipelines.job import Slice
from pipelines.streaming.watch_loop import Surroundings, Watch, WatchMetrics, watch
from tests.plain_job import PlainRunner, ingest_plainly, read_whole_output, settings_for, write_bundles
from transforms.bundles.errors import BundleChanged
from transforms.bundles.listing import list_bundles
from transforms.errors import UsageError
from transforms.runs.catalog import committed_runs
from transforms.runs.lock import lock_output
from transforms.runs.run import Run
from transforms.storage import Folder

SETTLE = 10.0


class Bench:
    """A watch on a folder, with a clock of its own."""

    def __init__(self, folder: Path, **values: Any) -> None:
        self.folder, self.output = folder / "in", folder / "out"
        self.folder.mkdir(exist_ok=True)
        self.settings: IngestSettings = settings_for(self.output, self.folder, **values)
        self.now, self.lines, self.metrics, self.stop = 0.0, list[str](), WatchMetrics(), Event()
        self.failures: list[Exception] = []
        self.published: list[str] = []
        around = Surroundings(
            listing=lambda: list_bundles(self.settings.input.paths, empty=True),
            clock=lambda: self.now,
            time=lambda: 1_000_000.0 + self.now,
            run_slice=self._run,
            in_process=True,
            say=self.lines.append,
            publisher=Publisher(self.settings, self.published.append, lambda: self.now),
        )
        self.watch = Watch(self.settings, SETTLE, around, self.metrics)

    def _run(self, run: Run, part: Slice) -> None:
        if self.failures:
            raise self.failures.pop(0)
        PlainRunner(self.settings)(run, part)

    def step(self, passed: float = SETTLE) -> int:
        """Lets time pass, steps; how many runs are committed."""
        self.now += passed
        self.watch.step(self.stop)
        return len(committed_runs(Folder(str(self.output))))

    def write(self, name: str, text: str) -> None:
        write_bundles(self.folder, {name: text})

    def figure(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(name, labels)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_an_empty_folder_is_waited_on(bench: Bench) -> None:
    assert [bench.step(), bench.step()] == [0, 0]
    assert bench.lines == []


def test_windows_come_to_what_one_run_comes_to(bench: Bench, tmp_path: Path) -> None:
    texts = [f"قال الراوي في المجلس {at // 2} كلاما طويلا لا ينسى\nسطر {at % 3}\n" for at in range(6)]
    for at, text in enumerate(texts):
        bench.write(f"{at}.txt", text)
        bench.step()
        assert bench.step() == at + 1
    ingest_plainly(settings_for(tmp_path / "one", bench.folder))
    assert read_whole_output(bench.output) == read_whole_output(tmp_path / "one")
    assert bench.step() == 6
    assert bench.watch.windows == 6
    assert (bench.figure("rafid_windows_total"), bench.figure("rafid_bundles_total")) == (6, 6)
    assert bench.figure("rafid_paragraphs_total", place="kept") == len(read_whole_output(bench.output).kept)
    assert bench.figure("rafid_last_commit_timestamp_seconds") == 1_000_000.0 + bench.now - SETTLE


def test_a_bundle_that_is_being_written_is_not_taken(bench: Bench) -> None:
    for at in range(5):
        bench.write("a.txt", "سطر\n" * (at + 1))
        assert bench.step() == 0
        assert bench.figure("rafid_bundles_waiting") == 1
    assert bench.step(SETTLE / 2) == 0
    assert bench.step(SETTLE / 2) == 1


def test_what_was_taken_is_not_taken_again_by_the_next_watch(bench: Bench, tmp_path: Path) -> None:
    bench.write("a.txt", "سطر\n")
    bench.step()
    bench.step()
    again = Bench(tmp_path)
    assert [again.step(), again.step(), again.step()] == [1, 1, 1]
    (again.folder / "a.txt").rename(again.folder / "b.txt")
    assert [again.step(), again.step()] == [1, 1]
    again.write("b.txt", "سطر آخر\n")
    assert [again.step(), again.step()] == [1, 2]


def test_a_failing_window_is_tried_again(bench: Bench) -> None:
    bench.write("a.txt", "سطر\n")
    bench.write("b.txt", "سطر\n")
    bench.failures = [BundleChanged("b.txt: changed since it was listed")]
    assert [bench.step(), bench.step()] == [0, 0]
    assert bench.lines == ["b.txt: changed since it was listed; the window is tried again"]
    assert bench.figure("rafid_window_failures_total") == 1
    assert bench.step() == 1
    assert bench.figure("rafid_bundles_total") == 2
    assert list(bench.output.glob("*/run=*/.*")) == []


def test_a_bundle_that_changes_between_listing_and_reading(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others come with the next window, this one when it has come to rest."""
    bench.write("a.txt", "سطر\n")
    bench.write("b.txt", "سطر\n")
    bench.step()
    run = PlainRunner.__call__

    def grow(*arguments: Any) -> None:
        with (bench.folder / "b.txt").open("a", encoding="utf-8") as file:
            file.write("سطر جديد\n")
        monkeypatch.setattr(PlainRunner, "__call__", run)
        run(*arguments)

    monkeypatch.setattr(PlainRunner, "__call__", grow)
    assert bench.step() == 0
    assert "b.txt: changed since it was listed" in bench.lines[0]
    assert [bench.step(1), bench.step()] == [1, 2]
    taken = [[each.url.rsplit("/", 1)[1] for each in run.inputs] for run in committed_runs(Folder(str(bench.output)))]
    assert taken == [["a.txt"], ["b.txt"]]
    assert len(read_whole_output(bench.output).kept) == 2


def test_another_writer_is_waited_for(bench: Bench) -> None:
    bench.write("a.txt", "سطر\n")
    bench.step()
    bench.output.mkdir()
    bench.output.joinpath("rafid.json").write_text("{}")
    with lock_output(Folder(str(bench.output)), "other"):
        assert [bench.step(), bench.step()] == [0, 0]
    assert len(bench.lines) == 1
    assert "run other" in bench.lines[0]
    assert bench.step() == 1


def test_a_listing_that_fails_is_said_once_and_tried_again(bench: Bench) -> None:
    bench.write("a.txt", "سطر\n")
    bench.step()
    os.mkfifo(bench.folder / "b.txt")
    assert [bench.step(), bench.step()] == [0, 0]
    assert len(bench.lines) == 1
    assert "b.txt" in bench.lines[0]
    (bench.folder / "b.txt").unlink()
    assert bench.step() == 1


def test_other_settings_end_the_watch(bench: Bench, tmp_path: Path) -> None:
    bench.write("a.txt", "سطر\n")
    bench.step()
    bench.step()
    other = Bench(tmp_path, dedup__threshold=0.9)
    other.write("b.txt", "سطر\n")
    other.step()
    with pytest.raises(UsageError, match="use the same settings or another output"):
        other.step()


def test_a_stop_ends_a_long_window_between_its_slices(tmp_path: Path) -> None:
    bench = Bench(tmp_path, run__max_bytes=1, run__split_bytes=64)
    bench.write("a.txt", "".join(f"سطر رقم {at} من نص\n" for at in range(20)))
    bench.step()
    bench.stop.set()
    assert bench.step() == 1
    bench.stop.clear()
    again = Bench(tmp_path, run__max_bytes=1, run__split_bytes=64)
    again.step()
    assert again.step() > 5
    assert len(read_whole_output(bench.output).kept) == 20


def test_the_loop_ends_when_it_is_told_to(bench: Bench) -> None:
    steps = []

    class Steps:
        def step(self, stop: Event) -> None:
            steps.append(1)
            if len(steps) == 3:
                stop.set()

        def end(self) -> None:
            steps.append(0)

    watch(Steps(), bench.stop, 0.001)  # type: ignore[arg-type]
    assert steps == [1, 1, 1, 0]


def test_what_is_there_is_not_said_to_be_gone(bench: Bench) -> None:
    """A window takes what is new; what earlier ones took is still there, until somebody removes it."""
    for name in ("a", "b", "c"):
        bench.write(f"{name}.txt", f"كلام طويل في الحزمة {name}\n")
        bench.step()
        bench.step()
    assert [line for line in bench.lines if "no longer there" in line] == []
    (bench.folder / "b.txt").unlink()
    for name in ("d", "e"):
        bench.write(f"{name}.txt", f"كلام طويل في الحزمة {name}\n")
        bench.step()
        bench.step()
    gone = [line for line in bench.lines if "no longer there" in line]
    assert gone == [f"{bench.folder}/b.txt: was taken and is no longer there; what was kept of it stays"]


def test_reports_and_card_are_written_at_most_every_so_often_and_at_the_end(tmp_path: Path) -> None:
    bench = Bench(tmp_path, run__report_every=3 * SETTLE)

    def files() -> tuple[int, int]:
        card = bench.output / "README.md"
        reports = len(list(bench.output.glob("reports/run-*.html")))
        return reports, card.read_text(encoding="utf-8").count("\n    - documents/") if card.exists() else 0

    seen = []
    for at in range(5):
        bench.write(f"{at}.txt", f"كلام طويل في الحزمة رقم {at} من الحزم\n")
        bench.step(0)
        bench.step()
        seen.append(files())
    assert seen == [(1, 1), (1, 1), (1, 1), (4, 4), (4, 4)]
    bench.watch.end()
    assert files() == (5, 5)
    assert len(bench.published) == 5
    bench.watch.end()
    assert len(bench.published) == 5


def test_a_card_that_was_due_is_written_when_nothing_comes_any_more(tmp_path: Path) -> None:
    bench = Bench(tmp_path, run__report_every=3 * SETTLE)
    for at in range(2):
        bench.write(f"{at}.txt", f"كلام طويل في الحزمة رقم {at} من الحزم\n")
        bench.step(0)
        bench.step()
    assert len(bench.published) == 1
    bench.step()
    bench.step()
    assert len(bench.published) == 2
