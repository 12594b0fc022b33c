"""The embedded engine: Farasa's ranking in kernels, over tables mapped into memory."""

from pathlib import Path

import numpy as np

from transforms.arrays import Bytes, Int64s, UInt64s
from transforms.characters.kernels import count_forms
from transforms.memory import scratch
from transforms.parallel import Progress, in_steps, unheard
from transforms.segmentation.kernels.memory import RUN_NUMBERS, SPARE_PLACES, WORD_NUMBERS
from transforms.segmentation.kernels.text import MORE_FOR_A_FORM, ROOM_AT_THE_END, segment_paragraphs
from transforms.segmentation.records import Tables
from transforms.segmentation.tables import default_data, open_tables

# 64 bytes for a run, in each thread; 16 for a word, in all threads together. A large table is not slower: a run takes a
# line of the processor's cache, where those that come often stay.
REMEMBERED_RUNS, REMEMBERED_WORDS = 1 << 17, 1 << 20
_LINE = 8  # numbers in a line of the cache


class EmbeddedSegmenter:
    """Segments paragraphs with kernels. Threads may share it: kernels release the interpreter lock."""

    def __init__(self, tables: Tables, *, norm: bool = False):
        """A segmenter over open tables; `norm` as in `words.segment_text`."""
        self._tables, self._norm = tables, norm
        # What is remembered never changes an answer: see `kernels.memory`.
        self._words = np.zeros(WORD_NUMBERS * REMEMBERED_WORDS, np.uint64)
        self._runs: list[UInt64s] = []  # of threads that are not at work
        nothing = np.zeros(0, np.int64)
        self.segment_buffer(np.zeros(0, np.uint8), nothing, nothing)  # a kernel's first call takes 10 ms

    @classmethod
    def open(cls, data: Path | None = None, *, norm: bool = False) -> "EmbeddedSegmenter":
        """A segmenter over the tables in a file; the default is the user's own.

        Raises:
            TablesError: the file is missing, or not of this version.
        """
        return cls(open_tables(data or default_data()), norm=norm)

    def segment_buffer(
        self, text: Bytes, start: Int64s, end: Int64s, progress: Progress = unheard
    ) -> tuple[Bytes, Int64s]:
        """See `segmenter.Segmenter`."""
        start, end = np.ascontiguousarray(start, np.int64), np.ascontiguousarray(end, np.int64)
        text = np.ascontiguousarray(text)
        _check_bounds(len(text), start, end)
        # A letter takes two bytes, and brings two at most. What is not written to takes no memory.
        more = MORE_FOR_A_FORM * count_forms(text, start, end) + ROOM_AT_THE_END
        out = scratch(2 * int((end - start).sum()) + more, np.uint8)
        offsets = np.zeros(len(start) + 1, np.int64)
        try:
            runs = self._runs.pop()
        except IndexError:
            runs = _aligned(RUN_NUMBERS * (REMEMBERED_RUNS + SPARE_PLACES))
        for first, last in in_steps(end - start, progress):
            written = offsets[first : last + 1]
            segment_paragraphs(
                text, start[first:last], end[first:last], self._norm, self._tables, self._words, runs,
                runs.view(np.uint8), out, written,
            )  # fmt: skip
        self._runs.append(runs)
        return out[: offsets[-1]], offsets

    def close(self) -> None:
        """See `segmenter.Segmenter`."""
        self._runs.clear()


def _aligned(numbers: int) -> UInt64s:
    """Zeros that begin where a line of the processor's cache does."""
    room = np.zeros(numbers + _LINE, np.uint64)
    first = -room.ctypes.data // room.itemsize % _LINE
    return room[first : first + numbers]


def _check_bounds(size: int, start: Int64s, end: Int64s) -> None:
    if len(start) != len(end):
        raise ValueError(f"{len(start)} starts and {len(end)} ends of paragraphs")
    if len(start) and not (start.min() >= 0 and end.max() <= size and (start <= end).all()):
        raise ValueError(f"paragraphs that reach outside of {size} bytes of text")
