"""The runs of windows: what they take, what they leave, and how they end. Without Beam."""

import errno
import logging
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipelines.config import IngestSettings
from pipelines.job import Slice
from pipelines.streaming.windows import WindowRuns, bundles_there, window_name
from tests.corpus import check_corpus, check_counts, check_files, files_below, manifest_of, read_corpus
from tests.plain_job import PlainRunner, ingest_plainly, settings_for, write_bundles
from transforms.bundles.errors import BundleChanged
from transforms.bundles.listing import Bundle, list_bundles
from transforms.bundles.stores import LocalSource
from transforms.runs.catalog import committed_runs
from transforms.runs.run import Run, abandon
from transforms.storage import Folder
from transforms.streaming.turns import Arrival, Opened, Outcome

SIZE = 60_000
TEXTS = {"a.txt": "كان يا ما كان في قديم الزمان", "b.txt": "نشر الخبر اليوم", "c.txt": "وسكت الراوي عن الكلام"}


class Windows:
    """Windows over a folder, worked on one after the other."""

    def __init__(self, folder: Path, **values: Any) -> None:
        self.folder = write_bundles(folder / "in", TEXTS)
        self.output = folder / "out"
        self.settings: IngestSettings = settings_for(self.output, self.folder, **values)
        self.runs = WindowRuns(self.settings, SIZE)
        self.end = 0

    def arrivals(self, failures: int = 0) -> list[Arrival]:
        found = list_bundles([str(self.folder)])
        return [Arrival(bundle, self.end + 10 + place, failures) for place, bundle in enumerate(found)]

    def open(self, arrivals: list[Arrival]) -> Opened:
        self.end += SIZE
        return self.runs.open(self.end, arrivals)

    def work(self, opened: Opened) -> None:
        PlainRunner(self.settings)(self.run(opened), Slice(opened.splits, 0, 1))

    def run(self, opened: Opened) -> Run:
        return Run(Folder(str(self.output)), opened.run)

    def take(self, arrivals: list[Arrival]) -> list[str]:
        """The names of the bundles that a window of these arrivals has taken."""
        opened = self.open(arrivals)
        if not opened.splits:
            return []
        self.work(opened)
        return [each["name"] for each in manifest_of(self.output, opened.run)["inputs"]]


@pytest.fixture
def windows(tmp_path: Path) -> Windows:
    return Windows(tmp_path)


def test_a_window_is_a_run(windows: Windows) -> None:
    opened = windows.open(windows.arrivals())
    assert opened.run == "19700101T000000.000Z-60s"
    assert windows.runs.outcome(opened.run) is None
    windows.work(opened)
    assert windows.runs.outcome(opened.run) is Outcome.COMMITTED
    manifest = check_corpus(windows.output, opened.run, {name: text.encode() for name, text in TEXTS.items()}).manifest
    assert manifest["window"] == {
        "start": "1970-01-01T00:00:00.000+00:00",
        "end": "1970-01-01T00:01:00.000+00:00",
        "first_arrival": "1970-01-01T00:00:00.010+00:00",
        "last_arrival": "1970-01-01T00:00:00.012+00:00",
    }


def test_each_window_sees_its_references_as_they_are_then(tmp_path: Path) -> None:
    """The first two windows see one run of the other corpus, the third two; each leaves out what they keep."""
    other = write_bundles(tmp_path / "other-in", {"1.txt": TEXTS["a.txt"], "2.txt": TEXTS["c.txt"]})
    ingest_plainly(settings_for(tmp_path / "other", other / "1.txt", run__id="one"))
    windows = Windows(tmp_path, dedup__against=[str(tmp_path / "other")])
    windows.take(windows.arrivals()[:1])
    windows.take(windows.arrivals()[1:2])
    ingest_plainly(settings_for(tmp_path / "other", other / "2.txt", run__id="two"))
    windows.take(windows.arrivals()[2:])
    runs = committed_runs(Folder(str(windows.output)))
    assert [[key.run for key in each.against[0].runs] for each in runs] == [["one"], ["one"], ["one", "two"]]
    removed = [row for each in runs for row in read_corpus(windows.output, each.run).duplicates]
    assert [(row["bundle"], row["kept_run"]) for row in removed] == [("a.txt", "one"), ("c.txt", "two")]


