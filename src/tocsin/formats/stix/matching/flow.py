"""Filling slots with different observations where only their number matters: a flow of the greatest size (Ford and Fulkerson).

Observations that fit the same slots are one group, so the work grows with the number of slots and groups, hardly with that of observations.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from tocsin.formats.stix.matching.limits import Budget


@dataclass(slots=True)
class _Group:
    """Observations that fit the same slots: which (bits), who, and how many times none of them is taken yet."""

    mask: int
    places: list[int]
    free: int


@dataclass(frozen=True, slots=True)
class Filling:
    """Which groups fill which slots: ``taken[slot]`` is group number -> count; ``groups`` their observations."""

    groups: list[list[int]]
    taken: list[dict[int, int]]


def fill(
    members: Sequence[Sequence[int]], demands: Sequence[int], counts: Sequence[int], budget: Budget
) -> Filling | None:
    """A filling of every slot: ``members[slot]`` are the places of its observations, ``counts[place]`` how often each can be taken.

    ``None`` if there is none.
    """
    groups = _groups(members, counts, budget)
    budget.spend(len(groups) * len(members))
    taken: list[dict[int, int]] = [{} for _ in members]
    fitting = [
        [number for number, group in enumerate(groups) if group.mask >> slot & 1] for slot in range(len(members))
    ]
    for slot in sorted(range(len(members)), key=lambda slot: len(fitting[slot])):
        missing = demands[slot]
        # Groups that fit few other slots come first: they are missed least.
        for number in sorted(fitting[slot], key=lambda number: groups[number].mask.bit_count()):
            amount = min(missing, groups[number].free)
            if amount:
                missing -= amount
                groups[number].free -= amount
                taken[slot][number] = amount
        while missing:
            amount = _augment(slot, missing, groups, fitting, taken, budget)
            if not amount:
                return None
            missing -= amount
    return Filling([group.places for group in groups], taken)


def _groups(members: Sequence[Sequence[int]], counts: Sequence[int], budget: Budget) -> list[_Group]:
    masks: dict[int, int] = {}
    for slot, places in enumerate(members):
        budget.spend(len(places))
        bit = 1 << slot
        for place in places:
            masks[place] = masks.get(place, 0) | bit
    groups: dict[int, _Group] = {}
    for place, mask in masks.items():
        group = groups.get(mask)
        if group is None:
            group = groups[mask] = _Group(mask, [], 0)
        group.places.append(place)
        group.free += counts[place]
    return list(groups.values())


def _augment(
    slot: int,
    missing: int,
    groups: list[_Group],
    fitting: list[list[int]],
    taken: list[dict[int, int]],
    budget: Budget,
) -> int:
    """Take more for a slot, letting others move to groups that are free. How much more; 0 if nothing can be moved."""
    came: dict[int, tuple[int, int]] = {slot: (-1, -1)}
    holders: dict[int, list[int]] = {}
    for other, held in enumerate(taken):
        budget.spend(1 + len(held))
        for number in held:
            holders.setdefault(number, []).append(other)
    seen: set[int] = set()
    waiting = deque([slot])
    while waiting:
        current = waiting.popleft()
        budget.spend(1 + len(fitting[current]))
        for number in fitting[current]:
            if number in seen:
                continue
            seen.add(number)
            if groups[number].free:
                return _move(current, number, missing, came, groups, taken)
            for other in holders.get(number, ()):
                if other not in came:
                    came[other] = (current, number)
                    waiting.append(other)
    return 0


def _move(
    last: int,
    free: int,
    missing: int,
    came: dict[int, tuple[int, int]],
    groups: list[_Group],
    taken: list[dict[int, int]],
) -> int:
    """Along the way that was found, each slot takes from a new group what the slot after it gives back."""
    amount, current = min(missing, groups[free].free), last
    while came[current][0] >= 0:
        before, number = came[current]
        amount = min(amount, taken[current][number])
        current = before
    groups[free].free -= amount
    current, gained = last, free
    while True:
        taken[current][gained] = taken[current].get(gained, 0) + amount
        before, number = came[current]
        if before < 0:
            return amount
        taken[current][number] -= amount
        if not taken[current][number]:
            del taken[current][number]
        current, gained = before, number
