"""A corpus in other forms: lines of text, JSON lines, a Hugging Face dataset folder."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.views.card import card
from transforms import console
from transforms.errors import RunError, UsageError
from transforms.filesystems import replacing
from transforms.runs.catalog import is_output
from transforms.runs.run import CARD
from transforms.shards.corpus import Corpus
from transforms.storage import Folder

_ROWS = 4096
_BYTES_A_FILE = 256 << 20  # of Parquet, about


def export(
    corpus: Corpus, form: str, path: str, columns: Sequence[str] | None = None, runs: Sequence[str] | None = None
) -> None:
    """Writes the kept documents of a corpus, run by run, in input order.

    Args:
        corpus: what is written.
        form: `text`, `jsonl` or `huggingface`.
        path: a file, `-` for standard output; a new folder for `huggingface`.
        columns: which columns; None for `text`, for `huggingface` for all.
        runs: of these runs only; None for all.

    Raises:
        UsageError: a column or run is not there, or the form cannot hold them.
        RunError: it cannot be written.
    """
    if not path:
        raise UsageError("--file: is empty; name a new file, or leave it out for standard output")
    for run in runs or ():
        corpus.manifest(run)  # an unknown one is an error of use
    _check_outside(path)
    if form == "huggingface":
        if path == "-":
            raise UsageError("--to huggingface: writes a folder; name it with --file")
        own = card(corpus, {"documents": ["data/*.parquet"]}, columns)
        _export_folder(_batches(corpus, columns, runs), Path(path), own)
        return
    chosen = list(columns or ["text"])
    if form == "text" and chosen not in (["text"], ["segmented"]):
        raise UsageError("--to text: holds one column, text or segmented; use --to jsonl for others")
    _export_lines(_batches(corpus, chosen, runs), path, _as_text if form == "text" else _as_json)


def _check_outside(path: str) -> None:
    """Raises UsageError for a file or folder that is, or lies in, a corpus: it has a card and files of its own."""
    whole = Path(path).resolve()
    for each in (whole, *whole.parents) if path != "-" else ():
        if is_output(Folder(str(each))):
            raise UsageError(f"--file {path}: is in the corpus {each}; an export writes into none, name another place")


def _batches(corpus: Corpus, columns: Sequence[str] | None, runs: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
    """The columns, or all, of the documents; what tables carry among them."""
    documents = corpus.dataset("documents", runs)
    known = documents.schema.names
    for column in columns or ():
        if column not in known:
            raise UsageError(f"--columns {column}: unknown column; there are {', '.join(known)}")
    batches: Iterator[pa.RecordBatch] = documents.to_batches(columns=list(columns or known), batch_size=_ROWS)
    return batches


def _as_text(row: dict[str, Any]) -> str:
    (text,) = row.values()
    return f"{text or ''}\n\n"


def _as_json(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, default=_in_words) + "\n"


def _in_words(value: Any) -> str:
    """A value of a carried column that JSON has no type for: bytes as text, others as Python writes them."""
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)


def _export_lines(batches: Iterator[pa.RecordBatch], path: str, form: Callable[[dict[str, Any]], str]) -> None:
    if path == "-":
        _write_lines(batches, console.write, form)
        return
    taken = UsageError(f"--file {path}: is there already; name a new file")
    if os.path.lexists(path):
        raise taken
    try:
        Path(path).parent.stat()  # or it would be made
        with replacing(Path(path), new=True) as temporary, temporary.open("xb") as file:
            _write_lines(batches, file.write, form)
    except FileExistsError as error:
        raise taken from error
    except OSError as error:
        raise RunError(f"--file {path}: cannot be written: {error.strerror}") from error


def _write_lines(
    batches: Iterator[pa.RecordBatch], write: Callable[[bytes], object], form: Callable[[dict[str, Any]], str]
) -> None:
    for batch in batches:
        write("".join(map(form, batch.to_pylist())).encode("utf-8"))


def _export_folder(batches: Iterator[pa.RecordBatch], folder: Path, readme: str) -> None:
    """A folder as the hub has them: Parquet files in data/, and the card; both appear when all is written."""
    data = folder / "data"
    if os.path.lexists(data):
        raise UsageError(f"--file {folder}: holds a data folder already; name a new folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder, prefix=".data.") as unfinished, replacing(folder / CARD) as own_card:
            own_card.write_text(readme, encoding="utf-8")
            whole = Path(unfinished, "data")
            whole.mkdir()  # with the mode of other folders
            _write_parquet(batches, whole)
            whole.rename(data)
    except OSError as error:
        raise RunError(f"--file {folder}: cannot be written: {error.strerror}") from error


def _write_parquet(batches: Iterator[pa.RecordBatch], folder: Path) -> None:
    writer, number, taken = None, 0, 0
    for batch in batches:
        if writer is None:
            writer = pq.ParquetWriter(folder / f"train-{number:05d}.parquet", batch.schema, compression="zstd")
        writer.write_batch(batch)
        taken += batch.nbytes
        if taken > _BYTES_A_FILE * 3:  # text shrinks to about a third
            writer.close()
            writer, number, taken = None, number + 1, 0
    if writer is not None:
        writer.close()
