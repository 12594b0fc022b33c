"""Bar charts, read back from their markup: every bar is as high as its count, whatever the counts and labels are."""

from xml.etree import ElementTree

from hypothesis import example, given
from hypothesis import strategies as st

from pipelines.views.report import environment, ticks
from transforms.console import visible

ARABIC = [("أقلّ من ألف", 3), ("ألف فأكثر", 0)]
HOSTILE = [("<script>alert(1)</script>", 1), ("\"' onload=x &lt; ]]> -->", 2), ("\u202e\x07{{ 7 * 7 }}", 3)]

counts = st.integers(0, 9) | st.integers(0, 10**12)
bars = st.lists(st.tuples(st.text(max_size=12), counts), max_size=40)
bar_chart = environment().get_template("chart.html").module.bar_chart  # type: ignore[attr-defined]


def drawn(bins: list[tuple[str, int]], title: str = "t", column: str = "c") -> ElementTree.Element:
    """A chart as a tree, whose parts are all of kinds that do nothing."""
    chart = ElementTree.fromstring(bar_chart(bins, title, column))
    assert {each.tag for each in chart.iter()} <= {"svg", "title", "desc", "line", "rect", "text"}
    return chart


def percents(elements: list[ElementTree.Element], name: str) -> list[float]:
    values = [each.attrib[name] for each in elements]
    assert all(value.endswith("%") for value in values)
    return [float(value[:-1]) for value in values]


def texts(chart: ElementTree.Element, kind: str) -> list[str]:
    return [each.text or "" for each in chart.iter("text") if kind in each.attrib["class"].split()]


@given(counts)
def test_ticks_are_round_whole_numbers_at_equal_distances(most: int) -> None:
    scale = ticks(most)
    step = scale[1]
    assert scale == [step * number for number in range(len(scale))]
    assert 2 <= len(scale) <= 6
    assert str(step).rstrip("0") in {"1", "2", "5"}
    assert scale[-2] < max(most, 1) <= scale[-1]


@given(bars)
@example([])
@example([("0.70", 0)])
@example([("0.70", 1)])
@example([("0.70", 0), ("0.72", 0)])
def test_bars_are_as_high_as_their_counts(bins: list[tuple[str, int]]) -> None:
    rects = list(drawn(bins).iter("rect"))
    tops, heights = percents(rects, "y"), percents(rects, "height")
    assert len(rects) == len(bins)
    highest, most = max(heights, default=0.0), max((count for _, count in bins), default=0)
    for (_, count), top, height in zip(bins, tops, heights, strict=True):
        assert abs(top + height - 100) < 0.001  # it stands on the axis
        assert abs(height * most - highest * count) <= 0.0002 * most
    assert highest <= 100
    assert highest > 66 or not most


@given(bars)
@example([("0.70", 1)])
def test_bars_stand_side_by_side(bins: list[tuple[str, int]]) -> None:
    rects = list(drawn(bins).iter("rect"))
    lefts, widths = percents(rects, "x"), percents(rects, "width")
    assert all(width > 1 for width in widths)
    assert len(set(widths)) <= 1
    rights = [left + width for left, width in zip(lefts, widths, strict=True)]
    edges = [0.0, *(edge for pair in zip(lefts, rights, strict=True) for edge in pair), 100.0]
    assert edges == sorted(edges)


@given(bars.filter(len))
@example([("0.70", 2), ("0.72", 1)])
def test_a_bar_ends_at_the_line_of_its_count(bins: list[tuple[str, int]]) -> None:
    chart = drawn([*bins, ("all", max(count for _, count in bins))])
    lines = percents(list(chart.iter("line")), "y1")
    scale = [int(text.replace(",", "")) for text in texts(chart, "tick")]
    assert lines == percents(list(chart.iter("line")), "y2")
    assert (lines[0], lines[-1]) == (100, 0)
    per_count = (lines[0] - lines[-1]) / (scale[-1] - scale[0])
    for tick, line in zip(scale, lines, strict=True):
        assert abs(100 - line - tick * per_count) < 0.001
    for (_, count), rect in zip(bins, chart.iter("rect"), strict=False):
        assert abs(float(rect.attrib["height"][:-1]) - count * per_count) < 0.001


@given(bars, st.text(max_size=30), st.text(max_size=12))
@example(ARABIC, "الوثائق حسب الطول", "من")
@example(HOSTILE, "<b>\"'", "</desc>")
def test_names_and_figures_are_there_as_text(bins: list[tuple[str, int]], title: str, column: str) -> None:
    chart = drawn(bins, title, column)
    figures = [f"{visible(label)}: {count:,}" for label, count in bins]
    assert chart.attrib["role"] == "img"
    assert chart.attrib["aria-label"].split() == visible(title).split()
    assert (chart.findtext("title"), chart.findtext("desc")) == (
        visible(title),
        f"{visible(column)} {'; '.join(figures)}",
    )
    assert [rect.findtext("title") for rect in chart.iter("rect")] == figures
    assert texts(chart, "column") == [visible(column)]


@given(bars.filter(len))
def test_labels_stand_below_the_middle_of_their_bars(bins: list[tuple[str, int]]) -> None:
    chart = drawn(bins)
    middles = [
        left + width / 2
        for left, width in zip(*(percents(list(chart.iter("rect")), name) for name in ("x", "width")), strict=True)
    ]
    labels = [each for each in chart.iter("text") if "label" in each.attrib["class"].split()]
    every = -(-len(bins) // len(labels))
    shown = range(0, len(bins), every)
    assert texts(chart, "label") == [visible(bins[at][0]) for at in shown]
    for at, x in zip(shown, percents(labels, "x"), strict=True):
        assert abs(x - middles[at]) < 0.001
