"""Leaves out documents most of whose text is boilerplate: lines that many documents of one bundle have.

Pipelines have looked for such text since C4 (Raffel et al., JMLR 21, 2020, section 2.2: of a span of three sentences
all occurrences but one go) and CCNet (Wenzek et al., LREC 2020: paragraphs that repeat within a shard). Here the
ledgers of a run tell exactly which lines repeat, and in how many documents.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from transforms.bundles.kernels.lines import LINE_ENDS
from transforms.characters.table import WHITE_SPACE
from transforms.runs.catalog import read_catalog
from transforms.runs.manifest import Manifest
from transforms.storage import Folder

_LINE_ENDS = re.compile(f"\r\n|[{LINE_ENDS}]")
_TRIMMED = f"{WHITE_SPACE}\0"  # around a paragraph
_KEYS = ("bundle", "text", "doc_id")


def boilerplate(
    batch: pa.RecordBatch, *, corpus: str, run: str, documents: int = 10, share: float = 0.5
) -> list[str | None]:
    """The share of each document's characters that is in boilerplate lines, where it is greater than `share`.

    Args:
        batch: documents.
        corpus: the output of an earlier run over the same kind of text, with `input.paragraphs` at `line`.
        run: that run, deduplicated as a corpus; its ledgers tell the lines.
        documents: a line is boilerplate that more documents of one bundle have, byte for byte, but for white space
            around it.
        share: how much of a document may be boilerplate; 0 to 1.

    Raises:
        ValueError: a bound is no number in its range, or the run cannot tell which lines repeat.
        OutputError: there is no such run.
    """
    if not isinstance(documents, int) or documents < 1:
        raise ValueError(f"documents: {documents!r} should be a whole number from 1 up")
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        raise ValueError(f"share: {share!r} should be a share from 0 to 1")
    known = repeated_lines(corpus, run, documents)
    found = [_share(text, known) for text in batch.column("text").to_pylist()]
    return [f"boilerplate: {each:.3f} of the text" if each > share else None for each in found]


def _share(text: str, known: frozenset[str]) -> float:
    lines = [line.strip(_TRIMMED) for line in _LINE_ENDS.split(text)]
    return sum(len(line) for line in lines if line in known) / max(1, sum(map(len, lines)))


@lru_cache(maxsize=8)
def repeated_lines(corpus: str, run: str, documents: int) -> frozenset[str]:
    """The lines that more than so many documents of one bundle of a run have; a process reads them once."""
    folder = Folder(corpus)
    manifest = read_catalog(folder).run(run)
    for setting, wanted in (("dedup.scope", "corpus"), ("input.paragraphs", "line"), ("dedup.minimum_words", 0)):
        if manifest.setting(setting) != wanted:
            raise ValueError(f"run {run} of {corpus} has {setting}={manifest.setting(setting)}, not {wanted}")
    removed: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for table in _tables(folder, manifest, "duplicates", list(_KEYS)):
        for bundle, text, doc_id in zip(*(table.column(name).to_pylist() for name in _KEYS), strict=True):
            removed[bundle, text].add(doc_id)
    # Of a line all copies but one were removed: it takes a look at what is kept to know the documents of the last one.
    close = {key: owners for key, owners in removed.items() if len(owners) == documents}
    for bundle, text, doc_id in _kept(folder, manifest, {text for _, text in close}) if close else ():
        if (bundle, text) in close:
            close[bundle, text].add(doc_id)
    return frozenset(text for (_, text), owners in removed.items() if len(owners) > documents)


def _tables(folder: Folder, manifest: Manifest, ledger: str, columns: list[str]) -> Iterator[pa.Table]:
    for path in manifest.files_of(ledger):
        yield pq.ParquetFile(folder.read(path)).read(columns)


def _kept(folder: Folder, manifest: Manifest, wanted: set[str]) -> Iterator[tuple[str, str, str]]:
    """The kept lines that are wanted: bundle, text and document of each."""
    texts = pa.array(sorted(wanted), pa.string())
    for table in _tables(folder, manifest, "documents", list(_KEYS)):
        lines = pc.split_pattern(table.column("text"), "\n").combine_chunks()
        owner = np.repeat(np.arange(len(table)), np.diff(lines.offsets.to_numpy()))
        at = np.flatnonzero(pc.is_in(lines.flatten(), value_set=texts).to_numpy(zero_copy_only=False))
        chosen = table.take(pa.array(owner[at]))
        found = lines.flatten().take(pa.array(at)).to_pylist()
        yield from zip(chosen.column("bundle").to_pylist(), found, chosen.column("doc_id").to_pylist(), strict=True)
