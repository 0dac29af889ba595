"""What a pattern asks of observations, freed of its words: a tree of slots to fill, each with different observations.

Brackets have been answered by then: a slot knows which observations fit. START … STOP says something about each observation alone and is
answered by leaving out those outside; WITHIN of one observation says nothing; REPEATS of a bracket asks a slot for more observations. Where
all parts of an OR are single observations, they are one slot. So most patterns become a flat list of slots.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from tocsin.formats.stix.matching.comparing import matching_objects
from tocsin.formats.stix.matching.constants import comparable
from tocsin.formats.stix.matching.limits import Budget
from tocsin.formats.stix.matching.observations import Key, Observations
from tocsin.formats.stix.tree import Both, Group, Node, Observed, Repeats, StartStop, Within, written


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """The observations that fit a bracket, by their place in the data, in order of their beginning; and the objects that made them fit."""

    places: tuple[int, ...]
    objects: frozenset[Key]


@dataclass(frozen=True, slots=True, eq=False)
class Slot:
    """So many different observations out of a leaf's."""

    leaf: Leaf
    demand: int


@dataclass(frozen=True, slots=True, eq=False)
class AllOf:
    """Every part; of one FOLLOWEDBY (``in_order``) each part before the next."""

    parts: tuple["Plan", ...]
    in_order: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class OneOf:
    """One of the parts."""

    parts: tuple["Plan", ...]


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """The part so many times, with different observations each time."""

    part: "Plan"
    times: int


@dataclass(frozen=True, slots=True, eq=False)
class Span:
    """The part, with all its observations within so many nanoseconds."""

    part: "Plan"
    length: int


Plan = Slot | AllOf | OneOf | Times | Span
_Windows = tuple[tuple[int, int], ...]


