"""Domain, relationship and meta objects of STIX 2.1 (§4, §5, §7) as data: property -> kind, required ones, rules."""

import re
from collections.abc import Mapping
from typing import Any

from tocsin.formats.stix.check import vocabularies as words
from tocsin.formats.stix.check.common import OBJECT, domain_object, extensions, kill_chain_phases
from tocsin.formats.stix.check.found import Found, kind_of, must, should, shown
from tocsin.formats.stix.check.kinds import (
    any_of,
    boolean,
    dictionary,
    identifier,
    in_order,
    integer,
    listed,
    matching,
    number,
    one_of,
    reference,
    reference_except,
    text,
    timestamp,
    vocabulary,
)
from tocsin.formats.stix.check.languages import is_language
from tocsin.formats.stix.check.layout import Layout
from tocsin.formats.stix.check.markings import definition_is_whole
from tocsin.formats.stix.check.patterns import pattern_is_right

MOST_COUNTED = 999_999_999
_PROPERTY_NAME = re.compile(r"[a-z0-9_]{3,250}")
_PRODUCT = matching("[a-z0-9-]+", "")
_seen_in_order = in_order("first_seen", "last_seen")
_texts = listed(text)
_motivation = vocabulary("attack-motivation", words.ATTACK_MOTIVATIONS)
_resources = vocabulary("attack-resource-level", words.RESOURCE_LEVELS)
_named: dict[str, Any] = {"name": text, "description": text}
_seen: dict[str, Any] = {"first_seen": timestamp, "last_seen": timestamp}


def _product(value: Any) -> Found:
    found = text(value)
    if found is None and _PRODUCT(value):
        return should("malware-analysis-product", "should be in lower case, with hyphens between words")
    return found


def country(value: Any) -> Found:
    """A country, as ISO 3166-1 has it in two letters (§4.10)."""
    if type(value) is not str:
        return must(f"must be text, not {kind_of(value)}")
    if value.upper() in words.COUNTRIES:
        return None
    return should("countries", "should be a country code of two letters (ISO 3166-1)")


def location_is_somewhere(value: Mapping[str, Any]) -> Found:
    """A location has a region, a country, or both coordinates; precision only with coordinates (§4.10)."""
    coordinates = ("latitude" in value) + ("longitude" in value)
    found = []
    if coordinates == 1:
        found += must("must have latitude and longitude, or neither")
    if coordinates < 2 and "precision" in value:
        found += must("must have latitude and longitude where it has precision")
    if coordinates < 2 and "region" not in value and "country" not in value:
        found += must("must have region, country, or latitude and longitude")
    return found or None


def family_is_named(value: Mapping[str, Any]) -> Found:
    """A family of malware has a name (§4.11)."""
    return (
        must("is missing: a family has a name", ".name")
        if value.get("is_family") is True and "name" not in value
        else None
    )


def indicator_is_described(value: Mapping[str, Any]) -> Found:
    """An indicator SHOULD say in words what it is (§4.7)."""
    if "name" in value and "description" in value:
        return None
    return should("indicator-properties", "should have name and description")


def relationship_is_suggested(value: Mapping[str, Any]) -> Found:
    """A relationship SHOULD be one that the specification suggests for its two ends (§5.1)."""
    name, source, target = (value.get(key) for key in ("relationship_type", "source_ref", "target_ref"))
    if not (isinstance(name, str) and isinstance(source, str) and isinstance(target, str)):
        return None
    source, target = source.partition("--")[0], target.partition("--")[0]
    if name in words.COMMON_RELATIONSHIPS or source in _UNJUDGED or target in _UNJUDGED:
        return None
    if target in words.RELATIONSHIPS.get(source, {}).get(name, ()):
        return None
    return should(
        "relationship-types", f"{source} {name} {target} is not a relationship that the specification suggests"
    )


_UNJUDGED = frozenset({*words.NOT_JOINED, "extension-definition"})


def contents_are_texts(value: Mapping[str, Any]) -> Found:
    """Language content: language -> property -> translation (§7.1)."""
    found = []
    contents = value.get("contents")
    for tag, translated in contents.items() if isinstance(contents, Mapping) else ():
        if not is_language(tag):
            found += must(f"the key {shown(tag)} must be a registered language tag (RFC 5646)", ".contents")
        if not isinstance(translated, Mapping):
            found += must(f"must be an object, not {kind_of(translated)}", f".contents.{tag}")
            continue
        for name in translated:
            if not _PROPERTY_NAME.fullmatch(name):
                found += must(f"the key {shown(name)} must be a property's name", f".contents.{tag}")
    return found or None


