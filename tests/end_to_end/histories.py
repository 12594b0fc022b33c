"""Histories of an output: random jobs that die anywhere, and damage, each step compared with an oracle.

    python -m tests.end_to_end.histories COUNT [FIRST]

The oracle knows the definition of a duplicate and which runs take the place of which. What it cannot know is how far a
step came that died: of a job that replaces nothing some first slices, of one that replaces all or nothing.
"""

import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pipelines.config import IngestSettings
from pipelines.job import listed_input, plan_slices
from tests.corpus import files_below, read_corpus
from tests.damaging import DAMAGES, damage
from tests.dedup.oracle import decide_by_index
from tests.end_to_end.oracle import Place, read_paragraphs
from tests.faults import Killed, operations
from tests.plain_job import ingest_plainly, settings_for, write_bundles
from transforms.dedup.index import building
from transforms.errors import UsageError
from transforms.runs.catalog import committed_runs
from transforms.runs.cleaning import clean_up, remove_run, unfinished_runs
from transforms.runs.lock import lock_output
from transforms.runs.names import LEDGER_FOLDERS, slice_name
from transforms.settings import DedupSettings
from transforms.shards.checking import check_run
from transforms.shards.reindexing import kept_sets
from transforms.storage import Folder

LINES = [
    "قال الراوي إن النهر كان يفيض كل عام في الربيع ويسقي الحقول\n",
    "قال الراوي إن النهر كان يفيض كل عام في الربيع ويسقي البساتين\n",
    "وكان أهل القرية يجتمعون عند البئر في المساء بعد صلاة العصر\n",
    "نشر الخبر اليوم في الصحف كلها وقرأه الناس في المقاهي\n",
    "نشر الخبر اليوم في الصحف كلها وقرأه الناس في البيوت\n",
    "هبت الريح من الشمال وحملت معها رائحة المطر والتراب\n",
]
JOBS = ("x", "y", "new")  # the last takes what is new
BUNDLES = 4  # of each job
Bundles = tuple[str, ...]


@dataclass(frozen=True)
class Past:
    """A run as the oracle knows it.

    Attributes:
        name: the run's.
        job: of which it is.
        plan: the bundles of each of the job's slices.
        index: which of them it is.
        kept: its paragraphs that stay.
        duplicates: those that do not, each with the place and run of the one that stands for it, and their similarity.
    """

    name: str
    job: str
    plan: tuple[Bundles, ...]
    index: int
    kept: dict[Place, str] = field(default_factory=dict)
    duplicates: dict[Place, tuple[Place, str, float]] = field(default_factory=dict)

    @property
    def bundles(self) -> Bundles:
        """The bundles that it takes."""
        return self.plan[self.index]


