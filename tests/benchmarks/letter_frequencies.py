"""Counts the letters of each language in Arabic script, as `FREQUENCIES` of transforms/language/clues.py has them.

    python tests/benchmarks/letter_frequencies.py FOLDER

The folder has a file a language, one sentence a line (`translations.py` makes one). Counted are the sentences of half
0, which `language_accuracy.py` reports nothing of, without words that hold `@` or `://`. A letter that repeats the one
before it is not counted.
"""

import argparse
import re
from collections import Counter
from pathlib import Path

from language_accuracy import half

from transforms.language.clues import ALPHABETS

LEAST = 1  # per 10,000: rarer letters are left out


def frequencies(sentences: list[str], alphabet: str) -> list[tuple[str, int]]:
    """Returns the letters of the alphabet and how many of 10,000 letters each is, most frequent first."""
    text = re.sub(r"\S*(?:@|://)\S*", " ", " ".join(sentences))
    letters = Counter(each for each in re.sub(r"(.)\1+", r"\1", text) if each in set(alphabet))
    total = letters.total()
    counted = [(letter, round(10_000 * count / total)) for letter, count in letters.most_common()]
    return [(letter, count) for letter, count in counted if count > LEAST]


def main(folder: Path) -> None:
    """Prints a line a language."""
    for language, alphabet in ALPHABETS.items():
        sentences = half((folder / f"{language}.txt").read_text(encoding="utf-8").splitlines(), 0)
        row = " ".join(f"{letter}{count}" for letter, count in frequencies(sentences, alphabet))
        print(f'    "{language}": "{row}",')


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    main(**vars(parser.parse_args()))
