"""Replacing runs: whatever ends a job, the old runs are whole or the new ones are, and nothing else is left.

A job is killed before each of its file operations, refused each of them by the disk, and read beside between any two.
"""

import errno
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from pipelines.config import IngestSettings
from pipelines.job import listed_input, run_job
from tests.corpus import files_below
from tests.faults import Killed, operations
from tests.plain_job import PlainRunner, Whole, ingest_plainly, read_whole_output, settings_for, write_bundles
from transforms.bundles.errors import BundleFailed
from transforms.dedup.index import building
from transforms.errors import RafidError
from transforms.runs.catalog import committed_runs, waiting_runs
from transforms.runs.cleaning import clean_up
from transforms.runs.lock import LOCK
from transforms.runs.run import WAITING
from transforms.runs.switch import SWITCH
from transforms.shards.checking import check_run
from transforms.storage import Folder

LINES = [
    "قال الراوي إن النهر كان يفيض كل عام في الربيع ويسقي الحقول\n",
    "وكان أهل القرية يجتمعون عند البئر في المساء بعد صلاة العصر\n",
    "نشر الخبر اليوم في الصحف كلها وقرأه الناس في المقاهي\n",
    "قال الراوي إن النهر كان يفيض كل عام في الربيع ويسقي البساتين\n",
]
CUTS = {"one run": {}, "slices": {"run__max_bytes": 300, "run__split_bytes": 300}}


class Scene:
    """An output with a run a and a job x, which is given again over other bundles.

    Attributes:
        old, new: outputs as they are before and after.
        job: the settings that replace x in an output.
    """

    def __init__(self, folder: Path, cut: str) -> None:
        self._folder, self._cut, self._numbers = folder, CUTS[cut], count()
        write_bundles(folder / "first", {"a.txt": LINES[2], "b.txt": LINES[0] + LINES[1] * 3})
        write_bundles(folder / "second", {"b.txt": LINES[0] + LINES[3], "c.txt": LINES[2] + LINES[1] * 2})
        self.old, self.new = folder / "old", folder / "new"
        ingest_plainly(settings_for(self.old, folder / "first" / "a.txt", run__id="a"))
        ingest_plainly(settings_for(self.old, folder / "first" / "b.txt", run__id="x", **self._cut))
        shutil.copytree(self.old, self.new)
        ingest_plainly(self.job(self.new))
        self.corpora = {"old": read_whole_output(self.old), "new": read_whole_output(self.new)}
        assert self.corpora["old"] != self.corpora["new"]
        self.files = {"old": lasting(self.old), "new": lasting(self.new)}

    def job(self, output: Path) -> IngestSettings:
        return settings_for(output, self._folder / "second", run__id="x", **self._cut)

    def outputs(self) -> Iterator[Path]:
        """Outputs as they are before the job, one after the other."""
        while True:
            output = self.output()
            yield output
            shutil.rmtree(output)

    def output(self) -> Path:
        """An output as it is before the job."""
        output: Path = shutil.copytree(self.old, self._folder / f"output-{next(self._numbers)}")
        return output

    def which(self, output: Path) -> str:
        """`old` or `new`, whichever runs are whole."""
        found = read_whole_output(output)
        folder = Folder(str(output))
        assert [line for each in committed_runs(folder) for line in check_run(folder, each)] == []
        return next((name for name, corpus in self.corpora.items() if corpus == found), "neither")


def lasting(output: Path) -> set[str]:
    """The files, but for what tells who writes."""
    return files_below(output).keys() - {LOCK}


