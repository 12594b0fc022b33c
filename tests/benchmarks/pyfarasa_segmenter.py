"""Segments the lines of a file with PyFarasa, cold and warm, and prints what that costs as JSON. Runs where it is."""

import json
import sys
import time
from pathlib import Path


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def main(path: str) -> None:
    """Measures and prints."""
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    before, begun = resident(), time.process_time()
    from farasa import segmentation  # noqa: PLC0415

    figures = {"load": time.process_time() - begun}
    for name in ("cold", "warm"):
        begun = time.process_time()
        for line in lines:
            segmentation.segmentLine(line)
        figures[name] = time.process_time() - begun
    figures["resident"] = resident() - before
    print(json.dumps(figures))


if __name__ == "__main__":
    main(sys.argv[1])