class History:
    """One output, and the runs that the oracle says it has."""

    def __init__(self, seed: int, folder: Path) -> None:
        self._chance, self._folder = random.Random(seed), folder
        self._output = folder / "out"
        self._past: list[Past] = []
        self.lived: Counter[str] = Counter()
        names = [f"{job}{number}.txt" for job in JOBS for number in range(BUNDLES)]
        texts = {name: "".join(self._chance.choices(LINES, k=self._chance.randint(1, 3))) for name in names}
        write_bundles(folder / "in", texts)
        self._paragraphs = {name: read_paragraphs({name: text.encode()}) for name, text in texts.items()}

    def live(self, steps: int) -> None:
        """Takes so many steps; an AssertionError where the output is not what the oracle says."""
        for _ in range(steps):
            step = self._chance.choice([*[self._ingest] * 3, self._remove, self._compact, self._damage])
            step()
            self.lived[step.__name__.lstrip("_")] += 1
            self._check()

    def _ingest(self) -> None:
        job = self._chance.choice(JOBS)
        names = sorted(self._chance.sample(range(BUNDLES), self._chance.randint(1, BUNDLES)))
        paths = [self._folder / "in" / f"{job}{number}.txt" for number in names]
        cut = {"run__split_bytes": 400, "run__max_bytes": self._chance.choice([0, 1, 500])}
        settings = settings_for(self._output, *paths, run__id=job, **cut)
        if job == JOBS[-1]:
            self._take_new(settings)
        else:
            self._take_all(job, settings)

    def _take_new(self, settings: IngestSettings) -> None:
        known = {self._text(name) for each in self._past for name in each.bundles}
        fresh = [each for each in listed_input(settings).bundles if self._text(each.name) not in known]
        slices = plan_slices(fresh, settings, in_process=True)
        plan = tuple(tuple(r.bundle.name for split in part.splits for r in split.ranges) for part in slices)
        there = [each.name for each in self._past if each.job == JOBS[-1]]
        first = 1 + max((int(name[-4:]) for name in there if "slice" in name), default=-1)
        alone = len(plan) == 1 and not there
        names = [JOBS[-1] if alone else slice_name(JOBS[-1], first + index) for index in range(len(plan))]
        added = [Past(name, JOBS[-1], plan, index) for index, name in enumerate(names)]
        self._attempt(lambda: ingest_plainly(settings, new_only=True), self._prefixes(self._past, added))

    def _text(self, bundle: str) -> str:
        """A bundle is known by what it holds."""
        return (self._folder / "in" / bundle).read_text(encoding="utf-8")

    def _take_all(self, job: str, settings: IngestSettings) -> None:
        slices = plan_slices(listed_input(settings).bundles, settings, in_process=True)
        plan = tuple(tuple(r.bundle.name for split in part.splits for r in split.ranges) for part in slices)
        mine = [each for each in self._past if each.job == job]
        done = [each for each in mine if each.plan == plan]
        staying = [each for each in self._past if each.job != job or (each in done and len(done) < len(plan))]
        replaced = [each for each in mine if each not in staying]
        taken = {each.index for each in done if each in staying}
        names = [slice_name(job, index) if len(plan) > 1 else job for index in range(len(plan))]
        added = [Past(name, job, plan, index) for index, name in enumerate(names) if index not in taken]
        gone = {each.name for each in replaced}
        refused = any(run in gone for each in staying for _, run, _ in each.duplicates.values())
        if refused:
            outcomes = [self._past]
        elif replaced:
            self.lived["replaced"] += len(replaced)
            outcomes = [self._past, self._decided(staying, added)]
        else:
            outcomes = self._prefixes(staying, added)
        self._attempt(lambda: ingest_plainly(settings), outcomes, refused=refused)

    def _remove(self) -> None:
        if not self._past:
            return
        number = self._chance.randrange(len(self._past))
        name = self._past[number].name
        left = [each for at, each in enumerate(self._past) if at != number]

        def remove() -> None:
            folder = Folder(str(self._output))
            with lock_output(folder, "remove"):
                clean_up(folder)
                remove_run(folder, name)

        self._attempt(remove, [self._past, left])

    def _compact(self) -> None:
        if not self._past:
            return

        def merge() -> None:
            folder = Folder(str(self._output))
            with lock_output(folder, "compact"):
                clean_up(folder)
                building.compact(folder, committed_runs(folder), kept_sets)

        self._attempt(merge, [self._past])

    def _damage(self) -> None:
        """Damages a file of the index, or one that it is built from; whoever needs it makes it again."""
        kinds = ("segment-*/*.arrow", "index.json", "fingerprints/*.arrow", "verdicts/*.arrow")
        paths = sorted(path for kind in kinds for path in self._output.glob(f"index/*/{kind}"))
        if paths:
            damage(self._chance.choice(paths), self._chance.choice(DAMAGES), self._chance.getrandbits(30))

    def _attempt(self, step: Callable[[], Any], outcomes: Sequence[list[Past]], *, refused: bool = False) -> None:
        """Takes a step that may die; what it came to is one of the outcomes, the last where it did not."""
        self._output.mkdir(exist_ok=True)
        most = self._chance.randrange(150) if self._chance.random() < 0.5 else float("inf")
        try:
            with operations(self._output, most):
                step()
        except Killed:
            self.lived["killed"] += 1
            found = self._found()
            possible = [each for each in outcomes if self._told(each) == found]
            assert possible, "it is none of what it can have come to"
            self._past = possible[0]
            if self._chance.random() < 0.5:
                clean_up(Folder(str(self._output)))
        except UsageError:
            assert refused
            self.lived["refused"] += 1
        else:
            assert not refused
            self._past = outcomes[-1]
            assert unfinished_runs(Folder(str(self._output))) == []

    def _prefixes(self, before: list[Past], added: Sequence[Past]) -> list[list[Past]]:
        return [self._decided(before, added[:number]) for number in range(len(added) + 1)]

    def _decided(self, before: list[Past], added: Sequence[Past]) -> list[Past]:
        """The runs, with those that come after them decided by definition."""
        runs = list(before)
        for each in added:
            earlier = [(place, run.name, text) for run in runs for place, text in run.kept.items()]
            own = [(found.place, each.name, found.text) for name in each.bundles for found in self._paragraphs[name]]
            every = [*earlier, *own]
            removed = decide_by_index([text for _, _, text in every], DedupSettings())
            assert all(number >= len(earlier) for number in removed)
            duplicates = {every[number][0]: (*every[kept][:2], like) for number, (kept, like) in removed.items()}
            kept = {place: text for place, _, text in own if place not in duplicates}
            runs.append(replace(each, kept=kept, duplicates=duplicates))
        return runs

    @staticmethod
    def _told(runs: Sequence[Past]) -> list[tuple[Any, ...]]:
        return [(each.name, each.bundles, each.kept, each.duplicates) for each in runs]

    def _found(self) -> list[tuple[Any, ...]]:
        """The runs as they lie in the output, told as the oracle tells them."""
        found = []
        for manifest in committed_runs(Folder(str(self._output))):
            corpus = read_corpus(self._output, manifest.run)
            kept = {Place(row["bundle"], offset, index): text for row, text, index, offset in corpus.kept()}
            duplicates = {
                Place(row["bundle"], row["offset"], row["paragraph_index"]): (
                    Place(row["kept_bundle"], row["kept_offset"], row["kept_paragraph_index"]),
                    row["kept_run"],
                    row["similarity"],
                )
                for row in corpus.duplicates
            }
            found.append((manifest.run, tuple(each.name for each in manifest.inputs), kept, duplicates))
        return found

    def _check(self) -> None:
        """The output is what the oracle says, and all files are as they were written."""
        assert self._found() == self._told(self._past)
        folder = Folder(str(self._output))
        runs = committed_runs(folder)
        wrong = [line for each in runs for line in check_run(folder, each) if "which is no more" not in line]
        assert wrong == []
        if not unfinished_runs(folder):
            listed = {file.path for each in runs for file in each.files}
            there = files_below(self._output)
            assert {path for path in there if path.split("/")[0] in LEDGER_FOLDERS} <= listed | _temporary(there)
            parts = {path.split("/")[1] for path in there if path.startswith("index/run=")}
            assert parts <= {f"run={each.id}" for each in runs}


def _temporary(paths: dict[str, str]) -> set[str]:
    return {path for path in paths if path.endswith(".tmp")}


def live(seed: int, steps: int = 8) -> Counter[str]:
    """Lives one history; returns how often what happened."""
    folder, fan = Path(tempfile.mkdtemp()), building.FAN
    building.FAN = 2 + 14 * (seed % 2)  # in every other one the index is merged all the time
    try:
        history = History(seed, folder)
        history.live(steps)
        return history.lived
    finally:
        building.FAN = fan
        shutil.rmtree(folder)


def main(count: int, first: int = 0) -> None:
    """Lives so many histories, and prints what happened in them."""
    lived: Counter[str] = Counter()
    for seed in range(first, first + count):
        try:
            lived += live(seed)
        except BaseException:
            print(f"history {seed} is not as the oracle says")
            raise
    print(f"{count} histories as the oracle says: " + ", ".join(f"{n} {what}" for what, n in sorted(lived.items())))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
