"""References: paragraphs that another corpus keeps count as kept earlier, whatever state its index is in."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.explain import main as explain
from pipelines.index import main as index
from pipelines.ingest import main as ingest
from pipelines.report import main as report
from pipelines.runs import main as runs
from tests.conftest import UNSEGMENTED
from tests.corpus import check_counts, files_below, read_corpus
from tests.dedup.index.samples import write_earlier
from tests.dedup.oracle import similarity
from tests.plain_job import Crash, ingest_plainly, settings_for, write_bundles
from transforms.dedup.definition import DefinitionError
from transforms.dedup.index.references import BadReferenceError, references_of
from transforms.errors import RunError, UsageError
from transforms.runs.catalog import committed_runs
from transforms.runs.run import Run
from transforms.settings import DedupSettings
from transforms.shards.checking import check_run
from transforms.shards.corpus import Corpus
from transforms.shards.lookup import settings_of
from transforms.shards.what_if import preview
from transforms.storage import Folder

LINES = [
    "قال الراوي إن النهر كان يفيض كل عام في الربيع ويسقي الحقول",
    "قال الراوي إن النهر كان يفيض كل عام في الربيع ويسقي البساتين",
    "قال الراوي إن النهر كان يفيض كل عام في الربيع ويسقي البساتين والحقول",
    "وكان أهل القرية يجتمعون عند البئر في المساء بعد صلاة العصر",
    "وكان أهل القرية يجتمعون عند البئر في المساء بعد صلاة المغرب",
    "ما عاصمة العراق وما اسم النهر الذي يمر بها",
    "نشر الخبر",
    "،،",
]
bundles = st.lists(st.sampled_from(LINES), max_size=8).map(lambda lines: "".join(f"{line}\n" for line in lines))

# Where a paragraph is: corpus (None for the one that was asked for), run, bundle, offset; and its text.
Kept = tuple[tuple[str | None, str, str, int], str]


def kept_in(output: Path, corpus: str | None = None) -> list[Kept]:
    """The kept paragraphs of all runs of an output, in order."""
    found: list[Kept] = []
    for each in committed_runs(Folder(str(output))):
        rows = sorted(read_corpus(output, each.run).kept(), key=lambda kept: (kept[0]["bundle"], kept[3]))
        found += [((corpus, each.run, row["bundle"], offset), text) for row, text, _, offset in rows]
    return found


def by_definition(earlier: Sequence[Kept], run: str, texts: dict[str, str], definition: DedupSettings) -> Any:
    """The paragraphs of a run that are kept, and what the others repeat how closely; all of `earlier` is kept."""
    kept, removed = list(earlier), {}
    for bundle, text in sorted(texts.items()):
        offset = 0
        for line in text.splitlines():
            alike = [(similarity(line, other, definition), -number) for number, (_, other) in enumerate(kept)]
            most, number = max(alike, default=(0.0, 0))
            if most >= definition.threshold:
                removed[bundle, offset] = (kept[-number][0], most)
            else:
                kept.append(((None, run, bundle, offset), line))
            offset += len(f"{line}\n".encode())
    return kept[len(earlier) :], removed


def removed_in(output: Path, run: str) -> Any:
    """The duplicates of a run, as `by_definition` has them."""
    names = ("kept_corpus", "kept_run", "kept_bundle", "kept_offset")
    rows = read_corpus(output, run).duplicates
    return {(row["bundle"], row["offset"]): (tuple(row[name] for name in names), row["similarity"]) for row in rows}


@settings(deadline=None, max_examples=15)
@given(st.lists(st.lists(bundles, min_size=1, max_size=2), min_size=1, max_size=2), bundles, bundles, st.booleans())
def test_what_references_keep_comes_first(others: list[list[str]], first: str, second: str, indexed: bool) -> None:
    """References before earlier runs, in the order given, each in the order of its runs; indexed or not."""
    with TemporaryDirectory() as name:
        folder, urls = Path(name), []
        for number, texts in enumerate(others):
            urls.append(str(folder / f"other-{number}"))
            for at, text in enumerate(texts):
                write_bundles(folder / f"in-{number}", {f"{at}.txt": text})
                ingest_plainly(settings_for(Path(urls[-1]), folder / f"in-{number}" / f"{at}.txt", run__id=f"o{at}"))
            if indexed:
                assert index([urls[-1], "build"]) == 0
        before = [files_below(Path(url)) for url in urls]
        earlier = [each for url in urls for each in kept_in(Path(url), url)]
        for run, text in (("a", first), ("b", second)):
            write_bundles(folder / "in", {f"{run}.txt": text})
            own = kept_in(folder / "out")
            asked = settings_for(folder / "out", folder / "in" / f"{run}.txt", run__id=run, dedup__against=urls)
            ingest_plainly(asked)
            kept, removed = by_definition([*earlier, *own], run, {f"{run}.txt": text}, DedupSettings())
            assert kept_in(folder / "out")[len(own) :] == kept
            assert removed_in(folder / "out", run) == removed
            check_counts(read_corpus(folder / "out", run))
            manifest = committed_runs(Folder(str(folder / "out")))[-1]
            assert [each.url for each in manifest.against] == urls
            assert check_run(Folder(str(folder / "out")), manifest) == []
        assert [files_below(Path(url)) for url in urls] == before


@settings(deadline=None, max_examples=15)
@given(st.lists(bundles, min_size=1, max_size=2), bundles, st.sampled_from([0.4, 0.7, 0.9]))
def test_a_preview_keeps_what_references_keep(others: list[str], text: str, threshold: float) -> None:
    """Whatever the other definition would make of the paragraphs of references among themselves."""
    with TemporaryDirectory() as name:
        folder, urls = Path(name), []
        for number, other in enumerate(others):
            write_bundles(folder / "others", {f"{number}.txt": other})
            urls.append(str(folder / f"other-{number}"))
            ingest_plainly(settings_for(Path(urls[-1]), folder / "others" / f"{number}.txt", run__id="o"))
        write_bundles(folder / "in", {"x.txt": text})
        ingest_plainly(settings_for(folder / "out", folder / "in", run__id="x", dedup__against=urls))
        corpus, then = Corpus(str(folder / "out")), DedupSettings(threshold=threshold, against=urls)
        found = preview(corpus, settings_of(corpus), then, 2)
        earlier = [each for url in urls for each in kept_in(Path(url), url)]
        rows = found.paragraphs.to_pylist()
        assert [row["text"] for row in rows[: found.outside]] == [each for _, each in earlier]
        for decision, definition in ((found.now, DedupSettings()), (found.then, then)):
            _, removed = by_definition(earlier, "x", {"x.txt": text}, definition)
            stands = {
                ("x.txt", rows[at]["offset"]): (rows[kept]["bundle"], rows[kept]["offset"], similarity)
                for at, kept, similarity in zip(
                    decision.removed.tolist(), decision.kept.tolist(), decision.similarity.tolist(), strict=True
                )
            }
            assert stands == {place: (*kept[2:], most) for place, (kept, most) in removed.items()}


@pytest.fixture
def benchmarks(tmp_path: Path) -> Path:
    """A corpus of two runs, of which the first is indexed."""
    for at, text in enumerate((f"{LINES[5]}\n{LINES[0]}\n", f"{LINES[3]}\n{LINES[5]}\n")):
        write_bundles(tmp_path / "questions", {f"{at}.txt": text})
        ingest_plainly(settings_for(tmp_path / "benchmarks", tmp_path / "questions" / f"{at}.txt", run__id=f"o{at}"))
    return tmp_path / "benchmarks"


def ingest_against(
    tmp_path: Path, *others: Path | str, run: str = "x", crash_at: int | None = None, **more: Any
) -> Path:
    """The output of a run over two bundles that repeat what the references have."""
    if not (tmp_path / "in").exists():  # a job that goes on knows them by their times
        texts = {"0.txt": (LINES[1], LINES[6]), "1.txt": (LINES[5], LINES[4], LINES[6])}
        write_bundles(tmp_path / "in", {name: "".join(f"{line}\n" for line in lines) for name, lines in texts.items()})
    urls = [str(each) for each in others]
    asked = settings_for(tmp_path / "out", tmp_path / "in", run__id=run, dedup__against=urls, **more)
    ingest_plainly(asked, crash_at=crash_at)
    return tmp_path / "out"


WANTED = {
    ("0.txt", 0): "o0",
    ("1.txt", 0): "o0",
    ("1.txt", len(f"{LINES[5]}\n".encode())): "o1",
}


def runs_of_removed(output: Path, url: Path | str, *names: str) -> dict[tuple[str, int], str]:
    """The run of the reference that keeps what each removed paragraph repeats."""
    found = {place: each for run in names or ("x",) for place, each in removed_in(output, run).items()}
    return {place: kept[1] for place, (kept, _) in found.items() if kept[0] == str(url)}


def test_an_index_that_is_damaged_missing_or_of_another_form_is_made_for_the_run_alone(
    benchmarks: Path, tmp_path: Path
) -> None:
    assert index([str(benchmarks), "build"]) == 0
    states = {
        "whole": lambda folder: None,
        "no-index": lambda folder: shutil.rmtree(folder / "index"),
        "no-segments": lambda folder: [path.unlink() for path in folder.glob("index/run=o0/index.json")],
        "damaged": lambda folder: next(folder.glob("index/run=o1/*/rows.arrow")).write_bytes(b"damaged"),
        "damaged-group": lambda folder: next(folder.glob("index/run=o1/index.json")).write_bytes(b"{}"),
        "format-before": lambda folder: write_earlier(Folder(str(folder)), "run=o1"),
    }
    for state, damage in states.items():
        other = tmp_path / state
        shutil.copytree(benchmarks, other)
        damage(other)
        before = files_below(other)
        output = ingest_against(tmp_path / f"of-{state}", other)
        assert runs_of_removed(output, other) == WANTED, state
        assert files_below(other) == before, state
        assert not list(output.glob("index/run=x/scratch/*")), state


def test_a_reference_in_a_store(benchmarks: Path, tmp_path: Path) -> None:
    from fsspec.implementations.memory import MemoryFileSystem  # noqa: PLC0415

    store = MemoryFileSystem()
    store.put(str(benchmarks), "/benchmarks", recursive=True)
    try:
        output = ingest_against(tmp_path, "memory://benchmarks")
        assert runs_of_removed(output, "memory://benchmarks") == WANTED
    finally:
        store.rm("/benchmarks", recursive=True)


def test_both_joins_and_the_graph_decide_the_same(benchmarks: Path, tmp_path: Path) -> None:
    plain = ingest_against(tmp_path, benchmarks)
    for join in ("one_pass", "partitioned"):
        output = tmp_path / join
        options = ["--set", f"dedup.against=[{benchmarks}]", "--set", f"dedup.join={join}", "--quiet", *UNSEGMENTED]
        assert ingest(["--input", str(tmp_path / "in"), "--output", str(output), "--run", "x", *options]) == 0
        assert removed_in(output, "x") == removed_in(plain, "x")
        assert kept_in(output) == kept_in(plain)


def test_other_definitions_are_one_line_that_names_both(benchmarks: Path, tmp_path: Path) -> None:
    with pytest.raises(DefinitionError) as caught:
        ingest_against(tmp_path, benchmarks, dedup__threshold=0.9)
    assert f"{benchmarks}, which dedup.against names: run o0 was made with dedup.threshold=0.7" in str(caught.value)
    assert "this one has dedup.threshold=0.9" in str(caught.value)
    assert committed_runs(Folder(str(tmp_path / "out"))) == []


def test_what_is_no_reference_is_said_before_any_work(
    benchmarks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    ((tmp_path / "begun") / "rafid.json").parent.mkdir()
    shutil.copy(benchmarks / "rafid.json", tmp_path / "begun")
    link = tmp_path / "link"
    link.symlink_to(benchmarks)
    write_bundles(tmp_path / "in", {"0.txt": LINES[0]})
    cases = {
        f"[{empty}]": "is not a folder that Rafid wrote; it would hold rafid.json",
        f"[{tmp_path / 'begun'}]": "holds no committed run",
        f"[{benchmarks}, {link}]": "is named twice",
        f"[{tmp_path / 'out'}]": "is the output itself",
        f"{benchmarks}": "should be a valid list",
    }
    for value, wanted in cases.items():
        command = ["--input", str(tmp_path / "in"), "--output", str(tmp_path / "out"), "--quiet", *UNSEGMENTED]
        assert ingest([*command, "--set", f"dedup.against={value}"]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert wanted in line
    with pytest.raises(UsageError, match=r"dedup\.against: .* where dedup\.scope is document"):
        settings_for(tmp_path, "x", dedup__scope="document", dedup__against=["b"])


def grow(benchmarks: Path, tmp_path: Path) -> None:
    """Adds a run to the reference that keeps what the later bundle has."""
    write_bundles(tmp_path / "questions", {"2.txt": f"{LINES[6]}\n"})
    ingest_plainly(settings_for(benchmarks, tmp_path / "questions" / "2.txt", run__id="o2"))


def test_a_job_that_goes_on_sees_what_its_first_slice_saw(benchmarks: Path, tmp_path: Path) -> None:
    sliced: dict[str, Any] = {"run__max_bytes": 150, "run__split_bytes": 64}
    with pytest.raises(Crash):
        ingest_against(tmp_path, benchmarks, crash_at=1, **sliced)
    grow(benchmarks, tmp_path)
    output = ingest_against(tmp_path, benchmarks, **sliced)
    done = committed_runs(Folder(str(output)))
    assert len(done) > 1
    assert {tuple(key.run for key in each.against[0].runs) for each in done} == {("o0", "o1")}
    assert runs_of_removed(output, benchmarks, *(each.run for each in done)) == WANTED
    ingest_against(tmp_path, benchmarks, run="y")  # another job sees all
    assert [key.run for key in committed_runs(Folder(str(output)))[-1].against[0].runs] == ["o0", "o1", "o2"]


def test_a_replacement_that_goes_on_sees_what_its_first_slice_saw(benchmarks: Path, tmp_path: Path) -> None:
    """Its finished slices wait until it is done; a replacement that begins anew sees all."""
    sliced: dict[str, Any] = {"run__max_bytes": 150, "run__split_bytes": 64}
    output = ingest_against(tmp_path, benchmarks, **sliced)
    grow(benchmarks, tmp_path)
    with pytest.raises(Crash):
        ingest_against(tmp_path, benchmarks, crash_at=1, **sliced)
    write_bundles(tmp_path / "questions", {"3.txt": f"{LINES[2]}\n"})
    ingest_plainly(settings_for(benchmarks, tmp_path / "questions" / "3.txt", run__id="o3"))
    ingest_against(tmp_path, benchmarks, **sliced)
    done = committed_runs(Folder(str(output)))
    assert [each.generation for each in done] == [1] * len(done)
    assert {tuple(key.run for key in each.against[0].runs) for each in done} == {("o0", "o1", "o2")}


def test_a_job_that_goes_on_says_that_a_reference_has_lost_a_run(benchmarks: Path, tmp_path: Path) -> None:
    sliced: dict[str, Any] = {"run__max_bytes": 150, "run__split_bytes": 64}
    with pytest.raises(Crash):
        ingest_against(tmp_path, benchmarks, crash_at=1, **sliced)
    Run(Folder(str(benchmarks)), "o1").remove()
    with pytest.raises(BadReferenceError, match=r"has changed since run x-slice-0000 was compared with it: its run o1"):
        ingest_against(tmp_path, benchmarks, **sliced)


def test_a_reference_that_changes_under_a_run_ends_it(
    benchmarks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its run is removed after the run was opened, and before its join."""
    from tests import plain_job  # noqa: PLC0415

    assert index([str(benchmarks), "build"]) == 0
    join = plain_job.join_run

    def after_removal(*arguments: Any) -> Any:
        Run(Folder(str(benchmarks)), "o1").remove()
        return join(*arguments)

    monkeypatch.setattr(plain_job, "join_run", after_removal)
    with pytest.raises(RunError, match=r"has changed since run x began: its run o1 .*; run again"):
        ingest_against(tmp_path, benchmarks)
    assert committed_runs(Folder(str(tmp_path / "out"))) == []