@pytest.fixture(scope="module", params=CUTS)
def scene(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene(tmp_path_factory.mktemp("scene"), request.param)


def test_the_runs_of_the_new_job_know_each_other_and_not_the_old_ones(scene: Scene) -> None:
    runs = committed_runs(Folder(str(scene.new)))
    names = [each.run for each in runs]
    assert names[0] == "a"
    assert all(name.startswith("x") for name in names[1:])
    kept_in = {row[0].bundle for row in scene.corpora["new"].duplicates.values()}
    assert kept_in == {"a.txt", "b.txt", "c.txt"}
    assert [each.sequence for each in runs] == list(range(1, 1 + len(runs)))


def test_killed_before_every_operation(scene: Scene) -> None:
    seen = []
    for most, output in enumerate(scene.outputs()):
        try:
            with operations(output, most):
                ingest_plainly(scene.job(output))
            break
        except Killed:
            seen.append(scene.which(output))
        again = shutil.copytree(output, output.with_name("again"))
        clean_up(Folder(str(output)))
        assert scene.which(output) == seen[-1]
        assert lasting(output) == scene.files[seen[-1]]
        ingest_plainly(scene.job(again))  # goes on where it was, or replaces what it has made
        assert scene.which(again) == "new"
        assert {without_generation(path) for path in lasting(again)} == {
            without_generation(path) for path in scene.files["new"]
        }
        shutil.rmtree(again)
    assert seen == sorted(seen, reverse=True)
    assert set(seen) == {"old", "new"}
    assert len(seen) > 45


def without_generation(path: str) -> str:
    head, tilde, rest = path.partition("~")
    return head + rest.lstrip("0123456789") if tilde else head


def test_a_reader_between_any_two_operations_sees_old_or_new(scene: Scene) -> None:
    output = scene.output()
    seen: list[str] = []

    def look() -> None:
        seen.append(scene.which(output))

    with operations(output, before=look):
        ingest_plainly(scene.job(output))
    assert seen == sorted(seen, reverse=True)
    assert set(seen) == {"old", "new"}


def test_a_reader_in_a_loop_sees_old_or_new(scene: Scene) -> None:
    output = scene.output()
    stop, seen = threading.Event(), []

    def runs() -> list[str]:
        return [each.id for each in committed_runs(Folder(str(output)))]

    def read() -> None:
        while not stop.is_set():
            seen.append(runs())

    there = [runs()]
    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(3):
        ingest_plainly(scene.job(output))
        there.append(runs())
    stop.set()
    reader.join()
    assert [each for each in there if each in seen] == there
    assert [each for each in seen if each not in there] == []


def refuse(most: int) -> Callable[[], None]:
    """Lets so many operations pass and refuses the next that take room, as a disk does that is full."""
    left = [most]

    def look() -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    return look


def attempt(job: IngestSettings, output: Path, most: int) -> tuple[list[str], str | None]:
    """The notices of a job that the disk refuses its operations from one on, and its error."""
    said: list[str] = []
    try:
        with operations(output, before=refuse(most), removing=False):
            ingest_plainly(job, notices=said)
    except RafidError as error:
        return said, str(error)
    return said, None


def test_refused_by_the_disk_at_every_operation(scene: Scene) -> None:
    """What is refused is every operation that takes room, from one on; files can be removed."""
    seen = []
    for most, output in enumerate(scene.outputs()):
        said, error = attempt(scene.job(output), output, most)
        seen.append(scene.which(output))
        if not (said or error):
            break
        assert error is None or seen[-1] == "old"
        assert all("No space left on device" in line for line in (error, *said) if line)
        assert all("; the next run with this output does what is left to do" in line for line in said)
        clean_up(Folder(str(output)))
        assert scene.which(output) == seen[-1]
        assert lasting(output) == scene.files[seen[-1]]
    assert seen == sorted(seen, reverse=True)
    assert len(seen) > 25


def test_a_bundle_that_fails_leaves_the_old_runs(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    output = scene.output()
    runner = PlainRunner(scene.job(output))

    def failing(*_: object) -> None:
        raise BundleFailed("b.txt: changed since it was listed; run again")

    monkeypatch.setattr("tests.plain_job.commit_run", failing)
    job = scene.job(output)
    with pytest.raises(BundleFailed):
        list(run_job(listed_input(job).bundles, job, runner, in_process=True))
    assert scene.which(output) == "old"
    assert lasting(output) == scene.files["old"]  # at once: no clean-up is needed


def test_an_interrupted_job_leaves_the_old_runs(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    output = scene.output()

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tests.plain_job.join_run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ingest_plainly(scene.job(output))
    assert scene.which(output) == "old"
    assert lasting(output) == scene.files["old"]


def test_slices_that_wait_are_not_run_again(tmp_path: Path) -> None:
    scene = Scene(tmp_path, "slices")
    output = scene.output()
    slices = len(committed_runs(Folder(str(scene.new)))) - 1
    with operations(output) as whole:
        ingest_plainly(scene.job(output))
    output = scene.output()
    with pytest.raises(Killed), operations(output, whole.done // 2):
        ingest_plainly(scene.job(output))
    waiting = len(waiting_runs(Folder(str(output))))
    assert 0 < waiting < slices
    runner, job = PlainRunner(scene.job(output)), scene.job(output)
    assert len(list(run_job(listed_input(job).bundles, job, runner, in_process=True))) == slices
    assert len(runner.runs) == slices - waiting
    assert scene.which(output) == "new"
    assert lasting(output) == scene.files["new"]


def test_a_job_that_waits_is_given_up_by_any_other(tmp_path: Path) -> None:
    """Its runs would not have been compared with what was written in between."""
    scene = Scene(tmp_path, "slices")
    output = scene.output()
    with operations(output) as whole:
        ingest_plainly(scene.job(output))
    output = scene.output()
    with pytest.raises(Killed), operations(output, whole.done // 2):
        ingest_plainly(scene.job(output))
    assert waiting_runs(Folder(str(output)))
    write_bundles(tmp_path / "third", {"d.txt": LINES[3]})
    ingest_plainly(settings_for(output, tmp_path / "third", run__id="y"))
    assert not Folder(str(output)).names(WAITING)
    assert not any("~" in path for path in lasting(output))
    before: Whole = read_whole_output(output)
    assert before.kept.items() >= scene.corpora["old"].kept.items()
    assert not Folder(str(output)).exists(SWITCH)


def test_what_is_indexed_of_the_old_runs_outlives_a_job_that_was_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long job merges the index as it goes on; the runs that it would have replaced are still in it."""
    monkeypatch.setattr(building, "FAN", 2)
    scene = Scene(tmp_path, "slices")
    output = scene.output()
    with operations(output) as whole:
        ingest_plainly(scene.job(output))
    write_bundles(tmp_path / "third", {"d.txt": LINES[0] + LINES[1]})
    for most in range(whole.done * 2 // 5, whole.done, 7):
        output = scene.output()
        with pytest.raises(Killed), operations(output, most):
            ingest_plainly(scene.job(output))
        found = scene.which(output)
        ingest_plainly(settings_for(output, tmp_path / "third", run__id="y"))
        (last,) = (each for each in committed_runs(Folder(str(output))) if each.run == "y")
        assert (last.counts.paragraphs.kept, last.dedup.of_earlier_runs) == (0, 2), found
