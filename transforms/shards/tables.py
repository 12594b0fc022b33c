"""The second pass over a split: its text, read again, as the tables of a corpus."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from transforms.arrays import Bools, Bytes, Int64s
from transforms.bundles.reader import Documents
from transforms.dedup.fingerprints import Fingerprint
from transforms.dedup.first_pass import paragraph_bounds
from transforms.errors import RunError
from transforms.memory import scratch
from transforms.parallel import Progress, unheard
from transforms.segmentation.segmenter import Segmenter
from transforms.shards import schemas
from transforms.shards.kernels import join_paragraphs

# A string column's offsets are int32 in the contract; a document is cut into shards well below that.
_STRING_LIMIT = 2**31 - 1
_STRETCH = 1 << 16  # bytes of paragraphs that are segmented at once


def joined(text: Bytes, start: Int64s, end: Int64s, first: Int64s, breaks: int) -> pa.Array | pa.ChunkedArray:
    """A string for each row of paragraphs, `breaks` line feeds between two.

    Args:
        text: uint8[m], UTF-8.
        start, end: int64[p], the paragraphs' bytes.
        first: int64[r + 1], where each row's paragraphs begin.
        breaks: line feeds between two paragraphs of a row.

    Returns:
        string[r].
    """
    return strings(*_join(text, start, end, first, breaks))


def _join(
    text: Bytes, start: Int64s, end: Int64s, first: Int64s, breaks: int, *, used_up: bool = False
) -> tuple[Bytes, Int64s]:
    """The rows' text, one after the other, and int64[r + 1] offsets into it; see `joined`.

    With `used_up` nobody needs `text` any more: paragraphs move to its front, where none comes upon a later one.
    """
    places = _places(end - start, first, breaks)
    in_place = used_up and bool((places[:-1] <= start).all())
    out = text[: places[-1]] if in_place else scratch(int(places[-1]), np.uint8)
    offsets = np.empty(len(first), np.int64)
    join_paragraphs(text, start, end, first, breaks, out, offsets)
    return out, offsets


def _places(sizes: Int64s, first: Int64s, breaks: int) -> Int64s:
    """int64[p + 1], where each paragraph begins in the rows' text, and its end; see `joined`."""
    steps = sizes + breaks
    steps[first[1:][first[1:] > first[:-1]] - 1] -= breaks  # none after the last of a row
    return np.append(0, np.cumsum(steps))


def strings(data: Bytes, offsets: Int64s) -> pa.Array | pa.ChunkedArray:
    """string[r] over UTF-8 bytes and int64[r + 1] offsets, without a copy; chunked where 2 GiB are passed.

    Raises:
        RunError: one row alone has more than that.
    """
    if offsets[-1] <= _STRING_LIMIT:
        return _string_array(data, offsets)
    chunks, row = [], 0
    while row < len(offsets) - 1:
        end = int(np.searchsorted(offsets, offsets[row] + _STRING_LIMIT, side="right")) - 1
        if end == row:
            raise RunError(f"a text of {offsets[row + 1] - offsets[row]:,} bytes: a row holds 2 GiB; cut the document")
        chunks.append(_string_array(data[offsets[row] :], offsets[row : end + 1] - offsets[row]))
        row = end
    return pa.chunked_array(chunks)


def _string_array(data: Bytes, offsets: Int64s) -> pa.Array:
    buffers = [None, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.string(), len(offsets) - 1, buffers)


def lists(values: npt.NDArray[np.generic], first: Int64s) -> pa.Array:
    """A list for each row: list<element>[r] over values and int64[r + 1] offsets."""
    item = pa.field("element", pa.from_numpy_dtype(values.dtype), nullable=False)
    return pa.ListArray.from_arrays(pa.array(first.astype(np.int32)), pa.array(values), type=pa.list_(item))


