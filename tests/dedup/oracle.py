"""The definition of a duplicate in plain Python: every paragraph against all the earlier kept ones."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import Any

import unicodedata2 as unicode

from transforms.settings import DedupSettings

Removed = dict[int, tuple[int, float]]  # removed paragraph -> the kept one that stands for it, and their similarity

NOT_WHITE = "[^\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+"
DIGITS = ("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
CAPITALS = ("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def words(text: str, fold: str = "arabic-2") -> list[str]:
    """The folded words of a text."""
    folds = {"arabic-2": _arabic_2, "arabic-1": _arabic_1, "none": str}
    return re.findall(NOT_WHITE, folds[fold](text))


# What arabic-1 is, for ever.
DROPPED = "[\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed\u200c-\u200f\u202a-\u202e\ufeff]"
EXCHANGED = str.maketrans("أإآٱىیئؤةک" + DIGITS[0] + CAPITALS[0], "اااايييوهك" + DIGITS[1] + CAPITALS[1])


def _arabic_1(text: str) -> str:
    folded = re.sub(DROPPED, "", text).translate(EXCHANGED)
    return "".join(each if each.isalnum() else " " for each in folded)


# What arabic-2 is, from the Unicode Character Database itself.
DAGGER = "\u0670"
REACH = 8
PLAIN = re.compile("(ي_ |ه_ذ|ه_و|ذ_ل|ل_ك|ل_ه|ول_ي|حم_ن)$")  # around a dagger alef that is no letter
IGNORABLE = set(map(chr, (0x115F, 0x1160, 0x2065, 0x3164, 0xFFA0, *range(0xFFF0, 0xFFF9), *range(0xE0000, 0xE1000))))
EXCHANGED_BY_ARABIC_2 = str.maketrans(
    "أإآٱىئؤةیکېۍھہەۃڪ" + DIGITS[0] + CAPITALS[0], "ااااييوهيكييههههك" + DIGITS[1] + CAPITALS[1]
)

DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")


def _arabic_2(text: str) -> str:
    read = [_read(each) for each in text]
    return "".join(_dagger(read, at) if each == DAGGER else each for at, each in enumerate(read))


def _dagger(read: Sequence[str], at: int) -> str:
    """A dagger alef as alef, or as nothing where plain spelling has none."""
    before = "".join(read[max(0, at - REACH) : at]).replace(DAGGER, "").rpartition(" ")[2]
    near = read[at + 1 : at + 1 + REACH]
    behind = next((each[0] for each in near if each not in ("", DAGGER)), " " if len(near) < REACH else "")
    return "" if PLAIN.search(f"{before}_{behind}") else "ا"


@cache
def _read(character: str) -> str:
    """A character as letters, as a blank that parts words, or as nothing."""
    if character == DAGGER:
        return character
    if not ("\ufb50" <= character <= "\ufdff" or "\ufe70" <= character <= "\ufeff"):
        return _letter(character)
    if character == "\ufe73":  # a piece of the drawing of a letter
        return ""
    read = ["".join(map(_letter, each)) for each in unicode.normalize("NFKC", character).split(" ")]
    return f" {' '.join(read)} " if len(list(filter(None, read))) > 1 else "".join(read)


def _letter(character: str) -> str:
    category = unicode.category(character)
    marks = (
        category in ("Mn", "Me", "Cf")
        or (category == "Cc" and unicode.bidirectional(character) == "BN")
        or character in IGNORABLE
    )
    if marks or (category == "Lm" and "ARABIC" in unicode.name(character)):
        return ""
    base = "".join(each for each in unicode.normalize("NFD", character) if unicode.category(each) not in ("Mn", "Me"))
    if category[0] == "L" and len(base) == 1 and unicode.category(base)[0] == "L":
        character = base
    return character.translate(EXCHANGED_BY_ARABIC_2) if category[0] in "LN" else " "


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
