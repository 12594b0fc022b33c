"""Publishing: what people look at is written once a run is committed; a note in its place says that it is due."""

from collections.abc import Iterator

from pipelines.views.card import renew_card, write_card
from pipelines.views.corpus_page import renew_page, write_page
from pipelines.views.report import write_report
from transforms.runs.catalog import runs_of
from transforms.runs.run import REPORT_DUE, REPORTS, Run
from transforms.shards.corpus import Corpus
from transforms.storage import Folder


def publish(output: Folder) -> Iterator[str]:
    """The URLs of the reports that were due, each once it is written; then the card and the corpus page are, too.

    Raises:
        RafidError: the corpus cannot be read, or a file not be written; the note stays.
    """
    corpus = Corpus(output)
    committed = {Run(output, each.run, each.generation) for each in corpus.manifests}
    for run in _due(output):
        if run in committed:
            yield write_report(corpus, run.name)
        if run in committed or not (run.is_open() or run.is_done()):
            output.remove(run.report_note())
    write_card(corpus)
    write_page(corpus)


def renew(output: Folder) -> None:
    """Writes the card and the page of the corpus anew, where there are any: a run is gone.

    Raises:
        RafidError: the corpus cannot be read, or a file not be written.
    """
    renew_card(output)
    renew_page(output)


def _due(output: Folder) -> list[Run]:
    notes = [name for name in output.names(REPORTS) if name.startswith(".") and name.endswith(REPORT_DUE)]
    return runs_of(output, (name[1:].removesuffix(REPORT_DUE) for name in notes))
