"""Templates of what people look at: whatever a text holds is shown, never obeyed."""

from itertools import count
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from transforms.console import visible
from transforms.shards.figures import size_label


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
    env.globals.update(size_label=size_label, share=_share, ticks=ticks)
    return env


def _harmless(value: Any) -> Any:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else ""


def ticks(most: int) -> list[int]:
    """Two to six round numbers at equal distances: zero first, and the last is at least `most`.

    They are whole, as counts are, and 1, 2 or 5 times a power of ten apart.
    """
    steps = (factor * 10**power for power in count() for factor in (1, 2, 5))
    step = next(step for step in steps if 5 * step >= most)
    return list(range(0, max(most, 1) + step, step))
