"""Puts the benchmarks' folder on the path, as running them does: other programs' environments have nothing but it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
