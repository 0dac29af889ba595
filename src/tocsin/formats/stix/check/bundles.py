"""A bundle (STIX 2.1 §8): its own properties, and what its objects must be to each other."""

import hashlib
from collections.abc import Mapping
from typing import Any

from tocsin.formats.stix.check.common import references_of
from tocsin.formats.stix.check.found import Problem, kind_of, must, should, shown, under
from tocsin.formats.stix.check.kinds import type_of
from tocsin.formats.stix.check.names import custom_property, property_of
from tocsin.formats.stix.check.objects import problems_of
from tocsin.formats.stix.check.rules import Rules
from tocsin.text.seen import Seen

_OWN = frozenset({"type", "id", "objects", "spec_version"})


def problems_of_envelope(envelope: Mapping[str, Any], rules: Rules) -> list[Problem]:
    """What is wrong with a bundle apart from its objects."""
    found: list[Problem] = []
    identifier = envelope.get("id")
    if type(identifier) is not str:
        found += must("is missing" if identifier is None else f"must be text, not {kind_of(identifier)}", ".id")
    elif type_of(identifier) != "bundle":
        found += must(f"must be an identifier, bundle--UUID (RFC 4122), not {shown(identifier)}", ".id")
    elif identifier[-22] != "4":
        found += should("uuid-check", f"should have a UUID of version 4, not {identifier[-22]}", ".id")
    version = envelope.get("spec_version")
    if rules.version == "2.0":
        if version != "2.0":
            found += must("is missing" if version is None else f"must be '2.0', not {shown(version)}", ".spec_version")
    elif version is not None and version not in ("2.0", "2.1"):
        found += must(f"must be '2.1' or '2.0', not {shown(version)}", ".spec_version")
    elif version == "2.1":
        found += custom_property("spec_version", is_extended=False)
    for name, value in envelope.items():
        if name not in _OWN:
            found += under("." + name, property_of(name, value) or ())
            found += custom_property(name, is_extended=False)
    objects = envelope.get("objects")
    if objects is not None and type(objects) is not list:
        found += must(f"must be a list, not {kind_of(objects)}", ".objects")
    elif objects == []:
        found += must("must not be an empty list: leave the property out", ".objects")
    return found


class Company:
    """What the objects of one bundle are to each other; told of each in turn, it keeps little more than their identifiers."""

    def __init__(self, rules: Rules) -> None:
        self._is_interop = rules.is_interop and rules.version == "2.1"
        self._seen = Seen()
        self._marked: dict[str, list[str]] = {}
        self._producers: set[str] = set()
        self._nameless: set[str] = set()
        self._asked: dict[str, str] = {}

    def join(self, value: Mapping[str, Any]) -> list[Problem]:
        """Take in one more object; what is wrong with it beside those before."""
        identifier, kind = value.get("id"), value.get("type")
        if type(identifier) is not str:
            return []
        if kind == "marking-definition":
            self._marked[identifier] = references_of(value)
        if self._is_interop:
            self._take_in(identifier, kind, value.get("created_by_ref"))
        modified = value.get("modified")
        if type(modified) is not str:
            return []
        key = hashlib.blake2b(f"{identifier} {modified}".encode(), digest_size=16).digest()
        if not self._seen.add(key):
            return should("duplicate-ids", "stands in the bundle before, with the same modified", ".id")
        return []

    def _take_in(self, identifier: str, kind: Any, author: Any) -> None:
        if kind == "identity":
            (self._producers if author is not None else self._nameless).add(identifier)
        elif isinstance(author, str):
            self._asked.setdefault(author, identifier)

    def verdict(self) -> list[Problem]:
        """What is wrong with all of them together, once all have joined."""
        found: list[Problem] = []
        for start in self._marked:
            if self._leads_back(start):
                found += must(
                    f"{start} must not be marked, by way of others, with itself (object_marking_refs)", ".objects"
                )
        for author, identifier in self._asked.items():
            if author in self._nameless:
                found += must(f"{author}, who created {identifier}, must itself have created_by_ref", ".objects")
            elif author not in self._producers:
                found += must(f"{author}, who created {identifier}, must be in the bundle", ".objects")
        return found

    def _leads_back(self, start: str) -> bool:
        """Whether markings of markings come back to the first; one that marks itself is told where it stands."""
        seen: set[str] = set()
        waiting = [ref for ref in self._marked[start] if ref != start]
        while waiting:
            ref = waiting.pop()
            if ref == start:
                return True
            if ref not in seen:
                seen.add(ref)
                waiting += self._marked.get(ref, ())
        return False


def problems_of_bundle(bundle: Mapping[str, Any], rules: Rules) -> list[Problem]:
    """A whole bundle in memory with all its objects."""
    found = problems_of_envelope(bundle, rules)
    company = Company(rules)
    objects = bundle.get("objects")
    for index, value in enumerate(objects if type(objects) is list else ()):
        place = f".objects[{index}]"
        if type(value) is not dict:
            found += must(f"must be an object, not {kind_of(value)}", place)
        elif value.get("type") == "bundle":
            found += must("must not be a bundle", place)
        else:
            found += under(place, problems_of(value, rules))
            found += under(place, company.join(value))
    return found + company.verdict()
