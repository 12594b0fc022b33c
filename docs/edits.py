"""Prints a table of docs/definition.md: how long a paragraph must be to stay a duplicate when it is edited."""

import sys
from collections.abc import Callable

SIZES = ([1], [2], [3], [4], [5], [1, 2])
THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9)
_LONGEST = 250  # at which every edit leaves a duplicate


def _changed(words: list[int], *places: int) -> list[int]:
    """The words with others at some places."""
    return [-word - 1 if at in places else word for at, word in enumerate(words)]


EDITS: dict[str, Callable[[list[int]], list[int]]] = {
    "one changed, in the middle": lambda words: _changed(words, len(words) // 2),
    "one changed, at the end": lambda words: _changed(words, len(words) - 1),
    "one inserted, in the middle": lambda words: [*words[: len(words) // 2], -1, *words[len(words) // 2 :]],
    "two changed, far apart": lambda words: _changed(words, len(words) // 3, 2 * len(words) // 3),
}


def shingles(words: list[int], sizes: list[int]) -> set[tuple[int, ...]]:
    """The shingle set of a paragraph, by definition."""
    lengths = {min(size, len(words)) for size in sizes}
    return {tuple(words[at : at + size]) for size in lengths for at in range(len(words) - size + 1)}


def similarity(length: int, edit: Callable[[list[int]], list[int]], sizes: list[int]) -> float:
    """The Jaccard similarity of a paragraph of `length` different words with the same one edited."""
    words = list(range(length))
    one, other = shingles(words, sizes), shingles(edit(words), sizes)
    return len(one & other) / len(one | other)


def least_words(edit: Callable[[list[int]], list[int]], sizes: list[int], threshold: float) -> int:
    """The words from which on an edited paragraph is a duplicate: with so many, and with any more."""
    short = [length for length in range(1, _LONGEST) if similarity(length, edit, sizes) < threshold]
    return max(short, default=0) + 1


def table() -> str:
    """The table, in Markdown: a row a shingle size and an edit, a column a threshold."""
    head = ["shingles of", "words", *map(str, THRESHOLDS)]
    lines = [head, ["---", "---", *["--:"] * len(THRESHOLDS)]]
    for sizes in SIZES:
        name = " and ".join(map(str, sizes))
        for kind, edit in EDITS.items():
            lines.append([name, kind, *(str(least_words(edit, sizes, each)) for each in THRESHOLDS)])
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


if __name__ == "__main__":
    print(table())
    sys.exit(0)
