"""Runs from a notebook: typed arguments in, a result that shows itself out."""

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from pipelines.batch import Publisher, Request, runs_of_job
from pipelines.config import load_settings
from pipelines.job import RunSlice, Slice, listed_input
from pipelines.runners.running import beam_options
from pipelines.views.progress import TITLES
from pipelines.views.translation import KINDS, PLACES, direction, gettext
from transforms import console
from transforms.parallel import observed
from transforms.runs.manifest import Counts, Manifest
from transforms.runs.run import Run
from transforms.shards.corpus import Corpus

_SECONDS_BETWEEN_DRAWINGS = 0.2


@dataclass(frozen=True, repr=False)
class Result:
    """The runs that a job committed.

    Attributes:
        corpus: the whole output, earlier runs included.
        manifests: of the runs of this job; none where there was nothing new.
    """

    corpus: Corpus
    manifests: tuple[Manifest, ...]

    def counts(self) -> dict[str, dict[str, int]]:
        """The documents and paragraphs of this job, by the place they ended in."""
        return sum((each.counts for each in self.manifests), Counts()).by_kind()

    def __repr__(self) -> str:
        paragraphs = self.counts()["paragraphs"]
        place = f"{self._runs()} in {self.corpus.folder.url}"
        return f"<{place}: {paragraphs['kept']:,} of {paragraphs['in']:,} paragraphs kept>"

    def _runs(self) -> str:
        return ", ".join(each.run for each in self.manifests) or gettext("nothing new")

    def _repr_html_(self) -> str:
        """The summary as a table, for a notebook."""
        heads = ("", *(gettext(place) for place in PLACES.values()))
        head = Markup("").join(Markup("<th scope='col'>{}</th>").format(each) for each in heads)
        rows = Markup("").join(
            Markup("<tr><th scope='row'>{}</th>{}</tr>").format(gettext(KINDS[kind]), _cells(tally))
            for kind, tally in self.counts().items()
        )
        caption = Markup("<caption><bdi>{}</bdi>: <bdi>{}</bdi></caption>").format(self.corpus.folder.url, self._runs())
        table = Markup("<table dir='{}'>{}<thead><tr>{}</tr></thead><tbody>{}</tbody></table>")
        return str(table.format(direction(), caption, head, rows))


def _cells(tally: Mapping[str, int]) -> Markup:
    return Markup("").join(Markup("<td>{}</td>").format(f"{count:,}") for count in tally.values())


def in_notebook() -> bool:
    """True in the kernel of a notebook: what is displayed there is drawn by a browser."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return shell is not None and hasattr(shell, "kernel")


class Bars:
    """An observer that draws a bar for each pass over a slice below the cell that runs it.

    Args:
        title: of the slice.
        total: its bytes.
    """

    def __init__(self, title: str, total: int) -> None:
        from IPython.display import display  # noqa: PLC0415 - there is one where this is called

        self._title, self._total = title, total
        self._done = dict.fromkeys(TITLES, 0)
        self._begun = self._drawn = time.monotonic()
        show: Any = display  # it has no types
        self._cell = show(self._bundle(), raw=True, display_id=True)

    def __call__(self, stage: str, size: int) -> None:
        """Counts, and draws anew if it is time, or a pass is over."""
        self._done[stage] += size
        now = time.monotonic()
        if now - self._drawn >= _SECONDS_BETWEEN_DRAWINGS or self._done[stage] >= self._total:
            self._drawn = now
            self._cell.update(self._bundle(), raw=True)

    def _bundle(self) -> dict[str, str]:
        """The bars, for browsers and for what knows text only."""
        shares = {TITLES[stage]: min(1.0, done / max(1, self._total)) for stage, done in self._done.items()}
        row = Markup("<tr><th scope='row'>{}</th><td><progress value='{:.3f}'></progress></td><td>{:.0%}</td></tr>")
        rows = Markup("").join(row.format(title, share, share) for title, share in shares.items())
        caption = f"{self._title}: {self._total:,} bytes, {time.monotonic() - self._begun:.0f} s"
        html = Markup("<table><caption>{}</caption><tbody>{}</tbody></table>").format(caption, rows)
        text = ", ".join(f"{title} {share:.0%}" for title, share in shares.items())
        return {"text/html": str(html), "text/plain": f"{caption}: {text}"}


def with_bars(run_slice: RunSlice) -> RunSlice:
    """`run_slice`, which shows below the cell how far it is."""

    def shown(run: Run, part: Slice) -> None:
        title = run.name if part.of == 1 else f"{run.name} ({part.index + 1} of {part.of})"
        with observed(Bars(title, part.size)):
            run_slice(run, part)

    return shown


def run(
    inputs: str | Sequence[str],
    output: str,
    *,
    name: str | None = None,
    config: str | None = None,
    settings: Mapping[str, Any] | None = None,
    beam: Sequence[str] = (),
    new_only: bool = False,
    wait: bool = False,
) -> Result:
    """The result of a job, once it is committed.

    Args:
        inputs: files, folders or patterns.
        output: the folder that the corpus is written to.
        name: names the run; a committed run of that name is replaced; None: the time.
        config: a YAML file of settings.
        settings: dotted keys and their values, for example `{"dedup.threshold": 0.8}`.
        beam: options of Apache Beam's, for example `["--runner=FlinkRunner"]`.
        new_only: take only bundles that no committed run has taken.
        wait: wait while another run is writing to the output.

    Raises:
        RafidError: one line that says what is wrong.
    """
    given = {"input.paths": [inputs] if isinstance(inputs, str) else list(inputs), "output": output, "run.id": name}
    overrides = {**(settings or {}), **{key: value for key, value in given.items() if value is not None}}
    complete = load_settings(config, [], overrides)
    options = beam_options([*complete.flink.beam_arguments(), *beam])
    request = Request(new_only=new_only, wait=wait, quiet=not in_notebook(), progress=with_bars)
    done = tuple(runs_of_job(listed_input(complete), complete, options, request, console.say))
    Publisher(complete, lambda _: None, time.monotonic).publish(done[-1].run if done else "")
    return Result(Corpus(complete.folder()), done)
