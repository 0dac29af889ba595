"""A plan without its choices: for every way of choosing among alternatives, a flat list of slots with orders and spans between them.

Ways are tried one after the other; a way whose slots cannot be filled even without regard to time is left as soon as that shows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from tocsin.formats.stix.matching.flow import fill
from tocsin.formats.stix.matching.limits import Budget, TooHard
from tocsin.formats.stix.matching.plans import AllOf, OneOf, Plan, Slot, Span, Times

#: The most slots of one way, and the most alternatives of something that is repeated.
MOST_SLOTS = 1_000
MOST_ALTERNATIVES = 200


@dataclass(frozen=True, slots=True)
class Order:
    """Every observation of the first slots can lie before every one of the others, or at the same time."""

    before: range
    after: range


@dataclass(frozen=True, slots=True)
class Window:
    """The observations of these slots can lie within so many nanoseconds."""

    slots: range
    length: int


Constraint = Order | Window


@dataclass(frozen=True, slots=True)
class Fragment:
    """Slots, what holds between them, and ``alike``: constraints (the first of each copy) whose copies may change places."""

    slots: tuple[Slot, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    alike: tuple[tuple[int, ...], ...] = ()

    def beside(self, other: "Fragment") -> "Fragment":
        """Both together."""
        by, far = len(self.slots), len(self.constraints)
        if not other.constraints:
            return Fragment(self.slots + other.slots, self.constraints, self.alike)
        return Fragment(
            self.slots + other.slots,
            self.constraints + tuple(_shifted(one, by) for one in other.constraints),
            self.alike + tuple(tuple(number + far for number in one) for one in other.alike),
        )

    def with_constraint(self, one: Constraint) -> "Fragment":
        """The same with one more thing to hold."""
        return Fragment(self.slots, (*self.constraints, one), self.alike)


def _shifted(one: Constraint, by: int) -> Constraint:
    if isinstance(one, Order):
        return Order(_further(one.before, by), _further(one.after, by))
    return Window(_further(one.slots, by), one.length)


def _further(slots: range, by: int) -> range:
    return range(slots.start + by, slots.stop + by)


class Unfolding:
    """Walks over the ways of a plan; ``counts`` are how often each observation can be taken."""

    def __init__(self, counts: Sequence[int], budget: Budget) -> None:
        self._counts, self._budget = counts, budget

    def ways(self, plan: Plan) -> Iterator[Fragment]:
        """Every way of a plan. Raises ``TooHard`` where there are too many or one has too many slots."""
        if isinstance(plan, Slot):
            yield Fragment((plan,))
        elif isinstance(plan, OneOf):
            for part in plan.parts:
                yield from self.ways(part)
        elif isinstance(plan, Span):
            for way in self.ways(plan.part):
                yield way.with_constraint(Window(range(len(way.slots)), plan.length))
        elif isinstance(plan, Times):
            yield from self._repeated(plan)
        else:
            yield from self._joined(plan, 0, Fragment(), ())

    def _joined(self, plan: AllOf, number: int, begun: Fragment, ends: tuple[int, ...]) -> Iterator[Fragment]:
        plain = []
        while number < len(plan.parts) and isinstance(part := plan.parts[number], Slot):
            plain.append(part)
            ends = (*ends, len(begun.slots) + len(plain)) if plan.in_order else ()
            number += 1
        begun = begun.beside(Fragment(tuple(plain)))
        if not self.fits(begun):
            return
        if number == len(plan.parts):
            yield _in_order(begun, ends) if plan.in_order else begun
            return
        for way in self.ways(plan.parts[number]):
            both = begun.beside(way)
            yield from self._joined(plan, number + 1, both, (*ends, len(both.slots)))

    def _repeated(self, plan: Times) -> Iterator[Fragment]:
        found = list(islice((way for way in self.ways(plan.part) if self.fits(way)), MOST_ALTERNATIVES + 1))
        if len(found) > MOST_ALTERNATIVES:
            raise TooHard(f"what is repeated has more than {MOST_ALTERNATIVES} alternatives")
        yield from self._chosen(found, plan.times, Fragment())

    def _chosen(self, ways: list[Fragment], times: int, begun: Fragment) -> Iterator[Fragment]:
        """So many of the ways, each any number of times."""
        if not times:
            yield begun
        if not times or not ways:
            return
        for count in range(times, -1, -1) if len(ways) > 1 else (times,):
            if not self.fits(begun.beside(_multiplied(ways[0], count)) if count else begun):
                continue
            both = begun.beside(_copied(ways[0], count)) if count else begun
            yield from self._chosen(ways[1:], times - count, both)

    def fits(self, fragment: Fragment) -> bool:
        """Whether the slots can be filled, time aside."""
        self._budget.spend(len(fragment.slots))
        demands: dict[int, int] = {}
        leaves = {}
        for slot in fragment.slots:
            demands[id(slot.leaf)] = demands.get(id(slot.leaf), 0) + slot.demand
            leaves[id(slot.leaf)] = slot.leaf.places
        members = [leaves[leaf] for leaf in demands]
        return fill(members, list(demands.values()), self._counts, self._budget) is not None


def _in_order(fragment: Fragment, ends: tuple[int, ...]) -> Fragment:
    if len(ends) > MOST_SLOTS:
        raise TooHard(f"a sequence has more than {MOST_SLOTS} parts")
    orders = tuple(Order(range(end), range(end, ends[-1])) for end in ends[:-1])
    return Fragment(fragment.slots, fragment.constraints + orders, fragment.alike)


def _multiplied(way: Fragment, count: int) -> Fragment:
    return Fragment(tuple(Slot(slot.leaf, slot.demand * count) for slot in way.slots))


def _copied(way: Fragment, count: int) -> Fragment:
    """A way so many times. Without constraints its slots ask for more; with them each copy has slots of its own."""
    if not way.constraints:
        return _multiplied(way, count)
    if len(way.slots) * count > MOST_SLOTS:
        raise TooHard(
            f"a sequence or a span of time is repeated {count} times; the most that is tried are {MOST_SLOTS} observations"
        )
    size, far = len(way.slots), len(way.constraints)
    alike = tuple(tuple(number + copy * far for number in one) for copy in range(count) for one in way.alike)
    return Fragment(
        way.slots * count,
        tuple(_shifted(one, copy * size) for copy in range(count) for one in way.constraints),
        (*alike, tuple(range(0, count * far, far))) if count > 1 else alike,
    )
