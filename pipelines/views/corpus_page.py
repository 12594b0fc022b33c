"""The page of a corpus: how it grew, run by run, how much of each run was repeated, and of which earlier ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import PurePath

from pipelines.views.report import environment
from pipelines.views.translation import direction, language
from transforms.runs.manifest import Counts, Manifest
from transforms.runs.run import CORPUS_PAGE, REPORTS, Run
from transforms.shards.corpus import Corpus
from transforms.shards.overlap import SetName, overlap_of
from transforms.storage import Folder

# However many runs there are, the page shows so many: in its charts, in its table, and of pairs.
CHARTED, LISTED, PAIRS = 30, 200, 20


@dataclass(frozen=True)
class Line:
    """A run in the table.

    Attributes:
        manifest: the run's.
        number: its place among all, from 1.
        report: the name of its report beside the page; empty where there is none.
        repeated: whole percents of its paragraphs that were removed.
    """

    manifest: Manifest
    number: int
    report: str
    repeated: int


def write_page(corpus: Corpus) -> str:
    """Writes the page anew, from the manifests and the latest ledgers of duplicates; returns where."""
    corpus.folder.write(CORPUS_PAGE, render_page(corpus).encode("utf-8"))
    return corpus.folder.at(CORPUS_PAGE)


def renew_page(output: Folder) -> None:
    """Writes the page anew where there is one; it goes with the last run."""
    corpus = Corpus(output)
    if not output.is_file(CORPUS_PAGE):
        return
    if corpus.catalog.whole():
        write_page(corpus)
    else:
        output.remove(CORPUS_PAGE)


def render_page(corpus: Corpus) -> str:
    """The page as HTML; like a report it holds all it needs, and asks for nothing."""
    lines = _lines(corpus)
    kept = list(accumulate(each.manifest.counts.paragraphs.kept for each in lines))
    charted = lines[-CHARTED:]
    return (
        environment()
        .get_template("corpus.html")
        .render(
            name=PurePath(corpus.folder.url.rstrip("/")).name or "corpus",
            lines=lines[: -LISTED - 1 : -1],
            total=len(lines),
            counts=sum((each.manifest.counts for each in lines), Counts()),
            bytes=sum(each.manifest.bytes for each in lines),
            growth=[(f"{each.number:,}", kept[each.number - 1]) for each in charted],
            repeated=[(f"{each.number:,}", each.repeated) for each in charted],
            earlier=_repeated_of_earlier(corpus, charted),
            compared=len(charted),
            places=("kept", "duplicate", "filtered", "rejected"),
            language=language(),
            direction=direction(),
        )
    )


def _lines(corpus: Corpus) -> list[Line]:
    written = set(corpus.folder.names(REPORTS))
    lines = []
    for number, each in enumerate(corpus.manifests, 1):
        report = Run(corpus.folder, each.run).report().removeprefix(f"{REPORTS}/")
        paragraphs = each.counts.paragraphs
        share = round(100 * paragraphs.duplicate / paragraphs.total) if paragraphs.total else 0
        lines.append(Line(each, number, report if report in written else "", share))
    return lines


def _repeated_of_earlier(corpus: Corpus, lines: Sequence[Line]) -> list[tuple[SetName, SetName, int]]:
    """The pairs of runs, or jobs, of which the later repeats most of the earlier one, or of a reference."""
    found = overlap_of(corpus, "run", [each.manifest.run for each in lines])
    place = {name: number for number, name in enumerate(found.sets)}
    pairs = [(*pair, count) for pair, count in found.removed.items() if pair[0] != pair[1]]
    return sorted(pairs, key=lambda pair: (-pair[2], place[pair[0]], place[pair[1]]))[:PAIRS]
