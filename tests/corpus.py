"""A corpus as its readers see it, and what must hold of every one."""

import contextlib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tests.dedup.oracle import shingles, words
from transforms.runs.catalog import read_catalog
from transforms.runs.names import LEDGER_FOLDERS
from transforms.settings import DedupSettings
from transforms.storage import Folder

Row = dict[str, Any]
ENCODINGS = ("utf-8", "windows-1256", "iso-8859-6", "utf-16-le", "utf-16-be")  # the ledger of duplicates names none


@dataclass(frozen=True)
class Corpus:
    """A run's manifest, and the rows of each of its ledgers in the order of their files."""

    manifest: Row
    documents: list[Row]
    duplicates: list[Row]
    filtered: list[Row]
    rejects: list[Row]

    def kept(self) -> list[tuple[Row, str, int, int]]:
        """A document's row, text, paragraph index and offset for each kept paragraph, in order."""
        parting = "\n\n" if self.manifest["settings"]["input"]["paragraphs"] == "blank_line" else "\n"
        return [
            (row, *found)
            for row in self.documents
            for found in zip(row["text"].split(parting), row["paragraph_index"], row["paragraph_offset"], strict=True)
        ]


def manifest_of(output: Path | str, run: str) -> Row:
    """The manifest of a run, as it lies in its file."""
    found: Row = json.loads((Path(output) / "manifests" / f"{run}.json").read_text(encoding="utf-8"))
    found.pop("seal")
    return found


def read_corpus(output: Path, run: str) -> Corpus:
    """A run, read by its manifest, wherever that lies while the run takes the place of another."""
    manifest: Row = json.loads(read_catalog(Folder(str(output))).run(run).to_json())
    rows: dict[str, list[Row]] = {ledger: [] for ledger in LEDGER_FOLDERS}
    for file in manifest["files"]:
        rows[file["path"].split("/")[0]] += pq.ParquetFile(output / file["path"]).read().to_pylist()
    return Corpus(manifest, **rows)


def files_below(folder: Path) -> dict[str, str]:
    """The digest of every file below a folder, hidden ones too."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def check_files(output: Path, *runs: str) -> None:
    """The ledgers hold the files of the runs' manifests, as those describe them, and no others."""
    listed = [file for run in runs for file in read_corpus(output, run).manifest["files"]]
    found = files_below(output)
    ledgers = {path: digest for path, digest in found.items() if path.split("/")[0] in LEDGER_FOLDERS}
    assert ledgers == {file["path"]: file["sha256"] for file in listed}
    assert all((output / file["path"]).stat().st_size == file["bytes"] for file in listed)
    assert all(pq.read_metadata(output / file["path"]).num_rows == file["rows"] for file in listed)
    assert [path for path in found if path.endswith(".tmp")] == []
    assert sorted(path for path in found if path.startswith("manifests/")) == sorted(
        f"manifests/{run}.json" for run in runs
    )


def check_counts(corpus: Corpus) -> None:
    """Everything that came in is in exactly one place."""
    counts = corpus.manifest["counts"]
    for tally in counts.values():
        assert tally["in"] == sum(count for place, count in tally.items() if place != "in")
    assert counts["documents"]["kept"] == len(corpus.documents)
    assert counts["documents"]["filtered"] == len(corpus.filtered)
    assert counts["documents"]["rejected"] == len(corpus.rejects)
    assert counts["paragraphs"]["kept"] == len(corpus.kept())
    assert counts["paragraphs"]["duplicate"] == len(corpus.duplicates)
    gone = {row["doc_id"] for row in corpus.duplicates} - {row["doc_id"] for row in corpus.documents}
    assert counts["documents"]["duplicate"] == len(gone)


def stands(text: str, data: bytes, offset: int, *encodings: str) -> bool:
    """Whether a text stands at an offset, byte for byte, in one of these encodings."""
    for encoding in encodings:
        with contextlib.suppress(UnicodeEncodeError):
            if data.startswith(text.encode(encoding), offset):
                return True
    return False


def check_places(corpus: Corpus, bundles: Mapping[str, bytes]) -> None:
    """Every text stands in its bundle at its offset."""
    for row, text, _, offset in corpus.kept():
        assert stands(text, bundles[row["bundle"]], offset, row["encoding"])
        assert row["offset"] <= offset < row["offset"] + row["length"]
    for row in corpus.duplicates:
        assert stands(row["text"], bundles[row["bundle"]], row["offset"], *ENCODINGS)
    for row in corpus.rejects:
        assert bundles[row["bundle"]][row["offset"] : row["offset"] + row["length"]] == row["payload"]


def check_duplicates(corpus: Corpus, settings: DedupSettings | None = None) -> None:
    """Every duplicate names a kept paragraph before it, and their similarity as it is."""
    settings = settings or DedupSettings()
    kept = {(row["doc_id"], row["bundle"], offset, index): text for row, text, index, offset in corpus.kept()}
    for row in corpus.duplicates:
        keys = ("kept_doc_id", "kept_bundle", "kept_offset", "kept_paragraph_index")
        mine, other = shingles(row["text"], settings), shingles(kept[tuple(row[key] for key in keys)], settings)
        assert row["similarity"] == len(mine & other) / len(mine | other) >= settings.threshold
        with_words = "exact" if mine == other else "near"
        assert row["rule"] == (with_words if words(row["text"], settings.fold) else "wordless")
        assert row["kept_length"] == len(kept[tuple(row[key] for key in keys)].encode())
        assert (row["kept_bundle"], row["kept_offset"]) < (row["bundle"], row["offset"])
        assert row["kept_run"] == corpus.manifest["run"]


def check_corpus(output: Path, run: str, bundles: Mapping[str, bytes]) -> Corpus:
    """A run that stands alone in its output, read and found right in all that needs no oracle."""
    corpus = read_corpus(output, run)
    check_files(output, run)
    check_counts(corpus)
    check_places(corpus, bundles)
    check_duplicates(corpus)
    return corpus
