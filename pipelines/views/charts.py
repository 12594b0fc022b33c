"""Bar charts as inline SVG: no scripts, no styles of their own, coloured by the page they stand in."""

import sys
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

from markupsafe import Markup
from pygal import Bar, PluginImportFixer

# It looks for pygal's plug-ins, by a protocol that Python has left behind, at every import from then on.
sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, PluginImportFixer)]

_SVG = "{http://www.w3.org/2000/svg}"


def bar_chart(bins: Sequence[tuple[str, int]], title: str) -> Markup:
    """Upright bars."""
    return _drawn(Bar(**_plain(len(bins)), height=260), bins, title)


def _plain(labels: int) -> dict[str, Any]:
    return {
        "js": [],
        "width": 720,
        "show_legend": False,
        "pretty_print": False,
        "margin": 4,
        "margin_right": 24,
        "margin_bottom": 48 if labels > 15 else 4,
        "order_min": 0,  # counts are whole
        "spacing": 6,
        "x_label_rotation": -40 if labels > 15 else 0,
        "value_formatter": "{:,.0f}".format,
        "show_x_guides": False,
        "include_x_axis": True,
    }


def _drawn(chart: Any, bins: Sequence[tuple[str, int]], title: str) -> Markup:
    chart.x_labels = [label for label, _ in bins]
    chart.add("", [count for _, count in bins])
    root = chart.render_tree()
    for element in list(root):
        if element.tag not in ("g", f"{_SVG}g"):
            root.remove(element)  # scripts, styles, comments, pygal's own title
    del root.attrib["id"]  # another one every time
    root.attrib.update({"class": "chart", "role": "img", "aria-label": title})
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # noqa: S704 - the serializer escapes
