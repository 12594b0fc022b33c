"""After a power cut an output is what it was before or after what was being done, and nothing committed is lost."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.plain_job import ingest_plainly, settings_for, write_bundles
from tests.runs.power_cut import Keeps, Recorder, lay_out, recorded
from transforms.dedup.index.building import compact, keep_up, open_index
from transforms.dedup.index.segment import Segment
from transforms.runs.catalog import committed_runs, prepare_output
from transforms.runs.cleaning import clean_up
from transforms.runs.lock import lock_output
from transforms.runs.run import Run
from transforms.settings import DedupSettings
from transforms.shards.checking import check_run
from transforms.shards.reindexing import kept_sets
from transforms.storage import Folder

Kept = frozenset[tuple[str, str, int]]
State = tuple[tuple[str, ...], Kept]
Work = Callable[[Path], None]
TEXTS = {
    "a": "ذهب الولد إلى المدرسة في الصباح الباكر\nقرأ الطالب الكتاب كله في يوم واحد\n",
    "b": "كتب المعلم الدرس على السبورة الكبيرة\nقرأ الطالب الكتاب كله في يوم واحد\n",
    "c": "سافر أبي إلى القاهرة في الشهر الماضي\nذهب الولد إلى المدرسة في الصباح الباكر\n",
}


def ingest(output: Path, *names: str) -> None:
    for name in names:
        bundle = write_bundles(output.parent / "in" / name, {f"{name}.txt": f"<<<FILE>>> {name}\n{TEXTS[name]}"})
        ingest_plainly(settings_for(output, bundle, run__id=name))


def state_of(output: Path) -> State:
    """The committed runs, found right, and the paragraphs that further runs are compared with."""
    folder = Folder(str(output))
    prepare_output(folder)
    with lock_output(folder, "look"):
        clean_up(folder)
        runs = committed_runs(folder)
        assert [check_run(folder, each) for each in runs] == [[]] * len(runs)
        keep_up(folder, runs, kept_sets)
        index = open_index(folder, [each.key for each in runs], DedupSettings())
    rows = [row for segment in index.segments for row in segment_rows(segment)] if index else []
    assert len(rows) == sum(each.counts.paragraphs.kept for each in runs)
    return tuple(each.run for each in runs), frozenset(rows)


def segment_rows(segment: Segment) -> list[tuple[str, str, int]]:
    """The rows of a segment that count."""
    rows = segment.rows.select(["run", "doc_id", "paragraph_index"]).to_pylist()
    return [tuple(row.values()) for row, counts in zip(rows, segment.live.tolist(), strict=True) if counts]


def copy_of(output: Path, place: Path) -> Path:
    lay_out({str(p.relative_to(output)): p.read_bytes() for p in output.rglob("*") if p.is_file()}, place)
    return place


def check_power_cuts(recorder: Recorder, before: State, after: State, place: Path) -> int:
    """Lets the power go after each operation; returns how many states of the disk were looked at."""
    looked = 0
    for name, files in recorder.power_cuts():
        folder = place / str(looked)
        lay_out(files, folder)
        try:
            found = state_of(folder)
        except Exception as error:
            raise AssertionError(name) from error
        assert found in (before, after), name
        looked += 1
    lay_out(recorder.left(Keeps.NONE), place / "end")
    assert state_of(place / "end") == after  # what has returned is there for good
    return looked


def a_run(output: Path) -> None:
    ingest(output, "c")


def a_first_run(output: Path) -> None:
    ingest(output, "a")


def an_index(output: Path) -> None:
    folder = Folder(str(output))
    keep_up(folder, committed_runs(folder), kept_sets)


def a_compaction(output: Path) -> None:
    folder = Folder(str(output))
    compact(folder, committed_runs(folder), kept_sets)


def a_removal(output: Path) -> None:
    folder = Folder(str(output))
    with lock_output(folder, "remove"):
        Run(folder, "b").remove()


def a_replacement(output: Path) -> None:
    bundle = write_bundles(output.parent / "in" / "new", {"b.txt": f"<<<FILE>>> b\n{TEXTS['c']}"})
    ingest_plainly(settings_for(output, bundle, run__id="b"))


@pytest.mark.parametrize("work", [a_run, an_index, a_compaction, a_removal, a_replacement])
def test_a_power_cut_loses_nothing(work: Work, tmp_path: Path) -> None:
    output = tmp_path / "out"
    ingest(output, "a", "b")
    before = state_of(copy_of(output, tmp_path / "before"))
    with recorded(output) as recorder:
        work(output)
    after = state_of(copy_of(output, tmp_path / "after"))
    assert (before == after) == (work in (an_index, a_compaction))
    assert check_power_cuts(recorder, before, after, tmp_path / "cut") > 5


def test_a_power_cut_in_the_first_run_leaves_an_output(tmp_path: Path) -> None:
    output = tmp_path / "out"
    output.mkdir()
    with recorded(output) as recorder:
        a_first_run(output)
    after = state_of(copy_of(output, tmp_path / "after"))
    assert check_power_cuts(recorder, ((), frozenset()), after, tmp_path / "cut") > 5


def test_a_disk_keeps_what_was_synchronised_only(tmp_path: Path) -> None:
    """The recorder itself, on a renamed file whose content is late, and on a removal that comes early."""
    folder = Folder(str(tmp_path))
    folder.write("a/old", b"old")
    with recorded(tmp_path) as recorder:
        folder.write("a/new", b"new")
        folder.remove("a/old")
        folder.sync(["a/new"])
    kept = [{path: data for path, data in files.items() if path[-1] != "/"} for _, files in recorder.power_cuts()]
    assert kept[0] == {"a/old": b"old"}
    assert {"a/old": b"old", "a/new": b""} in kept
    assert {} in kept
    assert kept[-1] == {"a/new": b"new"}
