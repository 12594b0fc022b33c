"""The dataset card of a corpus, README.md in its folder: what it holds, for people and for Hugging Face's tools."""

from pathlib import PurePath
from typing import Any

from pipelines.views.columns import MEANINGS, type_name
from pipelines.views.rendering import environment
from transforms.runs.manifest import Counts, Manifest
from transforms.runs.run import CARD, run_folder
from transforms.shards.corpus import Corpus
from transforms.shards.schemas import DOCUMENTS
from transforms.storage import Folder

_OURS = "This file is written with each run, from the manifests."  # a sentence of the template
_SHOWN_RUNS = 20
# Hugging Face's names for sizes, each with the rows below which it holds.
_SIZES = (
    (1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"), (10_000_000, "1M<n<10M"),
    (100_000_000, "10M<n<100M"), (1_000_000_000, "100M<n<1B"),
)  # fmt: skip


def write_card(corpus: Corpus) -> None:
    """Writes the card anew, from all manifests."""
    corpus.folder.write(CARD, card(corpus).encode("utf-8"))


def renew_card(output: Folder) -> None:
    """Writes the card anew where there is one of ours; it goes with the last run."""
    corpus = Corpus(output)
    if not (output.is_file(CARD) and _OURS in output.read(CARD).to_pybytes().decode("utf-8", "replace")):
        return
    if corpus.catalog.whole():
        write_card(corpus)
    else:
        output.remove(CARD)


def card(corpus: Corpus) -> str:
    """The card, in Markdown, with the metadata that Hugging Face's tools read at its head."""
    runs = corpus.manifests
    latest = runs[-1]
    return (
        environment()
        .get_template("card.md")
        .render(
            name=PurePath(corpus.folder.url.rstrip("/")).name or "corpus",
            runs=runs,
            shown=_SHOWN_RUNS,
            files=[_documents_of(each) for each in runs if each.counts.documents.kept],
            counts=sum((each.counts for each in runs), Counts()).by_kind(),
            category=_category(sum(each.counts.documents.kept for each in runs)),
            languages=latest.setting("language.keep") or ["ar"],
            kept_languages=", ".join(latest.setting("language.keep")) or "all",
            definition=_definition(latest.setting("dedup")),
            segmentation=_segmentation(latest.setting("segmentation")),
            columns=[
                (name, type_name(DOCUMENTS.field(name).type), text) for name, text in MEANINGS["documents"].items()
            ],
        )
    )


def _documents_of(manifest: Manifest) -> str:
    """A pattern for the run's files; it leaves out those of a run that is about to take its place."""
    end = f"~{manifest.generation}" if manifest.generation else "[0-9a-f]" * 4
    return f"{run_folder('documents', manifest.run)}/*{end}.parquet"


def _category(documents: int) -> str:
    return next((name for limit, name in _SIZES if documents < limit), "n>1B")


def _definition(dedup: dict[str, Any]) -> str:
    if dedup["scope"] == "off":
        return "none were removed."
    shingle = dedup["shingle"]
    within = {"corpus": "", "document": " of the same document"}[dedup["scope"]]
    return (
        f"a paragraph was removed when the exact Jaccard similarity of its {shingle['unit']} {shingle['size']}-grams "
        f"with an earlier kept paragraph{within} is at least {dedup['threshold']}."
    )


def _segmentation(segmentation: dict[str, Any]) -> str:
    return "none" if segmentation["engine"] == "none" else f"Farasa (engine `{segmentation['engine']}`)"
