"""Corpora to measure on: bundles that are there, what another generator makes, or a synthetic corpus made here."""

import random
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

from plain_text import bundles_of

_LETTERS = "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"


def add_corpus_options(command: ArgumentParser) -> None:
    """Adds the options that say which corpus is measured on."""
    command.add_argument("--bundles", metavar="PATTERN", help="bundles that are there; else a corpus is made")
    command.add_argument("--generator", metavar="PROGRAM", help="makes a corpus: PROGRAM WORDS MEGABYTES FOLDER")
    command.add_argument("--words", metavar="FILE", help="the word counts that the generator takes")
    command.add_argument("--generator-python", default=sys.executable, metavar="FILE", help="what runs the generator")


def corpus(arguments: Namespace, folder: Path, megabytes: int) -> list[Path]:
    """The bundles to measure on; made in `folder`, unless they lie there from an earlier time."""
    if arguments.bundles:
        return bundles_of(arguments.bundles)
    home = folder / f"{Path(arguments.generator or 'synthetic').stem}-{megabytes}"
    if not (home / "ready").exists():
        home.mkdir(parents=True, exist_ok=True)
        if arguments.generator:
            command = [arguments.generator_python, arguments.generator, arguments.words, str(megabytes), str(home)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        else:
            write_synthetic(home, megabytes * 1_000_000)
        (home / "ready").touch()
    return bundles_of(f"{home}/bundle_*.txt")


def write_synthetic(folder: Path, size: int, seed: int = 1) -> None:
    """Writes bundles of `size` bytes of Arabic letters in all: words by Zipf's law, one paragraph in six a repeat.

    Half of the repeats are exact, half have words exchanged: a few, or so many that most are no duplicates.
    """
    paragraphs = _paragraphs(random.Random(seed))
    number = written = 0
    while written < size:
        with (folder / f"bundle_{number:03d}.txt").open("w", encoding="utf-8") as bundle:
            while written < size and bundle.tell() < max(1_000_000, size // 16):
                lines = "\n".join(next(paragraphs) for _ in range(15))
                bundle.write(f"<<<FILE>>> مقال {written}\n{lines}\n")
                written += len(lines.encode())
        number += 1


def _paragraphs(chance: random.Random) -> Iterator[str]:
    words = ["".join(chance.choices(_LETTERS, k=chance.choice((2, 3, 4, 5, 5, 6, 7)))) for _ in range(200_000)]
    weights = list(accumulate(1 / rank for rank in range(1, len(words) + 1)))
    earlier: list[list[str]] = []
    while True:
        if len(earlier) > 100 and chance.random() < 1 / 6:
            text = list(chance.choice(earlier))
            for _ in range(chance.choice((0, 0, 0, 1, 3, 10))):
                text[chance.randrange(len(text))] = chance.choice(words)
        else:
            text = chance.choices(words, cum_weights=weights, k=chance.randint(4, 110))
            earlier.append(text)
        yield " ".join(text)
