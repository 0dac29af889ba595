"""The observations of a bracket in the order of time, and those of them between two times."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Protocol

from tocsin.formats.stix.matching.limits import Budget
from tocsin.formats.stix.matching.observations import Observation
from tocsin.formats.stix.matching.plans import Leaf

#: How many observations are remembered by the times they are between.
_MOST_REMEMBERED = 200_000


class Candidates(Protocol):
    """Observations between two times."""

    @property
    def total(self) -> int:
        """How many can be taken."""

    def places(self) -> Sequence[int]:
        """Which they are."""

    def first(self, demand: int) -> int:
        """When so many of them have begun, at the earliest."""

    def last(self, demand: int) -> int:
        """The last time at which so many of them have not ended before."""


class Timed:
    """A bracket's observations; ``firsts`` and ``lasts`` are their beginnings and ends, each in the order of time."""

    def __init__(self, leaf: Leaf, observations: Sequence[Observation], budget: Budget) -> None:
        self.places = leaf.places
        budget.spend(4 * len(self.places))
        self.firsts = [observations[place].first for place in self.places]
        self.ends = [observations[place].last for place in self.places]
        self.counts = [observations[place].count for place in self.places]
        self.before = [0, *accumulate(self.counts)]
        by_end = sorted(zip(self.ends, self.counts, strict=True))
        self.lasts = [end for end, _ in by_end]
        self._ended = [0, *accumulate(count for _, count in by_end)]
        self.longest = max((end - first for first, end in zip(self.firsts, self.ends, strict=True)), default=0)
        self._budget = budget
        self._remembered: dict[tuple[int, int], Candidates] = {}
        self._size = 0

    def count(self, end: int, begin: int) -> int:
        """How many end at ``end`` or later and begin at ``begin`` or before; ``end`` is not after ``begin``."""
        return self.before[bisect_right(self.firsts, begin)] - self._ended[bisect_left(self.lasts, end)]

    def between(self, begin: int, end: int) -> Candidates:
        """Those that begin at ``begin`` or before and end at ``end`` or later."""
        stop = bisect_right(self.firsts, begin)
        # None lasts longer than the longest: those that began too early need not be looked at.
        start = min(stop, bisect_left(self.firsts, end - self.longest))
        if not self.longest:
            return Moments(self, start, stop)
        key = (begin, end)
        if key not in self._remembered:
            self._budget.spend(3 * (stop - start))
            self._size += 1 + stop - start
            if self._size > _MOST_REMEMBERED:
                self._remembered.clear()
                self._size = stop - start
            self._remembered[key] = Stretches(self, [one for one in range(start, stop) if self.ends[one] >= end])
        return self._remembered[key]


class Moments:
    """Neighbours in a row, each of which lasts no time: three looks into sorted lists answer everything."""

    __slots__ = ("_of", "_start", "_stop", "total")

    def __init__(self, of: Timed, start: int, stop: int) -> None:
        self._of, self._start, self._stop = of, start, stop
        self.total = of.before[stop] - of.before[start]

    def places(self) -> Sequence[int]:
        """Which they are."""
        return self._of.places[self._start : self._stop]

    def first(self, demand: int) -> int:
        """When so many of them have begun, at the earliest."""
        before = self._of.before
        return self._of.firsts[bisect_left(before, before[self._start] + demand, self._start, self._stop + 1) - 1]

    def last(self, demand: int) -> int:
        """The last time at which so many of them have not ended before."""
        before = self._of.before
        return self._of.firsts[bisect_right(before, before[self._stop] - demand, self._start, self._stop + 1) - 1]


class Stretches:
    """Any observations, by their numbers in the order of their beginning."""

    __slots__ = ("_by_end", "_numbers", "_of", "total")

    def __init__(self, of: Timed, numbers: list[int]) -> None:
        self._of, self._numbers = of, numbers
        self._by_end = sorted(numbers, key=of.ends.__getitem__, reverse=True)
        self.total = sum(of.counts[number] for number in numbers)

    def places(self) -> Sequence[int]:
        """Which they are."""
        return [self._of.places[number] for number in self._numbers]

    def first(self, demand: int) -> int:
        """When so many of them have begun, at the earliest."""
        return self._of.firsts[_reached(self._numbers, self._of.counts, demand)]

    def last(self, demand: int) -> int:
        """The last time at which so many of them have not ended before."""
        return self._of.ends[_reached(self._by_end, self._of.counts, demand)]


def _reached(numbers: list[int], counts: list[int], demand: int) -> int:
    for number in numbers:
        demand -= counts[number]
        if demand <= 0:
            return number
    raise ValueError("fewer than asked for")
