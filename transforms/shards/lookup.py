"""Looking a text up in a corpus: the kept paragraph most like it, found by comparing it with all of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.arrays import UInt64s
from transforms.dedup.definition import definition_of
from transforms.dedup.shingles import ShingleSets, shingle_sets
from transforms.settings import DedupSettings
from transforms.shards.corpus import PARAGRAPH_BREAKS, Corpus

_PLACE = ("run", "doc_id", "bundle", "paragraph_index", "paragraph_offset")
_ROWS = 4096  # documents compared at a time


@dataclass(frozen=True)
class Likeness:
    """A kept paragraph, and how like a text it is.

    Attributes:
        similarity: the exact Jaccard similarity of the shingle sets.
        place: `run`, `doc_id`, `bundle`, `paragraph_index` and `paragraph_offset` of the paragraph, and the `corpus`
            that has it where it is a reference, else None.
        text: the paragraph.
        apart: True where each has a number that the other lacks, which keeps them apart.
    """

    similarity: float
    place: dict[str, Any]
    text: str
    apart: bool


def settings_of(corpus: Corpus) -> DedupSettings:
    """The definition of a duplicate in a corpus, by its latest run."""
    return definition_of(corpus.manifests[-1])


def most_alike(corpus: Corpus, text: str, settings: DedupSettings) -> Likeness | None:
    """The kept paragraph that would stand for a text, else the most similar one; None where none shares a shingle.

    Of those that would, or else of all, it is that of highest similarity, then the earliest; those of the references of
    the latest run are the earliest.

    Args:
        corpus: what is looked through, whole.
        text: one paragraph.
        settings: the definition of a duplicate; the scope does not count.
    """
    compared = settings.model_copy(update={"scope": "corpus"})
    asked = sets_of(pa.array([text]), compared)
    wanted = np.unique(asked.shingles)
    best: Likeness | None = None
    rank = (False, 0.0)
    for url, batch, lines in _kept_lines(corpus) if len(wanted) else ():
        for similarity, at, apart in _similar(lines.flatten(), asked, wanted, compared):
            stands = similarity >= compared.threshold and not apart
            if best is None or (stands, similarity) > rank:
                place = {**_place(batch, lines, at), "corpus": url}
                best = Likeness(similarity, place, lines.flatten()[at].as_py(), apart)
                rank = (stands, similarity)
    return best


def _kept_lines(corpus: Corpus) -> Iterator[tuple[str | None, pa.RecordBatch, pa.ListArray]]:
    """The kept paragraphs of the references, then of the corpus, in order: whose they are, documents, their lines."""
    sources = [*((each.folder.url, each) for each in corpus.references()), (None, corpus)]
    for url, source in sources:
        for manifest in source.manifests:
            breaks = PARAGRAPH_BREAKS[manifest.setting("input.paragraphs")]
            documents = source.dataset("documents", [manifest.run])
            for batch in documents.to_batches(columns=["text", *_PLACE], batch_size=_ROWS):
                yield url, batch, pc.split_pattern(batch.column("text"), breaks)


def shingles_of(text: str, settings: DedupSettings) -> int:
    """The number of different shingles that a paragraph is compared by; 0 where it is never compared."""
    return len(np.unique(sets_of(pa.array([text]), settings.model_copy(update={"scope": "corpus"})).shingles))


def sets_of(paragraphs: pa.StringArray, settings: DedupSettings) -> ShingleSets:
    """The shingle sets of paragraphs."""
    _, offsets, data = paragraphs.buffers()
    bounds = np.frombuffer(offsets, np.int32)[paragraphs.offset : paragraphs.offset + len(paragraphs) + 1]
    text = np.frombuffer(data or b"", np.uint8)
    start, end = bounds[:-1].astype(np.int64), bounds[1:].astype(np.int64)
    return shingle_sets(text, start, end, np.zeros(len(start), np.uint64), settings)


def _similar(
    paragraphs: pa.StringArray, asked: ShingleSets, wanted: UInt64s, settings: DedupSettings
) -> Iterator[tuple[float, int, bool]]:
    """The similarity and number of each paragraph that shares a shingle, and whether numbers keep it apart."""
    sets = sets_of(paragraphs, settings)
    hits = np.flatnonzero(np.isin(sets.shingles, wanted))
    for at in np.unique(np.searchsorted(sets.offsets, hits, "right") - 1).tolist():
        own = np.unique(sets.shingles[sets.offsets[at] : sets.offsets[at + 1]])
        shared = len(np.intersect1d(own, wanted, assume_unique=True))
        yield shared / (len(own) + len(wanted) - shared), at, sets.numbers.apart(at, asked.numbers, 0)


def _place(batch: pa.RecordBatch, lines: pa.ListArray, at: int) -> dict[str, Any]:
    row = int(np.searchsorted(lines.offsets.to_numpy(), at, "right")) - 1
    place: dict[str, Any] = batch.select(list(_PLACE)).slice(row, 1).to_pylist()[0]
    line = at - lines.offsets[row].as_py()
    return {name: value[line] if isinstance(value, list) else value for name, value in place.items()}
