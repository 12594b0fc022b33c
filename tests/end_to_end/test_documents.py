"""What pages tell people to type works, block by block, in a folder like a fresh copy; both languages tell the same."""

import gzip
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.conftest import PROJECT, lacking
from tests.pdf import from_pdf
from transforms.segmentation.tables import default_data

PAGES = ["README.md", "README.ar.md", "docs/tutorial.md", "docs/tutorial.ar.md", "docs/recipes.md"]
TRANSLATED = [
    ("README.md", "README.ar.md"),
    ("docs/tutorial.md", "docs/tutorial.ar.md"),
    ("docs/python.md", "docs/python.ar.md"),
]
ELSEWHERE = ("make ", "airflow ")  # run by those who run this test, and by tests/airflow
_LINKED = ("pipelines", "transforms", "seeds", "configs", "setup.py")


def fences(page: str, language: str) -> list[str]:
    """The page's blocks of code in a language."""
    text = (PROJECT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.M | re.S)


def blocks(page: str) -> list[str]:
    """The commands of a page that are run here; of a translation those that are not the same, letter for letter."""
    run_already = fences(page.replace(".ar.", "."), "sh") if ".ar." in page else []
    return [block for block in fences(page, "sh") if not block.startswith(ELSEWHERE) and block not in run_already]


@pytest.fixture
def folder(tmp_path: Path, seeds: Path) -> Path:
    """A copy of the project as far as commands need it, and what the pages take for granted: somebody's texts."""
    if not default_data().exists():
        lacking("Farasa's data is not there: python -m pipelines.farasa fetch")
    for name in _LINKED:
        (tmp_path / name).symlink_to(PROJECT / name)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    shutil.copytree(seeds, tmp_path / "bundles")
    _write_sets(tmp_path / "sets", _paragraphs(seeds))
    for day in (27, 28):
        shutil.copytree(seeds, tmp_path / "newspaper" / f"2026-11-{day}")
        (tmp_path / "newspaper" / f"2026-11-{day}" / "more.txt").write_text(f"خبر من يوم {day}\n", encoding="utf-8")
    (tmp_path / "pdf-text").mkdir()
    pages = (from_pdf(re.sub(r"[^ء-ي ]", "", text)) for text in _paragraphs(seeds)[:20])
    (tmp_path / "pdf-text" / "book.txt").write_text("\n\n\f".join(pages), encoding="utf-8")
    return tmp_path


def _paragraphs(seeds: Path) -> list[str]:
    lines = (seeds / "bundle_002_stories.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("<<<FILE>>>")]


def _write_sets(folder: Path, texts: list[str]) -> None:
    """Three sets of which each repeats the one before in part: JSON lines, compressed and not, and Parquet."""
    rows = [{"id": f"{number}", "text": text} for number, text in enumerate(texts)]
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    for name in ("news", "web", "benchmarks"):
        (folder / name).mkdir(parents=True)
    (folder / "news" / "a.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    (folder / "benchmarks" / "b.jsonl").write_text("".join(lines.splitlines(keepends=True)[:10]), encoding="utf-8")
    more = [
        {"text": f"{text} زيادة {at}", "url": f"https://example.org/{at}", "date": "2026"}
        for at, text in enumerate(texts)
    ]
    pq.write_table(pa.Table.from_pylist(more), folder / "web" / "c.parquet")


@pytest.mark.parametrize("page", PAGES)
def test_every_block_runs(page: str, folder: Path) -> None:
    assert blocks(page)
    for block in blocks(page):
        ended = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block], cwd=folder, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, f"{block}\n{ended.stdout}\n{ended.stderr}"
        assert ended.stdout


def test_programs_of_the_page_on_python_run(folder: Path) -> None:
    for program in fences("docs/python.md", "python"):
        command = [sys.executable, "-c", program]
        ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr
        assert "'kept': " in ended.stdout


@pytest.mark.parametrize(("english", "arabic"), TRANSLATED, ids=[english for english, _ in TRANSLATED])
def test_translations_tell_the_same(english: str, arabic: str) -> None:
    """The same commands and programs, in as many sections, with as many rows in their tables."""
    for language in ("sh", "python"):
        assert [_without_words(each) for each in fences(arabic, language)] == [
            _without_words(each) for each in fences(english, language)
        ]
    if english != "docs/python.md":  # its reference is in English
        assert _shape(arabic) == _shape(english)
        assert _figures(arabic) == _figures(english)


def _without_words(block: str) -> str:
    """A block without its comments, and without the option that makes it Arabic."""
    return re.sub(r" --lang ar\b|\s*(?<![\w'])#\s.*", "", block)


def _figures(page: str) -> list[list[str]]:
    """The numbers in the rows of the page's tables."""
    rows = re.findall(r"(?m)^\| .*", (PROJECT / page).read_text(encoding="utf-8"))
    return [sorted(re.findall(r"\d(?:[\d,.]*\d)?", row)) for row in rows]


def _shape(page: str) -> list[str]:
    """The marks that begin headings, lists, tables and blocks of code."""
    text = re.sub(r"^</?div.*\n", "", (PROJECT / page).read_text(encoding="utf-8"), flags=re.M)
    return re.findall(r"^(?:#+ |- |\| |```\w+)", text, re.M)


def test_the_pages_show_what_a_run_prints(folder: Path) -> None:
    """But for its time, and for bytes that depend on versions of Parquet."""
    for page, language in (("README.md", "en"), ("README.ar.md", "ar")):
        shutil.rmtree(folder / "out", ignore_errors=True)
        command = [
            sys.executable,
            "-m",
            "pipelines.ingest",
            "--input",
            "seeds/*.txt",
            "--output",
            "out",
            "--run",
            "seeds",
        ]
        ended = subprocess.run(
            [*command, "--lang", language], cwd=folder, capture_output=True, text=True, check=True, encoding="utf-8"
        )
        shown = fences(page, "text")[0]
        assert _steady(ended.stdout) == _steady(shown)


def _steady(printed: str) -> list[str]:
    return [line.rstrip() for line in printed.splitlines() if not re.search(r"\d\.\d (s|ثانية)$", line)]