def test_what_was_taken_is_not_taken_again(windows: Windows) -> None:
    arrivals = windows.arrivals()
    assert windows.take(arrivals[:2]) == ["a.txt", "b.txt"]
    assert windows.take([*arrivals, *arrivals]) == ["c.txt"]
    before = files_below(windows.output)
    assert windows.take(arrivals) == []
    assert files_below(windows.output) == before


def test_a_copy_of_what_was_taken_is_not_taken(windows: Windows) -> None:
    windows.take(windows.arrivals())
    write_bundles(windows.folder, {"copy.txt": TEXTS["a.txt"]})
    assert windows.take(windows.arrivals()) == []


def test_new_bytes_under_an_old_name_are_taken_and_said(windows: Windows, caplog: pytest.LogCaptureFixture) -> None:
    windows.take(windows.arrivals())
    write_bundles(windows.folder, {"a.txt": "نص آخر تماما"})
    with caplog.at_level(logging.WARNING):
        assert windows.take(windows.arrivals()) == ["a.txt"]
    assert "a.txt: has changed since it was taken; taken as new" in caplog.text


def test_a_bundle_that_changed_or_went_waits_until_it_arrives_again(windows: Windows) -> None:
    arrivals = windows.arrivals()
    write_bundles(windows.folder, {"a.txt": "نص آخر تماما"})
    (windows.folder / "b.txt").unlink()
    assert windows.take(arrivals) == ["c.txt"]
    assert windows.take(windows.arrivals()) == ["a.txt"]


def test_of_two_states_of_a_bundle_the_last_counts(windows: Windows) -> None:
    old = windows.arrivals()
    write_bundles(windows.folder, {"a.txt": "نص آخر تماما"})
    windows.end += 100
    opened = windows.open([*windows.arrivals(), *old])
    assert [each.bundle.name for each in opened.taken] == ["a.txt", "b.txt", "c.txt"]
    assert opened.left == ()


def test_a_window_that_is_committed_is_not_opened_again(windows: Windows) -> None:
    arrivals = windows.arrivals()
    windows.take(arrivals[:1])
    windows.end -= SIZE
    opened = windows.open(arrivals)
    assert (opened.taken, opened.left, opened.splits) == ((), tuple(arrivals), ())


def test_a_window_takes_what_it_may_hold(tmp_path: Path) -> None:
    windows = Windows(tmp_path, run__max_bytes=len((TEXTS["a.txt"] + TEXTS["b.txt"]).encode()))
    opened = windows.open(windows.arrivals())
    assert [each.bundle.name for each in opened.taken] == ["a.txt", "b.txt"]
    assert [each.bundle.name for each in opened.left] == ["c.txt"]
    tight = Windows(tmp_path / "tight", run__max_bytes=1)
    assert len(tight.open(tight.arrivals()).taken) == 1, "one at least"


