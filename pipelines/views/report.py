"""The report of a run: one HTML file that says what came in, where it went and why."""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from pipelines.views.attention import notices_of
from pipelines.views.translation import N_, PLACES, catalog, direction, figure, language
from transforms.console import visible
from transforms.errors import UsageError
from transforms.runs.run import Run
from transforms.shards.corpus import Corpus
from transforms.shards.figures import INPUTS, figures_of, size_label
from transforms.shards.texts import Tokens

_PLACES = ("kept", "duplicate", "filtered", "rejected")
_STAGES = {
    "fingerprint": N_("reading"),
    "join": N_("finding duplicates"),
    "write": N_("writing"),
    "total": N_("from beginning to end"),
}
_SHOWN_VALUE = 300  # letters of a setting


def token_counter(path: str) -> Tokens:
    """A function that counts the tokens of texts by a file of Hugging Face's tokenizers, tokenizer.json.

    Raises:
        UsageError: the file is none, or the package is not installed.
    """
    try:
        from tokenizers import Tokenizer  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise UsageError("--tokenizer: the package tokenizers is missing; pip install 'rafid[tokens]'") from error
    try:
        tokenizer = Tokenizer.from_file(path)
    except Exception as error:  # the package has no narrower one
        raise UsageError(f"--tokenizer {path}: cannot be read as a tokenizer.json: {error}") from error
    return lambda texts: sum(len(each.ids) for each in tokenizer.encode_batch(texts, add_special_tokens=False))


def write_report(corpus: Corpus, run: str, tokens: Tokens | None = None) -> str:
    """Writes the report of a committed run, with its tokens if `tokens` counts them; returns where.

    Raises:
        RafidError: the corpus cannot be read, or the report not be written.
    """
    path = Run(corpus.folder, run).report()
    corpus.folder.write(path, render(corpus, run, tokens).encode("utf-8"))
    return corpus.folder.at(path)


def render(corpus: Corpus, run: str, tokens: Tokens | None = None) -> str:
    """The report as HTML: it holds all it needs, and asks for nothing."""
    figures = figures_of(corpus, run, tokens)
    return (
        environment()
        .get_template("report.html")
        .render(
            vars(figures),
            settings=list(_flat(figures.manifest.settings)),
            places=_PLACES,
            shown_inputs=INPUTS,
            notices=notices_of(figures.manifest),
            stages=_STAGES,
            language=language(),
            direction=direction(),
        )
    )


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(value)[:_SHOWN_VALUE]


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
    env.globals.update(size_label=size_label, share=_share, ticks=ticks, PLACES=PLACES)
    env.globals.update(_sorting(env))
    env.globals.update(_=_sentence, ngettext=_sentence_of_count, plain=_plain)
    return env


def _sorting(env: Environment) -> dict[str, Markup]:
    """The one script of the pages, which sorts tables, and the digest by which they let no other run."""
    assert env.loader is not None
    script = env.loader.get_source(env, "sort.js")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return {"SORTING": Markup(script), "SORTING_DIGEST": Markup(f"sha256-{digest}")}  # noqa: S704 - our own file


def _harmless(value: Any) -> Any:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _sentence(message: str, /, **values: object) -> Markup:
    return _in_page(catalog().gettext(message), values)


def _sentence_of_count(one: str, many: str, count: int, /, **values: object) -> Markup:
    return _in_page(catalog().ngettext(one, many, count), {"count": count, **values})


def _in_page(sentence: str, values: Mapping[str, object]) -> Markup:
    """The sentence with its `{names}` filled in: no text in it changes the page, nor the direction of what follows."""
    shown = {name: _isolated(value) if isinstance(value, str) else figure(value) for name, value in values.items()}
    return Markup(escape(sentence)).format(**shown)  # noqa: S704 - its special characters are escaped


def _isolated(value: str) -> Markup:
    return value if isinstance(value, Markup) else Markup("<bdi>{}</bdi>").format(visible(value))


def _plain(value: str) -> Markup:
    """A text that is not isolated, for titles and attributes: they hold no elements."""
    return escape(visible(value))


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else ""


def ticks(most: int) -> list[int]:
    """Two to six round numbers at equal distances: zero first, and the last is at least `most`.

    They are whole, as counts are, and 1, 2 or 5 times a power of ten apart.
    """
    steps = (factor * 10**power for power in count() for factor in (1, 2, 5))
    step = next(step for step in steps if 5 * step >= most)
    return list(range(0, max(most, 1) + step, step))
