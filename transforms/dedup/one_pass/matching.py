"""The decision of ordered sets in input order, block by block, what does not depend on that order in parallel."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np

from transforms.arrays import Float64s, Int32s, Int64s, UInt32s, UInt64s
from transforms.dedup.one_pass.kernels.join import decide_sets, enter_sets, follow_rows, look_ahead
from transforms.dedup.one_pass.kernels.prefixes import find_keys, measure_prefixes, place_prefixes
from transforms.dedup.one_pass.kernels.rooms import mark_numbers
from transforms.dedup.one_pass.ordering import OrderedSets, table_places
from transforms.parallel import all_in_order

# Each piece or part goes through all tokens, or rows, to find its own: more than these cost more than they save.
_MOST_PIECES = 4
_MOST_ENTERING = 2
_PIECE_BITS = 21  # the base-2 logarithm of the tokens that are worth another piece
_PART_BITS = 19  # and that of the rows that are worth another part


@dataclass(frozen=True)
class Prefixes:
    """The prefixes of the contenders' sets, see `decide_sets`.

    Attributes:
        bounds: int64[c + 1], where the prefix of each set begins in the columns.
        slots: int32[x], the number of each token; -1 where it comes once.
        previous: int32[x], where the same token came before, or -1.
        uses: int32[n], how often the token of each number comes: twice at least, or 0 for a number that none has.
    """

    bounds: Int64s
    slots: Int32s
    previous: Int32s
    uses: Int32s

    def rooms(self) -> tuple[Int32s, UInt32s]:
        """Empty rooms for the postings of each token, and the postings; see `decide_sets`."""
        rooms = np.zeros((len(self.uses) + 1, 4), np.int32)
        np.cumsum(self.uses, out=rooms[1:, 0])  # below 2 ** 31, as places in the columns are
        return rooms.ravel(), np.empty(3 * int(rooms[-1, 0]), np.uint32)


def power_of_two(least: int) -> int:
    """The base-2 logarithm of the least power of two, of 2 at least, that is not below `least`."""
    return max(1, least - 1).bit_length()


def _parts(threads: int, most: int) -> int:
    """The largest power of two that is neither above `threads` nor above `most`."""
    return 1 << (min(threads, most).bit_length() - 1)


def place(ordered: OrderedSets, threshold: float, threads: int) -> Prefixes:
    """The prefixes of ordered sets.

    Args:
        ordered: the sets.
        threshold: the least Jaccard similarity of a duplicate.
        threads: how many work at a time.
    """
    bounds = np.empty(len(ordered.bounds), np.int64)
    measure_prefixes(ordered.bounds, ordered.alone, threshold, bounds)
    return _place(ordered.tokens, ordered.bounds, ordered.alone, bounds, threads)


def place_numbers(ordered: OrderedSets, prefixes: Prefixes, many: int, threads: int) -> tuple[Prefixes, Int32s]:
    """The numbers of ordered sets, as their prefixes are, and the place of each set's rarest.

    They are none where no token is in so `many` prefixes that sets are looked up by their numbers.
    """
    sets, numbers = len(ordered.paragraphs), ordered.numbers
    if prefixes.uses.max(initial=0) <= many or numbers.offsets[-1] == 0:
        none = np.empty(0, np.int32)
        return Prefixes(np.zeros(sets + 1, np.int64), none, none, none), none
    placed = _place(numbers.numbers, numbers.offsets, np.zeros(sets, np.int64), numbers.offsets, threads)
    keys = np.empty(sets, np.int32)
    find_keys(numbers.offsets, placed.slots, placed.uses, keys)
    return placed, keys


def _place(tokens: UInt64s, begins: Int64s, alone: Int64s, bounds: Int64s, threads: int) -> Prefixes:
    """Prefixes whose bounds are known, see `place_prefixes`."""
    count = int(bounds[-1])
    places = table_places(count)
    table = np.zeros(2 * places, np.uint64)
    slots, previous = np.empty(count, np.int32), np.empty(count, np.int32)
    pieces = min(threads, _MOST_PIECES, 1 + (count >> _PIECE_BITS))
    edges = np.linspace(0, places, pieces + 1).astype(np.int64)

    uses = np.zeros(pieces * (count // 2 + 1), np.int32)  # what is not touched takes no memory

    def fill(piece: int) -> int:
        return place_prefixes(  # type: ignore[no-any-return]
            tokens, begins, alone, bounds, places, edges[piece], edges[piece + 1], piece, pieces,
            table, slots, previous, uses,
        )  # fmt: skip

    most = max(all_in_order(fill, range(pieces), pieces))
    return Prefixes(bounds, slots, previous, uses[: pieces * most].copy())


class Matching:
    """The kept set that stands for each, as far as they are decided.

    The sets of a block are compared side by side with those kept before it; one after the other they are compared then
    with those that the block itself keeps, which is little work.

    Args:
        ordered: the sets.
        prefixes: theirs.
        given: float64[c], see `decide_sets`.
        threshold: the least Jaccard similarity of a duplicate.
        threads: how many work at a time.
        block: sets in a block. Sets are kept or not whatever it is; only the pairs verified depend on it.
        many: see `decide_sets`.
        few: so many sets are decided one after the other.
    """

    def __init__(
        self,
        ordered: OrderedSets,
        prefixes: Prefixes,
        given: Float64s,
        threshold: float,
        threads: int,
        block: int = 1 << 12,
        many: int = 1 << 8,
        few: int = 1 << 15,
    ) -> None:
        sets = len(ordered.paragraphs)
        self._ordered, self._prefixes, self._threshold, self._threads = ordered, prefixes, threshold, threads
        self._block, self._few = block, few
        self._marks = np.empty(sets, np.uint32)
        mark_numbers(ordered.numbers.numbers, ordered.numbers.offsets, self._marks)
        self._rooms, self._postings = prefixes.rooms()
        by_number, keys = place_numbers(ordered, prefixes, many, threads)
        number_rooms = by_number.rooms() if len(keys) else (np.empty(0, np.int32), np.empty(0, np.uint32))
        self._known = (
            ordered.tokens, ordered.bounds, ordered.alone, ordered.numbers.numbers, ordered.numbers.offsets,
            self._marks, prefixes.bounds, prefixes.slots, prefixes.previous, self._rooms, self._postings,
            by_number.slots, keys, *number_rooms, many, threshold,
        )  # fmt: skip
        self._given = given
        self._twins = (ordered.identities, np.full(1 << power_of_two(2 * sets + 2), -1, np.int32))
        self._seen = [np.full(sets, -1, np.int32) for _ in range(threads)]
        self._match, self._similarity = np.empty(sets, np.int32), np.empty(sets)
        self._decided = 0
        self.candidates = 0

    def share(self) -> float:
        """The share of the sets that are decided."""
        return self._decided / max(1, len(self._match))

    def decide(self) -> None:
        """Decides all sets."""
        if len(self._match) <= self._few:
            self._decide_in_turn()
            return
        with ThreadPoolExecutor(self._threads) as pool:
            for begin in range(0, len(self._match), self._block):
                end = min(begin + self._block, len(self._match))
                self._decide_block(pool, begin, end)
                self._decided = end

    def _decide_in_turn(self) -> None:
        """Decides all sets one after the other; none is looked at twice."""
        sets, repeats = len(self._match), self._given > 0
        self._match[:] = np.where(repeats, -2, -1)
        self._similarity[:] = np.where(repeats, self._given, self._threshold)
        again, meets = (self._prefixes.slots >= 0).astype(np.uint8), np.ones(sets, np.uint8)
        decided = (self._match, self._similarity)
        self.candidates += decide_sets(*self._known, *self._twins, again, meets, 0, sets, self._seen[0], *decided)
        self._decided = sets

    def _decide_block(self, pool: ThreadPoolExecutor, begin: int, end: int) -> None:
        edges = np.linspace(begin, end, self._threads + 1).astype(np.int64)
        bounds = self._prefixes.bounds[begin : end + 1]
        owners = np.repeat(np.arange(begin, end, dtype=np.int32), np.diff(bounds))
        again, meets = np.zeros(len(owners), np.uint8), np.empty(end - begin, np.uint8)
        block = (owners, again, np.empty(len(owners), np.int32), meets, begin)
        decided = (self._match, self._similarity)

        def ahead(part: int) -> int:
            share = (edges[part], edges[part + 1], self._seen[part])
            return look_ahead(*self._known, self._given, *self._twins, *block, *share, *decided)  # type: ignore[no-any-return]

        self.candidates += sum(pool.map(ahead, range(self._threads)))
        self.candidates += decide_sets(*self._known, *self._twins, again, meets, begin, end, self._seen[0], *decided)
        enter = partial(
            enter_sets, self._ordered.bounds, self._ordered.alone, self._ordered.numbers.offsets, self._marks,
            self._prefixes.bounds, self._prefixes.slots, self._match, self._threshold, again, begin, end,
        )  # fmt: skip
        parts = _parts(self._threads, _MOST_ENTERING)
        list(pool.map(lambda part: enter(part, parts, self._rooms, self._postings), range(parts)))

    def follow(self, rows: Int32s) -> tuple[Int64s, Float64s]:
        """The match and the similarity of each row, see `follow_rows`; all sets are decided.

        Args:
            rows: int32[r], the set of each, in input order.
        """
        found = (np.empty(len(rows), np.int64), np.empty(len(rows)))
        searched = np.arange(len(self._match), dtype=np.int32)
        parts = _parts(self._threads, min(_MOST_PIECES, 1 + (len(rows) >> _PART_BITS)))

        def work(part: int) -> int:
            scratch = (self._seen[part], searched, self._match, self._similarity)
            return follow_rows(*self._known, rows, part, parts, *scratch, *found)  # type: ignore[no-any-return]

        self.candidates += sum(all_in_order(work, range(parts), parts))
        return found
