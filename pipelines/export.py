"""Writes a corpus in another form: lines of text, JSON lines, or a Hugging Face dataset folder."""

import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.cli import Parser, complain
from pipelines.views.card import card
from transforms.errors import RafidError, RunError, UsageError
from transforms.runs.run import CARD
from transforms.shards.corpus import Corpus
from transforms.shards.schemas import DOCUMENTS
from transforms.storage import written_whole

FORMS = ("text", "jsonl", "huggingface")
_ROWS = 4096
_BYTES_A_FILE = 256 << 20  # of Parquet, about


def main(argv: Sequence[str] | None = None) -> int:
    """Writes what is asked for; returns the exit code."""
    command = Parser(prog="python -m pipelines.export", description=__doc__)
    command.add_argument("output", help="the corpus")
    command.add_argument("--to", choices=FORMS, required=True, help="text: documents parted by empty lines")
    command.add_argument("--columns", nargs="+", metavar="NAME", help="default: text; for huggingface all")
    command.add_argument("--run", action="append", metavar="ID", help="of this run only; may be repeated")
    command.add_argument(
        "--file", metavar="PATH", default="-", help="a new file, or folder for huggingface (default: standard output)"
    )
    try:
        arguments = command.parse_args(argv)
        export(Corpus(arguments.output), arguments.to, arguments.file, arguments.columns, arguments.run)
    except RafidError as error:
        return complain(error)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read has enough
    return 0


def export(
    corpus: Corpus, form: str, path: str, columns: Sequence[str] | None = None, runs: Sequence[str] | None = None
) -> None:
    """Writes the kept documents of a corpus, run by run, in input order.

    Args:
        corpus: what is written.
        form: one of `FORMS`.
        path: a file, `-` for standard output; a new folder for `huggingface`.
        columns: which columns; None for `text`, for `huggingface` for all.
        runs: of these runs only; None for all.

    Raises:
        UsageError: a column or run is not there, or the form cannot hold them.
        RunError: it cannot be written.
    """
    for run in runs or ():
        corpus.manifest(run)
    if form == "huggingface":
        if path == "-":
            raise UsageError("--to huggingface: writes a folder; name it with --file")
        _export_folder(_batches(corpus, columns or DOCUMENTS.names, runs), Path(path), card(corpus))
        return
    chosen = list(columns or ["text"])
    if form == "text" and chosen not in (["text"], ["segmented"]):
        raise UsageError("--to text: holds one column, text or segmented; use --to jsonl for others")
    _export_lines(_batches(corpus, chosen, runs), path, _as_text if form == "text" else _as_json)


def _batches(corpus: Corpus, columns: Sequence[str], runs: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
    known = [*DOCUMENTS.names, "run"]
    for column in columns:
        if column not in known:
            raise UsageError(f"--columns {column}: unknown column; there are {', '.join(known)}")
    batches: Iterator[pa.RecordBatch] = corpus.dataset("documents", runs).to_batches(
        columns=list(columns), batch_size=_ROWS
    )
    return batches


def _as_text(row: dict[str, Any]) -> str:
    (text,) = row.values()
    return f"{text or ''}\n\n"


def _as_json(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"


def _export_lines(batches: Iterator[pa.RecordBatch], path: str, form: Callable[[dict[str, Any]], str]) -> None:
    if path == "-":
        _write_lines(batches, sys.stdout.buffer, form)
        sys.stdout.buffer.flush()
        return
    taken = UsageError(f"--file {path}: is there already; name a new file")
    if os.path.lexists(path):
        raise taken
    try:
        with written_whole(Path(path), new=True) as temporary, temporary.open("xb") as file:
            _write_lines(batches, file, form)
    except FileExistsError as error:
        raise taken from error
    except OSError as error:
        raise RunError(f"--file {path}: cannot be written: {error.strerror}") from error


def _write_lines(batches: Iterator[pa.RecordBatch], file: BinaryIO, form: Callable[[dict[str, Any]], str]) -> None:
    for batch in batches:
        file.write("".join(map(form, batch.to_pylist())).encode("utf-8"))


def _export_folder(batches: Iterator[pa.RecordBatch], folder: Path, readme: str) -> None:
    """A folder as the hub has them: Parquet files in data/, and the card; both appear when all is written."""
    data = folder / "data"
    if os.path.lexists(data):
        raise UsageError(f"--file {folder}: holds a data folder already; name a new folder")
    own = re.sub(r"(?m)^    path:\n(    - .*\n)*", "    path: data/*.parquet\n", readme, count=1)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder, prefix=".data.") as unfinished, written_whole(folder / CARD) as own_card:
            own_card.write_text(own, encoding="utf-8")
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


if __name__ == "__main__":
    sys.exit(main())
