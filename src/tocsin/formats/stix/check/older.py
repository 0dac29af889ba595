"""STIX 2.0 as data: what of it differs from 2.1. Objects without ``spec_version`` are read so (2.1 §3.2)."""

from typing import Any

from tocsin.formats.stix.check import vocabularies as words
from tocsin.formats.stix.check.common import OBJECT, any_extensions, kill_chain_phases
from tocsin.formats.stix.check.found import Found, must, shown
from tocsin.formats.stix.check.kinds import (
    Kind,
    boolean,
    dictionary,
    exact_timestamp,
    exactly,
    hashes,
    in_order,
    integer,
    listed,
    reference,
    reference_except,
    text,
    timestamp,
)
from tocsin.formats.stix.check.layout import Layout
from tocsin.formats.stix.check.markings import statement_or_tlp
from tocsin.formats.stix.check.objects21 import LAYOUTS as NEWER
from tocsin.formats.stix.check.objects21 import MOST_COUNTED
from tocsin.formats.stix.check.observables21 import CONTAINED as NEWER_CONTAINED
from tocsin.formats.stix.check.patterns import pattern_is_right


def _millisecond(value: Any) -> Found:
    found = exact_timestamp(value)
    return (
        must(f"must be precise to the millisecond and no more, not {shown(value)}")
        if not found and len(value) != 24
        else found
    )


_COMMON: dict[str, Kind] = {
    **{name: kind for name, kind in OBJECT.items() if name not in ("confidence", "lang", "extensions")},
    "spec_version": exactly("2.0"),
    "created": _millisecond,
    "modified": _millisecond,
}
_REQUIRED = frozenset({"created", "modified"})
_texts = listed(text)
_named: dict[str, Kind] = {"name": text, "description": text}
_ACTOR = (
    "goals sophistication resource_level primary_motivation secondary_motivations personal_motivations roles aliases"
)


def _object(properties: dict[str, Kind], required: str, *rules: Any) -> Layout:
    return Layout(_COMMON | properties, _REQUIRED.union(required.split()), rules)


def _like(kind: str, names: str) -> dict[str, Kind]:
    """Properties that 2.1 has in the same way."""
    return {name: NEWER[kind].properties[name] for name in names.split()}


LAYOUTS: dict[str, Layout] = {
    "attack-pattern": _object({**_named, "kill_chain_phases": kill_chain_phases}, "name"),
    "campaign": _object(
        {**_named, **_like("campaign", "aliases first_seen last_seen objective")},
        "name",
        in_order("first_seen", "last_seen"),
    ),
    "course-of-action": _object(_named, "name"),
    "identity": _object(
        {**_named, **_like("identity", "identity_class sectors contact_information")}, "name identity_class"
    ),
    "indicator": _object(
        {**_named, **_like("indicator", "pattern valid_from valid_until kill_chain_phases")},
        "labels pattern valid_from",
        in_order("valid_from", "valid_until", may_be_equal=False),
        pattern_is_right,
    ),
    "intrusion-set": _object(
        {
            **_named,
            **_like(
                "intrusion-set",
                "aliases first_seen last_seen goals resource_level primary_motivation secondary_motivations",
            ),
        },
        "name",
        in_order("first_seen", "last_seen"),
    ),
    "malware": _object({**_named, "kill_chain_phases": kill_chain_phases}, "labels name"),
    "observed-data": _object(
        {
            "first_observed": timestamp,
            "last_observed": timestamp,
            "number_observed": integer(1, MOST_COUNTED),
            "objects": dictionary(),
        },
        "first_observed last_observed number_observed objects",
        in_order("first_observed", "last_observed"),
    ),
    "report": _object({**_named, **_like("report", "published object_refs")}, "labels name published object_refs"),
    "threat-actor": _object({**_named, **_like("threat-actor", _ACTOR)}, "labels name"),
    "tool": _object({**_named, "kill_chain_phases": kill_chain_phases, "tool_version": text}, "labels name"),
    "vulnerability": _object(_named, "name"),
    "relationship": _object(
        {
            "relationship_type": NEWER["relationship"].properties["relationship_type"],
            "description": text,
            "source_ref": reference_except(*words.NOT_JOINED),
            "target_ref": reference_except(*words.NOT_JOINED),
        },
        "relationship_type source_ref target_ref",
    ),
    "sighting": _object(
        {
            **_like("sighting", "first_seen last_seen count observed_data_refs sighting_of_ref summary"),
            "where_sighted_refs": listed(reference("identity")),
        },
        "sighting_of_ref",
        in_order("first_seen", "last_seen"),
    ),
    "marking-definition": Layout(
        {
            **{
                name: kind for name, kind in _COMMON.items() if name not in ("modified", "revoked", "labels", "created")
            },
            "created": timestamp,
            "definition_type": text,
            "definition": dictionary(),
        },
        frozenset({"created", "definition_type", "definition"}),
        (statement_or_tlp,),
    ),
}

#: Properties of observables that 2.1 no longer has.
_DROPPED: dict[str, dict[str, Kind]] = {
    "file": {"is_encrypted": boolean, "encryption_algorithm": text, "decryption_key": text},
    "process": {"name": text, "arguments": _texts, "created": timestamp, "binary_ref": text},
    "user-account": {"password_last_changed": timestamp},
    "windows-registry-key": {"modified": timestamp},
    "artifact": {"hashes": hashes},
}
CONTAINED: dict[str, Layout] = {
    kind: Layout(
        {
            **layout.properties,
            **_DROPPED.get(kind, {}),
            "extensions": layout.properties.get("extensions", any_extensions),
        },
        layout.required,
        layout.rules,
        True,
        layout.extensions,
    )
    for kind, layout in NEWER_CONTAINED.items()
}
