"""Runs Rafid where its wheel is installed, far from its sources, on the seeds; ends with 1 if anything is amiss.

    python -I tests/release/installed.py PROJECT

PROJECT is the folder of the sources, of which the seeds, the configurations and the changelog are compared.
"""

import json
import re
import subprocess
import sys
import tempfile
from importlib.metadata import files, version
from pathlib import Path

COUNTS = {"in": 278, "kept": 205, "duplicate": 73, "filtered": 0, "rejected": 0}  # paragraphs, as in seeds/README.md


def rafid(folder: Path, *arguments: str | Path) -> str:
    """What the installed command prints; any other exit code than 0 is an error."""
    command = [str(Path(sys.executable).with_name("rafid")), *map(str, arguments)]
    return subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout


def check(project: Path, folder: Path) -> None:
    """Raises AssertionError unless what is installed is whole and works in `folder`."""
    changelog = (project / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## \[([\d.]+)\]", changelog, re.MULTILINE)[0] == version("rafid")
    shown = rafid(folder, "--help")
    places = [
        Path(line.split(maxsplit=1)[1]) for line in shown.splitlines() if line.startswith(("  configs", "  dags"))
    ]
    configs, dags = places
    assert all(place.resolve().is_relative_to(Path(sys.prefix).resolve()) for place in places)
    for source in (project / "configs").rglob("*.yaml"):
        assert (configs / source.relative_to(project / "configs")).read_bytes() == source.read_bytes()
    compile((dags / "rafid_ingest.py").read_text(encoding="utf-8"), "rafid_ingest.py", "exec")
    assert not [each for each in files("rafid") or [] if each.suffix in (".nbc", ".nbi") or "tests" in each.parts]
    rafid(folder, "kernels")
    options = ["--set", "segmentation.engine=none", "--config", configs / "default.yaml"]
    rafid(folder, "ingest", "--input", project / "seeds" / "*.txt", "--output", "out", "--run", "seeds", *options)
    manifest = json.loads((folder / "out" / "manifests" / "seeds.json").read_text(encoding="utf-8"))
    assert manifest["counts"]["paragraphs"] == COUNTS
    assert rafid(folder, "runs", "out", "verify") == "seeds: as its manifest says\n"
    assert "near  similarity" in rafid(folder, "explain", "out", "--sample", "1")
    assert (folder / "out" / "reports" / "seeds.html").stat().st_size > 10_000
    assert len(rafid(folder, "export", "out", "--to", "jsonl").splitlines()) == 44


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as empty:
        check(Path(sys.argv[1]).absolute(), Path(empty))
    print(f"rafid {version('rafid')}: the wheel, installed, runs on the seeds as its sources do")