class Planner:
    """Makes the plan of a pattern for some data. ``None`` as a plan: it cannot be fulfilled."""

    def __init__(self, data: Observations, budget: Budget) -> None:
        self._data, self._budget = data, budget
        self._everything = sum(one.count for one in data.all)
        self._leaves: dict[tuple[str, _Windows], Leaf] = {}

    def plan(self, node: Node, windows: _Windows = ()) -> Plan | None:
        """The plan of a node; ``windows`` are the times of START … STOP around it."""
        if isinstance(node, Observed | Group):
            windows += tuple(_window(one) for one in node.qualifiers if isinstance(one, StartStop))
            inner = self._single(node.inner, windows) if isinstance(node, Observed) else self.plan(node.inner, windows)
            for one in node.qualifiers:
                if isinstance(one, Repeats):
                    inner = self.times(inner, one.times)
                elif isinstance(one, Within):
                    inner = self.span(inner, int(Fraction(one.seconds) * 1_000_000_000))
            return inner
        if not isinstance(node, Both):
            raise TypeError("a comparison outside of an observation")
        if node.operator == "OR":
            return self.any([self.plan(part, windows) for part in _brackets_together(node.parts)])
        return self.all([self.plan(part, windows) for part in node.parts], in_order=node.operator == "FOLLOWEDBY")

    def _single(self, node: Node, windows: _Windows) -> Plan | None:
        """The slot of a bracket; the same bracket is answered once."""
        key = (written(node), windows)
        if key not in self._leaves:
            data = self._data
            objects = matching_objects(node, data, self._budget)
            places = {place for found in objects for place in data.seen_in[found]}
            self._budget.spend(len(places) * (1 + len(windows)))
            inside = [
                place
                for place in places
                if all(data.all[place].first < stop and start <= data.all[place].last for start, stop in windows)
            ]
            self._leaves[key] = self._leaf(inside, frozenset(objects))
        return self.slot(self._leaves[key], 1)

    def _leaf(self, places: Iterable[int], objects: frozenset[Key]) -> Leaf:
        return Leaf(tuple(sorted(places, key=lambda place: (self._data.all[place].first, place))), objects)

    def slot(self, leaf: Leaf, demand: int) -> Slot | None:
        """A slot, if there are enough observations for it."""
        return Slot(leaf, demand) if sum(self._data.all[place].count for place in leaf.places) >= demand else None

    def all(self, parts: Sequence[Plan | None], *, in_order: bool = False) -> Plan | None:
        """All parts; a list inside the list is taken apart where that changes nothing."""
        known: list[Plan] = []
        for part in parts:
            if part is None:
                return None
            if isinstance(part, AllOf) and not in_order and not part.in_order:
                known += part.parts
            else:
                known.append(part)
        if sum(map(_least, known)) > self._everything:
            return None
        return AllOf(tuple(known), True) if in_order else self._merged(known)

    def _merged(self, parts: list[Plan]) -> Plan | None:
        """Parts without order; slots of the same bracket are one that asks for more."""
        demands: dict[int, int] = {}
        leaves = {id(part.leaf): part.leaf for part in parts if isinstance(part, Slot)}
        for part in parts:
            if isinstance(part, Slot):
                demands[id(part.leaf)] = demands.get(id(part.leaf), 0) + part.demand
        slots = [self.slot(leaves[leaf], demand) for leaf, demand in demands.items()]
        known = [slot for slot in slots if slot is not None]
        others = [part for part in parts if not isinstance(part, Slot)]
        if len(known) < len(slots):
            return None
        return known[0] if len(known) == 1 and not others else AllOf((*known, *others))

    def any(self, parts: Sequence[Plan | None]) -> Plan | None:
        """One of the parts; those that one observation fulfils become one slot."""
        known: list[Plan] = []
        for part in parts:
            if part is not None:
                known += part.parts if isinstance(part, OneOf) else (part,)
        single = [part for part in known if isinstance(part, Slot) and part.demand == 1]
        if len(single) > 1:
            places = {place for part in single for place in part.leaf.places}
            objects = frozenset().union(*(part.leaf.objects for part in single))
            known = [part for part in known if part not in single]
            known.insert(0, Slot(self._leaf(places, objects), 1))
        if not known:
            return None
        return known[0] if len(known) == 1 else OneOf(tuple(known))

    def times(self, part: Plan | None, times: int) -> Plan | None:
        """A part several times."""
        if part is None or times == 1:
            return part
        if _least(part) * times > self._everything:
            return None
        if isinstance(part, Slot):
            return self.slot(part.leaf, part.demand * times)
        if isinstance(part, AllOf) and not part.in_order and all(isinstance(one, Slot) for one in part.parts):
            return self.all([self.times(one, times) for one in part.parts])
        return Times(part, times)

    def span(self, part: Plan | None, length: int) -> Plan | None:
        """A part in a short time; any single observation is within any time."""
        if part is None or (isinstance(part, Slot) and part.demand == 1):
            return part
        if isinstance(part, OneOf):
            return self.any([self.span(one, length) for one in part.parts])
        return Span(part, length)


def _window(one: StartStop) -> tuple[int, int]:
    return comparable(one.start), comparable(one.stop)


def _brackets_together(parts: Sequence[Node]) -> list[Node]:
    """``[a] OR [b]`` as ``[a OR b]``, which is the same and is answered in one go."""
    plain = [part for part in parts if isinstance(part, Observed) and not part.qualifiers]
    if len(plain) < 2:
        return list(parts)
    others = [part for part in parts if not isinstance(part, Observed) or part.qualifiers]
    inner = [
        one
        for part in plain
        for one in (part.inner.parts if isinstance(part.inner, Both) and part.inner.operator == "OR" else (part.inner,))
    ]
    return [Observed(Both("OR", tuple(inner))), *others]


def _least(plan: Plan) -> int:
    """The fewest observations that could fulfil a plan."""
    if isinstance(plan, Slot):
        return plan.demand
    if isinstance(plan, Times):
        return plan.times * _least(plan.part)
    if isinstance(plan, Span):
        return _least(plan.part)
    found = [_least(part) for part in plan.parts]
    return min(found) if isinstance(plan, OneOf) else sum(found)
