"""The bundles that earlier runs took, and the bytes of each."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from posixpath import dirname

from transforms.bundles.listing import Bundle
from transforms.runs.manifest import TakenInput

Interval = tuple[int, int]


@dataclass(frozen=True)
class Sorted:
    """Listed bundles, beside what was taken before.

    Attributes:
        fresh: to be taken, in the order of the listing: new ones, changed ones under their old names, unfinished ones.
        changed: those of `fresh` that were taken from the same place with other bytes.
        known: passed over: taken before, as they are, or copied, renamed or touched since.
        vanished: what was taken from the folders of the listed bundles and is no longer there, sorted.
    """

    fresh: list[Bundle] = field(default_factory=list)
    changed: list[Bundle] = field(default_factory=list)
    known: list[Bundle] = field(default_factory=list)
    vanished: list[str] = field(default_factory=list)


class TakenInputs:
    """The bundles that committed runs took. One counts as taken when every byte of it is."""

    def __init__(self, inputs: Iterable[TakenInput] = ()) -> None:
        self._intervals: dict[tuple[str, str], list[Interval]] = {}
        self._whole: set[tuple[str, str]] = set()
        self._urls: set[str] = set()
        self._digests: dict[int, set[str]] = {}
        for each in inputs:
            self.add(each)

    def add(self, taken: TakenInput) -> None:
        """Enters what a run took."""
        key = (taken.url, taken.state)
        self._intervals[key] = _united([*self._intervals.get(key, []), (taken.start, taken.end)])
        if self._intervals[key] == [(0, taken.size)]:
            self._whole.add(key)
            self._urls.add(taken.url)
            self._digests.setdefault(taken.size, set()).add(taken.sha256)

    def missing(self, bundle: Bundle, start: int, end: int) -> list[Interval]:
        """The parts of `start` to `end` of a bundle, as it is now, that no run took."""
        if (bundle.url, bundle.state) in self._whole:
            return []
        taken = self._intervals.get((bundle.url, bundle.state), [])
        clipped = ((max(first, start), min(behind, end)) for first, behind in taken if first < end and behind > start)
        edges = [start, *chain.from_iterable(clipped), end]
        return [gap for gap in zip(edges[::2], edges[1::2], strict=True) if gap[0] < gap[1] or bundle.size == 0]

    def sort_out(
        self, listed: Sequence[Bundle], digest: Callable[[Bundle], str], there: Sequence[Bundle] | None = None
    ) -> Sorted:
        """The listed bundles, sorted by what is to be done with them.

        Args:
            listed: bundles in input order.
            digest: the SHA-256 of a bundle; asked only where a bundle of that size was taken from elsewhere.
            there: all bundles that there are, where `listed` are some of them: no other has vanished.
        """
        result = Sorted()
        for bundle in listed:
            if self._is_known(bundle, digest):
                result.known.append(bundle)
                continue
            result.fresh.append(bundle)
            if bundle.url in self._urls:
                result.changed.append(bundle)
        folders = {dirname(bundle.url) for bundle in listed}
        gone = self._urls - {bundle.url for bundle in (listed if there is None else there)}
        result.vanished.extend(sorted(url for url in gone if dirname(url) in folders))
        return result

    def _is_known(self, bundle: Bundle, digest: Callable[[Bundle], str]) -> bool:
        if (bundle.url, bundle.state) in self._whole:
            return True
        alike = self._digests.get(bundle.size)
        return alike is not None and digest(bundle) in alike


def _united(intervals: Iterable[Interval]) -> list[Interval]:
    """The same bytes in as few intervals as can be, in order."""
    result: list[Interval] = []
    for start, end in sorted(intervals):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], end))
        else:
            result.append((start, end))
    return result
