"""The embedded engine: Farasa's ranking in kernels, over tables mapped into memory."""

from pathlib import Path

import numpy as np

from transforms.arrays import Bytes, Int64s
from transforms.characters.kernels import count_forms
from transforms.segmentation.kernels.text import MORE_FOR_A_FORM, segment_paragraphs
from transforms.segmentation.records import Tables
from transforms.segmentation.tables import default_data, open_tables

REMEMBERED_WORDS = 1 << 17  # in each thread, 16 bytes each


class EmbeddedSegmenter:
    """Segments paragraphs with kernels. Threads may share it: kernels release the interpreter lock."""

    def __init__(self, tables: Tables, *, norm: bool = False):
        """A segmenter over open tables; `norm` as in `words.segment_text`."""
        self._tables, self._norm = tables, norm
        self._memories: list[np.ndarray] = []  # of finished threads; content never changes answers
        nothing = np.zeros(0, np.int64)
        self.segment_buffer(np.zeros(0, np.uint8), nothing, nothing)  # a kernel's first call takes 10 ms

    @classmethod
    def open(cls, data: Path | None = None, *, norm: bool = False) -> "EmbeddedSegmenter":
        """A segmenter over the tables in a file; the default is the user's own.

        Raises:
            TablesError: the file is missing, or not of this version.
        """
        return cls(open_tables(data or default_data()), norm=norm)

    def segment_buffer(self, text: Bytes, start: Int64s, end: Int64s) -> tuple[Bytes, Int64s]:
        """See `segmenter.Segmenter`."""
        start, end = np.ascontiguousarray(start, np.int64), np.ascontiguousarray(end, np.int64)
        text = np.ascontiguousarray(text)
        _check_bounds(len(text), start, end)
        # A letter takes two bytes, and brings two at most.
        more = MORE_FOR_A_FORM * count_forms(text, start, end)
        out = np.empty(2 * int((end - start).sum()) + more, np.uint8)
        offsets = np.zeros(len(start) + 1, np.int64)
        try:
            memory = self._memories.pop()
        except IndexError:
            memory = np.zeros(2 * REMEMBERED_WORDS, np.uint64)
        segment_paragraphs(text, start, end, self._norm, self._tables, memory, out, offsets)
        self._memories.append(memory)
        return out[: offsets[-1]], offsets

    def close(self) -> None:
        """See `segmenter.Segmenter`."""
        self._memories.clear()


def _check_bounds(size: int, start: Int64s, end: Int64s) -> None:
    if len(start) != len(end):
        raise ValueError(f"{len(start)} starts and {len(end)} ends of paragraphs")
    if len(start) and not (start.min() >= 0 and end.max() <= size and (start <= end).all()):
        raise ValueError(f"paragraphs that reach outside of {size} bytes of text")
