"""Reading a corpus back: by its manifests, so that half a run is never seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from transforms import storage
from transforms.runs.manifest import committed_runs, read_manifest
from transforms.shards import schemas
from transforms.storage import OutputError

_BY_RUN = ds.partitioning(pa.schema([pa.field("run", pa.string())]), flavor="hive")
PARAGRAPH_BREAKS = {"line": "\n", "blank_line": "\n\n"}


@dataclass(frozen=True)
class Corpus:
    """The committed runs of an output folder, in the order of their commits."""

    output: str

    @cached_property
    def manifests(self) -> list[dict[str, Any]]:
        """Their manifests.

        Raises:
            OutputError: there are none.
        """
        found = [read_manifest(self.output, run) for run in committed_runs(self.output)]
        if not found:
            raise OutputError(
                f"output {self.output}: holds no committed run; write one with python -m pipelines.ingest"
            )
        return sorted(found, key=lambda manifest: int(manifest["sequence"]))

    def dataset(self, ledger: str, runs: Sequence[str] | None = None) -> ds.Dataset:
        """All rows of one of `schemas.LEDGERS`, with the column `run` behind its own.

        Args:
            ledger: which.
            runs: of these runs only; None for all.
        """
        system, _ = storage.filesystem(self.output)
        schema = schemas.LEDGERS[ledger].append(pa.field("run", pa.string()))
        parts = [
            ds.dataset(paths, schema=schema, format="parquet", filesystem=system, partitioning=_BY_RUN)
            for manifest in self.manifests
            if (runs is None or manifest["run"] in runs) and (paths := self._paths(manifest, ledger))
        ]
        return ds.dataset(parts) if parts else ds.dataset(schema.empty_table())

    def _paths(self, manifest: dict[str, Any], ledger: str) -> list[str]:
        files = (file["path"] for file in manifest["files"] if file["path"].startswith(f"{ledger}/"))
        return [storage.filesystem(storage.join(self.output, path))[1] for path in files]

    def paragraphs(self, document: dict[str, Any]) -> dict[int, str]:
        """The kept paragraphs of a row of `documents`, by their index."""
        manifest = next(each for each in self.manifests if each["run"] == document["run"])
        lines = document["text"].split(PARAGRAPH_BREAKS[manifest["settings"]["input"]["paragraphs"]])
        return dict(zip(document["paragraph_index"], lines, strict=True))

    def kept_texts(self, duplicates: pa.Table) -> list[str]:
        """The text of the kept paragraph that each row of `duplicates` repeats; empty where its run is gone."""
        wanted = [pc.field(each).isin(pc.unique(duplicates.column(f"kept_{each}"))) for each in ("bundle", "doc_id")]
        runs = pc.unique(duplicates.column("kept_run")).to_pylist()
        columns = ["run", "doc_id", "text", "paragraph_index"]
        rows = self.dataset("documents", runs).to_table(columns=columns, filter=wanted[0] & wanted[1])
        documents = {(row["run"], row["doc_id"]): self.paragraphs(row) for row in rows.to_pylist()}
        keys = (duplicates.column(name).to_pylist() for name in ("kept_run", "kept_doc_id", "kept_paragraph_index"))
        return [documents.get((run, doc_id), {}).get(index, "") for run, doc_id, index in zip(*keys, strict=True)]
