"""A disk that fills up: one line, exit code 1, nothing committed, and nothing left over after the next run."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipelines.ingest import main
from tests.conftest import PROJECT, UNSEGMENTED, require_tool
from tests.corpus import files_below

PAGE = 4096  # bytes; a file in memory takes whole ones
# A namespace of its own, so that what is mounted is gone when the process is.
NAMESPACES = (["--mount"], ["--user", "--map-root-user", "--mount"])


def arguments(seeds: Path) -> list[str]:
    settings = [*UNSEGMENTED, "--set", "run.split_bytes=16kB", "--set", "run.report=false"]
    return ["--input", f"{seeds}/*.txt", "--run", "x", "--quiet", *settings]


def own_mounts() -> list[str]:
    """The command that lets another one mount file systems."""
    unshare = require_tool("unshare")
    for options in NAMESPACES:
        command = [unshare, *options]
        probe = [*command, "mount", "-t", "tmpfs", "-o", "size=4k", "rafid", "/mnt"]
        if subprocess.run(probe, capture_output=True, check=False).returncode == 0:
            return command
    pytest.skip("mounting is not permitted here; the test with a limit on files does the same")


def observed(kind: str, seeds: Path, output: Path, *sizes: int) -> list[list[dict[str, Any]]]:
    prefix = own_mounts() if kind == "tmpfs" else []
    module = [sys.executable, "-m", "tests.end_to_end.full_disk", kind, str(output)]
    command = [*prefix, *module, *map(str, sizes), "--", *arguments(seeds)]
    ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    results: list[list[dict[str, Any]]] = json.loads(ended.stdout)
    return results


@pytest.mark.parametrize(("kind", "reason"), [("tmpfs", "No space left on device"), ("limit", "File too large")])
def test_a_full_disk(kind: str, reason: str, seeds: Path, tmp_path: Path) -> None:
    assert main([*arguments(seeds), "--output", str(tmp_path / "roomy")]) == 0
    undisturbed = files_below(tmp_path / "roomy")
    lengths = [(tmp_path / "roomy" / path).stat().st_size for path in undisturbed]
    whole = sum(-(-length // PAGE) * PAGE for length in lengths) if kind == "tmpfs" else max(lengths)
    sizes = sorted({PAGE, *(whole * tenths // 10 // PAGE * PAGE for tenths in (3, 6, 9))})
    for first, second in observed(kind, seeds, tmp_path / "small", *sizes):
        (line,) = first["said"].splitlines()
        assert line.startswith("rafid: ")
        assert reason.lower() in line.lower()
        assert first["code"] == (2 if line.startswith("rafid: output ") else 1)
        assert first["files"].keys() <= {"rafid.json", ".lock"}
        assert (second["code"], second["said"]) == (0, "")
        assert second["files"].keys() == undisturbed.keys()
        changing = {path for path in undisturbed if path.startswith("manifests/") or path in (".lock", "rafid.json")}
        assert all(second["files"][path] == undisturbed[path] for path in undisturbed.keys() - changing)
