"""Switches: whenever a writer dies, and whenever a reader looks, there are the old runs or the new ones, all of them.

A run is known by its part of the index before anything else of it is written.
"""

import shutil
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.faults import Killed, operations
from tests.runs.samples import manifest
from transforms.filesystems import FileTaken, OutputError
from transforms.runs.catalog import committed_runs, read_catalog
from transforms.runs.cleaning import clean_up, remove_run, unfinished_runs
from transforms.runs.run import Run
from transforms.runs.switch import SWITCH, Switch, begin_switch, finish_switch
from transforms.storage import Folder

LEDGERS = ("documents", "rejects")
OLD = ["a", "x-slice-0000", "x-slice-0001", "x-slice-0002"]
NEW = ["a", "x-slice-0000~1", "x-slice-0003"]


def write_run(run: Run, sequence: int, *, waiting: bool = False, scope: str = "corpus") -> None:
    """A run with files of every kind, committed or waiting."""
    run.folder.write(run.fingerprint("0"), b"sets")
    files = [run.folder.write(run.shard(ledger, f"00000{at}-ab"), b"rows") for ledger in LEDGERS for at in range(2)]
    settings = {"dedup": {"scope": scope}}
    started = f"2026-11-{sequence:02d}T00:00:{run.generation:02d}+00:00"
    one = manifest(
        run.name, generation=run.generation, sequence=sequence, started=started, files=files, settings=settings
    )
    run.commit(one, waiting=waiting)
    if not waiting:
        run.folder.write(run.report(), b"seen")


def write_old(folder: Folder) -> None:
    """Run a, and three slices of x."""
    write_run(Run(folder, "a"), 1)
    for number in range(3):
        write_run(Run(folder, f"x-slice-000{number}"), 2 + number)


def write_new(folder: Folder) -> Switch:
    """The runs that are to take the place of x: a slice under an old name, one under a new one, and two old ones go."""
    new = [Run(folder, "x-slice-0000", 1), Run(folder, "x-slice-0003")]
    for sequence, run in enumerate(new, start=2):
        write_run(run, sequence, waiting=True)
    return Switch(come=tuple(run.id for run in new), gone=tuple(f"x-slice-000{number}" for number in range(3)))


def ids(folder: Folder) -> list[str]:
    """The committed runs, in order, each with all of its files there."""
    found = committed_runs(folder)
    assert [file.path for each in found for file in each.files if not folder.exists(file.path)] == []
    return [each.id for each in found]


@pytest.fixture(params=["folder", "memory://"])
def output(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Folder]:
    """An output folder on each kind of store."""
    yield Folder({"folder": f"{tmp_path}/out", "memory://": "memory://switch/out"}[request.param])
    Folder("memory://switch").remove("out")


def test_a_switch_replaces_all_runs_of_a_job(output: Folder) -> None:
    write_old(output)
    switch = write_new(output)
    assert ids(output) == OLD
    begin_switch(output, switch)
    assert ids(output) == NEW  # before any manifest has moved
    assert [run.name for run in unfinished_runs(output)] == ["x-slice-0000", "x-slice-0001", "x-slice-0002"]
    assert clean_up(output) == ["x-slice-0000", "x-slice-0001", "x-slice-0002"]
    assert ids(output) == NEW
    assert clean_up(output) == []
    assert [path for path in output.files() if "x-slice" in path] == sorted(
        [
            "index/run=x-slice-0000~1/fingerprints/0.arrow",
            "index/run=x-slice-0003/fingerprints/0.arrow",
            "manifests/x-slice-0000.json",
            "manifests/x-slice-0003.json",
            *(f"{ledger}/run=x-slice-0000/00000{at}-ab~1.parquet" for ledger in LEDGERS for at in range(2)),
            *(f"{ledger}/run=x-slice-0003/00000{at}-ab.parquet" for ledger in LEDGERS for at in range(2)),
        ]
    )


def test_a_switch_that_was_not_made_leaves_no_trace(output: Folder) -> None:
    write_old(output)
    before = output.files()
    write_new(output)
    assert clean_up(output) == ["x-slice-0000~1", "x-slice-0003"]
    assert output.files() == before


def test_runs_that_are_kept_go_on_waiting(output: Folder) -> None:
    write_old(output)
    write_new(output)
    before = output.files()
    waiting = [Run(output, "x-slice-0000", 1), Run(output, "x-slice-0003")]
    assert clean_up(output, keep=waiting) == []
    assert output.files() == before
    assert unfinished_runs(output) == waiting


def test_of_two_switches_one_is_made(output: Folder) -> None:
    write_old(output)
    switch = write_new(output)
    begin_switch(output, switch)
    with pytest.raises(FileTaken):
        begin_switch(output, Switch(come=switch.come, gone=()))


@pytest.mark.parametrize("record", [b"{", b"[]", b'{"come": ["x"]}', b"\xff"])
def test_a_damaged_record_is_named(output: Folder, record: bytes) -> None:
    """Which runs count cannot be told; what is there is shown."""
    write_old(output)
    output.write(SWITCH, record)
    for ask in (committed_runs, finish_switch, clean_up):
        with pytest.raises(OutputError, match=r"manifests/\.switch: is damaged"):
            ask(output)
    assert [each.id for each in read_catalog(output).runs] == OLD


