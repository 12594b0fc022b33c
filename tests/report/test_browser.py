"""The report in a real browser: no request, no complaint, nothing outside the page, whatever the texts hold."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.ingest import main
from tests.conftest import UNSEGMENTED, require_tool
from tests.report.browser import Browser, browser
from tests.report.hostile import SCRIPT, write_hostile

WIDTHS = {"small": 360, "phone": 390, "desktop": 1280}


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    chromium, driver = require_tool("chromium"), require_tool("chromedriver")
    with browser(chromium, driver, tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture(
    scope="module", params=[("seeds", "en"), ("hostile", "en"), ("seeds", "ar"), ("hostile", "ar")], ids="-".join
)
def report(request: pytest.FixtureRequest, seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, (texts, language) = tmp_path_factory.mktemp("corpus"), request.param
    bundles = seeds if texts == "seeds" else write_hostile(folder / "in")
    arguments = ["--input", f"{bundles}/*.txt", "--output", str(folder / "out"), "--run", "shown", "--quiet"]
    assert main([*arguments, "--lang", language, *UNSEGMENTED]) == 0
    return folder / "out" / "reports" / "shown.html"


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_it_opens_by_itself(window: Browser, report: Path, width: int) -> None:
    window.requests()
    window.complaints()
    window.open(report, width)
    asked = window.requests()
    assert report.as_uri() in asked
    assert [url for url in asked if url != report.as_uri() and not url.startswith("data:")] == []
    assert window.complaints() == []


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_nothing_sticks_out_of_the_page(window: Browser, report: Path, width: int) -> None:
    window.open(report, width)
    assert window.ask("document.documentElement.scrollWidth") <= width


def test_no_table_is_cut(window: Browser, report: Path) -> None:
    """On a phone too: nobody looks for what is beside the screen."""
    window.open(report, WIDTHS["phone"])
    parts = "[...document.querySelectorAll('.wide, .panel, figure')].filter(each => each.clientWidth)"
    assert window.ask(f"{parts}.filter(each => each.scrollWidth > each.clientWidth).map(each => each.innerText)") == []


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_the_page_of_the_corpus_is_whole_too(window: Browser, report: Path, width: int) -> None:
    page = report.with_name("index.html")
    window.requests()
    window.complaints()
    window.open(page, width)
    assert [url for url in window.requests() if url != page.as_uri() and not url.startswith("data:")] == []
    assert window.complaints() == []
    assert window.ask("document.documentElement.scrollWidth") <= width
    parts = "[...document.querySelectorAll('.wide, .panel, figure')].filter(each => each.clientWidth)"
    assert window.ask(f"{parts}.filter(each => each.scrollWidth > each.clientWidth).length") == 0
    rows = window.table("التشغيلات" if window.ask("document.documentElement.lang") == "ar" else "Runs")
    assert [len(row) for row in rows] == [6, 6]
    assert rows[1][0] == "shown"


def test_texts_neither_run_nor_become_part_of_the_page(window: Browser, report: Path) -> None:
    window.open(report, 1280)
    assert window.ask("document.title") in {"Run shown", "التشغيلة shown"}
    assert window.ask("document.querySelectorAll('img, iframe, object, form').length") == 0
    assert window.ask("document.scripts.length") == 1
    assert window.ask("document.querySelectorAll('main > section:not(#notices)').length") == 8
    assert window.ask("document.querySelectorAll('main > #notices').length") == 1
    assert window.ask("document.querySelectorAll('body > *:not(script)').length") == 3
    assert window.ask("getComputedStyle(document.body).display") == "block"


def test_text_is_shown_as_it_is(window: Browser, report: Path) -> None:
    window.open(report, 1280)
    shown = window.ask("document.body.innerText")
    hostile = (report.parents[2] / "in").exists()
    assert all(part in shown for part in ((SCRIPT, "⟦U+202E⟧", "7 * 7 }}") if hostile else ("النحام",)))


def test_arabic_stands_from_right_to_left(window: Browser, report: Path) -> None:
    window.open(report, 1280)
    assert window.ask("getComputedStyle(document.querySelector('article .text')).direction") == "rtl"


def test_headings_regions_and_tables_are_named(window: Browser, report: Path) -> None:
    window.open(report, 1280)
    assert window.ask("document.querySelectorAll('main, header, footer, nav[aria-label]').length") == 4
    named = "[aria-label], [aria-labelledby]"
    assert window.ask(f"document.querySelectorAll(':is(section, svg, [role=region]):not({named})').length") == 0
    assert window.ask("document.querySelectorAll('thead th:not([scope=col])').length") == 0
    assert window.ask("document.querySelectorAll('h1').length") == 1


def test_a_page_reads_in_the_direction_of_its_language(window: Browser, report: Path) -> None:
    """Its first column, its first section link and the first part of the flow stand where reading begins."""
    window.open(report, 1280)
    arabic = window.ask("document.documentElement.lang") == "ar"
    assert window.ask("getComputedStyle(document.body).direction") == ("rtl" if arabic else "ltr")
    for first, second in (("nav li", "nav li + li"), (".flow > li", ".flow > li + li"), ("th", "th + th")):
        places = [f"document.querySelector('{each}').getBoundingClientRect().left" for each in (first, second)]
        assert (window.ask(places[0]) > window.ask(places[1])) == arabic, first


def test_tables_are_sorted_by_the_column_that_is_pressed(window: Browser, report: Path) -> None:
    """The largest figure first, then the least; words from the first to the last, then back. Rows stay whole."""
    window.open(report, 1280)
    table = "document.querySelector('#clusters tbody')"
    rows = f"[...{table}.rows].map(row => [...row.cells].map(cell => cell.innerText))"
    before = window.ask(rows)
    figures = [lambda row: float(row[1].replace(",", "")), lambda row: float(row[3])]
    for column, key in zip((2, 4), figures, strict=True):
        for state in ("descending", "ascending"):
            window.press(f"#clusters thead th:nth-child({column}) button")
            found = window.ask(rows)
            assert [key(row) for row in found] == sorted(map(key, before), reverse=state == "descending")
            assert sorted(found) == sorted(before)
            assert window.ask("[...document.querySelectorAll('[aria-sort]')].map(each => each.ariaSort)") == [state]
    window.press("#clusters thead th:first-child button")
    assert sorted(window.ask(rows)) == sorted(before)
    forward = window.ask(rows)
    window.press("#clusters thead th:first-child button")
    backward = window.ask(rows)
    assert [row[0] for row in backward] == [row[0] for row in forward][::-1]
    assert window.complaints() == []


def test_a_script_of_a_text_would_not_run(window: Browser, report: Path, tmp_path: Path) -> None:
    """Proves that the page lets its own script run and no other."""
    page = tmp_path / "page.html"
    page.write_text(report.read_text(encoding="utf-8").replace("</main>", f"{SCRIPT}</main>"), encoding="utf-8")
    window.open(page, 1280)
    assert window.ask("document.title") != "taken"
    assert any("Content Security Policy" in said for said in window.complaints())
    window.press("#clusters thead th:nth-child(2) button")
    assert window.ask("document.querySelectorAll('[aria-sort]').length") == 1


def test_a_screen_reader_tells_tables_in_order(window: Browser, report: Path) -> None:
    """Each row has a cell for each head, and the figures stand below their heads."""
    window.open(report, 1280)
    arabic = window.ask("document.documentElement.lang") == "ar"
    heads, *rows = window.table("الأكثر تكرارًا" if arabic else "Most repeated")
    english = ["kept paragraph", "removed", "of them exact", "least similarity", "in documents"]
    assert heads == (["الفقرة المُبقاة", "المحذوف", "التام منه", "أدنى تشابه", "في مستندات"] if arabic else english)
    assert rows
    for _, removed, exact, least, documents in rows:
        assert 0 < int(documents.replace(",", "")) <= int(removed.replace(",", ""))
        assert 0 <= int(exact.replace(",", "")) <= int(removed.replace(",", ""))
        assert 0 < float(least) <= 1
