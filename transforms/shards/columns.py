"""Columns of text from places in a buffer."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from transforms.arrays import Bytes, Int64s
from transforms.errors import RunError
from transforms.shards.kernels import join_paragraphs

# A string column's offsets are int32 in the contract; a document is cut into shards well below that.
_STRING_LIMIT = 2**31 - 1


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
    counts = np.diff(first)
    size = int((end - start).sum() + breaks * np.maximum(counts - 1, 0).sum())
    out = np.empty(size, np.uint8)
    offsets = np.empty(len(first), np.int64)
    join_paragraphs(text, start, end, first, breaks, out, offsets)
    return strings(out, offsets)


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
