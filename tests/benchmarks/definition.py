"""Brute force: the definition of a duplicate in a few lines, without hashes, prefixes or order. For small corpora."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

from plain_text import read_paragraphs, shingles


def definition(bundles: Iterable[Path], threshold: float) -> dict[int, int]:
    """The kept paragraph that stands for each removed one, by their numbers in the input.

    A paragraph is removed when the Jaccard similarity of its word 3-grams with those of an earlier kept paragraph is at
    least the threshold; the most similar one, then the earliest, stands for it. Every pair that shares a shingle is
    counted: time grows with the number of such pairs.
    """
    postings: dict[str, list[int]] = defaultdict(list)
    sizes: dict[int, int] = {}
    stands_for: dict[int, int] = {}
    for number, (_, words) in enumerate(chain.from_iterable(map(read_paragraphs, bundles))):
        own = set(shingles(words))
        shared = Counter(chain.from_iterable(postings[each] for each in own if each in postings))
        best = max(((_jaccard(own, sizes[k], count), -k) for k, count in shared.items()), default=(0.0, 0))
        if best[0] >= threshold:
            stands_for[number] = -best[1]
        else:
            sizes[number] = len(own)
            for each in own:
                postings[each].append(number)
    return stands_for


def _jaccard(own: set[str], size: int, shared: int) -> float:
    return shared / (len(own) + size - shared)
