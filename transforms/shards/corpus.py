"""Reading a corpus back: by its manifests, so that half a run is never seen."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from transforms.arrays import Int64s
from transforms.bundles.sources import readable
from transforms.errors import RunError, command_line
from transforms.filesystems import OutputError, filesystem
from transforms.runs.catalog import Catalog, check_format, read_catalog
from transforms.runs.manifest import Manifest
from transforms.shards import schemas
from transforms.storage import Folder

PARAGRAPH_BREAKS = {"line": "\n", "blank_line": "\n\n"}  # between the kept paragraphs of a document


class Corpus:
    """The committed runs of an output folder, in the order of their commits."""

    def __init__(self, output: Folder | str) -> None:
        self.folder = Folder(output) if isinstance(output, str) else output

    @cached_property
    def catalog(self) -> Catalog:
        """The runs, as they are when they are first asked for.

        Raises:
            OutputError: they cannot be listed, or the output is of another format.
        """
        check_format(self.folder)
        return read_catalog(self.folder)

    @property
    def manifests(self) -> list[Manifest]:
        """The manifests of all runs.

        Raises:
            OutputError: there are none, or one cannot be read.
        """
        found = self.catalog.whole()
        if not found:
            raise OutputError(
                f"output {self.folder.url}: holds no committed run; write one with {command_line('ingest')}"
            )
        return found

    def manifest(self, run: str) -> Manifest:
        """The manifest of one run, whatever becomes of others.

        Raises:
            OutputError: there is no such run, or its manifest cannot be read.
        """
        return self.catalog.run(run)

    def references(self) -> "list[Corpus]":
        """The corpora that the latest run was compared with, in order, each with those of its runs that counted.

        Raises:
            OutputError: one has lost such a run.
        """
        latest = self.manifests[-1]
        found = []
        for each in latest.against:
            corpus = Corpus(each.url)
            there = {manifest.key: manifest for manifest in corpus.catalog.runs}
            for key in each.runs:
                if key not in there:
                    raise OutputError(
                        f"{each.url}: run {key.run}, which run {latest.run} of {self.folder.url} was compared with, is "
                        "no more, or not as it was; restore it from a backup"
                    )
            corpus.catalog = replace(corpus.catalog, runs=tuple(there[key] for key in each.runs), damaged={})
            found.append(corpus)
        return found

    def dataset(self, ledger: str, runs: Sequence[str] | None = None) -> ds.Dataset:
        """All rows of one of `schemas.LEDGERS`; those of files of before, which lack `run`, have it from their path.

        Where tables carry columns, they are in `source`.

        Args:
            ledger: its name.
            runs: of those of these runs that are there and can be read; None for all.
        """
        manifests = self.manifests if runs is None else [each for each in self.catalog.runs if each.run in runs]
        system, _ = filesystem(self.folder.url)
        schema = self._schema(ledger, manifests)
        by_run = ds.partitioning(pa.schema([pa.field("run", pa.string())]), flavor="hive")
        parts = [
            ds.dataset(paths, schema=schema, format="parquet", filesystem=system, partitioning=by_run)
            for manifest in manifests
            if (paths := self._paths(manifest, ledger))
        ]
        return ds.dataset(parts) if parts else ds.dataset(schema.empty_table())

    def _schema(self, ledger: str, manifests: Sequence[Manifest]) -> pa.Schema:
        """The columns of a ledger in some runs; what their tables carry is united, see `sources.readable`."""
        schema = schemas.LEDGERS[ledger]
        if ledger not in schemas.WITH_SOURCE:
            return schema
        kinds = [kind for each in manifests if each.source and (kind := self._source_type(each, ledger)) is not None]
        return schemas.with_source(schema, readable(kinds)) if kinds else schema

    def _source_type(self, manifest: Manifest, ledger: str) -> pa.DataType | None:
        """The type of what the tables of a run carry, by the first file that can be read: all of a ledger have it."""
        system, _ = filesystem(self.folder.url)
        for path in self._paths(manifest, ledger):
            with suppress(OSError, pa.ArrowException):  # whoever reads its rows says what is wrong
                return pq.read_schema(path, filesystem=system).field(schemas.SOURCE).type
        return None

    def _paths(self, manifest: Manifest, ledger: str) -> list[str]:
        return [filesystem(self.folder.at(path))[1] for path in manifest.files_of(ledger)]

    def paragraphs(self, document: dict[str, Any]) -> dict[int, str]:
        """The kept paragraphs of a row of `documents`, by their index."""
        mode = self.manifest(document["run"]).setting("input.paragraphs")
        return dict(zip(document["paragraph_index"], document["text"].split(PARAGRAPH_BREAKS[mode]), strict=True))

    def kept_texts(self, duplicates: pa.Table) -> list[str]:
        """The text of the kept paragraph that each row of `duplicates` repeats; empty where its run is gone."""
        texts = [""] * len(duplicates)
        owners = np.array(duplicates.column("kept_corpus").to_pylist(), object)
        for owner in dict.fromkeys(owners.tolist()):
            rows = np.flatnonzero(owners == owner)
            corpus = self if owner is None else Corpus(owner)
            for row, text in zip(rows.tolist(), corpus._own_texts(duplicates.take(pa.array(rows))), strict=True):
                texts[row] = text
        return texts

    def _own_texts(self, duplicates: pa.Table) -> list[str]:
        """The text of the kept paragraph of this corpus that each row repeats; empty where its run is gone."""
        wanted = [pc.field(each).isin(pc.unique(duplicates.column(f"kept_{each}"))) for each in ("bundle", "doc_id")]
        runs = pc.unique(duplicates.column("kept_run")).to_pylist()
        columns = ["run", "doc_id", "text", "paragraph_index"]
        rows = rows_where(self.dataset("documents", runs), wanted[0] & wanted[1], columns)
        documents = {(row["run"], row["doc_id"]): self.paragraphs(row) for row in rows.to_pylist()}
        keys = (duplicates.column(name).to_pylist() for name in ("kept_run", "kept_doc_id", "kept_paragraph_index"))
        return [documents.get((run, doc_id), {}).get(index, "") for run, doc_id, index in zip(*keys, strict=True)]


def rows_where(rows: ds.Dataset, wanted: pc.Expression, columns: Sequence[str]) -> pa.Table:
    """The few rows that are wanted; the columns are read of the row groups that have some."""
    found = [
        part.to_table(schema=rows.schema, columns=columns, filter=wanted)
        for part in _row_groups(rows, wanted)
        if len(part.to_table(schema=rows.schema, columns=["run"], filter=wanted))
    ]
    return pa.concat_tables([_empty(rows, columns), *found])


def rows_at(rows: ds.Dataset, at: Int64s, columns: Sequence[str]) -> pa.Table:
    """The few rows at some places, which rise; the columns are read of the row groups that have some."""
    first, found = 0, [_empty(rows, columns)]
    for part in _row_groups(rows):
        end = first + sum(each.num_rows for each in part.row_groups)
        here = at[np.searchsorted(at, first) : np.searchsorted(at, end)] - first
        if len(here):
            found.append(part.to_table(schema=rows.schema, columns=columns).take(pa.array(here)))
        first = end
    return pa.concat_tables(found)


def batches_of(rows: ds.Dataset, columns: Sequence[str], size: int) -> Iterator[pa.RecordBatch]:
    """All rows, about `size` bytes of a file at a time: a few in the processor's cache, and no row group as a whole."""
    for part in rows.get_fragments():
        if isinstance(part, ds.ParquetFileFragment):
            with part.open() as source:
                file = pq.ParquetFile(source, buffer_size=size, pre_buffer=False)
                total = sum(file.metadata.row_group(each).total_byte_size for each in range(file.num_row_groups))
                most = max(1, size * file.metadata.num_rows // max(1, total))
                yield from file.iter_batches(most, columns=columns, use_threads=False)


def _empty(rows: ds.Dataset, columns: Sequence[str]) -> pa.Table:
    return pa.schema([rows.schema.field(name) for name in columns]).empty_table()


def _row_groups(rows: ds.Dataset, wanted: pc.Expression | None = None) -> Iterator[ds.ParquetFileFragment]:
    """The row groups of a ledger that may have wanted rows, in order; none of an empty one, which has no files."""
    for part in rows.get_fragments():
        if isinstance(part, ds.ParquetFileFragment):
            yield from part.split_by_row_group(wanted, rows.schema)


@contextmanager
def reading(corpus: Corpus) -> Iterator[None]:
    """Reports shards that are missing or damaged, where rows of a corpus are read inside the block.

    Raises:
        RunError: one line that says what Arrow found, and how to see what is damaged.
    """
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        found = " ".join(str(error).split()).rstrip(".")
        if isinstance(error, FileNotFoundError):  # Arrow names the file alone
            found += " is not there"
        output = corpus.folder.url
        raise RunError(f"{output}: {found}; {command_line('runs')} {output} verify says what is damaged") from error