@dataclass(frozen=True)
class SplitText:
    """A split's text with what is known of it.

    Attributes:
        documents: as read.
        fingerprint: of the same split.
        verdicts: its removed paragraphs, see `verdicts.SCHEMA`.
        run: the name of the run that it is of.
        breaks: line feeds between the paragraphs of a document.
        segmenter: what fills `segmented`; None leaves it null.
        progress: told how far that is, which takes the longest.
    """

    documents: Documents
    fingerprint: Fingerprint
    verdicts: pa.Table
    run: str
    breaks: int
    segmenter: Segmenter | None
    progress: Progress = unheard

    def tables(self) -> dict[str, pa.Table]:
        """A table for each ledger that has rows, by its name; the text of the documents is used up for them."""
        left_out = self.fingerprint.documents.column("filter_rule").is_valid().to_numpy()
        kept = ~left_out[self.fingerprint.paragraph_document()]
        kept[self.verdicts.column("paragraph").to_numpy()] = False
        others = {
            "duplicates": self._duplicates(),
            "filtered": self._filtered(left_out),
            "rejects": self._rejects(),
        }
        tables = {"documents": self._kept(kept), **others}  # after them, for it uses the text up
        return {name: table for name, table in tables.items() if len(table)}

    def _kept(self, kept: Bools) -> pa.Table:
        rows, first = self._rows_of(kept)
        start, end = (bound[kept] for bound in paragraph_bounds(self.documents, self.fingerprint))
        text, offsets = _join(self.documents.text, start, end, first, self.breaks, used_up=True)
        columns = {
            **self._document_columns(rows),
            "text": strings(text, offsets),
            "segmented": self._segmented(text, end - start, first),
            "paragraph_index": lists(self.fingerprint.paragraph_index()[kept], first),
            "paragraph_offset": lists(self.fingerprint.offset[kept], first),
        }
        return self._table(columns, schemas.DOCUMENTS, rows)

    def _segmented(self, text: Bytes, sizes: Int64s, first: Int64s) -> pa.Array | pa.ChunkedArray:
        """The text of rows in segments: of many paragraphs at once, and the line feeds between them."""
        if self.segmenter is None:
            return pa.nulls(len(first) - 1, pa.string())
        bounds = _places(sizes, first, self.breaks)
        begins = np.diff(bounds[:-1] // _STRETCH, prepend=-1) != 0
        begins[first[:-1]] = True
        start = bounds[:-1][begins]
        end = np.append(start, bounds[-1])[1:]
        out, offsets = self.segmenter.segment_buffer(text, start, end, self.progress)
        return strings(out, offsets[np.append(0, np.cumsum(begins))[first]])

    def _duplicates(self) -> pa.Table:
        removed = self.verdicts.column("paragraph").to_numpy()
        start, end = (bound[removed] for bound in paragraph_bounds(self.documents, self.fingerprint))
        rows = self.fingerprint.paragraph_document()[removed]
        owners = self.fingerprint.documents.take(pa.array(rows))
        columns = {
            "doc_id": owners.column("doc_id"),
            "bundle": owners.column("bundle"),
            "document_offset": owners.column("offset"),
            "offset": pa.array(self.fingerprint.offset[removed]),
            "paragraph_index": pa.array(self.fingerprint.paragraph_index()[removed]),
            "text": joined(self.documents.text, start, end, np.arange(len(removed) + 1), self.breaks),
            **{name: self.verdicts.column(name) for name in self.verdicts.column_names if name != "paragraph"},
        }
        return self._table(columns, schemas.DUPLICATES, rows)

    def _filtered(self, left_out: Bools) -> pa.Table:
        paragraphs = left_out[self.fingerprint.paragraph_document()]
        rows, first = self._rows_of(paragraphs)
        start, end = self.documents.text_start[rows], self.documents.text_end[rows]
        columns = {
            **self._document_columns(rows),
            "rule": self.fingerprint.documents.column("filter_rule").take(pa.array(rows)),
            "reason": self.fingerprint.documents.column("filter_reason").take(pa.array(rows)),
            "text": joined(self.documents.text, start, end, np.arange(len(rows) + 1), self.breaks),
            "paragraph_offset": lists(self.fingerprint.offset[paragraphs], first),
        }
        return self._table(columns, schemas.FILTERED, rows)

    def _rejects(self) -> pa.Table:
        fields = [field for field in schemas.REJECTS if field.name != "run"]
        rows = self.documents.rejects
        columns = {field.name: pa.array([getattr(row, field.name) for row in rows], field.type) for field in fields}
        return self._table(columns, schemas.REJECTS)

    def _table(
        self, columns: Mapping[str, pa.Array | pa.ChunkedArray], schema: pa.Schema, owners: Int64s | None = None
    ) -> pa.Table:
        """The columns and that of the run, in the order of the schema; and what tables carry with their owners."""
        rows = len(next(iter(columns.values())))
        every = {**columns, "run": pa.repeat(self.run, rows)}
        source = self.documents.source
        if owners is not None and source is not None:
            every[schemas.SOURCE] = source.take(pa.array(owners))
            schema = schemas.with_source(schema, source.type)
        return pa.table([every[name] for name in schema.names], schema=schema)

    def _rows_of(self, paragraphs: Bools) -> tuple[Int64s, Int64s]:
        """The documents with marked paragraphs, and where each one's begin among the marked."""
        owner = self.fingerprint.paragraph_document()[paragraphs]
        rows, first = np.unique(owner, return_index=True)
        return rows, np.append(first, len(owner)).astype(np.int64)

    def _document_columns(self, rows: Int64s) -> dict[str, pa.ChunkedArray]:
        chosen = self.fingerprint.documents.take(pa.array(rows)).drop_columns(["filter_rule", "filter_reason"])
        return dict(zip(chosen.column_names, chosen.columns, strict=True))
