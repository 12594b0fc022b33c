"""The kernels in plain Python: what each computes, in as few lines as it takes."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

SEED_WORD = 0x8BB84B93962EACC9
SEED_SHINGLE = 0x2D358DCCAA6C78A5


def absorb(state: int, value: int) -> int:
    """The hash state after one more value."""
    mixed = (state ^ value) * 0x9E6C63D0876A9A4B % 2**64
    return mixed ^ mixed >> 32


def absorb_all(state: int, values: Sequence[int]) -> int:
    """The hash state after all values."""
    for value in values:
        state = absorb(state, value)
    return state


def points(text: str) -> list[int]:
    """The folded code points of a text; the two that mean something else to a fold table have others."""
    return [ord(each) + 0x110000 if each in "\0\1" else ord(each) for each in text]


def word_hash(word: str) -> int:
    """The hash of a folded word."""
    return absorb_all(SEED_WORD, points(word))


def shingle_hashes(words: Sequence[str], by_word: bool, sizes: Sequence[int], salt: int = 0) -> list[int]:
    """The hashes of a paragraph's shingles, size by size, in text order."""
    units = [word_hash(word) for word in words] if by_word else points(" ".join(words))
    found = []
    for size in (min(each, len(units)) for each in sizes if units):
        seed = absorb(SEED_SHINGLE ^ salt, size)
        found += [absorb_all(seed, units[first : first + size]) for first in range(len(units) - size + 1)]
    return found


def least_overlap(size: int, threshold: float) -> int:
    """The least number of shared shingles with which a set can reach the threshold."""
    return next(shared for shared in range(size + 1) if shared / size >= threshold)


def pair_overlap(left: int, right: int, similarity: float) -> int:
    """The least number of shared tokens with which two sets reach a similarity; more than possible where none does."""
    enough = (shared for shared in range(min(left, right) + 1) if shared / (left + right - shared) >= similarity)
    return next(enough, min(left, right) + 1)


def occurrences(shingles: Sequence[int], shift: int) -> Counter[int]:
    """How many shingles share each counter."""
    return Counter(shingle >> shift for shingle in shingles)


def contends(shingles: Sequence[int], counts: Counter[int], shift: int, threshold: float) -> bool:
    """Whether a paragraph's prefix would hold a shingle that occurs twice, if those that occur once came first."""
    alone = sum(counts[each >> shift] < 2 for each in shingles)
    return bool(shingles) and alone < prefix_length(len(shingles), threshold)


def prefix_length(size: int, threshold: float) -> int:
    """How many of the first tokens of two similar sets must hold a shared one."""
    return size - least_overlap(size, threshold) + 1


def ordered_set(
    shingles: Sequence[int], counts: Counter[int], shift: int, order: npt.NDArray[np.uint8], order_shift: int
) -> list[int]:
    """The tokens of a set, in order."""
    ranks = {each: 0 if counts[each >> shift] < 2 else max(int(order[each >> order_shift]), 1) for each in shingles}
    return sorted({rank << 56 | each >> 8 for each, rank in ranks.items()})


def apart(left: set[int], right: set[int]) -> bool:
    """Whether each of two sets has a number that the other lacks."""
    return bool(left - right) and bool(right - left)


def join(
    sets: Sequence[Sequence[int]], numbers: Sequence[set[int]], given: Sequence[float], threshold: float
) -> tuple[list[int], list[float]]:
    """The match and the similarity of each set: by brute force over the kept ones before it."""
    kept: list[int] = []
    match, similarity = [], []
    for row, mine in enumerate(map(set, sets)):
        rivals = [other for other in kept if not apart(numbers[row], numbers[other])]
        found = [(len(mine & set(sets[other])) / len(mine | set(sets[other])), -other) for other in rivals]
        best, other = max([*found, (given[row], 2)] if given[row] else found, default=(0.0, 0))
        repeats = best >= threshold
        match.append(-other if repeats else -1)
        similarity.append(best if repeats else 0.0)
        if not repeats:
            kept.append(row)
    return match, similarity
