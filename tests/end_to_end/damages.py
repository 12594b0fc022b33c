"""Damaged files of an output: each is found out, or of no consequence; no answer is wrong, nothing crashes or hangs.

    python -m tests.end_to_end.damages COUNT [SEED]

A file of the output, or of Farasa's data, is damaged; then the next run is made, the output verified and exported.
"""

import contextlib
import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.conftest import PROJECT
from tests.corpus import files_below, read_corpus
from tests.damaging import DAMAGES, damage
from tests.end_to_end.kills import ARTICLES, STORIES, call, ingest_command, make_base
from transforms.segmentation.tables import default_data

FARASA = "farasa.arrow"
_INGEST = [*ingest_command(STORIES), "--run=c"]
_VERIFY = ["pipelines.runs", "OUT", "verify"]
_EXPORT = ["pipelines.export", "OUT", "--to=jsonl", "--columns", "doc_id", "text"]
_SEGMENT = ["pipelines.farasa", "segment", ARTICLES, "--data", f"OUT/{FARASA}"]
# The kinds of files, by how their paths begin.
KINDS: dict[str, tuple[str, ...]] = {
    "index": ("index/compact=",),
    "fingerprints and verdicts": ("index/run=b",),
    "manifests": ("manifests/",),
    "shards": ("documents/", "duplicates/", "filtered/", "rejects/"),
    "lock": (".lock",),
    "marker": ("rafid.json",),
    "Farasa's data": (FARASA,),
}
_VERIFIED = ("index", "manifests", "shards")  # `runs verify` is to say that one of these is damaged
_LINES = 12  # of what a command says of a damaged file at most
_SECONDS = 120  # after which a command hangs


@dataclass(frozen=True)
class Ended:
    """A command that has ended: its exit code, what it said, what it printed."""

    code: int
    errors: str
    answer: str


def run_apart(command: Sequence[str], output: Path) -> Ended:
    """Runs a command in a process of its own, which may crash.

    Raises:
        subprocess.TimeoutExpired: it hangs.
    """
    given = [each.replace("OUT", str(output)) for each in command]
    whole = [sys.executable, "-m", *given]
    ended = subprocess.run(whole, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=_SECONDS)
    return Ended(ended.returncode, ended.stderr, ended.stdout)


@dataclass(frozen=True)
class Scene:
    """An output with the runs a and b, and Farasa's data; what its commands answer undisturbed.

    Attributes:
        base: the output.
        folder: for a copy of it.
    """

    base: Path
    folder: Path

    @classmethod
    def below(cls, folder: Path) -> "Scene":
        """A scene that is made below a folder."""
        base = folder / "base"
        assert call(["pipelines.index", "OUT", "compact"], make_base(base)) == 0
        assert call([*ingest_command(ARTICLES), "--run=b"], base) == 0  # anew: it is not indexed then
        return cls(base, folder)

    @cached_property
    def whole(self) -> dict[str, Any]:
        """The answers of a sound output."""
        output = self._copy("whole")
        assert run_apart(_VERIFY, output).code == 0
        return self._answers(output)

    def _copy(self, name: str) -> Path:
        output = Path(shutil.copytree(self.base, self.folder / name))
        (output / FARASA).symlink_to(default_data())
        return output

    def _answers(self, output: Path) -> dict[str, Any]:
        """What each command came to, by its name: None where it failed in an orderly way."""
        segmented, exported, ingested = (run_apart(each, output) for each in (_SEGMENT, _EXPORT, _INGEST))
        for ended in (segmented, exported, ingested):
            assert ended.code in (0, 1, 2), ended
            assert "Traceback" not in ended.errors, ended.errors
            assert len(ended.errors.splitlines()) <= _LINES, ended.errors
            assert bool(ended.errors) or not ended.code, "it fails in silence"
        return {
            "segment": None if segmented.code else segmented.answer,
            "export": None if exported.code else exported.answer,
            "ingest": None if ingested.code else _rows(output),
        }

    def damage(self, kind: str, chance: random.Random) -> str:
        """Damages a file of a kind, and makes sure that no answer is wrong; returns what came of it."""
        whole, output = self.whole, self._copy("damaged")
        paths = [path for path in sorted(files_below(output)) if path.startswith(KINDS[kind])]
        path, how = output / chance.choice(paths), chance.choice(DAMAGES)
        if path.is_symlink():
            path.unlink()
            shutil.copyfile(default_data(), path)
        if path.stat().st_size:
            damage(path, how, chance.getrandbits(30))
        else:  # the lock, which nobody holds
            path.write_bytes(chance.randbytes(200))
        verified = run_apart(_VERIFY, output)
        assert verified.code == 1 or kind not in _VERIFIED, (path, how.__name__, verified)
        assert "Traceback" not in verified.errors, verified.errors
        found = self._answers(output)
        for name, answer in found.items():
            assert answer in (None, whole[name]), (path, how.__name__, name)
        shutil.rmtree(output)
        return f"{kind} refused" if None in found.values() else f"{kind} of no consequence, or made again"


def _rows(output: Path) -> tuple[Any, ...]:
    """What run c keeps and leaves out."""
    corpus = read_corpus(output, "c")
    return list(corpus.kept()), corpus.duplicates, corpus.filtered, json.dumps(corpus.manifest["counts"])


def main(count: int, seed: int = 0) -> None:
    """Damages so many files, and prints what came of it."""
    chance, done = random.Random(seed), Counter[str]()
    with contextlib.chdir(PROJECT), tempfile.TemporaryDirectory() as folder:
        scene = Scene.below(Path(folder))
        for number in range(count):
            kind = list(KINDS)[number % len(KINDS)]
            try:
                done[scene.damage(kind, chance)] += 1
            except BaseException:
                print(f"damage {number} of seed {seed}: {kind}, after {done}")
                raise
    print(f"{count} damages: " + ", ".join(f"{number} {what}" for what, number in sorted(done.items())))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
