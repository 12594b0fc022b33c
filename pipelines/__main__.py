"""The command `rafid`: every tool of this package by its name."""

import sys
from collections.abc import Sequence
from importlib import import_module

COMMANDS = {
    "ingest": "bundles in, a corpus out",
    "explain": "why a paragraph went, and what stands for it",
    "report": "what came in and where it went, as a page",
    "export": "a corpus as text, JSON lines or a Hugging Face dataset",
    "runs": "lists, checks and removes runs",
    "index": "builds, compacts and shows the index",
    "watch": "takes bundles as they arrive in a folder",
    "farasa": "fetches Farasa's data; segments lines",
    "kernels": "compiles the kernels",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs `rafid COMMAND ...`; returns the exit code."""
    words = sys.argv[1:] if argv is None else list(argv)
    if words and words[0] in COMMANDS:
        code: int = import_module(f"pipelines.{words[0]}").main(words[1:])
        return code
    print("usage: rafid COMMAND ...\n")
    for name, purpose in COMMANDS.items():
        print(f"  {name:<10}{purpose}")
    return 0 if words in ([], ["--help"], ["-h"]) else 2


if __name__ == "__main__":
    sys.exit(main())
