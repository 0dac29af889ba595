"""The heads of MISP warning lists and the values of each kind of list."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tocsin.text import normal

KINDS = frozenset({"string", "hostname", "cidr", "substring", "regex"})
_LONGEST_REGEX = 2000


@dataclass(frozen=True, slots=True)
class Head:
    """What a list says about itself. ``kind`` decides how its values compare."""

    name: str
    kind: str
    version: str | None
    matching_attributes: tuple[str, ...]


def read_head(found: Mapping[str, Any]) -> Head:
    """The head of a list. Raises ``ValueError`` without a name or a known type."""
    name, kind = found.get("name"), found.get("type")
    if not isinstance(name, str) or not name.strip():
        raise ValueError("the warning list has no name")
    if kind not in KINDS:
        raise ValueError(f"the warning list's type {kind!r} is none of {', '.join(sorted(KINDS))}")
    version = found.get("version")
    matching = found.get("matching_attributes")
    attributes = tuple(one for one in matching if isinstance(one, str)) if isinstance(matching, list) else ()
    return Head(name.strip(), kind, None if version is None else str(version), attributes)


def read_entry(kind: str, value: Any) -> str:
    """The canonical value of an entry. Raises ``ValueError`` with the reason.

    ``cidr`` takes single addresses too. ``hostname`` covers the name and all below it, and so takes a name with a leading dot as
    the name. ``regex`` is written in strokes with flags (``/…/i``) and must compile.
    """
    if not isinstance(value, str) or not value.strip():
        raise ValueError("the entry is no text")
    text = value.strip()
    if kind == "cidr":
        return normal.network(text)
    if kind == "hostname":
        return _hostname(text)
    if kind == "regex":
        return _regex(text)
    return text


def _hostname(text: str) -> str:
    bare = text.lstrip(".").removeprefix("*.").rstrip(".")
    if "." not in bare and bare.isascii() and bare.replace("-", "").isalnum():
        return bare.lower()
    try:
        return normal.domain(bare)
    except ValueError:
        # Lists of popular names hold names that break the rules of host names and are asked for all the same.
        if re.search(r"[\s/@:]", bare) or not bare:
            raise
        return bare.lower()


def _regex(text: str) -> str:
    if len(text) > _LONGEST_REGEX:
        raise ValueError(f"the regular expression is longer than {_LONGEST_REGEX} characters")
    found = re.fullmatch(r"/(.*)/([a-zA-Z]*)", text, re.DOTALL)
    try:
        re.compile(found[1] if found else text)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"not a regular expression that can be read: {error}") from error
    return text
