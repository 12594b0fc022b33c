"""The programs that are measured, each as the command that runs it on bundles."""

import shutil
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from environments import python_of
from measuring import Cost, measure

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]


def add_run_options(command: ArgumentParser) -> None:
    """Adds the options that say where and how often programs are run."""
    folder = Path("build/benchmarks")
    command.add_argument("--work", type=Path, default=folder, metavar="FOLDER", help=f"for what is made ({folder})")
    command.add_argument("--repeat", type=int, default=3, metavar="N", help="times that each program is run (3)")


@dataclass(frozen=True)
class Contender:
    """A program that takes an output folder and bundles.

    Attributes:
        name: its row in the table.
        command: what runs it, up to the output folder and the bundles.
        rafid: whether it is Rafid, which takes and writes them in its own way.
    """

    name: str
    command: tuple[str, ...]
    rafid: bool = False

    def run(self, output: Path, bundles: Sequence[Path]) -> Cost:
        """What it costs to run it once, on an output folder made anew."""
        shutil.rmtree(output, ignore_errors=True)
        output.mkdir(parents=True)
        return measure([*self.command, *self._arguments(output, bundles)], PROJECT, output.with_suffix(".log"))

    def _arguments(self, output: Path, bundles: Sequence[Path]) -> list[str]:
        if not self.rafid:
            return [str(output), *map(str, bundles)]
        return ["--output", str(output), *(part for each in bundles for part in ("--input", str(each)))]


def rafid(name: str, *options: str) -> Contender:
    """Rafid with options of its command line.

    As the others do, it compares word 3-grams alone, and does not segment or write a report.
    """
    settings = ("shingle.size=3", "numbers=ignore", "wordless=keep")
    alike = ["segmentation.engine=none", "run.report=false", *(f"dedup.{each}" for each in settings)]
    assignments = [option for each in alike for option in ("--set", each)]
    command = (sys.executable, "-m", "pipelines.ingest", "--quiet", *assignments, *options)
    return Contender(name, command, rafid=True)


def floor() -> Contender:
    """What reading and writing alone costs."""
    return Contender("reading and writing alone", (sys.executable, str(HERE / "floor.py")))


def peer(name: str, environments: Path) -> Contender:
    """Another program, in its own environment."""
    return Contender(f"{name} MinHash-LSH", (python_of(name, environments), str(HERE / f"{name}_minhash.py")))
