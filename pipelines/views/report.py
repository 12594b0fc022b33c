"""The report of a run: one HTML file that says what came in, where it went and why."""

from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.views.attention import notices_of
from pipelines.views.rendering import environment
from transforms import storage
from transforms.runs.run import REPORTS
from transforms.shards.corpus import Corpus
from transforms.shards.figures import INPUTS, figures_of

_PLACES = ("kept", "duplicate", "filtered", "rejected")
_SHOWN_VALUE = 300  # letters of a setting


def write_report(corpus: Corpus, run: str) -> str:
    """Where the report of a committed run was written.

    Raises:
        RafidError: the corpus cannot be read, or the report not be written.
    """
    path = f"{REPORTS}/{run}.html"
    storage.write_whole(corpus.output, path, render(corpus, run).encode("utf-8"))
    return storage.join(corpus.output, path)


def render(corpus: Corpus, run: str) -> str:
    """The report as HTML: it holds all it needs, runs no script, and asks for nothing."""
    figures = figures_of(corpus, run)
    return (
        environment()
        .get_template("report.html")
        .render(
            vars(figures),
            settings=list(_flat(figures.manifest["settings"])),
            places=_PLACES,
            shown_inputs=INPUTS,
            notices=notices_of(figures.manifest),
        )
    )


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(value)[:_SHOWN_VALUE]
