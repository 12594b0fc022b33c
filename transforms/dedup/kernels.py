"""Kernels of deduplication: from text to shingles, from shingles to ordered sets, from sets to verdicts."""

import numpy as np

from transforms.dedup.folding.kernels import SEED_WORD, absorb, character_units, word_units
from transforms.kernels import (
    Bool,
    InBytes,
    InInt32,
    InInt64,
    Int64,
    InUInt32,
    InUInt64,
    OutBytes,
    OutInt64,
    OutUInt64,
    always_inline,
    inline,
    kernel,
)
from transforms.signatures import address, call

ORDER_BITS = 22
# How far apart what is compared is, at first and later (Ciura, FCT 2001), each 2.25 times the next from there up.
GAPS = (*(int(1750 * 2.25**more) for more in range(22, 0, -1)), 1750, 701, 301, 132, 57, 23, 10, 4, 1)


@always_inline
def least_overlap(size, threshold):
    """The least number of shingles that a set of `size` must share to reach the threshold, in float64."""
    overlap = np.int64(np.ceil(threshold * size))
    while overlap > 0 and (overlap - 1) / size >= threshold:
        overlap -= 1
    while overlap / size < threshold:
        overlap += 1
    return overlap


@always_inline
def prefix_length(size, threshold):
    """The number of first tokens of an ordered set, one of which a similar set shares (Bayardo et al. 2007)."""
    return size - least_overlap(size, threshold) + 1


@inline
def sort(values, begin, end):
    """Sorts a part of a column where it is: by insertion, first of what is far apart (Shell, CACM 2(7), 1959)."""
    for gap in GAPS:
        for at in range(begin + gap, end):
            value, to = values[at], at
            while to >= begin + gap and values[to - gap] > value:
                values[to] = values[to - gap]
                to -= gap
            values[to] = value


@always_inline
def drop_repeats(tokens, begin, end):
    """Moves the distinct ones of sorted tokens to the head of where they are; returns their end."""
    if begin == end:
        return end
    distinct = begin + 1
    for at in range(begin + 1, end):
        if tokens[at] != tokens[distinct - 1]:
            tokens[distinct] = tokens[at]
            distinct += 1
    return distinct


@always_inline
def pair_overlap(left, right, similarity):
    """The least number of tokens that sets of two sizes must share to reach a similarity, in float64."""
    overlap = np.int64(np.ceil(similarity / (1.0 + similarity) * (left + right)))
    overlap = min(max(overlap, 0), left, right)
    while overlap > 0 and (overlap - 1) / (left + right - overlap + 1) >= similarity:
        overlap -= 1
    while overlap <= min(left, right) and overlap / (left + right - overlap) < similarity:
        overlap += 1
    return overlap


@always_inline
def middle_length(size, threshold):
    """The number of first tokens of an ordered set, one of which a similar set of at least its size shares."""
    return size - pair_overlap(size, size, threshold) + 1


@always_inline
def largest_partner(size, shared, similarity):
    """The most tokens in a set that can reach a similarity with one of `size`, of which it has `shared`; 0 for none."""
    largest = max(np.int64(shared / similarity) + shared - size, 0)
    while shared / (size + largest + 1 - shared) >= similarity:
        largest += 1
    while largest > 0 and shared / (size + largest - shared) < similarity:
        largest -= 1
    return largest


@always_inline
def shared_tokens(lefts, left, left_end, rights, right, right_end, wanted):
    """The number of tokens two ordered sets share, or -1 as soon as it is sure to be below `wanted`."""
    shared = 0
    spare_left = left_end - left - wanted
    spare_right = right_end - right - wanted
    while left < left_end and right < right_end:
        a = lefts[left]
        b = rights[right]
        if a == b:
            shared += 1
            left += 1
            right += 1
        elif a < b:
            left += 1
            spare_left -= 1
            if spare_left < 0:
                return -1
        else:
            right += 1
            spare_right -= 1
            if spare_right < 0:
                return -1
    return shared if shared >= wanted else -1


# Frozen, as the constants of folding are.
SEED_SHINGLE = np.uint64(0x2D358DCCAA6C78A5)
SEED_BYTES = np.uint64(0xA0761D6478BD642F)
_ONE, _TWO = np.uint64(1), np.uint64(2)


