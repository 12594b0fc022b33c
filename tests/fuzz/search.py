"""Fuzzes one target with atheris, led by the branches that inputs take: python -m tests.fuzz.search TARGET SECONDS."""

import sys
from pathlib import Path

import atheris

# Kernels are machine code, and not looked into: they are imported before the rest.
from transforms.bundles.kernels import documents, places  # noqa: F401

with atheris.instrument_imports(include=["transforms.bundles", "pipelines.config"]):
    from tests.fuzz.targets import TARGETS

FOUND = Path(__file__).parent / "found"


def main(target: str, seconds: str) -> None:
    """Runs for so many seconds; an input that fails is left in `found/TARGET/`, where it is a test."""
    folder = FOUND / target
    folder.mkdir(parents=True, exist_ok=True)
    bounds = [f"-max_total_time={seconds}", "-max_len=4096", "-rss_limit_mb=4096", "-timeout=20"]
    atheris.Setup([sys.argv[0], *bounds, f"-artifact_prefix={folder}/"], TARGETS[target])
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
