"""Bundles that arrive, one after the other, and what a stream has made of them; for tests of streams on all runners."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from pipelines.runs import main as runs
from tests.corpus import read_corpus
from tests.plain_job import write_bundles
from transforms.runs.catalog import committed_runs
from transforms.storage import Folder


def arrive(folder: Path, bundles: Mapping[str, str]) -> None:
    """Puts bundles into the folder `in`, each whole from the first."""
    write_bundles(folder / "in" / ".new", bundles)
    for name in bundles:
        (folder / "in" / ".new" / name).rename(folder / "in" / name)


def small(number: int) -> dict[str, str]:
    """A bundle that repeats a paragraph of the one before, and holds one of its own."""
    lines = [f"كلام طويل في الحزمة رقم {each} من هذه الحزم الكثيرة" for each in (max(0, number - 1), number)]
    return {f"{number:03d}.txt": "\n".join([*lines, ""])}


def taken(output: Path) -> list[tuple[str, str]]:
    """The names and digests of all inputs, in the order of the commits."""
    return [(Path(each.url).name, each.sha256) for run in committed_runs(Folder(str(output))) for each in run.inputs]


def kept_texts(output: Path) -> list[str]:
    """The kept paragraphs, in the order of the commits."""
    found = (read_corpus(output, run.run).kept() for run in committed_runs(Folder(str(output))))
    return [text for corpus in found for _, text, _, _ in corpus]


def check_whole(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The output is as its manifests say, and nothing else is there."""
    assert runs([str(output), "verify"]) == 0, capsys.readouterr().out
    assert [
        path.name for path in output.rglob("*") if path.name.endswith(".tmp") or path.name in (".drain", ".window")
    ] == []
    there = {path.name for path in output.glob("documents/run=*")}
    assert there == {f"run={run.run}" for run in committed_runs(Folder(str(output)))}
