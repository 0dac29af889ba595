"""What stands between ``[`` and ``]`` as a test of one object (STIX 2.1 §9.5–9.7).

Comparisons that are joined by AND speak of the same object; an observation fits if one of its objects passes. There is no negation but
that of single comparisons, so a test of one type of object is made of the comparisons that name this type; all others fail.
"""

from collections.abc import Callable, Iterable
from typing import Any

from tocsin.formats.stix.matching.constants import comparable, decoded, like_constant, order
from tocsin.formats.stix.matching.limits import Budget, MatchError
from tocsin.formats.stix.matching.networks import is_within, network
from tocsin.formats.stix.matching.observations import Key, Observations
from tocsin.formats.stix.matching.wording import like, matches
from tocsin.formats.stix.tree import Both, Comparison, Constant, Node, Step, comparisons_of

Test = Callable[[Key], bool]
_Predicate = Callable[[Any], bool]


def matching_objects(node: Node, data: Observations, budget: Budget) -> set[Key]:
    """The objects that pass. Raises ``MatchError`` where a value of the data is wrong or the work too much."""
    kinds = set()
    for one in comparisons_of(node):
        # Wrong constants are wrong whether or not there is an object to compare them with.
        _predicate(one, budget)
        kinds.add(one.type)
    found: set[Key] = set()
    for kind in kinds:
        keys = data.by_type.get(kind, ())
        test = _test(node, kind, data, budget) if keys else None
        found.update(key for key in keys if test and test(key))
    return found


def _test(node: Node, kind: str, data: Observations, budget: Budget) -> Test | None:
    """The test of one type of object; ``None`` if no object of that type can pass."""
    if isinstance(node, Comparison):
        return _single(node, _predicate(node, budget), data, budget) if node.type == kind else None
    if not isinstance(node, Both):
        raise TypeError("an observation inside an observation")
    parts = _together(node.parts) if node.operator == "OR" else node.parts
    tests = [_test(part, kind, data, budget) for part in parts]
    known = [test for test in tests if test is not None]
    if node.operator == "OR":
        return _any(known) if known else None
    return _all(known) if len(known) == len(tests) else None


def _any(tests: list[Test]) -> Test:
    return tests[0] if len(tests) == 1 else lambda key: any(test(key) for test in tests)


def _all(tests: list[Test]) -> Test:
    return tests[0] if len(tests) == 1 else lambda key: all(test(key) for test in tests)


def _together(parts: Iterable[Node]) -> list[Node]:
    """Alternatives with ``=`` and ``IN`` of the same property as one set: thousands of values cost one look-up."""
    sets: dict[tuple[str, tuple[Step, ...], type], list[Constant]] = {}
    result: list[Node] = []
    for part in parts:
        if isinstance(part, Comparison) and part.operator in ("=", "IN") and not part.is_negated and part.values:
            kind = float if type(part.values[0]) is int else type(part.values[0])
            sets.setdefault((part.type, part.steps, kind), []).extend(part.values)
        else:
            result.append(part)
    return [*result, *(Comparison(path, steps, "IN", tuple(values)) for (path, steps, _), values in sets.items())]


# Single comparisons -------------------------------------------------------------------------------------------------


def _single(one: Comparison, predicate: _Predicate, data: Observations, budget: Budget) -> Test:
    if one.operator == "EXISTS":
        return lambda key: bool(_values(one.steps, key, data, budget)) != one.is_negated
    return lambda key: any(predicate(value) for value in _values(one.steps, key, data, budget))


def _predicate(one: Comparison, budget: Budget) -> _Predicate:
    """The test of one value of the property; ``!=`` and ``NOT`` hold for one value that differs, as ``=`` does for one that equals."""
    if one.operator in ("<", ">", "<=", ">="):
        return _ordered(one)
    plain = _PREDICATES[one.operator](one, budget)
    return (lambda value: not plain(value)) if one.is_negated else plain


def _equal(one: Comparison, _budget: Budget) -> _Predicate:
    constant, compared = one.values[0], comparable(one.values[0])
    return lambda value: (alike := like_constant(value, constant)) is not None and alike == compared


def _different(one: Comparison, budget: Budget) -> _Predicate:
    is_equal = _equal(one, budget)
    return lambda value: not is_equal(value)


def _in(one: Comparison, _budget: Budget) -> _Predicate:
    constants = frozenset(comparable(value) for value in one.values)
    kind = one.values[0] if one.values else None
    return lambda value: (key := like_constant(value, kind)) is not None and key in constants


def _ordered(one: Comparison) -> _Predicate:
    """What has no order is neither smaller nor not smaller: the comparison fails, negated or not."""
    constant, compared, negated = one.values[0], comparable(one.values[0]), one.is_negated
    is_greater, may_equal = one.operator[0] == ">", one.operator.endswith("=")

    def test(value: Any) -> bool:
        found = order(value, constant, compared)
        if found is None:
            return False
        return (may_equal if found == 0 else (found > 0) == is_greater) != negated

    return test


def _like(one: Comparison, budget: Budget) -> _Predicate:
    return like(str(one.values[0]), budget)


def _matches(one: Comparison, budget: Budget) -> _Predicate:
    return matches(str(one.values[0]), budget)


def _subset(one: Comparison, _budget: Budget) -> _Predicate:
    outer = network(str(one.values[0]))
    return lambda value: isinstance(value, str) and is_within(network(value), outer)


def _superset(one: Comparison, _budget: Budget) -> _Predicate:
    inner = network(str(one.values[0]))
    return lambda value: isinstance(value, str) and is_within(inner, network(value))


def _never(_one: Comparison, _budget: Budget) -> _Predicate:
    return lambda _value: False


_PREDICATES: dict[str, Callable[[Comparison, Budget], _Predicate]] = {
    "=": _equal,
    "!=": _different,
    "IN": _in,
    "LIKE": _like,
    "MATCHES": _matches,
    "ISSUBSET": _subset,
    "ISSUPERSET": _superset,
    "EXISTS": _never,
}


# Paths --------------------------------------------------------------------------------------------------------------


def _values(steps: tuple[Step, ...], key: Key, data: Observations, budget: Budget) -> list[Any]:
    """The values that a path leads to from one object. References are followed where the path goes on behind them."""
    values: list[Any] = [data.objects[key]]
    is_reference = False
    for step in steps:
        budget.spend(len(values))
        if isinstance(step, str):
            if is_reference:
                values = _followed(values, key, data)
            values = [decoded(step, value[step]) for value in values if isinstance(value, dict) and step in value]
            is_reference = step.endswith(("_ref", "_refs"))
            _check_references(step, values)
        elif step is None:
            values = [inner for value in values if isinstance(value, list) for inner in value]
        else:
            values = [value[step] for value in values if isinstance(value, list) and 0 <= step < len(value)]
    budget.spend(1 + len(values))
    return values


def _check_references(name: str, values: list[Any]) -> None:
    if name.endswith("_ref") and not all(isinstance(value, str) for value in values):
        raise MatchError(f"{name} of the data is no reference")
    if name.endswith("_refs") and not all(
        isinstance(value, list) and all(isinstance(one, str) for one in value) for value in values
    ):
        raise MatchError(f"{name} of the data is no list of references")


def _followed(references: list[Any], key: Key, data: Observations) -> list[Any]:
    """The objects that are referred to, each once: circles of references would double them with every step."""
    names = dict.fromkeys(one for one in references if isinstance(one, str))
    return [found for name in names if (found := data.referred(key, name)) is not None]
