"""The filters that come along in plain Python, read off their definitions."""

import re
import unicodedata
from collections import Counter
from collections.abc import Hashable, Sequence

from tests.dedup.oracle import NOT_WHITE

WHITE = " \t\n\x0b\x0c\r\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000\0" + "".join(map(chr, range(0x2000, 0x200B)))
_LINE_ENDS = "\r\n|[\n\r\x85\u2028\u2029]"


def lines_of(text: str) -> list[str]:
    """The lines that are not blank, trimmed."""
    return list(filter(None, (line.strip(WHITE) for line in re.split(_LINE_ENDS, text))))


def paragraphs_of(text: str) -> list[str]:
    """What blank lines part, trimmed; lines within stay as they are."""
    found, current = [], ""
    for line, end in zip(re.split(_LINE_ENDS, text), [*re.findall(_LINE_ENDS, text), ""], strict=True):
        if line.strip(WHITE):
            current += line + end
        elif current:
            found.append(current.strip(WHITE))
            current = ""
    return [*found, current.strip(WHITE)] if current else found


def words_of(text: str) -> list[str]:
    """What white space parts."""
    return re.findall(NOT_WHITE, text)


def share(part: float, whole: float) -> float:
    """A share; 0 of nothing."""
    return part / whole if whole else 0.0


def repeats(pieces: Sequence[Hashable]) -> list[int]:
    """The pieces that an earlier one equals."""
    return [at for at, piece in enumerate(pieces) if piece in pieces[:at]]


def repeated_shares(text: str) -> list[float]:
    """The shares of `transforms.filters.repetition.repeated_shares`."""
    found = []
    for pieces in (lines_of(text), paragraphs_of(text)):
        again = repeats(pieces)
        found.append(share(len(again), len(pieces)))
        found.append(share(sum(len(pieces[at]) for at in again), sum(map(len, pieces))))
    words = words_of(text)
    for size in range(2, 11):
        grams = [tuple(words[at : at + size]) for at in range(len(words) - size + 1)]
        starts = _most_frequent(grams) if size <= 4 else repeats(grams)
        covered = {at for start in starts for at in range(start, start + size)}
        found.append(share(sum(len(words[at]) for at in covered), sum(map(len, words))))
    return found


def _most_frequent(grams: list[tuple[str, ...]]) -> list[int]:
    """Where the n-gram is that occurs most often, then is longest, then comes first; nowhere if it occurs once."""
    counts = Counter(grams)
    top = max(grams, key=lambda gram: (counts[gram], len("".join(gram)), -grams.index(gram)), default=())
    return [at for at, gram in enumerate(grams) if gram == top] if counts[top] > 1 else []


def measures(text: str) -> dict[str, float]:
    """The measures of `transforms.filters.shares.measures`."""
    words, lines = words_of(text), [line.replace("\0", "") for line in re.split(_LINE_ENDS, text)]
    lines = [line.strip(WHITE) for line in lines if line.strip(WHITE)]
    letters = [each for word in words for each in word if unicodedata.category(each)[0] != "M"]
    letters = [each for each in letters if each != "\u0640" and unicodedata.category(each) != "Cf"]
    with_letter = [word for word in words if any(unicodedata.category(each)[0] == "L" for each in word)]
    joined = " ".join(words)
    return {
        "words": len(words),
        "word_length": share(len(letters), len(words)),
        "symbols": share(joined.count("#") + joined.count("…") + joined.count("..."), len(words)),
        "lettered": share(len(with_letter), len(words)),
        "bullets": share(sum(line[0] in "-*•●▪■◦‣·" for line in lines), len(lines)),
        "ellipses": share(sum(line.endswith(("...", "…")) for line in lines), len(lines)),
    }
