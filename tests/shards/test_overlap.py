"""The overlap of sets: counted as brute force counts, and drawn so that it fits and adds up."""

import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from pipelines.report import main as report
from pipelines.runs import main as runs
from pipelines.views import overlap as views
from tests.corpus import read_corpus
from tests.plain_job import ingest_plainly, settings_for, write_bundles
from transforms import console
from transforms.runs.names import job_of
from transforms.shards.corpus import Corpus
from transforms.shards.overlap import Overlap, SetName, overlap_of

LINES = [
    "قال الراوي إن النهر كان يفيض كل عام في الربيع ويسقي الحقول",
    "وكان أهل القرية يجتمعون عند البئر في المساء بعد صلاة العصر",
    "ما عاصمة العراق وما اسم النهر الذي يمر بها",
    "نشر الخبر اليوم في الصحف",
]


@pytest.fixture(scope="module")
def merged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three sets in order of trust, of two bundles each, the second in slices, and a reference before the last."""
    folder = tmp_path_factory.mktemp("sets")
    sets = {
        "questions": {"q.txt": LINES[2:3]},
        "books": {"books-1.txt": [LINES[0], LINES[0]], "books-2.txt": [LINES[1], LINES[0]]},
        "news": {"news-1.txt": [LINES[1], LINES[3]], "news-2.txt": [LINES[3], LINES[0], LINES[2]]},
        "web": {"web-1.txt": [*LINES, LINES[2]], "web-2.txt": [LINES[3], LINES[0]]},
    }
    for name, bundles in sets.items():
        write_bundles(
            folder / name, {bundle: "".join(f"{line}\n" for line in text) for bundle, text in bundles.items()}
        )
        output = folder / ("benchmarks" if name == "questions" else "merged")
        sliced = {"run__max_bytes": 150, "run__split_bytes": 64} if name == "news" else {}
        against = {"dedup__against": [str(folder / "benchmarks")]} if name == "web" else {}
        ingest_plainly(settings_for(output, folder / name, run__id=name, **sliced, **against))
    return folder / "merged"


def counted(output: Path, by: str) -> Counter[tuple[SetName, SetName]]:
    """The pairs, row by row."""
    found: Counter[tuple[SetName, SetName]] = Counter()
    for manifest in Corpus(str(output)).manifests:
        for row in read_corpus(output, manifest.run).duplicates:
            names = (row["run"], row["kept_run"]) if by == "run" else (row["bundle"], row["kept_bundle"])
            one, other = map(job_of, names)
            found[SetName(one), SetName(other, row["kept_corpus"])] += 1
    return found


def test_every_removed_paragraph_is_in_one_entry(merged: Path) -> None:
    for by in ("run", "bundle"):
        found = overlap_of(Corpus(str(merged)), by)  # type: ignore[arg-type]
        assert found.removed == counted(merged, by)
        assert set(found.sets) == {one for pair in found.removed for one in pair}
    found = overlap_of(Corpus(str(merged)), "run")
    other = SetName("questions", str(merged.parent / "benchmarks"))
    books, news, web = map(SetName, ("books", "news", "web"))
    assert found.sets == [other, books, news, web]
    assert found.removed == {
        (books, books): 2,
        (news, books): 2,
        (news, news): 1,
        (web, other): 2,
        (web, books): 3,
        (web, news): 2,
    }


names = st.text("abcdef/-كتب", min_size=1, max_size=40)
overlaps = st.builds(
    lambda sets, entries: Overlap(
        [SetName(name) for name in sets],
        {(SetName(sets[a % len(sets)]), SetName(sets[b % len(sets)])): count for (a, b), count in entries.items()},
    ),
    st.lists(names, min_size=1, max_size=12, unique=True),
    st.dictionaries(st.tuples(st.integers(0, 11), st.integers(0, 11)), st.integers(1, 10**9), min_size=1, max_size=40),
)


def cells(found: Overlap, top: int, capsys: pytest.CaptureFixture[str]) -> list[list[str]]:
    """The cells of the matrix as it is printed, the heads first."""
    capsys.readouterr()
    console.answer(views.drawn(found, top))
    lines = capsys.readouterr().out.splitlines()
    assert max(map(cell_len, lines)) <= 80
    return [[each.strip() for each in re.split("[┃│]", line)[1:-1]] for line in lines if re.match("[┃│]", line)]


@settings(deadline=None, max_examples=100)
@given(overlaps, st.integers(1, 14))
def test_a_matrix_fits_and_its_rows_add_up(found: Overlap, top: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        drawn: list[tuple[list[str], list[list[str]]]] = []
        patch.setattr(console, "table", lambda heads, rows, left: drawn.append((heads, rows)))
        views.drawn(found, top)
    ((heads, rows),) = drawn
    assert 1 + sum(3 + max(map(cell_len, column)) for column in zip(heads, *rows, strict=True)) <= 80
    numbers = [[int(cell.replace(",", "")) for cell in row[1:]] for row in rows]
    assert all(row[0] == sum(row[1:]) for row in numbers)
    assert sum(row[0] for row in numbers) == sum(found.removed.values())
    assert len(rows) == min(top, len(found.sets)) + (top < len(found.sets))


def test_the_command_prints_it(merged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = cells(overlap_of(Corpus(str(merged)), "run"), 20, capsys)[1:]
    assert rows == [
        ["1 benchmarks: questions", "0", "0", "0", "0"],
        ["2 books", "2", "0", "2", "0"],
        ["3 news", "3", "0", "2", "1"],
        ["4 web", "7", "2", "3", "2"],
    ]
    assert runs([str(merged), "overlap"]) == 0
    assert "│ 4 web" in capsys.readouterr().out
    assert runs([str(merged), "overlap", "--by", "bundle", "--top", "2"]) == 0
    assert "books-1.txt" in (said := capsys.readouterr().out)
    assert "others" in said
    assert runs([str(merged), "overlap", "web"]) == 2
    assert runs([str(merged.parent / "benchmarks"), "overlap"]) == 0
    assert capsys.readouterr().out == "no paragraph was removed\n"


def test_a_long_name_keeps_its_beginning_and_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    one, other = SetName("run-20261128T082257.788499Z", "s3://bucket/benchmarks/"), SetName("أخبار" * 12)
    found = cells(Overlap([one, other], {(other, one): 7}), 2, capsys)
    names = [row[0] for row in found[1:]]
    assert names == ["1 benchm…run-20261128T082257.788499Z", f"2 {('أخبار' * 12)[:6]}…{('أخبار' * 12)[-27:]}"]


def test_the_report_shows_the_row_of_its_run(merged: Path) -> None:
    assert report([str(merged), "--run", "web"]) == 0
    page = (merged / "reports" / "web.html").read_text()
    section = page[page.index('<section id="overlap"') :]
    rows = re.findall(
        r'<th scope="row"[^>]*><bdi>([^<]*)</bdi></th>(?:<td[^>]*><bdi>([^<]*)</bdi></td>)?'
        r'<td[^>]*class="number">(\d+)',
        section,
    )
    assert rows[:3] == [
        ("books", "", "3"),
        (f"{merged.parent / 'benchmarks'}: questions", "", "2"),
        ("news", "", "2"),
    ]
    assert ("web-1.txt", f"{merged.parent / 'benchmarks'}: q.txt", "2") in rows
