"""The pattern of an indicator (STIX 2.1 §4.7, §9): its grammar, and the names of types and properties in it."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from tocsin.formats.stix.check.found import Found, Problem, must, should, shown
from tocsin.formats.stix.check.observables21 import LAYOUTS
from tocsin.formats.stix.grammar import Comparison, read_pattern

_TYPE = re.compile(r"-?[a-z0-9]+(?:-[a-z0-9]+)*-?")
_PROPERTY = re.compile(r"[a-z0-9_]{3,250}|id")
_PATH = re.compile(r"([^:]*):([^.\[]*)")
#: STIX 2.0 wrote the two times of START … STOP as plain text.
_OLD_TIMES = re.compile(r"\b(START|STOP)(\s+)'")


def pattern_is_right(value: Mapping[str, Any]) -> Found:
    """The pattern of a whole indicator, if it is written in the language of STIX."""
    text = value.get("pattern")
    if value.get("pattern_type", "stix") != "stix" or not isinstance(text, str):
        return None
    is_old = str(value.get("pattern_version") or value.get("spec_version") or "2.0") == "2.0"
    return list(_problems(text, is_old)) or None


@lru_cache(maxsize=1 << 12)
def _problems(text: str, is_old: bool) -> tuple[Problem, ...]:
    try:
        names = sorted(set(_compared(read_pattern(_OLD_TIMES.sub(r"\1\2t'", text) if is_old else text))))
    except ValueError as error:
        return tuple(must(f"is no STIX pattern: {error}", ".pattern"))
    found: list[Problem] = []
    for kind, name in names:
        if kind not in _PROPERTIES:
            found += _custom_type(kind)
        if name not in _PROPERTIES.get(kind, ()):
            found += _custom_property(kind, name)
    return tuple(dict.fromkeys(found))


def _compared(node: Any) -> Iterator[tuple[str, str]]:
    """The type and the first property of every comparison."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Comparison):
            found = _PATH.match(node.path)
            if found:
                yield found[1], found[2]
        else:
            waiting += getattr(node, "parts", ())
            inner = getattr(node, "inner", None)
            waiting += [] if inner is None else [inner]


def _custom_type(kind: str) -> list[Problem]:
    if not _TYPE.fullmatch(kind) or not 3 <= len(kind) <= 250:
        return must(f"speaks of {shown(kind)}, which cannot be the type of an object", ".pattern")
    found = should("strict-types", f"speaks of {kind}, which is not a type of the specification", ".pattern")
    return found + _unprefixed(kind, "x-", "-")


def _custom_property(kind: str, name: str) -> list[Problem]:
    if not _PROPERTY.fullmatch(name):
        return must(f"speaks of {shown(name)}, which cannot be the name of a property", ".pattern")
    if kind not in _PROPERTIES:
        return []
    found = should("strict-properties", f"speaks of {name}, which is not a property of {kind}", ".pattern")
    return found + _unprefixed(name, "x_", "_")


def _unprefixed(name: str, start: str, mark: str) -> list[Problem]:
    found: list[Problem] = []
    if not (name.startswith(start) and mark in name[3:-1]):
        found += should("custom-prefix", f"speaks of {name}, which should be named {start}source{mark}name", ".pattern")
    if not name.startswith(start):
        found += should("custom-prefix-lax", f"speaks of {name}, which should be named {start}…", ".pattern")
    return found


_PROPERTIES = {kind: frozenset(layout.properties) for kind, layout in LAYOUTS.items()}
