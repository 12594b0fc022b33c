"""Kills of everything that writes to an output, at random moments and before any of its file operations.

    python -m tests.end_to_end.kills COUNT [SEED]

After each kill the committed runs are those from before or those from after, and whole; the same command, given again,
ends as if nothing had happened, and leaves nothing over.
"""

import contextlib
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path

from tests.conftest import PROJECT, UNSEGMENTED
from tests.corpus import files_below
from tests.end_to_end.oracle import Place
from tests.faults import operations
from tests.plain_job import read_whole_output
from transforms.runs.catalog import committed_runs
from transforms.runs.cleaning import unfinished_runs
from transforms.runs.run import manifest_path
from transforms.shards.checking import check_run
from transforms.shards.reindexing import check_index
from transforms.storage import Folder

_COMMON = ["--quiet", "--threads=1", "--set=run.split_bytes=8kB", *UNSEGMENTED]
_SLICES = "--set=run.max_bytes=8kB"
NEWS, ARTICLES, STORIES = (f"seeds/bundle_00{name}.txt" for name in ("0_news", "1_encyclopedia", "2_stories"))


def ingest_command(*inputs: str) -> list[str]:
    """A module and its arguments: it takes those bundles into OUT."""
    return ["pipelines.ingest", "--input", *inputs, "--output", "OUT", *_COMMON]


# What is killed: a module, and its arguments; OUT is the output, which has the runs a and b.
WORKS = {
    "run": [*ingest_command(STORIES), "--run=c"],
    "new only": [*ingest_command(NEWS, ARTICLES, STORIES), "--run=n", "--new-only"],
    "slices": [*ingest_command(STORIES), "--run=s", _SLICES],
    "replacement": [*ingest_command(STORIES, ARTICLES), "--run=b"],
    "replacement in slices": [*ingest_command(STORIES, ARTICLES), "--run=b", _SLICES],
    "compaction": ["pipelines.index", "OUT", "compact"],
    "removal": ["pipelines.runs", "OUT", "remove", "b", "--yes"],
    "watch": ["pipelines.watch", *ingest_command(NEWS, ARTICLES, STORIES)[1:], "--every=100ms", "--settle=0s"],
}
_ONE_BY_ONE = ("new only", "slices", "watch")  # each run of these is committed by itself
ENDED = "that had ended before"
_GONE = 2  # the exit code of a removal of what was removed


