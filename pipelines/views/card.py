"""The dataset card of a corpus, README.md in its folder: what it holds, for people and for Hugging Face's tools."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any

import pyarrow as pa

from pipelines.views.report import environment
from transforms.runs.manifest import Counts, Manifest
from transforms.runs.run import CARD, run_folder
from transforms.shards.corpus import Corpus
from transforms.shards.schemas import LEDGERS
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


def card(corpus: Corpus, files: Mapping[str, Sequence[str]] | None = None, columns: Sequence[str] | None = None) -> str:
    """The card, in Markdown, with the metadata that Hugging Face's tools read at its head.

    Args:
        corpus: what it is of.
        files: patterns of the files of each ledger; None for those of the corpus, by run.
        columns: those that the documents have; None for all.
    """
    runs = corpus.manifests
    latest = runs[-1]
    if files is None:
        files = {ledger: found for ledger in LEDGERS if (found := list(_patterns(runs, ledger)))}
    return (
        environment()
        .get_template("card.md")
        .render(
            name=PurePath(corpus.folder.url.rstrip("/")).name or "corpus",
            runs=runs,
            shown=_SHOWN_RUNS,
            files=files,
            counts=sum((each.counts for each in runs), Counts()).by_kind(),
            category=_category(sum(each.counts.documents.kept for each in runs)),
            languages=latest.setting("language.keep") or ["ar"],
            kept_languages=", ".join(latest.setting("language.keep")) or "all",
            definition=_definition(latest.setting("dedup")),
            segmentation=_segmentation(latest.setting("segmentation")),
            columns={ledger: _columns(ledger, columns if ledger == "documents" else None) for ledger in files},
        )
    )


def _patterns(runs: Iterable[Manifest], ledger: str) -> Iterator[str]:
    """A pattern for each run's files of a ledger; it leaves out those of a run that is about to take its place."""
    for each in runs:
        if each.files_of(ledger):
            end = f"~{each.generation}" if each.generation else "[0-9a-f]" * 4
            yield f"{run_folder(ledger, each.run)}/*{end}.parquet"


def _columns(ledger: str, chosen: Sequence[str] | None) -> list[tuple[str, str, str]]:
    """The names, types and meanings of a ledger's columns."""
    schema, meanings = LEDGERS[ledger], MEANINGS[ledger]
    names = [name for name in chosen or meanings if name in meanings]
    return [(name, type_name(schema.field(name).type), meanings[name]) for name in names]


def _category(documents: int) -> str:
    return next((name for limit, name in _SIZES if documents < limit), "n>1B")


_APART = {
    "ignore": "",
    "inner": ", unless each has a number within that the other lacks",
    "equal": ", unless their numbers differ",
}


def _definition(dedup: dict[str, Any]) -> str:
    if dedup["scope"] == "off":
        return "none were removed."
    shingle = dedup["shingle"]
    size = shingle["size"]
    sizes = "- and ".join(map(str, size if isinstance(size, list) else [size]))
    apart = _APART[dedup.get("numbers", "ignore")]
    within = {"corpus": "", "document": " of the same document"}[dedup["scope"]]
    return (
        f"a paragraph was removed when the exact Jaccard similarity of its {shingle['unit']} {sizes}-grams "
        f"with an earlier kept paragraph{within} is at least {dedup['threshold']}{apart}."
    )


def _segmentation(segmentation: dict[str, Any]) -> str:
    return "none" if segmentation["engine"] == "none" else f"Farasa (engine `{segmentation['engine']}`)"


_DOCUMENT = {
    "doc_id": "32 hex digits, of the bundle's name, the place and the text: the same in every run",
    "bundle": "the file it came from, relative to the input's root",
    "offset": "bytes from the start of the bundle to the document's delimiter line; of a table to the row's line, or"
    " the row's number from 0 (Parquet, Arrow)",
    "length": "bytes from there to the next delimiter line; of the row's line, or of its text (Parquet, Arrow)",
    "name": "the rest of the delimiter line, or what `input.name_column` says; may be empty",
    "encoding": "the encoding it was read in",
    "repaired": "characters that were not UTF-8 and were restored, or replaced by U+FFFD; see `input.repair`",
    "language": "ISO 639 code; `und`: nothing can be said",
    "language_probability": "how sure that is, 0 to 1",
}

_RUN = "the run, as in the path"
SOURCE_MEANING = "the columns that a table carries, in their types; null for documents of bundles"
MEANINGS = {
    "documents": {
        **_DOCUMENT,
        "text": "the kept paragraphs, one a line (parted by blank lines where `input.paragraphs` is `blank_line`)",
        "segmented": "the same lines, words in segments: `و+ال+كتاب`, in letters where `text` has presentation forms;"
        " null without a segmenter",
        "paragraph_index": "for each line, the paragraph's number in its document, from 0",
        "paragraph_offset": "for each line, bytes from the start of the bundle to the paragraph; of a table from the"
        " start of the row's text, in UTF-8",
        "run": _RUN,
    },
    "duplicates": {
        "doc_id": "the document that the paragraph was in",
        "bundle": "the file it came from",
        "document_offset": "the document's `offset`, as in `documents`; null in files of before it",
        "offset": "bytes from the start of the bundle to the paragraph; of a table from the start of the row's text",
        "paragraph_index": "its number in its document, from 0",
        "text": "the paragraph",
        "rule": "`exact`: the shingle sets are equal; `near`: they are similar; `wordless`: the same bytes, no word",
        "similarity": "exact Jaccard similarity with the kept paragraph",
        "kept_doc_id": "the document of the kept paragraph that stands for it",
        "kept_bundle": "its bundle",
        "kept_offset": "bytes from the start of that bundle to the kept paragraph",
        "kept_paragraph_index": "its number in its document",
        "kept_length": "its bytes, in UTF-8: fewer than those of `text` where a shorter copy came first",
        "kept_run": "the run that kept it",
        "kept_corpus": "the corpus of that run, as `dedup.against` names it; null where it is this one",
        "run": _RUN,
    },
    "filtered": {
        **_DOCUMENT,
        "rule": "the rule that left it out: `language`, or the filter's MODULE:FUNCTION",
        "reason": "the filter's reason; null where the rule has none",
        "text": "the whole document",
        "paragraph_offset": "bytes from the start of the bundle to each paragraph; of a table from that of the text",
        "run": _RUN,
    },
    "rejects": {
        "bundle": "the file",
        "offset": "bytes from the start of the bundle; of a table to the row's line, or its number (Parquet, Arrow)",
        "length": "bytes that could not be read, or were repaired",
        "stage": "where it was found out",
        "reason": "one of a closed set, see below",
        "detail": "the reason in words",
        "payload": "the raw bytes",
        "run": _RUN,
    },
}


def type_name(dtype: pa.DataType) -> str:
    """The name of a column's type, as people write it: `list<int32>`."""
    return f"list<{dtype.value_type}>" if pa.types.is_list(dtype) else str(dtype)
