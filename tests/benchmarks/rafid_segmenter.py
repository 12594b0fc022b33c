"""Segments the lines of a file with Rafid, cold and warm, and prints what that costs as JSON."""

import json
import sys
import time
from pathlib import Path

import numpy as np

from transforms.kernels import load_kernels
from transforms.segmentation.compiling import encode
from transforms.segmentation.embedded import EmbeddedSegmenter
from transforms.segmentation.kernels.ranking import rank_all
from transforms.segmentation.words import LETTERS


def resident() -> int:
    """Bytes of this process in memory, those of mapped files included."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def main(path: str, repeat: int) -> None:
    """Measures and prints."""
    text = np.frombuffer(Path(path).read_bytes(), np.uint8)
    ends = np.flatnonzero(text == 10) + 1
    starts = np.concatenate([[0], ends[:-1]])
    before, begun = resident(), time.process_time()
    load_kernels()
    segmenter = EmbeddedSegmenter.open()
    figures = {"load": time.process_time() - begun}
    passes = [timed(segmenter, text, starts, ends) for _ in range(repeat + 1)]
    figures["resident"] = resident() - before
    figures.update(cold=passes[0], warm=min(passes[1:]), ranked=ranked(bytes(text).decode(), segmenter))
    print(json.dumps(figures))


def timed(segmenter: EmbeddedSegmenter, text: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> float:
    """Seconds of processor time that one pass takes."""
    begun = time.process_time()
    segmenter.segment_buffer(text, starts, ends)
    return time.process_time() - begun


def ranked(text: str, segmenter: EmbeddedSegmenter) -> float:
    """Distinct words a second where every one is ranked, and none looked up."""
    words = sorted({word for word in text.split() if set(word) <= set(LETTERS)})
    letters, bounds = encode(words)
    begun = time.process_time()
    rank_all(letters, bounds, segmenter._tables, np.zeros(len(words), np.int64))
    return len(words) / (time.process_time() - begun)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
