"""Texts that stand on delimiter lines, as a column: the names of documents."""

import numpy as np
import pyarrow as pa

from transforms.arrays import Bytes, Int64s
from transforms.bundles.kernels.documents import gather_trimmed

_MOST = (1 << 31) - 1  # bytes in a column of strings


def gather_names(text: Bytes, start: Int64s, end: Int64s) -> pa.StringArray | None:
    """The pieces text[start:end] without the white space at their ends; None where not all are UTF-8.

    Args:
        text: uint8[m].
        start, end: int64[d].
    """
    size = int((end - start).sum())
    if size > _MOST:
        return None
    gathered, offsets = np.empty(size, np.uint8), np.empty(len(start) + 1, np.int32)
    gather_trimmed(text, start, end, gathered, offsets)
    found = pa.StringArray.from_buffers(len(start), pa.py_buffer(offsets), pa.py_buffer(gathered))
    try:
        found.validate(full=True)
    except pa.ArrowInvalid:
        return None
    return found
