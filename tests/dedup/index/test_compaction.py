"""Indexes of several runs: built, merged, cut short by crashes; the answers stay those of the definition."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.config import IngestSettings
from tests.dedup.samples import sets_of
from tests.plain_job import Crash, ingest_plainly, read_whole_output, settings_for, write_bundles
from transforms.dedup.definition import DefinitionError, check_definition
from transforms.dedup.index import building as compaction
from transforms.dedup.index.building import (
    FAN,
    IndexMissingError,
    Remake,
    clean_index,
    compact,
    due,
    index_runs,
    keep_up,
    open_index,
    within_horizon,
)
from transforms.dedup.index.groups import SegmentGroup, groups_of
from transforms.runs.catalog import committed_runs
from transforms.runs.manifest import Manifest, RunKey
from transforms.runs.run import Run
from transforms.settings import DedupSettings, IndexSettings
from transforms.shards.reindexing import kept_sets
from transforms.storage import Folder

DEDUP = DedupSettings()
SENTENCES = [
    "رافد نهر يغذي نهرا أكبر منه ويصب فيه ماءه كل شتاء",
    "تهطل الأمطار على الجبال في فصل الشتاء وتذوب الثلوج في الربيع",
    "كتب الكاتب مقالا طويلا عن تاريخ المدينة القديمة وأسواقها",
    "وصلت القافلة إلى الواحة بعد مسيرة ثلاثة أيام في الصحراء",
]


def text_of(run: int) -> str:
    """Two sentences that other runs have too, and one that only this one has."""
    own = f"هذه جملة لا توجد إلا في الحزمة رقم {run} من هذه الحزم كلها {run}"
    return "\n".join([SENTENCES[run % 4], own, SENTENCES[(run + 1) % 4] + " جدا"]) + "\n"


def ingest_runs(folder: Path, count: int, first: int = 0) -> Folder:
    """An output of `count` runs, one a bundle."""
    for run in range(first, first + count):
        bundles = write_bundles(folder / "in", {f"{run:03d}.txt": text_of(run)})
        ingest_plainly(settings_for(folder / "out", bundles / f"{run:03d}.txt", run__id=f"r{run:03d}"))
    return Folder(str(folder / "out"))


def keys_of(output: Folder) -> list[RunKey]:
    """The committed runs, in order."""
    return [each.key for each in committed_runs(output)]


def answers(output: Folder) -> list[tuple[Any, ...]]:
    """What the index finds for the paragraphs of all bundles."""
    texts = [line for run in range(60) for line in text_of(run).splitlines()]
    index = open_index(output, keys_of(output), DEDUP)
    if index is None:
        return []
    found = index.match([sets_of(texts, DEDUP)], DEDUP.threshold, 1)
    hits = (found.segment >= 0).nonzero()[0]
    places = index.places(found.segment[hits], found.row[hits]).to_pylist() if len(hits) else []
    return [(int(at), float(found.similarity[at]), *place.values()) for at, place in zip(hits, places, strict=True)]


def index_files(output: Folder) -> set[str]:
    return set(output.files("index"))


def test_compaction_changes_no_answer(tmp_path: Path) -> None:
    output = ingest_runs(tmp_path, 5)
    groups = index_runs(output, committed_runs(output), kept_sets)
    before = answers(output)
    assert [group.runs[0].run for group in groups] == [f"r{run:03d}" for run in range(5)]
    assert len({place[2] for place in before}) == 5
    group = compact(output, committed_runs(output), kept_sets)
    assert group is not None
    assert [run.run for run in group.runs] == [f"r{run:03d}" for run in range(5)]
    assert answers(output) == before
    assert {name.split("/")[0] for name in index_files(output)} == {"compact=00000001"}


def test_compaction_of_nothing(tmp_path: Path) -> None:
    assert compact(Folder(str(tmp_path)), [], kept_sets) is None


def test_runs_after_a_compaction_are_decided_as_without_it(tmp_path: Path) -> None:
    plain, output = ingest_runs(tmp_path / "plain", 6), ingest_runs(tmp_path / "compacted", 3)
    compact(output, committed_runs(output), kept_sets)
    ingest_runs(tmp_path / "compacted", 3, first=3)
    assert read_whole_output(output.local_path()) == read_whole_output(plain.local_path())
    keep_up(output, committed_runs(output), kept_sets)
    keep_up(plain, committed_runs(plain), kept_sets)
    first, second = answers(output), answers(plain)
    assert [(each[0], each[1], *each[3:]) for each in first] == [(each[0], each[1], *each[3:]) for each in second]
    assert [each[2] for each in first] == [each[2] for each in second]


def test_many_runs_are_merged_by_levels(tmp_path: Path) -> None:
    output = ingest_runs(tmp_path, FAN + 2)
    keep_up(output, committed_runs(output), kept_sets)
    groups = groups_of(output, keys_of(output))
    assert [len(group.runs) for group in groups] == [FAN, 1, 1]
    assert len(index_files(output)) == 3 * 3
    assert len({place[2] for place in answers(output)}) == FAN + 2


@pytest.mark.parametrize(
    ("sizes", "wanted"),
    [
        ([1] * (FAN - 1), 0),
        ([1] * FAN, FAN),
        ([1 << 30] + [1] * FAN, FAN),
        ([1 << 30] + [1] * (FAN - 1), 0),
        ([1 << 22] * (FAN - 1) + [1], 0),
        ([1 << 22] * FAN + [1], FAN + 1),
        ([1 << 22, 1] * FAN, 2 * FAN),
        ([1 << 22] * (FAN - 1) + [1 << 30], 0),
        ([], 0),
    ],
)
def test_what_is_due_is_the_tail_of_one_level(sizes: list[int], wanted: int) -> None:
    groups = [group_of(str(at), (size,)) for at, size in enumerate(sizes)]
    assert list(due(groups)) == (groups[-wanted:] if wanted else [])


def test_groups_stay_few_whatever_the_sizes() -> None:
    """A thousand runs of the same size never leave more than two levels of FAN - 1 groups."""
    groups: list[SegmentGroup] = []
    for run in range(1000):
        groups.append(group_of(str(run), (1 << 16,)))
        while tail := due(groups):
            groups[-len(tail) :] = [group_of("m", (sum(sum(group.tokens) for group in tail),))]
        assert len(groups) <= 3 * (FAN - 1)
    assert sum(sum(group.tokens) for group in groups) == 1000 << 16


def test_a_removed_run_counts_no_longer(tmp_path: Path) -> None:
    output = ingest_runs(tmp_path, 4)
    compact(output, committed_runs(output), kept_sets)
    assert "r001" in {place[2] for place in answers(output)}
    Run(output, "r001").remove()
    before = answers(output)
    assert {place[2] for place in before} == {"r000", "r002", "r003"}
    compact(output, committed_runs(output), kept_sets)
    assert answers(output) == before
    segments = open_index(output, keys_of(output), DEDUP)
    assert segments is not None
    assert {run for each in segments.segments for run in each.rows.column("run").to_pylist()} == {
        "r000",
        "r002",
        "r003",
    }


def test_a_run_that_replaces_a_merged_one_counts_anew(tmp_path: Path) -> None:
    """Its name is in the compaction still; the paragraphs it no longer has must not be found."""
    output = ingest_runs(tmp_path, 2)
    compact(output, committed_runs(output), kept_sets)
    Run(output, "r001").remove()
    bundles = write_bundles(tmp_path / "in", {"001.txt": "جملة جديدة تماما تحل محل ما كان في هذه الحزمة من قبل\n"})
    ingest_plainly(settings_for(output.local_path(), bundles / "001.txt", run__id="r001"))
    keep_up(output, committed_runs(output), kept_sets)
    assert {place[2] for place in answers(output)} == {"r000"}
    clean_index(output, committed_runs(output))
    view = open_index(output, keys_of(output), DEDUP)
    assert view is not None
    assert (
        view.match([sets_of(["جملة جديدة تماما تحل محل ما كان في هذه الحزمة من قبل"], DEDUP)], 0.7, 1).segment[0] >= 0
    )


@pytest.mark.parametrize("work", [compact, keep_up], ids=["compact", "keep_up"])
def test_a_crash_leaves_the_old_index_or_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, work: Callable[[Folder, list[Manifest], Remake], Any]
) -> None:
    output = ingest_runs(tmp_path, 4)
    monkeypatch.setattr(compaction, "FAN", 3)
    wanted = None
    for calls in range(100):
        with monkeypatch.context() as patched:
            counter = _crash_after(patched, calls)
            try:
                work(output, committed_runs(output), kept_sets)
            except Crash:
                pass
            else:
                break
        assert next(counter) == calls + 1
        with monkeypatch.context() as patched:  # a run that follows builds what is missing
            patched.setattr(compaction, "FAN", 1000)
            keep_up(output, committed_runs(output), kept_sets)
        wanted = wanted or answers(output)
        assert answers(output) == wanted
    assert calls > 3
    assert answers(output) == wanted
    assert {name.split("=")[0] for name in index_files(output)} == {"compact"}


def _crash_after(patched: pytest.MonkeyPatch, calls: int) -> Iterator[int]:
    """Whatever changes a file raises Crash once `calls` of it are done; how often it was called comes out."""
    done = [0]

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            done[0] += 1
            if done[0] > calls:
                raise Crash
            return function(*arguments, **options)

        return call

    for name in ("write_json", "write_arrow", "remove"):
        patched.setattr(Folder, name, counted(getattr(Folder, name)))
    return iter(lambda: done[0], -1)


def group_of(folder: str, tokens: tuple[int, ...]) -> SegmentGroup:
    """A group of those sizes, of no runs."""
    return SegmentGroup(folder=folder, tokens=tokens, digests=(), runs=())


def test_an_index_that_is_not_whole_is_an_error(tmp_path: Path) -> None:
    output = ingest_runs(tmp_path, 1)
    for file in (
        *output.local_path("index").rglob("fingerprints/*.arrow"),
        *output.local_path("documents").rglob("*.parquet"),
    ):
        file.unlink()
    with pytest.raises(
        IndexMissingError, match=r"cannot be made again: .* restore it from a backup, or remove run r000"
    ):
        index_runs(output, committed_runs(output), kept_sets)
    with pytest.raises(IndexMissingError, match="run r000 has no segments"):
        open_index(output, keys_of(output), DEDUP)


def test_no_index_where_nothing_counts(tmp_path: Path) -> None:
    output = ingest_runs(tmp_path, 1)
    assert open_index(output, [], DEDUP) is None
    assert open_index(output, keys_of(output), DedupSettings(scope="document")) is None


def test_horizon_by_runs_and_days() -> None:
    now = datetime(2026, 11, 30, tzinfo=UTC)
    runs = [RunKey(f"r{day}", (now - timedelta(days=day)).isoformat()) for day in (9, 5, 2, 1)]
    assert within_horizon(runs, IndexSettings(), now) == runs
    assert within_horizon(runs, IndexSettings(horizon_runs=2), now) == runs[2:]
    assert within_horizon(runs, IndexSettings(horizon_runs=0), now) == []
    assert within_horizon(runs, IndexSettings(horizon_runs=9), now) == runs
    assert within_horizon(runs, IndexSettings(horizon_days=5), now) == runs[1:]
    assert within_horizon(runs, IndexSettings(horizon_days=5, horizon_runs=1), now) == runs[3:]


def test_a_run_finds_only_what_is_within_its_horizon(tmp_path: Path) -> None:
    bundles = write_bundles(tmp_path / "in", {f"{run}.txt": SENTENCES[0] + "\n" for run in "abc"})
    for run in "abc":
        settings = settings_for(tmp_path / "out", bundles / f"{run}.txt", run__id=run, index__horizon_runs=1)
        ingest_plainly(settings)
    whole = read_whole_output(tmp_path / "out")
    assert [place.bundle for place in whole.kept] == ["a.txt", "c.txt"]
    assert [place.bundle for place in whole.duplicates] == ["b.txt"]


def test_other_settings_are_one_error_that_names_both(tmp_path: Path) -> None:
    output = ingest_runs(tmp_path, 2)
    settings: IngestSettings = settings_for(
        output.local_path(), tmp_path / "in", dedup__threshold=0.8, dedup__shingle__size=3
    )
    line = (
        f"output {output.url}: run r000 was made with dedup.shingle.size=2, dedup.threshold=0.7, "
        "this one has dedup.shingle.size=3, dedup.threshold=0.8; use the same settings or another output"
    )
    with pytest.raises(DefinitionError) as error:
        ingest_plainly(settings)
    assert str(error.value) == line
    check_definition(output.url, committed_runs(output), DEDUP)
