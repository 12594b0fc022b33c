"""Why a paragraph went: pairs with the words that differ marked, in a terminal and without one."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from pipelines.explain import main
from pipelines.ingest import main as ingest
from tests.conftest import UNSEGMENTED
from tests.corpus import Corpus, read_corpus
from tests.dedup import oracle


@pytest.fixture(scope="module")
def output(seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("explain") / "out"
    options = ["--quiet", "--set", "run.report=false", *UNSEGMENTED]
    assert ingest(["--input", f"{seeds}/*.txt", "--output", str(output), "--run", "x", *options]) == 0
    return output


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


def words(printed: str) -> list[list[str]]:
    """The words of both columns, in the order of the rows."""
    rows = [line.split("│")[1:3] for line in printed.splitlines() if line.startswith("│")]
    return [" ".join(cells).split() for cells in zip(*rows, strict=True)]


def test_a_pair_shows_both_texts_with_what_differs_in_brackets(
    output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    near = next(row for row in read_corpus(output, "x").duplicates if row["rule"] == "near")
    assert main([str(output), "--paragraph", f"{near['bundle']}@{near['offset']}"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert printed.out.startswith(f"near  similarity {near['similarity']:.4f}")
    assert f"removed: {near['bundle']}@{near['offset']} ¶{near['paragraph_index']}" in printed.out
    assert f"kept: {near['kept_bundle']}@{near['kept_offset']} ¶{near['kept_paragraph_index']} (run x)" in printed.out
    removed, kept = words(printed.out)
    assert [re.sub(r"[\[\]]", "", word) for word in removed] == near["text"].split()
    assert any(word.startswith("[") for word in removed + kept)
    same_removed, same_kept = (" ".join(word for word in each if not word.startswith("[")) for each in (removed, kept))
    assert oracle.words(same_removed) == oracle.words(same_kept)


def test_of_a_vowelled_copy_only_the_word_that_differs_is_in_brackets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = "زار الوفد مكتبة المدينة القديمة في الصباح واطلع على مخطوطات نادرة كتبت قبل سبعة قرون ثم غادر إلى المتحف"
    vowelled = "زَارَ الوَفْدُ مَكْتَبَةَ المَدِينَةِ القَدِيمَةِ في الصَّبَاحِ واطَّلَعَ على مخطوطاتٍ نادِرَةٍ كُتِبَتْ قَبْلَ سَبْعَةِ قُرُونٍ ثُمَّ غادَرَ الى المَصْنَعِ"
    (tmp_path / "a.txt").write_text(f"{plain}\n{vowelled}\n", encoding="utf-8")
    options = ["--output", str(tmp_path / "out"), "--run", "x", "--quiet", *UNSEGMENTED]
    assert ingest(["--input", str(tmp_path / "a.txt"), *options]) == 0
    capsys.readouterr()
    assert main([str(tmp_path / "out"), "--sample", "1"]) == 0
    removed, kept = words(capsys.readouterr().out)
    assert [word for word in removed if word.startswith("[")] == ["[المَصْنَعِ]"]
    assert [word for word in kept if word.startswith("[")] == ["[المتحف]"]
    report = (tmp_path / "out/reports/x.html").read_text(encoding="utf-8")
    assert report.count("<mark>") == 2
    assert '<span class="marks">الصَّبَاحِ</span>' in report


def test_a_sample_is_as_large_as_asked_for_and_the_same_every_time(
    output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = []
    for _ in range(2):
        assert main([str(output), "--sample", "3"]) == 0
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]
    assert printed[0].count("near  similarity") == 3


@pytest.mark.parametrize("which", ["document", "bundle"])
def test_a_document_or_bundle_shows_what_was_removed_of_it(
    which: str, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = read_corpus(output, "x").duplicates
    column, value = ("doc_id", rows[0]["doc_id"]) if which == "document" else ("bundle", rows[0]["bundle"])
    wanted = sum(row[column] == value for row in rows)
    assert main([str(output), f"--{which}", value, "--limit", "1000"]) == 0
    assert capsys.readouterr().out.count("removed: ") == wanted
    assert main([str(output), "--bundle", rows[0]["bundle"], "--limit", "1"]) == 0
    left = sum(row["bundle"] == rows[0]["bundle"] for row in rows) - 1
    assert capsys.readouterr().out.splitlines()[-1] == f"… and {left:,} more; see --limit"


def test_a_kept_paragraph_is_shown(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row, text, index, offset = next(iter(read_corpus(output, "x").kept()))
    assert main([str(output), "--paragraph", f"{row['bundle']}@{offset}", "--run", "x"]) == 0
    first, *shown = capsys.readouterr().out.splitlines()
    assert first == f"Kept: paragraph {index} of document {row['doc_id']}, run x."
    assert " ".join(shown).split() == text.split()


def test_a_text_is_looked_up_paragraph_by_paragraph(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, text, *_ = next(each for each in read_corpus(output, "x").kept() if len(each[1].split()) > 6)
    assert main([str(output), "--text", f"{text}\n\nخضخضة زقزقة طقطقة\n* * *\n…"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("It is in the corpus; similarity 1.0000 (threshold 0.7)")
    unknown = "It is not in the corpus, and no kept paragraph shares a shingle with it."
    assert printed.splitlines().count(unknown) == 2
    assert printed.splitlines()[-1] == unknown
    assert printed.count("It is in the corpus; similarity 1.0000") == 2


def test_a_text_that_is_never_compared(seeds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = str(tmp_path / "out")
    given = ["--input", str(seeds / "bundle_002_stories.txt"), "--output", output, "--quiet"]
    assert ingest([*given, *UNSEGMENTED, "--set", "dedup.wordless=keep"]) == 0
    capsys.readouterr()
    assert main([output, "--text", "* * *"]) == 0
    assert capsys.readouterr().out == "It has too few words to be compared: such a paragraph is always kept.\n"


@pytest.mark.parametrize(
    ("changes", "settings"),
    [
        (["threshold=0.8"], {"threshold": 0.8}),
        (["size=[1,2]", "threshold=0.5"], {"shingle": {"size": [1, 2]}, "threshold": 0.5}),
        (
            ["shingle.size=3", "numbers=ignore", "wordless=keep"],
            {"shingle": {"size": 3}, "numbers": "ignore", "wordless": "keep"},
        ),
        (["scope=document"], {"scope": "document"}),
    ],
)
def test_what_another_definition_would_remove(
    changes: list[str],
    settings: dict[str, Any],
    seeds: Path,
    output: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As a run with it does; nothing is written."""
    before = sorted(output.rglob("*"))
    assert main([str(output), "--what-if", *changes, "--limit", "2"]) == 0
    printed = capsys.readouterr().out
    assert sorted(output.rglob("*")) == before
    config = tmp_path / "settings.yaml"
    config.write_text(json.dumps({"dedup": settings, "segmentation": {"engine": "none"}}))
    given = ["--input", str(seeds / "*.txt"), "--output", str(tmp_path / "then"), "--run", "x", "--quiet"]
    assert ingest([*given, "--config", str(config)]) == 0
    now, then = (places_of_removed(read_corpus(each, "x")) for each in (output, tmp_path / "then"))
    assert printed.startswith(
        f"With {', '.join(changes)} {len(then)} of 278 paragraphs would go; {len(now)} go now. Nothing was written.\n"
    )
    assert f"\n{len(then - now)} would go and stay now.\n" in printed
    assert f"\n{len(now - then)} go now and would stay.\n" in printed
    assert printed.count("goes: ") == min(2, len(then - now)) + min(2, len(now - then))


def places_of_removed(corpus: Corpus) -> set[tuple[str, int]]:
    return {(row["bundle"], row["offset"]) for row in corpus.duplicates}


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (
            ["--what-if", "threshold"],
            "--what-if threshold: is not KEY=VALUE; write for example --what-if threshold=0.8",
        ),
        (["--what-if", "size=0"], "dedup.shingle.size: 0 is not allowed: should be a whole number from 1 to 64"),
        (["--what-if", "treshold=0.8"], "dedup.treshold: unknown key; did you mean dedup.threshold?"),
        (["--what-if", "threshold=0.8", "--run", "x"], "--run: does not go with --what-if"),
    ],
)
def test_what_cannot_be_previewed(
    given: list[str], error: str, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(output), *given]) == 2
    assert error in capsys.readouterr().err


def test_a_bundle_that_no_run_has_taken_is_a_mistake(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(output), "--bundle", "bundle_000_new.txt"]) == 2
    assert capsys.readouterr().err.endswith("; did you mean bundle_000_news.txt?\n")
