"""Properties that many types share (STIX 2.1 §3, §7.2): markings, references to the outside, kill chains, extensions."""

import re
from collections.abc import Mapping
from typing import Any

from tocsin.formats.stix.check.found import Found, Problem, kind_of, must, should, shown, step, under
from tocsin.formats.stix.check.kinds import (
    EXTENSION_KEY,
    Kind,
    boolean,
    exact_timestamp,
    hashes,
    identifier,
    integer,
    listed,
    one_of,
    reference,
    structure,
    text,
    url,
)
from tocsin.formats.stix.check.languages import language
from tocsin.formats.stix.check.layout import Layout
from tocsin.formats.stix.check.names import property_of
from tocsin.formats.stix.check.vocabularies import EXTENSION_TYPES

_CVE = re.compile(r"CVE-\d{4}-(?:0\d{3}|[1-9]\d{3,})", re.ASCII)
_CAPEC = re.compile(r"CAPEC-\d+", re.ASCII)
_NAMED = {"cve": (_CVE, "CVE-2014-0160"), "capec": (_CAPEC, "CAPEC-163")}
_PREDEFINED_KEY = re.compile(r"[a-z][a-z0-9]*+(?:-[a-z0-9]++)*?-ext")
_SELECTOR = re.compile(r"(?:[a-z0-9_-]{3,249}(?:\.(?:\[[0-9]{1,9}\]|[a-zA-Z0-9_-]{1,250}))*+|id)")

_external_reference = structure(
    {"source_name": text, "description": text, "url": url, "hashes": hashes, "external_id": text}, ["source_name"]
)


def external_reference(value: Any) -> Found:
    """A reference to something that is not STIX (§2.5): named, and with at least one of id, description and URL.

    The sources ``cve`` and ``capec`` have identifiers of their own form, which no other source may use.
    """
    found = _external_reference(value)
    if found:
        return found
    name, number = value["source_name"], value.get("external_id")
    form = _NAMED.get(name)
    if form:
        if number is None or not form[0].fullmatch(number):
            return must(
                f"must be a number like {form[1]}, as the source is {name}, not {shown(number)}", ".external_id"
            )
    elif number is not None:
        if _CVE.fullmatch(number) or _CAPEC.fullmatch(number):
            return must(f"must be {number.partition('-')[0].lower()} for {number}, not {shown(name)}", ".source_name")
    elif "description" not in value and "url" not in value:
        return must("must have external_id, description or url")
    return None


def kill_chain_word(value: Any) -> Found:
    """Text that SHOULD be in lower case with hyphens (§2.11)."""
    if type(value) is not str:
        return must(f"must be text, not {kind_of(value)}")
    if not value.islower() or "_" in value or " " in value:
        return should("kill-chain-names", "should be in lower case, with hyphens between words")
    return None


def selector(value: Any) -> Found:
    """The way to a part of the object, such as ``external_references.[0].url`` (§7.2.3.1)."""
    if type(value) is not str or not _SELECTOR.fullmatch(value):
        return must(f"must be a selector such as labels.[0], not {shown(value)}")
    return None


def _marking_or_language(value: Mapping[str, Any]) -> Found:
    if ("marking_ref" in value) == ("lang" in value):
        return must("must have either marking_ref or lang")
    return None


def _selected(whole: Mapping[str, Any], way: str) -> bool:
    """Whether a selector leads to anything in the object."""
    place: Any = whole
    for part in way.split("."):
        if part.startswith("["):
            index = int(part[1:-1])
            if not isinstance(place, list) or index >= len(place):
                return False
            place = place[index]
        elif isinstance(place, Mapping) and part in place:
            place = place[part]
        else:
            return False
    return True


def granular_markings_select(value: Mapping[str, Any]) -> list[Problem]:
    """Every selector leads to something that is there (§7.2.3.1)."""
    problems: list[Problem] = []
    for number, marking in enumerate(_list(value["granular_markings"])):
        for index, way in enumerate(_list(marking.get("selectors")) if isinstance(marking, Mapping) else ()):
            if isinstance(way, str) and _SELECTOR.fullmatch(way) and not _selected(value, way):
                place = f".granular_markings[{number}].selectors[{index}]"
                problems += must(f"selects nothing: the object has no {way}", place)
    return problems


