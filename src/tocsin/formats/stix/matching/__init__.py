"""STIX patterns against observed data (STIX 2.1 §9): whether a pattern matches, and which observations it took for that."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tocsin.formats.stix.grammar import PatternError, read_pattern
from tocsin.formats.stix.matching.fragments import Unfolding
from tocsin.formats.stix.matching.limits import MOST_STEPS, MOST_STEPS_AN_OBJECT, Budget, MatchError, TooHard
from tocsin.formats.stix.matching.observations import Observation, Observations, read_observations
from tocsin.formats.stix.matching.plans import Planner
from tocsin.formats.stix.matching.search import Search
from tocsin.formats.stix.tree import Node

__all__ = ["Bound", "MatchError", "Observations", "PatternError", "TooHard", "match_pattern", "read_observations"]


@dataclass(frozen=True, slots=True)
class Bound:
    """An observation that the pattern took: how many of its sightings, and the ids or keys of the objects that fit."""

    observation: Observation
    count: int
    objects: tuple[str, ...]


def match_pattern(pattern: str | Node, data: Observations, budget: Budget | None = None) -> list[Bound] | None:
    """The observations of one way in which the pattern matches, in the order of time; ``None`` if it does not.

    Raises ``PatternError`` for a pattern that is not well formed, ``MatchError`` where pattern and data cannot be compared and its kind
    ``TooHard`` where the answer would take too long.
    """
    node = read_pattern(pattern, may_repeat_qualifiers=True) if isinstance(pattern, str) else pattern
    budget = budget or Budget(MOST_STEPS + MOST_STEPS_AN_OBJECT * len(data.objects))
    plan = Planner(data, budget).plan(node)
    if plan is None:
        return None
    counts = [one.count for one in data.all]
    unfolding = Unfolding(counts, budget)
    for way in unfolding.ways(plan):
        taken = Search(way, data.all, budget).found()
        if taken is not None:
            return _bound(data, [(slot.leaf.objects, one) for slot, one in zip(way.slots, taken, strict=True)])
    return None


def _bound(data: Observations, taken: Iterable[tuple[frozenset[Any], dict[int, int]]]) -> list[Bound]:
    counts: dict[int, int] = {}
    objects: dict[int, dict[str, None]] = {}
    for fitting, one in taken:
        for place, count in one.items():
            counts[place] = counts.get(place, 0) + count
            names = objects.setdefault(place, {})
            names.update((key[1], None) for key in data.all[place].objects if key in fitting)
    order = sorted(counts, key=lambda place: (data.all[place].first, place))
    return [Bound(data.all[place], counts[place], tuple(objects[place])) for place in order]
