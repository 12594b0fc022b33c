"""The page of a corpus: its figures are those of the manifests and ledgers, its links lead to reports."""

import re
from pathlib import Path

import pytest

from pipelines.ingest import main as ingest
from pipelines.report import main as report
from pipelines.runs import main as runs
from pipelines.views import corpus_page
from pipelines.views.corpus_page import render_page
from pipelines.views.translation import speaking
from tests.conftest import UNSEGMENTED
from tests.corpus import read_corpus
from transforms.runs.manifest import Manifest
from transforms.shards.corpus import Corpus

NAMES = ("one", "two", "three")


@pytest.fixture(scope="module")
def output(seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run a bundle of the seeds, in a folder with a hostile name."""
    output = tmp_path_factory.mktemp("page") / "<b>corpus&\u202e"
    for name, bundle in zip(NAMES, sorted(seeds.glob("*.txt")), strict=True):
        given = ["--input", str(bundle), "--output", str(output), "--run", name, "--quiet"]
        assert ingest([*given, *UNSEGMENTED, "--lang", "en"]) == 0
    return output


def rows(page: str, section: str) -> list[list[str]]:
    """The cells of the table in a section, row by row, without their markup."""
    body = page.split(f'<section id="{section}"')[1].split("</section>", maxsplit=1)[0].rsplit("<tbody", maxsplit=1)[-1]
    cells = (re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in body.split("</tr>"))
    return [[re.sub(r"<[^>]*>", "", cell) for cell in row] for row in cells if row]


def test_it_is_written_with_each_run_and_by_the_command(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = output / "reports" / "index.html"
    page = written.read_text(encoding="utf-8")
    with speaking("en"):
        assert page == render_page(Corpus(str(output)))
    written.unlink()
    assert report([str(output), "--run", "two", "--lang", "en"]) == 0
    assert [Path(line).name for line in capsys.readouterr().out.splitlines()] == ["two.html", "index.html"]
    assert written.read_text(encoding="utf-8") == page


def test_runs_are_in_the_table_latest_first(output: Path) -> None:
    page = (output / "reports" / "index.html").read_text(encoding="utf-8")
    manifests = {each.run: each for each in Corpus(str(output)).manifests}
    found = rows(page, "runs")
    assert [row[0] for row in found] == [*reversed(NAMES)]
    for name, began, number, documents, kept, share in found:
        counts = manifests[name].counts
        assert began == manifests[name].started[:16].replace("T", " ")
        assert int(number) == NAMES.index(name) + 1
        assert (int(documents), int(kept)) == (counts.documents.kept, counts.paragraphs.kept)
        assert share == f"{round(100 * counts.paragraphs.duplicate / counts.paragraphs.total)}%"
    assert re.findall('href="([a-z]+.html)"', page) == [f"{name}.html" for name in reversed(NAMES)]


def test_what_a_run_repeats_of_an_earlier_one_is_told(output: Path) -> None:
    page = (output / "reports" / "index.html").read_text(encoding="utf-8")
    expected: dict[tuple[str, str], int] = {}
    for name in NAMES:
        for row in read_corpus(output, name).duplicates:
            if row["kept_run"] != name:
                expected[name, row["kept_run"]] = expected.get((name, row["kept_run"]), 0) + 1
    assert expected
    assert {(removed, kept): int(count) for removed, kept, count in rows(page, "earlier")} == expected


def test_growth_is_what_is_kept_by_then(output: Path) -> None:
    page = (output / "reports" / "index.html").read_text(encoding="utf-8")
    kept = [each.counts.paragraphs.kept for each in Corpus(str(output)).manifests]
    grown = [sum(kept[: number + 1]) for number in range(len(kept))]
    (chart,) = re.findall("<desc>number of the run (.*?)</desc>", page.split("Duplicates, in percent")[0])
    assert chart == "; ".join(f"{number}: {count:,}" for number, count in enumerate(grown, 1))


def test_many_runs_are_cut(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = Corpus(str(output))
    many: list[Manifest] = corpus.manifests * 400
    monkeypatch.setattr(Corpus, "manifests", property(lambda _: many))
    with speaking("en"):
        page = render_page(corpus)
    assert len(rows(page, "runs")) == corpus_page.LISTED
    assert "The latest 200 of 1,200." in page
    assert len(page) < 200_000


def test_a_hostile_name_of_the_folder_is_shown(output: Path) -> None:
    page = (output / "reports" / "index.html").read_text(encoding="utf-8")
    assert page.count("&lt;b&gt;corpus&amp;⟦U+202E⟧") == 2
    assert "<b>corpus" not in page


def test_it_follows_the_removal_of_runs(seeds: Path, tmp_path: Path) -> None:
    page = tmp_path / "out" / "reports" / "index.html"
    for name in "ab":
        given = ["--input", str(seeds / "bundle_002_stories.txt"), "--output", str(tmp_path / "out"), "--run", name]
        assert ingest([*given, "--quiet", *UNSEGMENTED]) == 0
    assert runs([str(tmp_path / "out"), "remove", "b", "--yes"]) == 0
    assert [row[0] for row in rows(page.read_text(encoding="utf-8"), "runs")] == ["a"]
    assert runs([str(tmp_path / "out"), "remove", "a", "--yes"]) == 0
    assert not page.exists()