def properties_are_of_top_level(value: Mapping[str, Any]) -> Found:
    """``extension_properties`` only, and best always, with ``toplevel-property-extension`` (§7.3)."""
    types = value.get("extension_types")
    is_top = isinstance(types, list) and "toplevel-property-extension" in types
    if "extension_properties" in value and not is_top:
        return must("must not be there without toplevel-property-extension", ".extension_properties")
    if is_top and "extension_properties" not in value:
        return should("extension-properties", "should name the properties that the extension brings along")
    return None


def is_described(value: Mapping[str, Any]) -> Found:
    """An extension definition SHOULD have a description."""
    return None if "description" in value else should("extension-description", "should have a description")


def objects_or_references(value: Mapping[str, Any]) -> Found:
    """Observed data holds its observables (as STIX 2.0 had them) or refers to them, never both (§4.14)."""
    if ("objects" in value) == ("object_refs" in value):
        return must("must have either object_refs or objects")
    if "objects" in value:
        return should("deprecated-properties", "is deprecated: object_refs takes its place", ".objects")
    return None


LAYOUTS: dict[str, Layout] = {
    "attack-pattern": domain_object(
        {**_named, "aliases": _texts, "kill_chain_phases": kill_chain_phases},
        "name",
    ),
    "campaign": domain_object({**_named, **_seen, "aliases": _texts, "objective": text}, "name", _seen_in_order),
    "course-of-action": domain_object(_named, "name"),
    "grouping": domain_object(
        {
            **_named,
            "context": vocabulary("grouping-context", words.GROUPING_CONTEXTS, has_format=False),
            "object_refs": listed(identifier),
        },
        "context object_refs",
    ),
    "identity": domain_object(
        {
            **_named,
            "roles": _texts,
            "identity_class": vocabulary("identity-class", words.IDENTITY_CLASSES),
            "sectors": listed(vocabulary("industry-sector", words.SECTORS)),
            "contact_information": text,
        },
        "name",
    ),
    "incident": domain_object(_named, "name"),
    "indicator": domain_object(
        {
            **_named,
            "indicator_types": listed(vocabulary("indicator-types", words.INDICATOR_TYPES)),
            "pattern": text,
            "pattern_type": vocabulary("indicator-pattern-types", words.PATTERN_TYPES, has_format=False),
            "pattern_version": text,
            "valid_from": timestamp,
            "valid_until": timestamp,
            "kill_chain_phases": kill_chain_phases,
        },
        "pattern pattern_type valid_from",
        in_order("valid_from", "valid_until", may_be_equal=False),
        indicator_is_described,
        pattern_is_right,
    ),
    "infrastructure": domain_object(
        {
            **_named,
            **_seen,
            "infrastructure_types": listed(vocabulary("infrastructure-types", words.INFRASTRUCTURE_TYPES)),
            "aliases": _texts,
            "kill_chain_phases": kill_chain_phases,
        },
        "name",
        _seen_in_order,
    ),
    "intrusion-set": domain_object(
        {
            **_named,
            **_seen,
            "aliases": _texts,
            "goals": _texts,
            "resource_level": _resources,
            "primary_motivation": _motivation,
            "secondary_motivations": listed(_motivation),
        },
        "name",
        _seen_in_order,
    ),
    "location": domain_object(
        {
            **_named,
            "latitude": number(-90, 90),
            "longitude": number(-180, 180),
            "precision": number(0),
            "region": vocabulary("region", words.REGIONS),
            "country": country,
            "administrative_area": text,
            "city": text,
            "street_address": text,
            "postal_code": text,
        },
        "",
        location_is_somewhere,
    ),
    "malware": domain_object(
        {
            **_named,
            **_seen,
            "malware_types": listed(vocabulary("malware-types", words.MALWARE_TYPES)),
            "is_family": boolean,
            "aliases": _texts,
            "kill_chain_phases": kill_chain_phases,
            "operating_system_refs": listed(reference("software")),
            "architecture_execution_envs": listed(vocabulary("processor-architecture", words.PROCESSORS)),
            "implementation_languages": listed(vocabulary("implementation-languages", words.IMPLEMENTATION_LANGUAGES)),
            "capabilities": listed(vocabulary("malware-capabilities", words.MALWARE_CAPABILITIES)),
            "sample_refs": listed(reference("file", "artifact")),
        },
        "is_family",
        _seen_in_order,
        family_is_named,
    ),
    "malware-analysis": domain_object(
        {
            "product": _product,
            "version": text,
            "host_vm_ref": reference("software"),
            "operating_system_ref": reference("software"),
            "installed_software_refs": listed(reference("software")),
            "configuration_version": text,
            "modules": _texts,
            "analysis_engine_version": text,
            "analysis_definition_version": text,
            "submitted": timestamp,
            "analysis_started": timestamp,
            "analysis_ended": timestamp,
            "result_name": text,
            "result": vocabulary("malware-result", words.MALWARE_RESULTS),
            "analysis_sco_refs": listed(identifier),
            "sample_ref": reference("file", "artifact", "network-traffic"),
        },
        "product",
        any_of("result", "analysis_sco_refs"),
        in_order("analysis_started", "analysis_ended"),
    ),
    "note": domain_object(
        {"abstract": text, "content": text, "authors": _texts, "object_refs": listed(identifier)},
        "content object_refs",
    ),
    "observed-data": domain_object(
        {
            "first_observed": timestamp,
            "last_observed": timestamp,
            "number_observed": integer(1, MOST_COUNTED),
            "objects": dictionary(),
            "object_refs": listed(reference_except(*words.DOMAIN_OBJECTS)),
        },
        "first_observed last_observed number_observed",
        in_order("first_observed", "last_observed"),
        objects_or_references,
    ),
    "opinion": domain_object(
        {"explanation": text, "authors": _texts, "object_refs": listed(identifier), "opinion": one_of(*words.OPINIONS)},
        "object_refs opinion",
    ),
    "report": domain_object(
        {
            **_named,
            "report_types": listed(vocabulary("report-types", words.REPORT_TYPES)),
            "published": timestamp,
            "object_refs": listed(identifier),
        },
        "name published object_refs",
    ),
    "threat-actor": domain_object(
        {
            **_named,
            **_seen,
            "threat_actor_types": listed(vocabulary("threat-actor-types", words.ACTOR_TYPES)),
            "aliases": _texts,
            "roles": listed(vocabulary("threat-actor-role", words.ACTOR_ROLES)),
            "goals": _texts,
            "sophistication": vocabulary("threat-actor-sophistication", words.SOPHISTICATIONS),
            "resource_level": _resources,
            "primary_motivation": _motivation,
            "secondary_motivations": listed(_motivation),
            "personal_motivations": listed(_motivation),
        },
        "name",
        _seen_in_order,
    ),
    "tool": domain_object(
        {
            **_named,
            "tool_types": listed(vocabulary("tool-types", words.TOOL_TYPES)),
            "aliases": _texts,
            "kill_chain_phases": kill_chain_phases,
            "tool_version": text,
        },
        "name",
    ),
    "vulnerability": domain_object(_named, "name"),
    "relationship": domain_object(
        {
            "relationship_type": matching("[a-z0-9-]+", "in lower case: a-z, 0-9 and -"),
            "description": text,
            "source_ref": reference_except(*words.NOT_JOINED),
            "target_ref": reference_except(*words.NOT_JOINED),
            "start_time": timestamp,
            "stop_time": timestamp,
        },
        "relationship_type source_ref target_ref",
        in_order("start_time", "stop_time", may_be_equal=False),
        relationship_is_suggested,
    ),
    "sighting": domain_object(
        {
            **_seen,
            "description": text,
            "count": integer(0, MOST_COUNTED),
            "sighting_of_ref": reference_except(*words.NOT_JOINED, *words.OBSERVABLES),
            "observed_data_refs": listed(reference("observed-data")),
            "where_sighted_refs": listed(reference("identity", "location")),
            "summary": boolean,
        },
        "sighting_of_ref",
        _seen_in_order,
    ),
    "language-content": domain_object(
        {
            "object_ref": reference_except("bundle", "language-content"),
            "object_modified": timestamp,
            "contents": dictionary(),
        },
        "object_ref contents",
        contents_are_texts,
    ),
    "extension-definition": domain_object(
        {
            **_named,
            "schema": text,
            "version": text,
            "extension_types": listed(one_of(*words.EXTENSION_TYPES)),
            "extension_properties": _texts,
        },
        "name schema version extension_types created_by_ref",
        properties_are_of_top_level,
        is_described,
    ),
    "marking-definition": Layout(
        {
            **{
                name: kind
                for name, kind in OBJECT.items()
                if name not in ("modified", "revoked", "labels", "confidence", "created")
            },
            "created": timestamp,
            "name": text,
            "definition_type": text,
            "definition": dictionary(),
            "extensions": extensions({}, has_others=False),
        },
        frozenset({"spec_version", "created"}),
        (definition_is_whole,),
    ),
}
