"""Charts in a real browser, under the report's style sheet: what is to be read fits, is spoken, and stands out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import pytest

from pipelines.views.report import environment
from tests.conftest import require_tool
from tests.report.browser import Browser, browser
from transforms.shards.figures import size_label

CHARTS: dict[str, list[tuple[str, int]]] = {
    "none": [],
    "zero": [("0.70", 0)],
    "one": [("1 KiB", 1)],
    "similarities": [(f"{0.7 + number / 50:.2f}", number % 4) for number in range(15)],
    "lengths": [(size_label(1 << power), 10**9 >> power) for power in range(31)],
    "arabic": [(f"من {number}", number * 1000) for number in range(12)],
    "hostile": [("<b>&lt;\"'", 1), ("\u202e]]>", 2)],
}
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>charts</title>
<style>{% include "report.css" %}</style>{% from "chart.html" import bar_chart %}
<main>{% for name, bins in charts.items() %}
<figure class="panel {{ loop.cycle("", "duplicates") }}" id="{{ name }}" style="margin-inline:0">
{{ bar_chart(bins, name, "from") }}</figure>
{% endfor %}</main>"""
WIDTHS = (320, 390, 700, 710, 1300)

# What is seen of the charts, the figures first: where it stands, and its colours.
SEEN = """['figure', 'figure text', 'figure rect'].flatMap(s => [...document.querySelectorAll(s)]).map(each => ({
  figure: each.closest('figure').id, tag: each.tagName, kind: each.getAttribute('class'), words: each.textContent,
  fill: getComputedStyle(each).fill, panel: getComputedStyle(each.closest('figure')).backgroundColor,
  font: getComputedStyle(each).fontSize, ...each.getBoundingClientRect().toJSON(),
})).filter(each => each.width > 0)"""


@dataclass(frozen=True)
class Seen:
    """A figure, a text or a bar, in pixels of the page."""

    figure: str
    tag: str
    kind: str
    words: str
    fill: str
    panel: str
    font: str
    x: float
    y: float
    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float

    def within(self, room: "Seen") -> bool:
        """Nothing of it is outside the other."""
        across = room.left <= self.left <= self.right <= room.right
        return across and room.top <= self.top <= self.bottom <= room.bottom

    def touches(self, other: "Seen") -> bool:
        """Some of it is where some of the other is."""
        across = self.left <= other.right and other.left <= self.right
        return across and self.top <= other.bottom and other.top <= self.bottom


def look(window: Browser, page: Path, width: int) -> dict[str, list[Seen]]:
    """What is seen of each chart, its panel first."""
    window.open(page, width)
    seen = [Seen(**each) for each in window.ask(SEEN)]
    return {name: [each for each in seen if each.figure == name] for name in CHARTS}


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours `rgb(r, g, b)`, by WCAG 2.2."""
    darker, lighter = sorted(_luminance(colour) for colour in (one, other))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(value) / 255 for value in re.findall(r"\d+", colour)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    chromium, driver = require_tool("chromium"), require_tool("chromedriver")
    with browser(chromium, driver, tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("charts") / "charts.html"
    path.write_text(environment().from_string(PAGE).render(charts=CHARTS), encoding="utf-8")
    return path


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_leaves_its_panel_and_no_texts_touch(window: Browser, page: Path, width: int) -> None:
    for panel, *parts in look(window, page, width).values():
        assert [part for part in parts if not part.within(panel)] == []
        texts = [part for part in parts if part.tag == "text"]
        assert [pair for pair in combinations(texts, 2) if pair[0].touches(pair[1])] == []
    assert window.ask("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", WIDTHS)
def test_labels_keep_their_size_and_only_those_without_room_are_left_out(
    window: Browser, page: Path, width: int
) -> None:
    for name, seen in look(window, page, width).items():
        labels = [part for part in seen if part.tag == "text" and part.kind.startswith("label")]
        assert {label.font for label in labels} <= {"12px"}
        assert len(labels) >= min(len(CHARTS[name]), 3)
        assert name != "similarities" or len(labels) == (15 if width > 704 else 4)


def test_bars_are_wider_on_a_wider_page_and_as_high(window: Browser, page: Path) -> None:
    narrow, wide = (
        [part for part in look(window, page, width)["lengths"] if part.tag == "rect"] for width in (390, 1300)
    )
    assert [bar.height for bar in narrow] == [bar.height for bar in wide]
    assert len(narrow) == len(CHARTS["lengths"])
    assert all(2 * one.width < other.width for one, other in zip(narrow, wide, strict=True))


def test_a_screen_reader_is_told_the_figures(window: Browser, page: Path) -> None:
    window.open(page, 1300)
    assert window.spoken("#one .chart") == ("image", "one", "from 1 KiB: 1")
    assert window.spoken("#arabic .chart")[2].startswith("from من 0: 0; من 1: 1,000; ")


@pytest.mark.parametrize(("scheme", "dark"), [("light", False), ("dark", True)])
def test_it_stands_out_in_light_and_in_dark(window: Browser, page: Path, scheme: str, dark: bool) -> None:
    """By the least contrasts of WCAG 2.2: 4.5 for text (1.4.3), 3 for what is drawn (1.4.11)."""
    window.prefer(scheme)
    for panel, *parts in look(window, page, 1300).values():
        assert (contrast(panel.panel, "rgb(0, 0, 0)") < contrast(panel.panel, "rgb(255, 255, 255)")) == dark
        least = {"text": 4.5, "rect": 3.0}
        assert [part for part in parts if contrast(part.fill, part.panel) < least[part.tag]] == []