def test_a_window_that_is_given_up_leaves_nothing(windows: Windows, caplog: pytest.LogCaptureFixture) -> None:
    opened = windows.open(windows.arrivals())
    abandon(windows.run(opened), BundleChanged("a.txt: changed"))
    assert windows.runs.outcome(opened.run) is Outcome.GIVEN_UP
    with caplog.at_level(logging.WARNING):
        windows.runs.drop(opened.run)
    assert f"window {opened.run}: a.txt: changed; its bundles go into the next" in caplog.text
    assert [path for path in files_below(windows.output) if opened.run in path] == []


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Makes the disk fail under a file."""

    def fail_under(path: Path) -> None:
        plain = LocalSource.read_into

        def read_into(self: LocalSource, target: memoryview, offset: int) -> int:
            if self._file.name == str(path):
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return plain(self, target, offset)

        monkeypatch.setattr(LocalSource, "read_into", read_into)

    return fail_under


@pytest.mark.parametrize("split_bytes", [1 << 20, 64])
def test_a_bundle_that_cannot_be_read_is_rejected_and_the_others_are_taken(
    tmp_path: Path, broken: Callable[[Path], None], split_bytes: int
) -> None:
    windows = Windows(tmp_path, run__split_bytes=split_bytes)
    write_bundles(windows.folder, {"b.txt": TEXTS["b.txt"] * 9})
    broken(windows.folder / "b.txt")
    opened = windows.open(windows.arrivals(failures=2))
    windows.work(opened)
    manifest = manifest_of(windows.output, opened.run)
    assert manifest["counts"]["documents"] == {"in": 3, "kept": 2, "duplicate": 0, "filtered": 0, "rejected": 1}
    assert manifest["rejects"] == {"unreadable_bundle": 1}
    assert [each["sha256"] == "" for each in manifest["inputs"]] == [False, True, False]
    check_files(windows.output, opened.run)
    corpus = read_corpus(windows.output, opened.run)
    check_counts(corpus)
    (reject,) = corpus.rejects
    size = len(TEXTS["b.txt"].encode()) * 9
    assert (reject["bundle"], reject["offset"], reject["length"], reject["payload"]) == ("b.txt", 0, size, b"")
    assert "b.txt: cannot be read: Input/output error" in reject["detail"]
    assert windows.take(windows.arrivals()) == [], "it is not tried for ever"


def test_a_bundle_that_fails_before_the_window_is_opened_puts_all_of_them_off(
    windows: Windows, broken: Callable[[Path], None]
) -> None:
    windows.take(windows.arrivals())
    write_bundles(windows.folder, {"same size.txt": TEXTS["a.txt"], "d.txt": "جديد"})
    broken(windows.folder / "same size.txt")
    opened = windows.open(windows.arrivals())
    assert (opened.taken, opened.splits) == ((), ())
    assert {each.failures for each in opened.left} == {1}
    again = windows.open([replace(each, failures=2) for each in opened.left])
    assert [each.bundle.name for each in again.taken] == ["d.txt", "same size.txt"]
    windows.work(again)
    assert manifest_of(windows.output, again.run)["rejects"] == {"unreadable_bundle": 1}


def test_later_windows_are_deduplicated_against_earlier_ones(windows: Windows) -> None:
    windows.take(windows.arrivals()[:1])
    write_bundles(windows.folder, {"d.txt": TEXTS["a.txt"] + "\nسطر آخر"})
    windows.take(windows.arrivals())
    assert committed_runs(Folder(str(windows.output)))[-1].dedup.of_earlier_runs == 1


@pytest.mark.parametrize(
    ("start", "size", "name"),
    [
        (1_795_000_000_250, 250, "20261118T110640.250Z-0.25s"),
        (1_795_000_000_000, 3_600_000, "20261118T110640.000Z-3600s"),
    ],
)
def test_windows_are_named_by_their_beginning_and_length(start: int, size: int, name: str) -> None:
    assert window_name(start, size) == name


def test_what_cannot_be_listed_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = write_bundles(tmp_path / "in", TEXTS)
    (folder / "broken.txt").symlink_to(folder / "nowhere")
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert names(bundles_there([str(folder)], None)) == list(TEXTS)
        write_bundles(tmp_path / "more", TEXTS)
        assert bundles_there([str(folder), str(tmp_path / "more")], None) is None
    assert caplog.text.count("no file behind this link") == 1
    assert "both would be named a.txt" in caplog.text


def names(bundles: list[Bundle] | None) -> list[str]:
    assert bundles is not None
    return [bundle.name for bundle in bundles]