external_references = listed(external_reference)
kill_chain_phases = listed(
    structure({"kill_chain_name": kill_chain_word, "phase_name": kill_chain_word}, ["kill_chain_name", "phase_name"])
)
object_marking_refs = listed(reference("marking-definition"))
granular_markings = listed(
    structure(
        {"selectors": listed(selector), "marking_ref": reference("marking-definition"), "lang": language},
        ["selectors"],
        [_marking_or_language],
    )
)

_extension = structure(
    {"extension_type": one_of(*EXTENSION_TYPES)},
    ["extension_type"],
    unknown=lambda name, value: property_of(name, value),
)
_open_extension = structure({}, unknown=lambda name, value: property_of(name, value))


def extensions(predefined: Mapping[str, Kind], *, has_others: bool = True) -> Kind:
    """``extensions`` (§3.2): predefined ones of the type, extension definitions by their id, others ending ``-ext``."""

    def check(value: Any) -> Found:
        if type(value) is not dict:
            return must(f"must be an object, not {kind_of(value)}")
        if not value:
            return must("must not be an empty object: leave the property out")
        problems: list[Problem] = []
        for key, item in value.items():
            found = _one(key, item)
            if found:
                problems += under(step(key), found)
        return problems or None

    def _one(key: str, item: Any) -> Found:
        if item == {}:
            return must("must not be an empty object")
        known = predefined.get(key)
        if known:
            return known(item)
        if EXTENSION_KEY.fullmatch(key):
            return _extension(item)
        if has_others and _PREDEFINED_KEY.fullmatch(key):
            return _open_extension(item)
        return must("must be an extension-definition--UUID" + (" or end in -ext" if has_others else ""))

    return check


any_extensions = extensions({})

#: Common properties of everything but cyber-observables.
OBJECT: dict[str, Kind] = {
    "type": text,
    "spec_version": one_of("2.1"),
    "id": text,
    "created_by_ref": identifier,
    "created": exact_timestamp,
    "modified": exact_timestamp,
    "revoked": boolean,
    "labels": listed(text),
    "confidence": integer(0, 100),
    "lang": language,
    "external_references": external_references,
    "object_marking_refs": object_marking_refs,
    "granular_markings": granular_markings,
    "extensions": any_extensions,
}
OBSERVABLE: dict[str, Kind] = {
    "type": text,
    "id": text,
    "spec_version": one_of("2.1"),
    "object_marking_refs": object_marking_refs,
    "granular_markings": granular_markings,
    "defanged": boolean,
    "extensions": any_extensions,
}
#: ``type`` and ``id`` are looked at before anything else.
REQUIRED = frozenset({"spec_version", "created", "modified"})


def domain_object(properties: Mapping[str, Kind], required: str = "", *rules: Any) -> Layout:
    """A type with the common properties of domain, relationship and meta objects; ``required`` in one line."""
    return Layout(OBJECT | dict(properties), REQUIRED.union(required.split()), rules)


def observable(
    properties: Mapping[str, Kind], required: str = "", *rules: Any, predefined: Mapping[str, Kind] | None = None
) -> Layout:
    """A cyber-observable, with its predefined extensions."""
    own = {"extensions": extensions(predefined)} if predefined else {}
    return Layout(OBSERVABLE | own | dict(properties), frozenset(required.split()), rules, True, predefined)


def references_of(marked: Mapping[str, Any]) -> list[str]:
    """The marking definitions that an object names, on the whole or on parts."""
    named = [ref for ref in _list(marked.get("object_marking_refs")) if isinstance(ref, str)]
    for marking in _list(marked.get("granular_markings")):
        if isinstance(marking, Mapping) and isinstance(marking.get("marking_ref"), str):
            named.append(marking["marking_ref"])
    return named


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