def test_a_reference_that_is_compacted_or_grows_under_a_run_changes_nothing(
    benchmarks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests import plain_job  # noqa: PLC0415

    join = plain_job.join_run

    def after_more(*arguments: Any) -> Any:
        monkeypatch.setattr(plain_job, "join_run", join)
        grow(benchmarks, tmp_path)
        assert index([str(benchmarks), "compact"]) == 0
        return join(*arguments)

    monkeypatch.setattr(plain_job, "join_run", after_more)
    output = ingest_against(tmp_path, benchmarks)
    assert runs_of_removed(output, benchmarks) == WANTED


def test_checking_finds_what_points_nowhere(benchmarks: Path, tmp_path: Path) -> None:
    output = Folder(str(ingest_against(tmp_path, benchmarks)))
    (manifest,) = committed_runs(output)
    assert check_run(output, manifest) == []
    Run(Folder(str(benchmarks)), "o1").remove()
    assert check_run(output, manifest) == [
        f"1 duplicates repeat paragraphs of run o1 of {benchmarks}, which is no more, or not as it was"
    ]
    stripped = manifest.model_copy(update={"against": ()})
    assert [line.rpartition(", ")[2] for line in check_run(output, stripped)] == [
        "which the manifest does not name"
    ] * 2


def test_a_manifest_without_references_is_as_it_always_was(tmp_path: Path) -> None:
    output = ingest_against(tmp_path)
    fields = json.loads((output / "manifests" / "x.json").read_text())
    assert "against" not in fields
    assert references_of(DedupSettings(), Folder(str(output))) == ()


def test_explain_and_report_and_runs_name_the_reference(
    benchmarks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a path that is relative, as those of inputs and outputs may be."""
    monkeypatch.chdir(tmp_path)
    output = str(ingest_against(tmp_path, "benchmarks"))
    assert explain([output, "--paragraph", "1.txt@0"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "benchmarks)" in shown  # after the run, on another line of the cell
    assert shown.count("عاصمة") == 2  # the text beside it is the reference's
    assert explain([output, "--text", LINES[5]]) == 0
    assert "is in benchmarks" in " ".join(capsys.readouterr().out.split())
    assert explain([output, "--what-if", "against=[x]"]) == 2
    assert "against: is not part of the definition" in capsys.readouterr().err
    assert explain([output, "--what-if", "threshold=0.9"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "With threshold=0.9 2 of 5 paragraphs would go; 4 go now." in shown
    assert "2 go now and would stay." in shown
    assert "benchmarks)" in shown
    assert report([output]) == 0
    assert "of <bdi>benchmarks</bdi>" in (Path(output) / "reports" / "x.html").read_text()
    assert runs([output, "show", "x"]) == 0
    assert "compared with what benchmarks keeps too, in 2 runs" in " ".join(capsys.readouterr().out.split())
    assert runs([output, "verify"]) == 0
    shutil.rmtree(benchmarks)
    assert runs([output, "verify"]) == 1
    assert explain([output, "--paragraph", "1.txt@0"]) == 0
    assert "its run is no longer there" in capsys.readouterr().out
    assert explain([output, "--text", LINES[5]]) == 2
    assert f"benchmarks: run o0, which run x of {output} was compared with, is no more" in capsys.readouterr().err
