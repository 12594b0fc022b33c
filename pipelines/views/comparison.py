"""Two runs, or two corpora, beside each other, drawn for a terminal: what one keeps and the other removed."""

from collections.abc import Iterator

from rich.console import RenderableType

from pipelines.views.pairs import Pairs
from transforms.errors import UsageError
from transforms.runs.catalog import is_output
from transforms.runs.names import job_of
from transforms.shards.comparing import Side, kept_by_both, kept_by_one
from transforms.shards.corpus import Corpus
from transforms.storage import Folder


def side_of(corpus: Corpus, name: str) -> Side:
    """A run of a corpus, or all slices of a job, by its name; or another corpus, by its folder.

    Raises:
        UsageError: it is none of these.
    """
    names = [each.run for each in corpus.manifests]
    runs = [name] if name in names else [each for each in names if job_of(each) == name]
    if runs:
        return Side(name, corpus, runs)
    if is_output(Folder(name)):
        return Side(name, Corpus(name))
    there = ", ".join(names)
    raise UsageError(
        f"diff: {name} is neither a run of {corpus.folder.url} nor a folder that Rafid wrote; its runs: {there}"
    )


def drawn(one: Side, other: Side, samples: int) -> Iterator[RenderableType]:
    """The figures of both ways, and samples of what one keeps and the other removed, beside what it repeats there."""
    yield f"{kept_by_both(one, other):,} paragraphs are kept by {one.name} and by {other.name}."
    for this, that in ((one, other), (other, one)):
        found = kept_by_one(this, that)
        yield (
            f"Kept by {this.name} and not by {that.name}: {len(found.removed):,} removed there, "
            f"{found.left_out:,} left out by a rule, {found.absent:,} not in its input."
        )
        yield from Pairs(that.corpus, that.runs).drawn(that.removals(found.removed, samples))
