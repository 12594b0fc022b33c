"""Leaves out documents that repeat themselves.

The rules are those of Gopher: Rae et al., "Scaling Language Models: Methods, Analysis & Insights from Training Gopher",
arXiv:2112.11446, 2021, section A.1.1; the shares of `repetition` are those of its table A1.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from transforms.arrays import Bytes, Float64s, Int64s, UInt64s
from transforms.bundles.kernels.paragraphs import count_line_ends, find_paragraphs
from transforms.filters.kernels import MOST, TOP, count_repeats, cover_ngrams, hash_pieces, hash_words

_TOP = (0.20, 0.18, 0.16)
_AGAIN = (0.15, 0.14, 0.13, 0.12, 0.11, 0.10)


def repetition(
    batch: pa.RecordBatch,
    *,
    lines: float = 0.30,
    line_characters: float = 0.20,
    paragraphs: float = 0.30,
    paragraph_characters: float = 0.20,
    top: Sequence[float] = _TOP,
    again: Sequence[float] = _AGAIN,
) -> list[str | None]:
    """The first rule that each document breaks: a share that is greater than its bound.

    Lines are what line ends part, paragraphs what blank lines part, both trimmed; words are what white space parts. A
    line is a repeat where an earlier one of the document has the same bytes. Shares of characters are of those of all
    lines, paragraphs or words.

    Args:
        batch: documents.
        lines: most of the lines that may be repeats.
        line_characters: most of the characters that may be in such lines.
        paragraphs, paragraph_characters: the same of paragraphs.
        top: most of the characters that may be in the most frequent n-gram, of 2, 3 and 4 words.
        again: most of the characters that may be in n-grams of 5 to 10 words that were there before.

    Raises:
        ValueError: a bound is no share, or there are more or fewer than there are kinds of n-grams.
    """
    bounds = _bounds([lines, line_characters, paragraphs, paragraph_characters], top, again)
    found = repeated_shares(batch.column("text"))
    rows = zip(found.tolist(), (found > np.array(bounds)).tolist(), strict=True)
    first = ((of, broken.index(True) if any(broken) else -1) for of, broken in rows)
    return [f"{_RULES[rule]}: {of[rule]:.3f}" if rule >= 0 else None for of, rule in first]


def _bounds(shares: list[float], top: Sequence[float], again: Sequence[float]) -> list[float]:
    for name, given, wanted in (("top", top, len(_TOP)), ("again", again, len(_AGAIN))):
        if not isinstance(given, list | tuple) or len(given) != wanted:
            raise ValueError(f"{name}: should be a list of {wanted} shares")
    every = [*shares, *top, *again]
    for each in every:
        if isinstance(each, bool) or not isinstance(each, int | float) or not 0 <= each <= 1:
            raise ValueError(f"{each!r}: should be a share from 0 to 1")
    return every


_RULES = [
    "repeated lines",
    "characters in repeated lines",
    "repeated paragraphs",
    "characters in repeated paragraphs",
    *(f"characters in the most frequent {size}-gram" for size in range(2, TOP + 1)),
    *(f"characters in repeated {size}-grams" for size in range(TOP + 1, MOST + 1)),
]


def repeated_shares(texts: pa.Array) -> Float64s:
    """float64[d, 13], the shares of each text in the order of the arguments of `repetition`; 0 of nothing."""
    text, start, end = _columns(texts)
    rare = np.empty(len(start), np.uint8)
    room = count_line_ends(text, start, end, rare) + len(start)
    shares: list[Float64s] = []
    for joined in (False, True):
        shares += _piece_shares(text, *_pieces(text, start, end, rare, room, joined=joined))
    shares += _ngram_shares(text, start, end)
    return np.stack(shares, axis=1)


def _columns(texts: pa.Array) -> tuple[Bytes, Int64s, Int64s]:
    """The bytes of texts, and where each begins and ends."""
    wide = texts.cast(pa.large_string())
    if not len(wide):
        return np.empty(0, np.uint8), np.empty(0, np.int64), np.empty(0, np.int64)
    _, offsets, data = wide.buffers()
    bounds = np.frombuffer(offsets, np.int64)[wide.offset : wide.offset + len(wide) + 1]
    return np.frombuffer(data or b"", np.uint8), bounds[:-1].copy(), bounds[1:].copy()


def _pieces(
    text: Bytes, start: Int64s, end: Int64s, rare: Bytes, room: int, *, joined: bool
) -> tuple[Int64s, Int64s, Int64s]:
    """The bounds of lines, or of paragraphs where lines are joined, and where each document's begin."""
    first, last, owner = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.int32)
    count = find_paragraphs(text, start, end, rare, joined, first, last, owner)
    return first[:count], last[:count], np.searchsorted(owner[:count], np.arange(len(start) + 1)).astype(np.int64)


def _piece_shares(text: Bytes, first: Int64s, last: Int64s, begins: Int64s) -> Iterator[Float64s]:
    """The share of pieces that are repeats, and that of the characters in them."""
    hashes, sizes = np.empty(len(first), np.uint64), np.empty(len(first), np.int64)
    hash_pieces(text, first, last, hashes, sizes)
    counts = np.zeros(2 * (len(begins) - 1), np.int64)
    count_repeats(hashes, sizes, begins, _table(begins), counts)
    yield _share(counts[::2], np.diff(begins))
    yield _share(counts[1::2], _sums(sizes, begins))


def _ngram_shares(text: Bytes, start: Int64s, end: Int64s) -> list[Float64s]:
    """The shares of characters in repeated n-grams, of 2 words first."""
    hashes, sizes, begins = _words(text, start, end)
    covers = np.zeros((MOST - 1) * len(start), np.int64)
    scratch = np.empty(len(hashes), np.uint64), _table(begins), np.empty(len(hashes), np.int32)
    cover_ngrams(hashes, np.cumsum(sizes), begins, *scratch, covers)
    whole = _sums(sizes, begins)
    return [_share(column, whole) for column in covers.reshape(-1, MOST - 1).T]


def _words(text: Bytes, start: Int64s, end: Int64s) -> tuple[UInt64s, Int64s, Int64s]:
    """The hashes and characters of words, and where each document's begin."""
    room = int((end - start).sum()) // 2 + len(start)
    hashes, sizes = np.empty(room, np.uint64), np.empty(room, np.int64)
    begins = np.empty(len(start) + 1, np.int64)
    count = hash_words(text, start, end, hashes, sizes, begins)
    return hashes[:count], sizes[:count], begins


def _table(begins: Int64s) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """Room for a table of the pieces of any document."""
    return np.empty(max(4, 1 << (2 * int(np.diff(begins).max(initial=0))).bit_length()), np.int32)


def _sums(sizes: Int64s, begins: Int64s) -> Int64s:
    """The sizes of each document's pieces together."""
    ends = np.concatenate([[0], np.cumsum(sizes)])
    sums: Int64s = ends[begins[1:]] - ends[begins[:-1]]
    return sums


def _share(part: Int64s, whole: Int64s) -> Float64s:
    share: Float64s = part / np.maximum(whole, 1)
    return share
