"""A preview: which paragraphs of a corpus another definition of a duplicate would remove."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.arrays import Float64s, Int64s
from transforms.dedup.index.matching import IndexView, sorted_sets
from transforms.dedup.index.segment import PLACE_COLUMNS, SETS, Segment, sets_table, write_segment
from transforms.dedup.one_pass.join import decide
from transforms.dedup.shingles import ShingleSets, shingle_sets
from transforms.dedup.verdicts import Decision
from transforms.runs.manifest import Manifest
from transforms.settings import DedupSettings
from transforms.shards.corpus import PARAGRAPH_BREAKS, Corpus
from transforms.storage import Folder

PARAGRAPHS = pa.schema(
    [
        pa.field("doc_id", pa.string()),
        pa.field("bundle", pa.string()),
        pa.field("document_offset", pa.int64()),
        pa.field("offset", pa.int64()),
        pa.field("paragraph_index", pa.int32()),
        pa.field("text", pa.large_string()),
    ]
)
_IN_ORDER = [(name, "ascending") for name in ("bundle", "document_offset", "offset", "paragraph_index")]
_ROWS = 1 << 16  # paragraphs that are hashed at a time


@dataclass(frozen=True)
class Difference:
    """Paragraphs that one of two definitions removes and the other does not.

    Attributes:
        rows: int64[d], their rows in `Preview.paragraphs`, ascending.
        kept: int64[d], the row of the paragraph that stands for each.
        similarity: float64[d], to it.
    """

    rows: Int64s
    kept: Int64s
    similarity: Float64s


@dataclass(frozen=True)
class Preview:
    """The decisions of two definitions on the same paragraphs.

    Attributes:
        paragraphs: all that were compared, in the order of the input, with the columns of `PARAGRAPHS` and `run`; those
            that references keep come first.
        outside: how many of them references keep.
        now: the decision by the corpus's own definition.
        then: the decision by the other one.
    """

    paragraphs: pa.Table
    outside: int
    now: Decision
    then: Decision

    @property
    def more(self) -> Difference:
        """The paragraphs that would go and do not now."""
        return _difference(self.then, self.now)

    @property
    def fewer(self) -> Difference:
        """The paragraphs that go now and would not."""
        return _difference(self.now, self.then)


def _difference(one: Decision, other: Decision) -> Difference:
    at = np.flatnonzero(~np.isin(one.removed, other.removed))
    return Difference(one.removed[at], one.kept[at], one.similarity[at])


def preview(corpus: Corpus, now: DedupSettings, then: DedupSettings, threads: int) -> Preview:
    """The paragraphs of all runs decided by two definitions, as if they came in one run; nothing is written.

    Where the latest run was compared with references, all are.

    Args:
        corpus: the corpus; its texts, and those that references keep, are held in memory.
        now: its own definition.
        then: the other one.
        threads: how many work at a time.

    Raises:
        JoinMemoryError: a join needs more memory than there is.
        OutputError: a reference has lost a run.
    """
    outside = [
        _in_order(_kept_of(each, manifest), f"{manifest.run} of {each.folder.url}")
        for each in corpus.references()
        for manifest in each.manifests
    ]
    runs = [_paragraphs(corpus, manifest) for manifest in corpus.manifests]
    decisions = [_decide(outside, runs, settings, threads) for settings in (now, then)]
    return Preview(pa.concat_tables([*outside, *runs]), sum(map(len, outside)), *decisions)


def _decide(outside: Sequence[pa.Table], runs: Sequence[pa.Table], settings: DedupSettings, threads: int) -> Decision:
    """The decision on the paragraphs of runs after those from outside, all of which stay; numbered through both."""
    sets = [each for number, run in enumerate(runs) for each in _sets(run, number, settings)]
    if not outside:
        return decide(sets, settings.threshold, threads)
    with TemporaryDirectory() as folder:
        index, rows = _index(Folder(folder), outside, settings)
        matches = index.match(sets, settings.threshold, threads)
    found = decide(sets, settings.threshold, threads, matches.similarity)
    first = sum(map(len, outside))
    kept = found.kept + first
    for at in np.flatnonzero(found.kept < 0).tolist():
        paragraph = found.removed[at]
        kept[at] = rows[matches.segment[paragraph]][matches.row[paragraph]]
    return replace(found, removed=found.removed + first, kept=kept)


def _index(folder: Folder, outside: Sequence[pa.Table], settings: DedupSettings) -> tuple[IndexView, list[Int64s]]:
    """An index of the paragraphs from outside, and which of them the rows of each segment are."""
    segments: list[Segment] = []
    rows: list[Int64s] = []
    first = 0
    for sets in (each for number, table in enumerate(outside) for each in _sets(table, number, settings)):
        wanted = np.flatnonzero(np.diff(sets.offsets) > 0)
        marked = np.zeros(len(sets.offsets) - 1, np.uint8)
        marked[wanted] = 1
        place = folder.below(f"{len(segments)}")
        table = sets_table(_no_places(len(wanted)), *sorted_sets(sets, marked), sets.numbers.take(wanted))
        segments.append(Segment(place, frozenset([""]), write_segment(place, [table])))
        rows.append(wanted + first)
        first += len(marked)
    return IndexView(segments), rows


def _no_places(count: int) -> pa.Table:
    """Places of paragraphs that nobody asks for."""
    plain = [pa.field(each.name, pa.string() if pa.types.is_dictionary(each.type) else each.type) for each in SETS]
    columns = {each.name: ["" if pa.types.is_string(each.type) else 0] * count for each in plain[: len(PLACE_COLUMNS)]}
    return pa.table(columns, schema=pa.schema(plain[: len(PLACE_COLUMNS)]))


def _paragraphs(corpus: Corpus, manifest: Manifest) -> pa.Table:
    """The paragraphs of a run that were compared, in the order of its input."""
    removed = corpus.dataset("duplicates", [manifest.run]).to_table(columns=PARAGRAPHS.names).cast(PARAGRAPHS)
    return _in_order([removed, *_kept_of(corpus, manifest)], manifest.run)


def _kept_of(corpus: Corpus, manifest: Manifest) -> list[pa.Table]:
    """The paragraphs that a run keeps."""
    documents = corpus.dataset("documents", [manifest.run]).to_table()
    breaks = PARAGRAPH_BREAKS[manifest.setting("input.paragraphs")]
    return [PARAGRAPHS.empty_table(), *(_kept(batch, breaks) for batch in documents.to_batches())]


def _in_order(tables: Sequence[pa.Table], run: str) -> pa.Table:
    """The rows of all, in the order of the input, with the run that they are of."""
    table = pa.concat_tables(tables)
    if table.column("document_offset").null_count:  # files of before it: of bundles, in which offsets of paragraphs do
        at = PARAGRAPHS.get_field_index("document_offset")
        table = table.set_column(at, PARAGRAPHS.field(at), table.column("offset"))
    table = table.sort_by(_IN_ORDER)
    return table.append_column("run", pa.repeat(run, len(table)))


def _kept(documents: pa.RecordBatch, breaks: str) -> pa.Table:
    """A row a kept paragraph of some documents."""
    texts = pc.split_pattern(documents.column("text"), breaks)
    owner = pa.array(np.repeat(np.arange(len(documents)), np.diff(texts.offsets.to_numpy())))
    columns = [
        documents.column("doc_id").take(owner),
        documents.column("bundle").take(owner),
        documents.column("offset").take(owner),
        documents.column("paragraph_offset").flatten(),
        documents.column("paragraph_index").flatten(),
        texts.flatten().cast(pa.large_string()),
    ]
    return pa.table(columns, schema=PARAGRAPHS)


def _sets(paragraphs: pa.Table, run: int, settings: DedupSettings) -> Iterator[ShingleSets]:
    """The shingle sets of the paragraphs of a run, by pieces; one piece at least."""
    _, document = np.unique(paragraphs.column("doc_id").to_numpy(), return_inverse=True)
    number = document.astype(np.uint64) + (np.uint64(run) << np.uint64(32))
    for first in range(0, max(1, len(paragraphs)), _ROWS):
        text = paragraphs.column("text").slice(first, _ROWS).combine_chunks()
        _, offsets, data = text.buffers() if len(text) else (None, np.zeros(1, np.int64), b"")
        bounds = np.frombuffer(offsets, np.int64)[text.offset : text.offset + len(text) + 1]
        characters = np.frombuffer(data or b"", np.uint8)
        yield shingle_sets(characters, bounds[:-1], bounds[1:], number[first : first + _ROWS], settings)
