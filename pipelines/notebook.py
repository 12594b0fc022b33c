"""Runs from a notebook: typed arguments in, a result that shows itself out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from pipelines.batch import Request, publish_views, runs_of_job
from pipelines.config import load_settings
from pipelines.job import listed_input
from pipelines.runners.running import beam_options, runs_in_process
from transforms import console
from transforms.runs.manifest import Counts, Manifest
from transforms.shards.corpus import Corpus

_PLACES = ("in", "kept", "duplicate", "filtered", "rejected")


@dataclass(frozen=True)
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

    def _repr_html_(self) -> str:
        """The summary as a table, for a notebook."""
        head = Markup("").join(Markup("<th scope='col'>{}</th>").format(place) for place in ("", *_PLACES))
        rows = Markup("").join(
            Markup("<tr><th scope='row'>{}</th>{}</tr>").format(kind, _cells(tally))
            for kind, tally in self.counts().items()
        )
        runs = ", ".join(each.run for each in self.manifests) or "nothing new"
        caption = Markup("<caption>{}: {}</caption>").format(self.corpus.folder.url, runs)
        return str(Markup("<table>{}<thead><tr>{}</tr></thead><tbody>{}</tbody></table>").format(caption, head, rows))


def _cells(tally: Mapping[str, int]) -> Markup:
    return Markup("").join(Markup("<td>{}</td>").format(f"{count:,}") for count in tally.values())


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
    request = Request(new_only=new_only, wait=wait, quiet=True)
    done = tuple(runs_of_job(listed_input(complete), complete, options, request, console.say))
    if runs_in_process(options) and complete.run.report:
        publish_views(complete.folder(), done[-1].run if done else "", lambda _: None)
    return Result(Corpus(output), done)
