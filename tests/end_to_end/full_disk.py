"""A command on a disk that is too small, then on one that is not: prints what came of both, in JSON.

    python -m tests.end_to_end.full_disk KIND OUTPUT SIZE [SIZE ...] -- ARGUMENTS

KIND is `tmpfs`, a file system of SIZE bytes mounted at OUTPUT, or `limit`: no file grows beyond SIZE.
"""

import contextlib
import io
import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipelines.ingest import main
from tests.corpus import files_below

ROOMY = 64 << 20


@contextlib.contextmanager
def small_disk(kind: str, output: Path, size: int) -> Iterator[None]:
    """While this holds, the disk is small; a file system stays for what comes after, and grows."""
    if kind == "tmpfs":
        yield
        subprocess.run(["mount", "-o", f"remount,size={ROOMY}", str(output)], check=True)
    else:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        yield
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def observe(output: Path, arguments: list[str]) -> dict[str, Any]:
    """What a command says, and what it leaves."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        code = main([*arguments, "--output", str(output)])
    return {"code": code, "said": said.getvalue(), "files": files_below(output)}


def attempt(kind: str, output: Path, size: int, arguments: list[str]) -> list[dict[str, Any]]:
    """The command with too little room, and once more with enough."""
    output.mkdir(exist_ok=True)
    if kind == "tmpfs":
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "rafid", str(output)], check=True)
    with small_disk(kind, output, size):
        first = observe(output, arguments)
    return [first, observe(output, arguments)]


if __name__ == "__main__":
    at = sys.argv.index("--")
    how, where, *sizes = sys.argv[1:at]
    results = [attempt(how, Path(f"{where}-{size}"), int(size), sys.argv[at + 1 :]) for size in sizes]
    print(json.dumps(results))
