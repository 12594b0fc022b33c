"""One segmenter for all threads of a process: its tables are mapped, or its Java started, once."""

import atexit
from functools import lru_cache
from threading import Lock

from transforms.segmentation.segmenter import Segmenter, open_segmenter
from transforms.segmentation.settings import SegmentationSettings

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