@kernel(
    InBytes, InInt64, InInt64, InUInt64, InUInt32, InUInt32, Bool, InInt64, Int64, Bool,
    OutUInt64, OutBytes, OutInt64, OutBytes, OutUInt64,
    returns=Int64,
)  # fmt: skip
def hash_shingles(
    text, start, end, salt, fold, several, by_word, sizes, minimum_words, by_bytes,
    units, digits, offsets, wordless, shingles,
):  # fmt: skip
    """Fills `shingles` with the shingle hashes of each paragraph, size by size; returns their number.

    Those of a size stand in text order, with repeats. A paragraph of 1 to `size` - 1 units has one shingle of the size:
    all of them. One of fewer than `minimum_words` words has none. One of no word at all may have one: its bytes.

    Args:
        text: uint8[m], valid UTF-8.
        start, end: int64[p], the paragraphs' bytes in `text`.
        salt: uint64[p]; sets with different salts share no shingle.
        fold, several: see `Fold`.
        by_word: whether shingles are of words, else of characters.
        sizes: int64[n], units in a shingle, each at least 1.
        minimum_words: paragraphs of fewer words, but not of none, have no shingles.
        by_bytes: whether paragraphs without a word are compared by their bytes.
        units: uint64[u], scratch; u at least the unit capacity of the longest paragraph, see `unit_capacity`.
        digits: uint8[u], scratch.
        offsets: int64[p + 1], filled with where each paragraph's shingles begin.
        wordless: uint8[p], filled with 1 for paragraphs that are compared by their bytes, else 0.
        shingles: uint64[s]; s at least the sum of the paragraphs' unit capacities for each size.
    """
    total = 0
    offsets[0] = 0
    for paragraph in range(len(start)):
        if by_word:
            count = word_units(text, start[paragraph], end[paragraph], fold, several, units, digits)
            words = count
        else:
            count, words = character_units(text, start[paragraph], end[paragraph], fold, several, units)
        wordless[paragraph] = by_bytes and count == 0 and start[paragraph] < end[paragraph]
        if wordless[paragraph]:
            state = SEED_BYTES ^ salt[paragraph]
            for at in range(start[paragraph], end[paragraph]):
                state = absorb(state, np.uint64(text[at]))
            shingles[total] = state
            total += 1
        elif count > 0 and words >= minimum_words:
            for size in sizes:
                length = min(size, count)
                # The length is part of the hash: two words are never equal to a shingle of three.
                seed = absorb(SEED_SHINGLE ^ salt[paragraph], np.uint64(length))
                if length == 2:  # written out, several are computed side by side
                    for first in range(np.uint64(count - 1)):
                        state = absorb(seed, units[first])
                        shingles[np.uint64(total) + first] = absorb(state, units[first + _ONE])
                elif length == 3:
                    for first in range(np.uint64(count - 2)):
                        state = absorb(absorb(seed, units[first]), units[first + _ONE])
                        shingles[np.uint64(total) + first] = absorb(state, units[first + _TWO])
                else:
                    for first in range(count - length + 1):
                        state = seed
                        for unit in range(first, first + length):
                            state = absorb(state, units[unit])
                        shingles[total + first] = state
                total += count - length + 1
        offsets[paragraph + 1] = total
    return total


@kernel(InUInt64, InInt64, InUInt64, InInt64, OutUInt64, OutUInt64)
def identify_sets(tokens, bounds, numbers, number_bounds, high, low):
    """Fills the two halves of a 128-bit hash of each row's tokens, in their order, and of its numbers.

    Args:
        tokens, bounds: an ordered set for each row, or its shingles as they stand in the text.
        numbers, number_bounds: see `NumberSets`.
        high, low: uint64[p].
    """
    for row in range(len(bounds) - 1):
        first = SEED_SHINGLE
        second = SEED_WORD
        for at in range(bounds[row], bounds[row + 1]):
            first = absorb(first, tokens[at])
            second = absorb(second, tokens[at])
        first = absorb(first, np.uint64(bounds[row + 1] - bounds[row]))
        second = absorb(second, first)
        for at in range(number_bounds[row], number_bounds[row + 1]):
            first = absorb(first, numbers[at])
            second = absorb(second, numbers[at])
        high[row] = first
        low[row] = second


_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)
DIGITS = 20  # of a number of 64 bits
STATE_WORDS = 16  # of what OpenSSL keeps of a SHA-256 that is begun: 112 bytes


@always_inline
def write_decimal(number, digits):
    """Writes a number that is not negative at the end of `digits`; returns its first digit's place."""
    at = len(digits)
    while at == len(digits) or number > 0:
        at -= 1
        digits[at] = np.uint8(ord("0") + number % 10)
        number //= 10
    return at


@kernel(
    InBytes, InInt64, InInt64, InBytes, InInt64, InInt32, InInt64, InInt64, OutUInt64, OutBytes, OutUInt64,
)  # fmt: skip
def identify_documents(text, start, end, names, bounds, bundle, offset, sha256, state, ids, numbers):
    """Fills the ids of documents, see `DocumentIds`.

    Args:
        text: uint8[m].
        start, end: int64[d], the documents' bytes in `text`.
        names, bounds: the names of bundles one after the other, each followed by a NUL; int64[b + 1], where they begin.
        bundle, offset: int32[d] and int64[d], the place of each document: its bundle's number, and where it begins.
        sha256: int64[3], where in memory OpenSSL's functions are that begin, continue and end a SHA-256.
        state: uint64[STATE_WORDS], scratch.
        ids: uint8[32 * d].
        numbers: uint64[d].
    """
    begin, update, finish = sha256[0], sha256[1], sha256[2]
    place = np.zeros(DIGITS + 1, np.uint8)  # it ends with a NUL
    digest = np.empty(32, np.uint8)
    here = address(state, 0)
    for row in range(len(start)):
        name, after = bounds[bundle[row]], bounds[bundle[row] + 1]
        first = write_decimal(offset[row], place[:DIGITS])
        call(begin, (here,))
        call(update, (here, address(names, name), after - name))
        call(update, (here, address(place, first), DIGITS + 1 - first))
        call(update, (here, address(text, start[row]), end[row] - start[row]))
        call(finish, (address(digest, 0), here))
        number = np.uint64(0)
        for at in range(16):
            ids[32 * row + 2 * at] = _HEX[digest[at] >> 4]
            ids[32 * row + 2 * at + 1] = _HEX[digest[at] & 15]
            if at < 8:
                number = (number << np.uint64(8)) | np.uint64(digest[at])
        numbers[row] = number