def call(command: Sequence[str], output: Path) -> int:
    """The exit code of a command on an output, in this process; what it says is not printed."""
    module, *arguments = command
    with (
        Path(os.devnull).open("w") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        return int(import_module(module).main([str(output) if each == "OUT" else each for each in arguments]))


def _call_counted(command: Sequence[str], output: Path, most: int) -> None:
    """Calls a command that is killed before its file operation number `most`, counted from 0."""
    done = 0

    def before() -> None:
        nonlocal done
        if done == most:
            os.kill(os.getpid(), signal.SIGKILL)
        done += 1

    with operations(output, before=before):
        sys.exit(call(command, output))


def _start(target: Callable[..., object], *arguments: object) -> "multiprocessing.process.BaseProcess":
    """A process with Beam loaded before."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pipelines.batch", "pipelines.streaming.watch_loop", __name__])
    process = context.Process(target=target, args=arguments)
    process.start()
    return process


@dataclass(frozen=True)
class Kind:
    """A kind of work on a base output, and what comes of it undisturbed.

    Attributes:
        name: one of `WORKS`.
        base: an output with the runs a and b.
        folder: for copies of it.
    """

    name: str
    base: Path
    folder: Path

    @property
    def again(self) -> list[str]:
        """The command that finishes the work; that of a watch does not end."""
        return WORKS["new only" if self.name == "watch" else self.name]

    def copy(self, name: str) -> Path:
        """A copy of the base."""
        return Path(shutil.copytree(self.base, self.folder / name))

    @cached_property
    def undisturbed(self) -> tuple[Path, int, float]:
        """The output after the work, its file operations, and the seconds that it takes."""
        output, begun = self.copy(f"whole {self.name}"), time.monotonic()
        with operations(output) as seen:
            assert call(self.again, output) == 0
        return output, seen.done, time.monotonic() - begun

    def kill(self, chance: random.Random) -> str:
        """Kills the work somewhere, looks at what is left, and finishes it; returns what was killed, and how."""
        output = self.copy("killed")
        whole, steps, seconds = self.undisturbed
        by_step = chance.random() < 0.5 and self.name != "watch"
        if by_step:
            process = _start(_call_counted, WORKS[self.name], output, chance.randrange(steps))
        else:
            process = _start(call, WORKS[self.name], output)
            process.join(chance.uniform(0.1, 0.1 + 1.2 * seconds))
            process.kill()
        process.join(120)
        assert process.exitcode is not None, "it hangs"
        hit = process.exitcode == -signal.SIGKILL
        self._check_left(output, whole)
        assert call(self.again, output) in ((0, _GONE) if self.name == "removal" else (0, 99))
        self._check_end(output, whole)
        shutil.rmtree(output)
        return f"{self.name} {'before an operation' if by_step else 'at a moment'}" if hit else ENDED

    def _check_left(self, output: Path, whole: Path) -> None:
        """What is committed is whole, and is that of before or after."""
        folder = Folder(str(output))
        runs = committed_runs(folder)
        assert [line for each in runs for line in check_run(folder, each)] == []
        assert check_index(folder, runs) == []
        found, before, after = (_kept(each) for each in (output, self.base, whole))
        if self.name in _ONE_BY_ONE:
            assert before <= found <= after
        else:
            assert found in (before, after)

    def _check_end(self, output: Path, whole: Path) -> None:
        """The work is done, and nothing is left over."""
        folder = Folder(str(output))
        runs = committed_runs(folder)
        assert _kept(output) == _kept(whole)
        if self.name != "watch":  # it names its runs after the time
            assert read_whole_output(output) == read_whole_output(whole)
        assert [line for each in runs for line in check_run(folder, each)] == []
        assert check_index(folder, runs) == []
        assert unfinished_runs(folder) == []
        assert _strays(output) == []


def _kept(output: Path) -> frozenset[Place]:
    """The places of all kept paragraphs."""
    return frozenset(read_whole_output(output).kept)


def _strays(output: Path) -> list[str]:
    """The files that belong to no committed run, and to nothing else."""
    runs = committed_runs(Folder(str(output)))
    belonging = {"rafid.json", ".lock", "README.md", "reports/index.html"}
    for each in runs:
        belonging |= {manifest_path(each.run), f"reports/{each.run}.html", *(file.path for file in each.files)}
    own = tuple(f"index/run={each.id}/" for each in runs)
    return [
        path for path in files_below(output) if path not in belonging and not path.startswith((*own, "index/compact="))
    ]


def main(count: int, seed: int = 0) -> None:
    """Kills so often, and prints what was killed."""
    chance, done = random.Random(seed), Counter[str]()
    with contextlib.chdir(PROJECT), tempfile.TemporaryDirectory() as folder:
        kinds = kinds_below(Path(folder))
        while (kills := done.total() - done[ENDED]) < count:
            kind = kinds[kills % len(kinds)]
            try:
                done[kind.kill(chance)] += 1
            except BaseException:
                print(f"kill {kills} of seed {seed}: {kind.name} is not as it should be, after {done}")
                raise
    print(f"{count} kills: all whole; " + ", ".join(f"{number} {what}" for what, number in sorted(done.items())))


def kinds_below(folder: Path) -> list[Kind]:
    """All kinds of work, on an output that is made below a folder."""
    base = make_base(folder / "base")
    return [Kind(name, base, folder) for name in WORKS]


def make_base(output: Path) -> Path:
    """The output, with the runs a and b."""
    for name, bundle in (("a", NEWS), ("b", ARTICLES)):
        assert call([*ingest_command(bundle), f"--run={name}"], output) == 0
    return output


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
