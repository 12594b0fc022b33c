"""Kernel helpers of every join: bounds that a similarity sets, prefixes, overlaps of sorted sets."""

import numpy as np

from transforms.kernels import (
    inline,
)

ORDER_BITS = 22


@inline
def least_overlap(size, threshold):
    """The least number of shingles that a set of `size` must share to reach the threshold, in float64."""
    overlap = np.int64(np.ceil(threshold * size))
    while overlap > 0 and (overlap - 1) / size >= threshold:
        overlap -= 1
    while overlap / size < threshold:
        overlap += 1
    return overlap


@inline
def prefix_length(size, threshold):
    """The number of first tokens of an ordered set, one of which a similar set shares (Bayardo et al. 2007)."""
    return size - least_overlap(size, threshold) + 1


@inline
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


@inline
def first_slot(token, shift):
    """The slot at which a table of 2 ** (64 - shift) slots begins to look for a token (Fibonacci hashing; Knuth, vol. 3, 6.4)."""
    return np.int64((token * np.uint64(0x9E3779B97F4A7C15)) >> shift)


@inline
def pair_overlap(left, right, similarity):
    """The least number of tokens that sets of two sizes must share to reach a similarity, in float64."""
    overlap = np.int64(np.ceil(similarity / (1.0 + similarity) * (left + right)))
    overlap = min(max(overlap, 0), left, right)
    while overlap > 0 and (overlap - 1) / (left + right - overlap + 1) >= similarity:
        overlap -= 1
    while overlap <= min(left, right) and overlap / (left + right - overlap) < similarity:
        overlap += 1
    return overlap


@inline
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
