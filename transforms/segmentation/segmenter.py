"""Segmenters: their interface, and the one that the settings ask for."""

import atexit
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Protocol

from transforms.arrays import Bytes, Int64s
from transforms.parallel import Progress, unheard
from transforms.settings import SegmentationSettings


class Segmenter(Protocol):
    """Segments the Arabic words of text as docs/segmentation.md defines it. Threads may share a segmenter."""

    def segment_buffer(
        self, text: Bytes, start: Int64s, end: Int64s, progress: Progress = unheard
    ) -> tuple[Bytes, Int64s]:
        """The segmented text of paragraphs, one after the other, and int64[p + 1] offsets into it.

        Args:
            text: uint8[m], UTF-8.
            start: int64[p], the byte of `text` at which each paragraph begins.
            end: int64[p], the byte after its last.
            progress: told of the share of the text that is segmented.
        """

    def close(self) -> None:
        """Frees the segmenter's memory, and ends its process."""


def open_segmenter(settings: SegmentationSettings) -> Segmenter | None:
    """The segmenter that the settings ask for, ready to use; None for the engine `none`.

    Raises:
        UsageError: something that the engine needs is missing.
    """
    # Only the engine in use is imported: kernels take a moment to load.
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
        UsageError: something that the engine needs is missing.
    """
    with _LOCK:
        return _open(settings)


@lru_cache(maxsize=2)
def _open(settings: SegmentationSettings) -> Segmenter | None:
    segmenter = open_segmenter(settings)
    if segmenter is not None:
        atexit.register(segmenter.close)
    return segmenter
