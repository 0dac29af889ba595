"""Filling slots with different observations such that orders and spans hold: branch and bound over points in time.

``A FOLLOWEDBY B`` holds if there is a time T with every observation of A beginning at T or before, and every one of B ending at T or
later; ``WITHIN`` if there is a time W with every observation ending at W or later and beginning at W + n or before. Were all T and W
known, each slot would have its list of observations, and filling slots with different ones is a flow. So ranges of T and W are halved:
with a range, a slot has the observations that any time in it admits; can these not fill the slots, no time in the range will do. A
filling that happens to hold ends the search; one that does not shows where to cut.

Ranges shrink by themselves before each cut: T does not lie before the earliest time at which A can be there, and so on along chains. So
sequences of plain brackets are found or refused almost without a cut. In general the problem is hard (three-dimensional matching is a
case of it); then the budget ends it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from itertools import pairwise

from tocsin.formats.stix.matching.flow import Filling, fill
from tocsin.formats.stix.matching.fragments import Constraint, Fragment, Order
from tocsin.formats.stix.matching.limits import Budget
from tocsin.formats.stix.matching.observations import Observation
from tocsin.formats.stix.matching.times import Candidates, Timed

#: A slot's observations: place -> how often it is taken.
Taken = dict[int, int]

_EARLIEST, _LATEST = -(1 << 200), 1 << 200

#: For every constraint the first and the last of its points in time that are still thought of.
_Ranges = tuple[tuple[int, int], ...]


class Search:
    """One fragment's search. ``observations`` are those of the data; the answer names them by place."""

    def __init__(self, fragment: Fragment, observations: Sequence[Observation], budget: Budget) -> None:
        self._slots, self._constraints, self._alike = fragment.slots, fragment.constraints, fragment.alike
        self._all, self._budget = observations, budget
        self._counts = [one.count for one in observations]
        leaves = {id(slot.leaf): slot.leaf for slot in self._slots}
        self._timed = {key: Timed(leaf, observations, budget) for key, leaf in leaves.items()}
        self._points = self._points_of_constraints()
        orders = [one for one in self._constraints if isinstance(one, Order)]
        self._comes_late = {slot for one in orders for slot in one.after} - {
            slot for one in orders for slot in one.before
        }

    def found(self) -> list[Taken] | None:
        """What fills each slot, or ``None``. Raises ``TooHard``."""
        waiting: list[_Ranges] = []
        if all(self._points):
            waiting.append(tuple((0, len(points) - 1) for points in self._points))
        while waiting:
            ranges = self._shrunk(waiting.pop())
            taken = None if ranges is None else self._filled(ranges)
            if ranges is None or taken is None:
                continue
            cut = self._cut(taken, ranges)
            if cut is None:
                return taken
            number, point = cut
            low, high = ranges[number]
            waiting += [
                (*ranges[:number], (point, high), *ranges[number + 1 :]),
                (*ranges[:number], (low, point - 1), *ranges[number + 1 :]),
            ]
        return None

    # Points in time ---------------------------------------------------------------------------------------------

    def _points_of_constraints(self) -> list[list[int]]:
        """The times that T and W need be looked for among: T where A's observations begin, W where observations end."""
        made: dict[tuple[int | None, frozenset[tuple[int, int]]], list[int]] = {}
        result = []
        for one in self._constraints:
            length = None if isinstance(one, Order) else one.length
            asked = frozenset((id(self._slots[slot].leaf), self._slots[slot].demand) for slot in _first(one))
            if (length, asked) not in made:
                made[length, asked] = self._points_of(length, asked)
            result.append(made[length, asked])
        return result

    def _points_of(self, length: int | None, asked: frozenset[tuple[int, int]]) -> list[int]:
        leaves = [self._timed[leaf] for leaf in {leaf for leaf, _ in asked}]
        points = sorted({time for leaf in leaves for time in (leaf.firsts if length is None else leaf.lasts)})
        self._budget.spend(len(points) * (1 if length is None else 1 + len(asked)))
        if length is None:
            return points
        # A window in which a bracket has too few observations by itself is none.
        return [
            time
            for time in points
            if all(self._timed[leaf].count(time, time + length) >= demand for leaf, demand in asked)
        ]

    def _bounds(self, ranges: _Ranges) -> tuple[list[int], list[int]]:
        """For every slot the latest time at which its observations may begin, and the earliest at which they may end."""
        self._budget.spend(len(self._slots) * (1 + len(self._constraints)))
        begin = [_LATEST] * len(self._slots)
        end = [_EARLIEST] * len(self._slots)
        for one, points, (low, high) in zip(self._constraints, self._points, ranges, strict=True):
            latest = points[high] if isinstance(one, Order) else points[high] + one.length
            for slot in _first(one):
                if latest < begin[slot]:
                    begin[slot] = latest
            earliest = points[low]
            for slot in _last(one):
                if earliest > end[slot]:
                    end[slot] = earliest
        return begin, end

    def _shrunk(self, ranges: _Ranges) -> _Ranges | None:
        """The ranges without the times that a slot by itself refuses; ``None`` if nothing remains."""
        while True:
            begin, end = self._bounds(ranges)
            found = [self._candidates(number, begin, end) for number in range(len(self._slots))]
            if any(one.total < slot.demand for one, slot in zip(found, self._slots, strict=True)):
                return None
            first = [one.first(slot.demand) for one, slot in zip(found, self._slots, strict=True)]
            last = [one.last(slot.demand) for one, slot in zip(found, self._slots, strict=True)]
            smaller = self._in_turn(
                [self._smaller(number, around, first, last) for number, around in enumerate(ranges)]
            )
            if any(low > high for low, high in smaller):
                return None
            if smaller == ranges:
                return ranges
            ranges = smaller

    def _smaller(self, number: int, around: tuple[int, int], first: list[int], last: list[int]) -> tuple[int, int]:
        one, points, (low, high) = self._constraints[number], self._points[number], around
        earliest = max(first[slot] for slot in _first(one)) - (0 if isinstance(one, Order) else one.length)
        latest = min(last[slot] for slot in _last(one))
        return max(low, bisect_left(points, earliest)), min(high, bisect_right(points, latest) - 1)

    def _in_turn(self, ranges: list[tuple[int, int]]) -> _Ranges:
        """Copies that are alike are looked for in the order of their times only: any other order is the same answer again."""
        for group in self._alike:
            for one, other in pairwise(group):
                ranges[other] = (max(ranges[other][0], ranges[one][0]), ranges[other][1])
            for other, one in pairwise(reversed(group)):
                ranges[one] = (ranges[one][0], min(ranges[one][1], ranges[other][1]))
        return tuple(ranges)

    def _candidates(self, slot: int, begin: list[int], end: list[int]) -> Candidates:
        return self._timed[id(self._slots[slot].leaf)].between(begin[slot], end[slot])

    # Filling and cutting ----------------------------------------------------------------------------------------

    def _filled(self, ranges: _Ranges) -> list[Taken] | None:
        """Slots filled with regard to the ranges; slots with the same candidates are filled as one and then shared out."""
        begin, end = self._bounds(ranges)
        alike: dict[tuple[int, int, int], list[int]] = {}
        for number, slot in enumerate(self._slots):
            alike.setdefault((id(slot.leaf), begin[number], end[number]), []).append(number)
        classes = list(alike.values())
        members = [self._candidates(slots[0], begin, end).places() for slots in classes]
        demands = [sum(self._slots[slot].demand for slot in slots) for slots in classes]
        filling = fill(members, demands, self._counts, self._budget)
        return None if filling is None else self._shared(filling, classes)

    def _shared(self, filling: Filling, classes: list[list[int]]) -> list[Taken]:
        """Observations for slots: early ones to what comes first, late ones to what comes last, copies in their order."""
        queues = [_Queue(sorted(group, key=self._time), self._counts) for group in filling.groups]
        result: list[Taken] = [{} for _ in self._slots]
        for slots, taken in zip(classes, filling.taken, strict=True):
            is_late = slots[0] in self._comes_late
            mine = [pair for number, amount in taken.items() for pair in queues[number].take(amount, is_late=is_late)]
            mine.sort(key=lambda pair: self._time(pair[0]))
            queue = _Queue([place for place, _ in mine], dict(mine))
            for slot in slots:
                result[slot] = dict(queue.take(self._slots[slot].demand))
        return result

    def _time(self, place: int) -> tuple[int, int]:
        return self._all[place].first, self._all[place].last

    def _cut(self, taken: list[Taken], ranges: _Ranges) -> tuple[int, int] | None:
        """A constraint that the filling breaks, and where its range is cut: of an order so that neither half admits the filling, of a
        window in the middle, because what is near the filling is only a small part of the time."""
        first = [max(self._all[place].first for place in one) for one in taken]
        last = [min(self._all[place].last for place in one) for one in taken]
        self._budget.spend(sum(map(len, taken)))
        for number, (one, points) in enumerate(zip(self._constraints, self._points, strict=True)):
            latest, earliest = max(first[slot] for slot in _first(one)), min(last[slot] for slot in _last(one))
            if isinstance(one, Order) and latest > earliest:
                return number, (bisect_right(points, earliest) + bisect_right(points, latest) - 1) // 2
            if not isinstance(one, Order) and latest - earliest > one.length:
                low, high = ranges[number]
                return number, (low + high + 1) // 2
        return None


class _Queue:
    """Observations in the order of time, taken from either end; each can be taken as often as it counts."""

    def __init__(self, places: list[int], counts: Sequence[int] | Mapping[int, int]) -> None:
        self._places, self._left = places, [counts[place] for place in places]
        self._ends = [0, len(places) - 1]

    def take(self, amount: int, *, is_late: bool = False) -> list[tuple[int, int]]:
        """So many, with how often each was taken."""
        result = []
        while amount:
            at = self._ends[is_late]
            some = min(amount, self._left[at])
            if some:
                result.append((self._places[at], some))
                self._left[at] -= some
                amount -= some
            if not self._left[at]:
                self._ends[is_late] += -1 if is_late else 1
        return result


def _first(one: Constraint) -> range:
    """The slots that have to begin in time."""
    return one.before if isinstance(one, Order) else one.slots


def _last(one: Constraint) -> range:
    """The slots that have to end late enough."""
    return one.after if isinstance(one, Order) else one.slots
