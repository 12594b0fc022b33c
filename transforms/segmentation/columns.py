"""Arrow columns of paragraphs, as the buffers that segmenters work on."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.arrays import Bytes, Int64s
from transforms.errors import RunError

StringColumn: TypeAlias = pa.StringArray | pa.LargeStringArray


def segment_column(
    segment_buffer: Callable[[Bytes, Int64s, Int64s], tuple[Bytes, Int64s]], paragraphs: StringColumn
) -> StringColumn:
    """The segmented paragraphs: of the same type, length and order; null where a paragraph is null.

    Args:
        segment_buffer: see `segmenter.Segmenter`.
        paragraphs: strings or large strings.

    Raises:
        RunError: the segmented text is more than a column of strings can hold.
    """
    width = np.int64 if pa.types.is_large_string(paragraphs.type) else np.int32
    _, bounds, data = paragraphs.buffers()
    first, last = paragraphs.offset, paragraphs.offset + len(paragraphs)
    offsets = np.frombuffer(bounds or bytes(8), width)[first : last + 1].astype(np.int64)
    start, end = offsets[:-1], offsets[1:]
    if paragraphs.null_count:
        end = np.where(paragraphs.is_valid().to_numpy(zero_copy_only=False), end, start)
    out, out_offsets = segment_buffer(np.frombuffer(data or b"", np.uint8), start, end)
    if out_offsets[-1] > np.iinfo(width).max:
        raise RunError(f"{out_offsets[-1]:,} bytes of segmented text: too many for strings; pass large_string")
    buffers = [None, pa.py_buffer(out_offsets.astype(width)), pa.py_buffer(out)]
    column = pa.Array.from_buffers(paragraphs.type, len(paragraphs), buffers)
    return pc.if_else(paragraphs.is_valid(), column, None) if paragraphs.null_count else column
