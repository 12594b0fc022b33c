"""The definition of a duplicate in plain Python: every paragraph against all the earlier kept ones."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import chain
from typing import Any

from transforms.settings import DedupSettings

Removed = dict[int, tuple[int, float]]  # removed paragraph -> the kept one that stands for it, and their similarity

DROPPED = "[\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed\u200c-\u200f\u202a-\u202e\ufeff]"
NOT_WHITE = "[^\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+"
EXCHANGED = str.maketrans(
    "أإآٱىیئؤةک٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "اااايييوهك01234567890123456789abcdefghijklmnopqrstuvwxyz",
)

DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")


def words(text: str, fold: str = "arabic-1") -> list[str]:
    """The folded words of a text."""
    if fold == "arabic-1":
        folded = re.sub(DROPPED, "", text).translate(EXCHANGED)
        text = "".join(each if each.isalnum() else " " for each in folded)
    return re.findall(NOT_WHITE, text)


def shingles(text: str, settings: DedupSettings) -> set[Any]:
    """The shingle set of a paragraph, without a word its bytes; empty where it is not compared."""
    found = words(text, settings.fold)
    units = found if settings.shingle.unit == "word" else list(" ".join(found))
    if not units:
        return {text.encode()} if text and settings.wordless == "exact" else set()
    if len(found) < settings.minimum_words:
        return set()
    sizes = {min(size, len(units)) for size in settings.shingle.sizes}
    return {tuple(units[first : first + size]) for size in sizes for first in range(len(units) - size + 1)}


def numbers(text: str, settings: DedupSettings) -> list[str]:
    """The words with digits that keep a paragraph apart from others, in order."""
    found = [(word, bool(re.search("[0-9٠-٩۰-۹]", word))) for word in words(text, settings.fold)]
    if settings.numbers == "inner":
        others = [at for at, (_, is_number) in enumerate(found) if not is_number] or [0]
        found = found[others[0] : others[-1]]
    return [word.translate(DIGITS) for word, is_number in found if is_number]


def apart(left: list[str], right: list[str], settings: DedupSettings) -> bool:
    """Whether numbers keep two paragraphs apart that may be similar."""
    if settings.numbers == "equal":
        return left != right
    return settings.numbers == "inner" and bool(set(left) - set(right)) and bool(set(right) - set(left))


def similarity(left: str, right: str, settings: DedupSettings) -> float:
    """The Jaccard similarity of two paragraphs; 0 where numbers keep them apart."""
    mine, its = shingles(left, settings), shingles(right, settings)
    kept_apart = apart(numbers(left, settings), numbers(right, settings), settings)
    return len(mine & its) / len(mine | its) if mine and its and not kept_apart else 0.0


def decide(paragraphs: Sequence[str], documents: Sequence[int], settings: DedupSettings) -> Removed:
    """The duplicates by definition: each paragraph with all earlier kept ones; the most similar, then the earliest."""
    sets = [shingles(text, settings) for text in paragraphs]
    guards = [numbers(text, settings) for text in paragraphs]
    kept: list[int] = []
    removed: Removed = {}
    for number, mine in enumerate(sets):
        rivals = [other for other in kept if settings.scope == "corpus" or documents[other] == documents[number]]
        rivals = [other for other in rivals if not apart(guards[other], guards[number], settings)]
        similar = [(len(mine & sets[other]) / len(mine | sets[other]), -other) for other in rivals if mine]
        similarity, other = max(similar, default=(0.0, 0))
        if settings.scope != "off" and similarity >= settings.threshold:
            removed[number] = (-other, similarity)
        else:
            kept.append(number)
    return removed


def decide_by_index(paragraphs: Sequence[str], settings: DedupSettings) -> Removed:
    """The same for the scope `corpus`, over the pairs that share a shingle: for more than some hundred paragraphs."""
    postings: defaultdict[Any, list[int]] = defaultdict(list)
    sizes: list[int] = []
    guards: list[list[str]] = []
    removed: Removed = {}
    for number, text in enumerate(paragraphs):
        mine = shingles(text, settings)
        sizes.append(len(mine))
        guards.append(numbers(text, settings))
        shared = Counter(chain.from_iterable(postings[each] for each in mine if each in postings))
        together = {other: both for other, both in shared.items() if not apart(guards[other], guards[number], settings)}
        similar = ((both / (len(mine) + sizes[other] - both), -other) for other, both in together.items())
        similarity, other = max(similar, default=(0.0, 0))
        if similarity >= settings.threshold:
            removed[number] = (-other, similarity)
        else:
            for each in mine:
                postings[each].append(number)
    return removed
