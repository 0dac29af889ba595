"""A second matcher for tests: every way of binding observations, tried one by one. Small inputs only, and nothing shared but the tree.

A binding is a set of (observation, number of its sighting). Written from the text of STIX 2.1 §9.3–9.4.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any

from tocsin.formats.stix.tree import Both, Comparison, Group, Node, Observed, Repeats, StartStop, Within

Sighting = tuple[int, int]
Binding = frozenset[Sighting]


def brute_force(node: Node, observations: list[dict[str, Any]]) -> bool:
    """Whether observed data of STIX 2.0 (objects inside) match: properties of objects are plain, paths have one step."""
    return bool(_bindings(node, observations))


def _bindings(node: Node, data: list[dict[str, Any]]) -> set[Binding]:
    if isinstance(node, Observed | Group):
        if isinstance(node, Observed):
            found = {
                frozenset({(place, number)})
                for place, one in enumerate(data)
                if any(_passes(node.inner, inside) for inside in one["objects"].values())
                for number in range(one["number_observed"])
            }
        else:
            found = _bindings(node.inner, data)
        for qualifier in node.qualifiers:
            found = _qualified(found, qualifier, data)
        return found
    assert isinstance(node, Both)
    parts = [_bindings(part, data) for part in node.parts]
    if node.operator == "OR":
        return set().union(*parts)
    result = parts[0]
    for part in parts[1:]:
        result = {
            left | right
            for left in result
            for right in part
            if not left & right and (node.operator == "AND" or _follows(left, right, data))
        }
    return result


def _follows(left: Binding, right: Binding, data: list[dict[str, Any]]) -> bool:
    return all(
        _at(data[one]["first_observed"]) <= _at(data[other]["last_observed"]) for one, _ in left for other, _ in right
    )


def _qualified(found: set[Binding], qualifier: Any, data: list[dict[str, Any]]) -> set[Binding]:
    if isinstance(qualifier, Repeats):
        return {
            frozenset().union(*chosen)
            for chosen in combinations(found, qualifier.times)
            if sum(map(len, chosen)) == len(frozenset().union(*chosen))
        }
    if isinstance(qualifier, StartStop):
        start, stop = _at(qualifier.start.text), _at(qualifier.stop.text)
        return {
            one
            for one in found
            if all(
                _at(data[place]["first_observed"]) < stop and _at(data[place]["last_observed"]) >= start
                for place, _ in one
            )
        }
    assert isinstance(qualifier, Within)
    length = timedelta(seconds=float(qualifier.seconds))
    return {one for one in found if _is_short(one, length, data)}


def _is_short(one: Binding, length: timedelta, data: list[dict[str, Any]]) -> bool:
    """Whether a moment can be chosen in each observation such that the last is at most ``length`` after the first."""
    latest_begin = max(_at(data[place]["first_observed"]) for place, _ in one)
    return any(
        latest_begin - _at(data[place]["last_observed"]) <= length
        and all(_at(data[other]["last_observed"]) >= _at(data[place]["last_observed"]) for other, _ in one)
        for place, _ in one
    )


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _passes(node: Node, inside: dict[str, Any]) -> bool:
    if isinstance(node, Both):
        results: Iterator[bool] = (_passes(part, inside) for part in node.parts)
        return all(results) if node.operator == "AND" else any(results)
    assert isinstance(node, Comparison)
    if node.type != inside["type"]:
        return False
    name = node.steps[0]
    if node.operator == "EXISTS":
        return (name in inside) != node.is_negated
    if name not in inside:
        return False
    value = inside[name]
    if node.operator == "IN":
        return (value in node.values) != node.is_negated
    wanted: Any = node.values[0]
    result: bool = {"=": value == wanted, "!=": value != wanted, "<": value < wanted, ">=": value >= wanted}[
        node.operator
    ]
    return result != node.is_negated
