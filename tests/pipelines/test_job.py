"""Jobs: however the input is cut into runs, the corpus is the same; and whatever happens between two runs."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipelines.batch import NOTHING_NEW
from pipelines.ingest import main
from pipelines.job import plan_slices, run_job
from tests.conftest import UNSEGMENTED
from tests.corpus import manifest_of
from tests.end_to_end.oracle import decide, read_paragraphs
from tests.plain_job import Crash, PlainRunner, Whole, ingest_plainly, read_whole_output, settings_for, write_bundles
from transforms.bundles.errors import BundleError
from transforms.bundles.listing import list_bundles
from transforms.errors import UsageError
from transforms.runs.catalog import committed_runs
from transforms.runs.lease import OutputLocked
from transforms.runs.lock import lock_output
from transforms.settings import DedupSettings
from transforms.storage import Folder

LINES = [
    "قال الراوي إن النهر كان يفيض كل عام في الربيع ويسقي الحقول",
    "قال الراوي إن النهر كان يفيض كل عام في الربيع ويسقي البساتين",
    "وكان أهل القرية يجتمعون عند البئر في المساء بعد صلاة العصر",
    "نشر الخبر",
    "،،",
    "<<<FILE>>> مقال",
    "",
]

corpora = st.lists(st.lists(st.sampled_from(LINES), max_size=10), min_size=1, max_size=4).map(
    lambda bundles: {f"{at}.txt": "".join(f"{line}\n" for line in lines) for at, lines in enumerate(bundles)}
)


def truth(bundles: dict[str, str]) -> Whole:
    """What any sequence of runs over these bundles in order must come to."""
    paragraphs = read_paragraphs({name: text.encode() for name, text in bundles.items()})
    texts = {each.place: each.text for each in paragraphs}
    decided = decide(paragraphs, DedupSettings())
    return Whole(
        {place: texts[place] for place in decided.kept},
        {place: (kept, similarity, texts[place]) for place, (kept, similarity) in decided.duplicates.items()},
    )


@settings(deadline=None, max_examples=15)
@given(corpora, st.integers(64, 400), st.integers(1, 1200))
def test_however_it_is_cut_the_corpus_is_the_same(bundles: dict[str, str], split: int, slice_bytes: int) -> None:
    wanted = truth(bundles)
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_bundles(folder / "in", bundles)
        given_splits: dict[str, Any] = {"run__split_bytes": split}
        ingest_plainly(settings_for(folder / "one", folder / "in", **given_splits))
        ingest_plainly(settings_for(folder / "slices", folder / "in", run__max_bytes=slice_bytes, **given_splits))
        for bundle in bundles:
            one = {**given_splits, "run__id": f"run-{bundle[0]}"}
            ingest_plainly(settings_for(folder / "each", folder / "in" / bundle, **one))
        assert read_whole_output(folder / "one") == wanted
        assert read_whole_output(folder / "slices") == wanted
        assert read_whole_output(folder / "each") == wanted


@settings(deadline=None, max_examples=15)
@given(corpora, st.integers(1, 600), st.integers(0, 6), st.sampled_from([None, "x"]), st.booleans())
def test_a_job_that_crashed_goes_on(
    bundles: dict[str, str], slice_bytes: int, crash_at: int, run: str | None, new_only: bool
) -> None:
    assume(not new_only or len(set(bundles.values())) == len(bundles))  # a copy of what was taken is not new
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_bundles(folder / "in", bundles)
        values = {"run__max_bytes": slice_bytes, "run__split_bytes": 64, **({"run__id": run} if run else {})}
        job = settings_for(folder / "out", folder / "in", **values)
        slices = len(plan_slices(list_bundles(job.input.paths), job, in_process=True))
        with suppress(Crash):
            ingest_plainly(job, crash_at=min(crash_at, slices - 1), new_only=new_only)
        done = len(committed_runs(Folder(str(folder / "out"))))
        again = ingest_plainly(job, new_only=new_only)
        assert done + len(again) == slices
        assert read_whole_output(folder / "out") == truth(bundles)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 500), min_size=1, max_size=6), st.integers(64, 200), st.integers(0, 700))
def test_slices_hold_all_splits_in_order(sizes: list[int], split: int, limit: int) -> None:
    with TemporaryDirectory() as name:
        folder = write_bundles(Path(name) / "in", {f"{at}.txt": "x" * size for at, size in enumerate(sizes)})
        job = settings_for(Path(name) / "out", folder, run__split_bytes=split, run__max_bytes=limit)
        bundles = list_bundles(job.input.paths)
        slices = plan_slices(bundles, job, in_process=True)
        assert [each.index for part in slices for each in part.splits] == list(
            range(sum(len(p.splits) for p in slices))
        )
        assert [(part.index, part.of) for part in slices] == [(at, len(slices)) for at in range(len(slices))]
        taken = [sum(r.end - r.start for each in part.splits for r in each.ranges) for part in slices]
        assert sum(taken) == sum(sizes)
        assert limit == 0 or all(
            size <= limit or len(part.splits) == 1 for size, part in zip(taken, slices, strict=True)
        )
        whole = settings_for(Path(name) / "out", folder, run__split_bytes=split, run__local_max_bytes=1)
        assert len(plan_slices(bundles, whole, in_process=False)) == 1


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """A folder of two bundles of which the second repeats the first."""
    text = f"{LINES[0]}\n{LINES[2]}\n"
    return write_bundles(tmp_path / "in", {"a.txt": text, "b.txt": text + LINES[3] + "\n"})


def test_another_size_of_slices_does_not_lose_what_lies_between(tmp_path: Path) -> None:
    """Four splits as 2 + 2, cut short, then as 3 + 1: the second slice of one is not that of the other."""
    bundles = {"a.txt": "".join(f"سطر رقم {at} من النص الطويل الذي لا يتكرر فيه شيء {at * 7}\n" for at in range(8))}
    folder = write_bundles(tmp_path / "in", bundles)
    size = (folder / "a.txt").stat().st_size
    values = {"run__id": "x", "run__split_bytes": -(-size // 4)}
    with suppress(Crash):
        ingest_plainly(settings_for(tmp_path / "out", folder, run__max_bytes=size // 2 + 2, **values), crash_at=1)
    assert len(committed_runs(Folder(str(tmp_path / "out")))) == 1
    runs = ingest_plainly(settings_for(tmp_path / "out", folder, run__max_bytes=size * 3 // 4 + 3, **values))
    assert runs == ["x-slice-0000", "x-slice-0001"]
    assert read_whole_output(tmp_path / "out") == truth(bundles)


def test_a_bundle_of_many_slices_is_digested_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "".join(f"سطر رقم {at} من النص\n" for at in range(40))
    folder = write_bundles(tmp_path / "in", {"a.txt": text})
    monkeypatch.setattr("transforms.shards.writing.digest_bundle", None)
    job = settings_for(tmp_path / "out", folder, run__id="x", run__max_bytes=1, run__split_bytes=200)
    assert len(ingest_plainly(job)) > 3
    digests = {each.sha256 for run in committed_runs(Folder(str(tmp_path / "out"))) for each in run.inputs}
    assert digests == {hashlib.sha256(text.encode()).hexdigest()}
    assert "digests" not in manifest_of(tmp_path / "out", "x-slice-0001")


def test_a_run_is_replaced(tmp_path: Path, two: Path) -> None:
    job = settings_for(tmp_path / "out", two / "a.txt", run__id="x")
    assert [ingest_plainly(job), ingest_plainly(job)] == [["x"], ["x"]]
    assert [each.sequence for each in committed_runs(Folder(str(tmp_path / "out")))] == [1]
    assert len(read_whole_output(tmp_path / "out").kept) == 2


def test_a_run_that_others_point_to_is_not_replaced(tmp_path: Path, two: Path) -> None:
    ingest_plainly(settings_for(tmp_path / "out", two / "a.txt", run__id="x"))
    ingest_plainly(settings_for(tmp_path / "out", two / "b.txt", run__id="y"))
    before = read_whole_output(tmp_path / "out")
    with pytest.raises(UsageError, match="run x: cannot be replaced: y left out paragraphs that it keeps"):
        ingest_plainly(settings_for(tmp_path / "out", two / "a.txt", run__id="x"))
    assert read_whole_output(tmp_path / "out") == before
    assert ingest_plainly(settings_for(tmp_path / "out", two / "b.txt", run__id="y")) == ["y"]
    assert read_whole_output(tmp_path / "out") == before


def test_slices_that_point_to_each_other_are_replaced_together(tmp_path: Path, two: Path) -> None:
    job = settings_for(tmp_path / "out", two, run__id="x", run__max_bytes=1, run__split_bytes=300)
    runs = ingest_plainly(job)
    assert len(runs) > 1
    before = read_whole_output(tmp_path / "out")
    assert before.duplicates
    assert ingest_plainly(job) == runs
    assert read_whole_output(tmp_path / "out") == before


def test_a_job_that_fails_before_it_begins_replaces_nothing(tmp_path: Path, two: Path) -> None:
    ingest_plainly(settings_for(tmp_path / "out", two / "a.txt", run__id="x"))
    ingest_plainly(settings_for(tmp_path / "out", two / "a.txt", run__id="y"))
    with pytest.raises(UsageError, match=r"run x was made with dedup\.threshold=0\.7"):
        ingest_plainly(settings_for(tmp_path / "out", two / "b.txt", run__id="y", dedup__threshold=0.9))
    assert [each.run for each in committed_runs(Folder(str(tmp_path / "out")))] == ["x", "y"]


def test_new_only_takes_what_is_new_and_says_the_rest(tmp_path: Path, two: Path) -> None:
    job = settings_for(tmp_path / "out", two, run__id="day")
    assert ingest_plainly(job, new_only=True) == ["day"]
    assert ingest_plainly(job, new_only=True) == []
    (two / "b.txt").write_text("نص آخر تماما\n", encoding="utf-8")
    (two / "c.txt").write_text("نص ثالث جديد\n", encoding="utf-8")
    (two / "a.txt").rename(two / "d.txt")
    said: list[str] = []
    assert ingest_plainly(job, new_only=True, notices=said) == ["day-slice-0000"]
    assert said == [
        "b.txt: has changed since it was taken; taken as new",
        f"{two / 'a.txt'}: was taken and is no longer there; what was kept of it stays",
        "1 bundles were taken before",
    ]
    runs = committed_runs(Folder(str(tmp_path / "out")))
    taken = [[each.url.rsplit("/", 1)[-1] for each in run.inputs] for run in runs]
    assert taken == [["a.txt", "b.txt"], ["b.txt", "c.txt"]]


def test_long_lists_of_notices_are_cut(tmp_path: Path) -> None:
    folder = write_bundles(tmp_path / "in", {f"{at:02d}.txt": f"{at}\n" for at in range(15)})
    ingest_plainly(settings_for(tmp_path / "out", folder))
    for at in range(14):
        (folder / f"{at:02d}.txt").unlink()
    said: list[str] = []
    ingest_plainly(settings_for(tmp_path / "out", folder), new_only=True, notices=said)
    assert len(said) == 12
    assert said[10:] == ["… and 4 more", "1 bundles were taken before"]


def test_a_second_job_says_who_is_writing(tmp_path: Path, two: Path) -> None:
    job = settings_for(tmp_path / "out", two, run__id="second")
    ingest_plainly(job)
    with lock_output(Folder(str(tmp_path / "out")), "first"), pytest.raises(OutputLocked, match="run first"):
        ingest_plainly(job)


def test_what_is_new_is_decided_under_the_lock(tmp_path: Path, two: Path) -> None:
    """A job that waited must not take again what the one it waited for has taken."""
    job = settings_for(tmp_path / "out", two)
    bundles = list_bundles(job.input.paths)
    runner = PlainRunner(job)
    waiting = run_job(bundles, job, runner, in_process=True, new_only=True)
    ingest_plainly(job)
    assert list(waiting) == []
    assert runner.runs == []


def test_names_of_slices_cannot_be_given(tmp_path: Path, two: Path) -> None:
    with pytest.raises(UsageError, match="names like this are those of slices"):
        ingest_plainly(settings_for(tmp_path / "out", two, run__id="x-slice-0000"))
    assert not (tmp_path / "out").exists()


def test_a_failing_slice_leaves_nothing(tmp_path: Path, two: Path) -> None:
    job = settings_for(tmp_path / "out", two, run__id="x")
    with pytest.raises(Crash):
        ingest_plainly(job, crash_at=0)
    assert sorted(path.name for path in (tmp_path / "out").rglob("*") if path.is_file()) == [".lock", "rafid.json"]
    with pytest.raises(BundleError):
        ingest_plainly(settings_for(tmp_path / "out", two / "none*"))


def test_the_command_line_in_slices_and_with_nothing_new(tmp_path: Path, two: Path) -> None:
    arguments = ["--input", str(two), "--output", str(tmp_path / "out"), "--quiet", "--new-only", *UNSEGMENTED]
    cut = ["--set", "run.max_bytes=100", "--set", "run.split_bytes=200"]
    assert main([*arguments, *cut, "--run", "x"]) == 0
    manifests = [json.loads(path.read_text()) for path in sorted((tmp_path / "out" / "manifests").iterdir())]
    assert [each["slice"]["index"] for each in manifests] == list(range(manifests[0]["slice"]["of"]))
    assert len({each["slice"]["plan"] for each in manifests}) == 1
    assert main(arguments) == NOTHING_NEW
    bundles = {path.name: path.read_text(encoding="utf-8") for path in two.iterdir()}
    assert read_whole_output(tmp_path / "out") == truth(bundles)


def test_what_surrounds_a_job_comes_before_anything_is_cleaned_up(tmp_path: Path) -> None:
    """Proves that the output is held by then, and that what a killed try left is still there; it goes afterwards."""
    bundles, output = write_bundles(tmp_path / "in", {"a.txt": f"{LINES[0]}\n"}), tmp_path / "out"
    job = settings_for(output, bundles, run__id="x")
    left = output / "index" / "run=gone" / "scratch" / "opening.json"
    seen: list[bool] = []

    @contextmanager
    def context() -> Iterator[None]:
        with pytest.raises(OutputLocked), lock_output(Folder(str(output)), "y"):
            pass
        left.parent.mkdir(parents=True)
        left.write_text("{}")
        yield
        seen.append(left.exists())

    done = run_job(list_bundles([str(bundles)]), job, PlainRunner(job), in_process=True, context=context)
    assert [each.run for each in done] == ["x"]
    assert seen == [False]
