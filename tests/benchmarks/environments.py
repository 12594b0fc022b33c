"""The environments of the programs that Rafid is measured beside: one each, with pinned versions."""

import subprocess
import sys
from pathlib import Path

_WRITER = ["pyarrow==25.0.1", "numpy==2.4.6"]
PACKAGES = {
    "rensa": ["rensa==0.5.0", *_WRITER],
    "datatrove": ["datatrove==0.10.1", "regex==2026.11.15", "tokenizers==0.23.3", "xxhash==3.6.0", *_WRITER],
}


def python_of(name: str, folder: Path) -> str:
    """The interpreter of an environment below `folder`, which is made where it is not there yet."""
    home = folder / name
    python, ready = home / "bin" / "python", home / "ready.txt"
    packages = "\n".join(PACKAGES[name])
    if not ready.exists() or ready.read_text() != packages:
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES[name]], check=True)
        ready.write_text(packages)
    return str(python)
