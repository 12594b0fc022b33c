"""Measures segmentation beside PyFarasa, on the same words, and prints a Markdown table.

Each segmenter has a process of its own. It loads its data, segments the text once (cold) and then several times more
(warm, the best of them), all timed as processor time. PyFarasa has an environment of its own, with its version pinned.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from corpora import add_corpus_options, corpus

HERE = Path(__file__).parent
HEAD = "| segmenter | loads in | resident | cold, words/CPU s | warm, words/CPU s |\n|---|---:|---:|---:|---:|"


def parser() -> argparse.ArgumentParser:
    """The command line."""
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_corpus_options(command)
    command.add_argument("--count", type=int, default=1_000_000, metavar="N", help="words to segment (1,000,000)")
    command.add_argument("--repeat", type=int, default=9, metavar="N", help="warm passes (9); PyFarasa makes one")
    folder, homes = Path("build/benchmarks"), Path("build/environments")
    command.add_argument("--work", type=Path, default=folder, metavar="FOLDER", help=f"for what is made ({folder})")
    command.add_argument(
        "--environments", type=Path, default=homes, metavar="FOLDER", help=f"for PyFarasa's own ({homes})"
    )
    return command


def main(arguments: argparse.Namespace) -> None:
    """Measures and prints."""
    python = pyfarasa(arguments.environments.absolute())
    if arguments.generator and not arguments.words:
        arguments.words = next(Path(python).parents[1].glob("lib/*/site-packages/farasa/pickles/wordCount"))
    work: Path = arguments.work.absolute()
    work.mkdir(parents=True, exist_ok=True)
    bundles = corpus(arguments, work, max(1, arguments.count * 14 // 1_000_000))
    text = work / "words.txt"
    count = write_words(bundles, arguments.count, text)
    ours = measured([sys.executable, "rafid_segmenter.py", str(text), str(arguments.repeat)])
    print(f"{count:,} words\n\n{HEAD}\n{row('Rafid', count, ours)}", flush=True)
    print(row("PyFarasa 0.0.1", count, measured([python, "pyfarasa_segmenter.py", str(text)])))
    print(f"\nRafid's ranking alone, with no answer looked up: {ours['ranked']:,.0f} distinct words/CPU s.")


def write_words(bundles: Sequence[Path], count: int, path: Path) -> int:
    """Writes the first lines of bundles that have `count` words in all; returns how many they have."""
    lines = (line for bundle in bundles for line in bundle.open(encoding="utf-8") if not line.startswith("<<<FILE>>>"))
    words = 0
    with path.open("w", encoding="utf-8") as file:
        for line in lines:
            few = list(islice(line.split(), count - words))
            words += len(few)
            file.write(" ".join(few) + "\n")
            if words == count:
                break
    return words


def measured(command: Sequence[str]) -> dict[str, float]:
    """The figures that a segmenter's process prints."""
    done = subprocess.run(command, cwd=HERE, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def row(name: str, count: int, figures: dict[str, float]) -> str:
    """A segmenter's row of the table."""
    rates = " | ".join(f"{count / figures[each]:,.0f}" for each in ("cold", "warm"))
    return f"| {name} | {figures['load'] * 1000:,.0f} ms | {figures['resident'] / 1e6:,.0f} MB | {rates} |"


def pyfarasa(folder: Path) -> str:
    """The interpreter of PyFarasa's environment, which is made where it is not there yet."""
    home = folder / "pyfarasa"
    python, ready = home / "bin" / "python", home / "ready.txt"
    if not ready.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "PyFarasa==0.0.1"], check=True)
        ready.touch()
    return str(python)


if __name__ == "__main__":
    main(parser().parse_args())
