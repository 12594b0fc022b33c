"""The report of a run: one HTML file that says what came in, where it went and why."""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from pipelines.charts import ticks
from pipelines.command import Parser, complain
from transforms import storage
from transforms.errors import RafidError
from transforms.layout import REPORTS
from transforms.shards.corpus import Corpus
from transforms.shards.manifest import read_manifest
from transforms.shards.report import INPUTS, figures_of, size_label

_PLACES = ("kept", "duplicate", "filtered", "rejected")
_SHOWN_VALUE = 300  # letters of a setting
# C0 and C1 but tab and line feed, line separators, and what overrides, embeds or isolates direction.
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufffe\uffff]")


def main(argv: Sequence[str] | None = None) -> int:
    """Writes the report of one run, or of all; returns the exit code."""
    command = Parser(prog="python -m pipelines.report", description=__doc__)
    command.add_argument("output", help="the corpus")
    command.add_argument("--run", metavar="ID", help="of this run only (default: all)")
    try:
        arguments = command.parse_args(argv)
        corpus = Corpus(arguments.output)
        runs = [arguments.run] if arguments.run else [manifest["run"] for manifest in corpus.manifests]
        for run in runs:
            read_manifest(arguments.output, run)  # an unknown one is an error of use
            print(write_report(corpus, run))
    except RafidError as error:
        return complain(error)
    return 0


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
        .render(vars(figures), settings=list(_flat(figures.manifest["settings"])), places=_PLACES, shown_inputs=INPUTS)
    )


def environment() -> Environment:
    """The templates; whatever a text holds is shown, never obeyed."""
    env = Environment(
        loader=PackageLoader("pipelines"),
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


def visible(text: str) -> str:
    """The text with control characters, and those that change the direction of what follows, as `⟦U+202E⟧`."""
    return _INVISIBLE.sub(lambda match: f"⟦U+{ord(match[0]):04X}⟧", text)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else ""


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(value)[:_SHOWN_VALUE]


if __name__ == "__main__":
    sys.exit(main())