def test_killed_before_every_operation(tmp_path: Path) -> None:
    write_old(Folder(str(tmp_path / "old")))
    shutil.copytree(tmp_path / "old", tmp_path / "new")
    new = Folder(str(tmp_path / "new"))
    begin_switch(new, write_new(new))
    clean_up(new)
    wanted = {tuple(OLD): Folder(str(tmp_path / "old")).files(), tuple(NEW): new.files()}
    seen = []
    for most in count():
        killed = tmp_path / f"killed-{most}"
        shutil.copytree(tmp_path / "old", killed)
        output = Folder(str(killed))
        try:
            with operations(killed, most):
                begin_switch(output, write_new(output))
                clean_up(output)
            break
        except Killed:
            seen.append(tuple(ids(output)))
        clean_up(output)
        assert tuple(ids(output)) == seen[-1]
        assert output.files() == wanted[seen[-1]]
        shutil.rmtree(killed)
    assert len(seen) > 40
    assert sorted(seen) == seen  # the old runs, and from one moment on the new ones
    assert set(seen) == wanted.keys()


def test_a_clean_up_that_is_killed_is_done_by_the_next(tmp_path: Path) -> None:
    begun = Folder(str(tmp_path / "old"))
    write_old(begun)
    begin_switch(begun, write_new(begun))
    for most in count():
        killed = tmp_path / f"killed-{most}"
        shutil.copytree(tmp_path / "old", killed)
        output = Folder(str(killed))
        try:
            with operations(killed, most):
                clean_up(output)
            break
        except Killed:
            assert ids(output) == NEW
            clean_up(output)
        assert ids(output) == NEW
        assert len(output.files()) == 7 + 2 * 6
        shutil.rmtree(killed)
    assert most > 15


def test_a_removal_that_is_killed_is_done_by_the_next(tmp_path: Path) -> None:
    old = Folder(str(tmp_path / "old"))
    write_old(old)
    before = old.files()
    after = [path for path in before if "x-slice-0001" not in path]
    for most in count():
        killed = tmp_path / f"killed-{most}"
        shutil.copytree(tmp_path / "old", killed)
        output = Folder(str(killed))
        try:
            with operations(killed, most):
                remove_run(output, "x-slice-0001")
            break
        except Killed:
            removed = "x-slice-0001" not in ids(output)
            clean_up(output)
        left = output.files()
        assert left == after if removed else set(before) - set(left) <= {"reports/x-slice-0001.html"}
    assert most > 5
    assert output.files() == after


def test_a_reader_between_any_two_operations_sees_old_or_new(tmp_path: Path) -> None:
    output = Folder(str(tmp_path / "out"))
    write_old(output)
    seen = [ids(output)]

    def look() -> None:
        found = ids(output)
        if found != seen[-1]:
            seen.append(found)

    with operations(tmp_path / "out", before=look):
        begin_switch(output, write_new(output))
        clean_up(output)
    assert seen == [OLD, NEW]


def test_a_reader_in_a_loop_sees_old_or_new(tmp_path: Path) -> None:
    output = Folder(str(tmp_path / "out"))
    for number in range(12):
        write_run(Run(output, f"x-{number}"), 1 + number)
    stop, seen = threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            seen.append([each.generation for each in committed_runs(output)])

    reader = threading.Thread(target=read)
    reader.start()
    for generation in range(1, 15):
        new = [Run(output, f"x-{number}", generation) for number in range(12)]
        for number, run in enumerate(new):
            write_run(run, 1 + number, waiting=True)
        begin_switch(output, Switch(come=tuple(run.id for run in new), gone=tuple(run.name for run in new)))
        clean_up(output)
    stop.set()
    reader.join()
    assert len({tuple(each) for each in seen}) > 3
    assert [each for each in seen if each != each[:1] * 12] == []


def test_a_ledger_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    output = Folder(str(tmp_path / "out"))
    write_run(Run(output, "a"), 1)
    mine = tmp_path / "elsewhere" / "run=b"
    mine.mkdir(parents=True)
    (mine / "000000-ab.parquet").write_text("mine")
    (mine / ".x.parquet.01ab23cd.tmp").write_text("mine")
    (tmp_path / "out" / "duplicates").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "out" / "filtered").mkdir()
    (tmp_path / "out" / "filtered" / "run=b").symlink_to(mine)
    assert clean_up(output) == []
    output.write("index/run=b/scratch/opening.json", b"{}")
    assert clean_up(output) == ["b"]
    assert not (tmp_path / "out" / "filtered" / "run=b").is_symlink()
    assert sorted(path.name for path in mine.iterdir()) == [".x.parquet.01ab23cd.tmp", "000000-ab.parquet"]


def test_a_part_of_the_index_that_nobody_asks_for_is_removed(output: Folder) -> None:
    """A run without later ones to compare with was killed between its commit and the end of its scratch files."""
    write_run(Run(output, "a"), 1, scope="document")
    write_run(Run(output, "b"), 2)
    clean_up(output)
    assert output.folders("index") == ["run=b"]


def test_runs_that_are_damaged_are_left_alone(output: Folder) -> None:
    """Nobody knows which of their files count."""
    write_old(output)
    write_run(Run(output, "a", 1), 5, waiting=True)
    output.write("manifests/a.json", b"{")
    before = output.files()
    assert clean_up(output) == []
    assert output.files() == before
    remove_run(output, "a")
    assert [path for path in output.files() if "run=a" in path or "/a" in path] == []
    assert ids(output) == OLD[1:]
