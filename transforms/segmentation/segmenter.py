"""The segmenters of a run: what they do, and which one the settings ask for."""

import atexit
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Protocol

from transforms.arrays import Bytes, Int64s
from transforms.segmentation.columns import StringColumn
from transforms.segmentation.settings import SegmentationSettings


class Segmenter(Protocol):
    """Writes text with the Arabic words in segments, as docs/segmentation.md says. Threads may share one."""

    def segment(self, paragraphs: StringColumn) -> StringColumn:
        """The segmented paragraphs: of the same type, length and order; null where a paragraph is null."""

    def segment_buffer(self, text: Bytes, start: Int64s, end: Int64s) -> tuple[Bytes, Int64s]:
        """The segmented text of paragraphs, one behind the other, and int64[p + 1] offsets into it.

        Args:
            text: uint8[m], UTF-8.
            start, end: int64[p], the paragraphs' bytes in `text`.
        """

    def close(self) -> None:
        """Gives back what it holds: memory, a process."""


def open_segmenter(settings: SegmentationSettings) -> Segmenter | None:
    """The segmenter that the settings ask for, checked and ready; None for the engine `none`.

    Raises:
        UsageError: what the engine needs is missing, and what to do.
    """
    # What an engine stands on is loaded for it alone: its kernels take a moment.
    if settings.engine == "none":
        return None
    if settings.engine == "farasapy":
        from transforms.segmentation.farasapy import FarasapySegmenter  # noqa: PLC0415

        return FarasapySegmenter(settings)
    from transforms.segmentation.embedded import EmbeddedSegmenter  # noqa: PLC0415

    return EmbeddedSegmenter.open(Path(settings.data) if settings.data else None, norm=settings.norm)


_LOCK = Lock()


def shared_segmenter(settings: SegmentationSettings) -> Segmenter | None:
    """The process's segmenter for these settings, opened when first asked for; None for the engine `none`.

    Raises:
        UsageError: what the engine needs is missing, and what to do.
    """
    with _LOCK:
        return _open(settings)


@lru_cache(maxsize=2)
def _open(settings: SegmentationSettings) -> Segmenter | None:
    segmenter = open_segmenter(settings)
    if segmenter is not None:
        atexit.register(segmenter.close)
    return segmenter
