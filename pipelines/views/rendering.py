"""Templates of what people look at: whatever a text holds is shown, never obeyed."""

import re
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from pipelines.views.charts import bar_chart
from transforms.shards.figures import size_label

# C0 and C1 but tab and line feed, line separators, and what overrides, embeds or isolates direction.
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufffe\uffff]")


def environment() -> Environment:
    """The templates; whatever a text holds is shown, never obeyed."""
    env = Environment(
        loader=PackageLoader("pipelines.views"),
        autoescape=select_autoescape(["html"]),
        finalize=_harmless,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals.update(bar_chart=bar_chart, size_label=size_label, share=_share)
    return env


def _harmless(value: Any) -> Any:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def visible(text: str) -> str:
    """The text with control characters, and those that change the direction of what follows, as `⟦U+202E⟧`."""
    return _INVISIBLE.sub(lambda match: f"⟦U+{ord(match[0]):04X}⟧", text)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else ""
