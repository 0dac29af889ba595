"""A STIX pattern as alternatives of plain comparisons, if that is all it is."""

import re

from tocsin.formats.misp.attribute_types import hash_path
from tocsin.formats.misp.terms import Said
from tocsin.formats.stix.grammar import Both, Comparison, Node, Observed, read_pattern

_MOST = 500
_QUOTED = re.compile(r"\.(?=[A-Za-z0-9_-]*-)([A-Za-z0-9_-]+)")


def alternatives_of(pattern: str) -> list[list[Said]] | None:
    """Each alternative as the comparisons that hold together; ``None`` for a pattern that says more than that."""
    try:
        node = read_pattern(pattern)
    except ValueError:
        return None
    found = _alternatives(node)
    return found if found and len(found) <= _MOST else None


def _alternatives(node: Node) -> list[list[Said]] | None:
    if isinstance(node, Observed):
        return None if node.qualifiers else _alternatives(node.inner)
    if isinstance(node, Comparison):
        return _of_comparison(node)
    if not isinstance(node, Both) or node.operator == "FOLLOWEDBY":
        return None
    parts = [_alternatives(part) for part in node.parts]
    if any(part is None for part in parts):
        return None
    known = [part for part in parts if part is not None]
    if node.operator == "OR":
        return [one for part in known for one in part]
    if any(len(part) != 1 for part in known):
        return None
    return [[term for part in known for term in part[0]]]


def _of_comparison(one: Comparison) -> list[list[Said]] | None:
    if one.is_negated or one.operator not in ("=", "IN") or not one.values:
        return None
    values = [value for value in one.values if isinstance(value, str | int) and not isinstance(value, bool)]
    return [[Said(_path(one.path), value)] for value in values] if len(values) == len(one.values) else None


def _path(path: str) -> str:
    """The path as our tables write it: keys with a hyphen in quotes, hashes under their usual names."""
    kind, mark, name = path.partition(":hashes.")
    if mark:
        bare = name.strip("'").upper()
        return hash_path(kind, {"SHA1": "SHA-1", "SHA256": "SHA-256", "SHA512": "SHA-512"}.get(bare, bare))
    return _QUOTED.sub(r".'\1'", path) if "'" not in path else path
