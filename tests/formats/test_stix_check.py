"""One STIX object against the specification, rule by rule: the smallest object that is right, and each thing that makes it wrong."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.formats.json_values import decode_strictly
from tocsin.formats.stix.check import Checked, Rules, check_object
from tocsin.formats.stix.check.identifiers import deterministic_id
from tocsin.formats.stix.check.kinds import is_before, order_of
from tocsin.formats.stix.check.strict_json import read_strictly
from tocsin.vocab.errors import UnknownName

NUMBER = "5d6f1a2b-3c4d-4e5f-8a9b-0c1d2e3f4a5b"
NUMBER_5 = "5d6f1a2b-3c4d-5e5f-8a9b-0c1d2e3f4a5b"
TIME = "2026-03-01T08:00:00.000Z"
GONE = object()


def made(kind: str, **properties: Any) -> dict[str, Any]:
    """The smallest object of a type that is right, with more or other properties; ``GONE`` takes one away."""
    value = {"type": kind, "id": f"{kind}--{NUMBER}", **BASES[kind], **properties}
    if kind not in OBSERVABLES:
        value = {"spec_version": "2.1", "created": TIME, "modified": TIME, **value}
    else:
        value = {**value, "id": properties.get("id", f"{kind}--{NUMBER if kind == 'process' else NUMBER_5}")}
    if kind == "marking-definition":
        value.pop("modified")
    return {name: item for name, item in value.items() if item is not GONE}


SOFTWARE = f"software--{NUMBER_5}"
FILE = f"file--{NUMBER_5}"
BASES: dict[str, dict[str, Any]] = {
    "attack-pattern": {"name": "Spear phishing"},
    "campaign": {"name": "Green herring"},
    "course-of-action": {"name": "Close the port"},
    "grouping": {"context": "unspecified", "object_refs": [FILE]},
    "identity": {"name": "CERT of Nowhere"},
    "incident": {"name": "Somebody was here"},
    "indicator": {
        "name": "A host",
        "description": "Seen often",
        "pattern": "[ipv4-addr:value = '198.18.0.1']",
        "pattern_type": "stix",
        "valid_from": TIME,
    },
    "infrastructure": {"name": "A server"},
    "intrusion-set": {"name": "Some bear"},
    "location": {"country": "PK"},
    "malware": {"is_family": False},
    "malware-analysis": {"product": "some-engine", "result": "benign"},
    "note": {"content": "Look here", "object_refs": [FILE]},
    "observed-data": {"first_observed": TIME, "last_observed": TIME, "number_observed": 1, "object_refs": [FILE]},
    "opinion": {"opinion": "agree", "object_refs": [FILE]},
    "report": {"name": "Of March", "published": TIME, "object_refs": [FILE]},
    "threat-actor": {"name": "Somebody"},
    "tool": {"name": "nc"},
    "vulnerability": {"name": "A hole"},
    "relationship": {
        "relationship_type": "uses",
        "source_ref": f"campaign--{NUMBER}",
        "target_ref": f"tool--{NUMBER}",
    },
    "sighting": {"sighting_of_ref": f"indicator--{NUMBER}"},
    "language-content": {"object_ref": f"campaign--{NUMBER}", "contents": {"ur": {"name": "نام"}}},
    "extension-definition": {
        "name": "Ours",
        "description": "More of it",
        "schema": "https://cert.example/schema",
        "version": "1.0",
        "extension_types": ["property-extension"],
        "created_by_ref": f"identity--{NUMBER}",
    },
    "marking-definition": {"definition_type": "statement", "definition": {"statement": "Ours"}},
    "artifact": {"payload_bin": "bm90aGluZw=="},
    "autonomous-system": {"number": 64500},
    "directory": {"path": "/tmp"},
    "domain-name": {"value": "bad.example"},
    "email-addr": {"value": "somebody@bad.example"},
    "email-message": {"is_multipart": False, "subject": "Hello"},
    "file": {"name": "a.exe"},
    "ipv4-addr": {"value": "198.18.0.1"},
    "ipv6-addr": {"value": "2001:db8::1"},
    "mac-addr": {"value": "02:00:5e:10:00:01"},
    "mutex": {"name": "once"},
    "network-traffic": {
        "protocols": ["tcp"],
        "src_ref": f"ipv4-addr--{NUMBER_5}",
        "src_port": 1,
        "dst_port": 2,
    },
    "process": {"pid": 1},
    "software": {"name": "Word"},
    "url": {"value": "https://bad.example/a?b#c"},
    "user-account": {"user_id": "1001"},
    "windows-registry-key": {"key": "HKEY_LOCAL_MACHINE\\System"},
    "x509-certificate": {"serial_number": "01"},
}
OBSERVABLES = list(BASES)[list(BASES).index("artifact") :]


def errors(value: Any, rules: Rules | None = None) -> list[str]:
    """What is refused, one line each."""
    return [str(problem) for problem in check_object(value, rules or Rules()).errors]


def warnings(value: Any, rules: Rules | None = None) -> list[str]:
    """What is recommended otherwise: the place and the check's name."""
    return [f"{problem.place} {problem.check}" for problem in check_object(value, rules or Rules()).warnings]


@pytest.mark.parametrize("kind", BASES)
def test_the_smallest_object_of_every_type_is_valid_and_draws_no_warning(kind: str) -> None:
    value = made(kind)
    assert check_object(json.dumps(value).encode()) == Checked(value["id"], kind, True)


@pytest.mark.parametrize("kind", BASES)
def test_every_type_refuses_an_identifier_of_another_type(kind: str) -> None:
    assert errors(made(kind, id=f"bundle--{NUMBER}")) == [
        f"$.id: must begin with {kind}--, the type of the object, not with bundle--"
    ]


# Each line: type, what is changed, where it is refused.
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    # Identifiers (§2.9)
    ("campaign", {"id": GONE}, "$.id"),
    ("campaign", {"id": 5}, "$.id"),
    ("campaign", {"id": "campaign--12345"}, "$.id"),
    ("campaign", {"id": f"campaign--{NUMBER} "}, "$.id"),
    ("campaign", {"id": "campaign--5d6f1a2b-3c4d-6e5f-8a9b-0c1d2e3f4a5b"}, "$.id"),
    ("campaign", {"id": "campaign--5d6f1a2b-3c4d-4e5f-7a9b-0c1d2e3f4a5b"}, "$.id"),
    ("campaign", {"created_by_ref": "nobody"}, "$.created_by_ref"),
    ("process", {"id": f"process--{NUMBER_5}"}, "$.id"),
    ("x509-certificate", {"id": f"x509-certificate--{NUMBER_5}", "serial_number": GONE, "issuer": "A"}, "$.id"),
    # Common properties (§3.2)
    ("campaign", {"spec_version": "2.2"}, "$.spec_version"),
    ("grouping", {"spec_version": GONE}, "$.spec_version"),
    ("campaign", {"created": GONE}, "$.created"),
    ("campaign", {"modified": GONE}, "$.modified"),
    ("campaign", {"created": "2026-03-01T08:00:00Z"}, "$.created"),
    ("campaign", {"created": "2026-03-01T08:00:00.00Z"}, "$.created"),
    ("campaign", {"created": "2026-03-01T08:00:00.000+00:00"}, "$.created"),
    ("campaign", {"created": "2026-02-29T08:00:00.000Z"}, "$.created"),
    ("campaign", {"created": "2026-04-31T08:00:00.000Z"}, "$.created"),
    ("campaign", {"created": "1900-02-29T08:00:00.000Z"}, "$.created"),
    ("campaign", {"created": "2026-03-01T24:00:00.000Z"}, "$.created"),
    ("campaign", {"created": "2026-03-01t08:00:00.000z"}, "$.created"),
    ("campaign", {"created": 1772352000}, "$.created"),
    ("campaign", {"created": "2026-03-01T08:00:00.0001Z"}, "$.modified"),
    ("campaign", {"modified": "2025-03-01T08:00:00.000Z"}, "$.modified"),
    ("campaign", {"revoked": "true"}, "$.revoked"),
    ("campaign", {"labels": []}, "$.labels"),
    ("campaign", {"labels": "one"}, "$.labels"),
    ("campaign", {"labels": ["one", 2]}, "$.labels[1]"),
    ("campaign", {"confidence": 101}, "$.confidence"),
    ("campaign", {"confidence": -1}, "$.confidence"),
    ("campaign", {"confidence": 50.5}, "$.confidence"),
    ("campaign", {"confidence": True}, "$.confidence"),
    ("campaign", {"confidence": "50"}, "$.confidence"),
    ("campaign", {"lang": "foo"}, "$.lang"),
    ("campaign", {"lang": "en_US"}, "$.lang"),
    ("campaign", {"lang": "en-QZZ"}, "$.lang"),
    ("campaign", {"lang": ["en"]}, "$.lang"),
    ("campaign", {"name": GONE}, "$.name"),
    ("campaign", {"name": None}, "$.name"),
    ("campaign", {"severity": "high"}, "$.severity"),
    ("file", {"username": "root"}, "$.username"),
    # Names of others (§3.1, §11)
    ("campaign", {"9lives": 1}, "$['9lives']"),
    ("campaign", {"Foo_bar": 1}, "$.Foo_bar"),
    ("campaign", {"x_é": 1}, "$.x_é"),
    ("campaign", {"xy": 1}, "$.xy"),
    ("campaign", {"x-foo": 1}, "$['x-foo']"),
    ("campaign", {"x_foo": None}, "$.x_foo"),
    ("campaign", {"x_foo": []}, "$.x_foo"),
    ("campaign", {"x_foo_hex": "abc"}, "$.x_foo_hex"),
    ("campaign", {"x_foo_bin": "abc"}, "$.x_foo_bin"),
    # External references (§2.5)
    ("campaign", {"external_references": []}, "$.external_references"),
    ("campaign", {"external_references": [{"url": "https://a.example"}]}, "$.external_references[0].source_name"),
    ("campaign", {"external_references": [{"source_name": "a"}]}, "$.external_references[0]"),
    (
        "campaign",
        {"external_references": [{"source_name": "cve", "external_id": "CVE-14-160"}]},
        "$.external_references[0].external_id",
    ),
    ("campaign", {"external_references": [{"source_name": "cve"}]}, "$.external_references[0].external_id"),
    (
        "campaign",
        {"external_references": [{"source_name": "us", "external_id": "CVE-2014-0160"}]},
        "$.external_references[0].source_name",
    ),
    (
        "campaign",
        {"external_references": [{"source_name": "capec", "external_id": "capec-1"}]},
        "$.external_references[0].external_id",
    ),
    (
        "campaign",
        {"external_references": [{"source_name": "a", "url": "a.example/b c"}]},
        "$.external_references[0].url",
    ),
    (
        "campaign",
        {"external_references": [{"source_name": "a", "url": "https://a.example", "hashes": {"MD5": "12"}}]},
        "$.external_references[0].hashes.MD5",
    ),
    # Markings (§7.2)
    ("campaign", {"object_marking_refs": [f"indicator--{NUMBER}"]}, "$.object_marking_refs[0]"),
    ("campaign", {"granular_markings": [{"selectors": ["name"]}]}, "$.granular_markings[0]"),
    (
        "campaign",
        {
            "granular_markings": [
                {"selectors": ["name"], "lang": "en", "marking_ref": f"marking-definition--{NUMBER}"},
            ]
        },
        "$.granular_markings[0]",
    ),
    (
        "campaign",
        {"granular_markings": [{"selectors": ["labels.[0]"], "lang": "en"}]},
        "$.granular_markings[0].selectors[0]",
    ),
    (
        "campaign",
        {"labels": ["a"], "granular_markings": [{"selectors": ["labels.[1]"], "lang": "en"}]},
        "$.granular_markings[0].selectors[0]",
    ),
    (
        "campaign",
        {"granular_markings": [{"selectors": ["name", "[0]"], "lang": "en"}]},
        "$.granular_markings[0].selectors[1]",
    ),
    ("campaign", {"granular_markings": [{"lang": "en"}]}, "$.granular_markings[0].selectors"),
    ("marking-definition", {"object_marking_refs": [f"marking-definition--{NUMBER}"]}, "$"),
    (
        "marking-definition",
        {"granular_markings": [{"selectors": ["definition"], "marking_ref": f"marking-definition--{NUMBER}"}]},
        "$",
    ),
    ("marking-definition", {"definition": GONE}, "$"),
    ("marking-definition", {"definition_type": GONE}, "$"),
    ("marking-definition", {"definition": {"say": "Ours"}}, "$.definition"),
    ("marking-definition", {"definition_type": "tlp", "definition": {"tlp": "green"}}, "$.id"),
    ("marking-definition", {"extensions": {"x-foo-ext": {"abc": 1}}}, "$.extensions['x-foo-ext']"),
    # Extensions (§7.3)
    ("campaign", {"extensions": {}}, "$.extensions"),
    ("campaign", {"extensions": {"whatever": {"abc": 1}}}, "$.extensions.whatever"),
    ("campaign", {"extensions": {"x-foo-ext": {}}}, "$.extensions['x-foo-ext']"),
    (
        "campaign",
        {"extensions": {f"extension-definition--{NUMBER}": {"abc": 1}}},
        f"$.extensions['extension-definition--{NUMBER}'].extension_type",
    ),
    (
        "campaign",
        {"extensions": {f"extension-definition--{NUMBER}": {"extension_type": "any"}}},
        f"$.extensions['extension-definition--{NUMBER}'].extension_type",
    ),
    ("extension-definition", {"extension_properties": ["abc"]}, "$.extension_properties"),
    ("extension-definition", {"created_by_ref": GONE}, "$.created_by_ref"),
    ("extension-definition", {"extension_types": ["sdo"]}, "$.extension_types[0]"),
    # Domain objects (§4)
    ("campaign", {"first_seen": "2026-03-02T00:00:00Z", "last_seen": "2026-03-01T00:00:00Z"}, "$.last_seen"),
    ("campaign", {"first_seen": "2026-03-01T00:00:00.0001Z", "last_seen": "2026-03-01T00:00:00Z"}, "$.last_seen"),
    ("grouping", {"object_refs": GONE}, "$.object_refs"),
    ("grouping", {"object_refs": ["file--1"]}, "$.object_refs[0]"),
    ("indicator", {"pattern_type": GONE}, "$.pattern_type"),
    ("indicator", {"valid_until": TIME}, "$.valid_until"),
    ("indicator", {"valid_until": "2026-03-01T08:00:00Z"}, "$.valid_until"),
    ("indicator", {"pattern": "[ipv4-addr:value = ]"}, "$.pattern"),
    ("indicator", {"pattern": "[ab:value = 'x']"}, "$.pattern"),
    ("indicator", {"pattern": "[file:n = 'x']"}, "$.pattern"),
    ("indicator", {"pattern": ""}, "$.pattern"),
    ("location", {"country": GONE}, "$"),
    ("location", {"latitude": 10}, "$"),
    ("location", {"latitude": 91, "longitude": 0}, "$.latitude"),
    ("location", {"precision": 10.0}, "$"),
    ("malware", {"is_family": "false"}, "$.is_family"),
    ("malware", {"is_family": True}, "$.name"),
    ("malware", {"sample_refs": [f"tool--{NUMBER}"]}, "$.sample_refs[0]"),
    ("malware-analysis", {"result": GONE}, "$"),
    ("malware-analysis", {"host_vm_ref": FILE}, "$.host_vm_ref"),
    ("observed-data", {"number_observed": 0}, "$.number_observed"),
    ("observed-data", {"number_observed": 1_000_000_000}, "$.number_observed"),
    ("observed-data", {"object_refs": GONE}, "$"),
    ("observed-data", {"object_refs": [f"campaign--{NUMBER}"]}, "$.object_refs[0]"),
    ("observed-data", {"last_observed": "2026-02-28T00:00:00Z"}, "$.last_observed"),
    ("opinion", {"opinion": "maybe"}, "$.opinion"),
    ("report", {"published": "2026-13-01T00:00:00Z"}, "$.published"),
    ("relationship", {"relationship_type": "USES"}, "$.relationship_type"),
    ("relationship", {"source_ref": f"relationship--{NUMBER}"}, "$.source_ref"),
    ("relationship", {"target_ref": f"marking-definition--{NUMBER}"}, "$.target_ref"),
    ("relationship", {"start_time": TIME, "stop_time": TIME}, "$.stop_time"),
    ("sighting", {"sighting_of_ref": FILE}, "$.sighting_of_ref"),
    ("sighting", {"sighting_of_ref": f"sighting--{NUMBER}"}, "$.sighting_of_ref"),
    ("sighting", {"count": -1}, "$.count"),
    ("sighting", {"where_sighted_refs": [f"tool--{NUMBER}"]}, "$.where_sighted_refs[0]"),
    ("language-content", {"contents": {"foo": {"name": "a"}}}, "$.contents"),
    ("language-content", {"contents": {"ur": "a"}}, "$.contents.ur"),
    ("language-content", {"contents": {"ur": {"Name": "a"}}}, "$.contents.ur"),
    ("language-content", {"object_ref": f"bundle--{NUMBER}"}, "$.object_ref"),
    # Cyber-observables (§6)
    ("artifact", {"url": "https://a.example", "hashes": {"MD5": "a" * 32}}, "$"),
    ("artifact", {"payload_bin": GONE, "url": "https://a.example"}, "$.hashes"),
    ("artifact", {"payload_bin": "bm90aGluZw="}, "$.payload_bin"),
    ("artifact", {"payload_bin": ""}, "$.payload_bin"),
    ("artifact", {"mime_type": "plain"}, "$.mime_type"),
    ("artifact", {"decryption_key": "a"}, "$.decryption_key"),
    ("autonomous-system", {"number": "64500"}, "$.number"),
    ("autonomous-system", {"number": 2**53}, "$.number"),
    ("directory", {"path_enc": "klingon"}, "$.path_enc"),
    ("domain-name", {"value": "bad example"}, "$.value"),
    ("domain-name", {"value": "https://bad.example"}, "$.value"),
    ("domain-name", {"resolves_to_refs": [FILE]}, "$.resolves_to_refs[0]"),
    ("email-addr", {"value": "somebody"}, "$.value"),
    ("email-message", {"is_multipart": GONE}, "$.is_multipart"),
    ("email-message", {"is_multipart": True, "body": "a"}, "$.body"),
    ("email-message", {"body_multipart": [{"body": "a"}]}, "$.body_multipart"),
    ("email-message", {"is_multipart": True, "body_multipart": [{"content_type": "a/b"}]}, "$.body_multipart[0]"),
    ("email-message", {"additional_header_fields": {"subject": "a"}}, "$.additional_header_fields"),
    ("file", {"name": GONE}, "$"),
    ("file", {"hashes": {}}, "$.hashes"),
    ("file", {"hashes": {"SHA-256": "a" * 63}}, "$.hashes['SHA-256']"),
    ("file", {"hashes": {"SHA-1": "z" * 40}}, "$.hashes['SHA-1']"),
    ("file", {"hashes": {"a": "b"}}, "$.hashes.a"),
    ("file", {"size": -1}, "$.size"),
    ("file", {"magic_number_hex": "abc"}, "$.magic_number_hex"),
    ("file", {"extensions": {"pdf-ext": {"is_optimized": "no"}}}, "$.extensions['pdf-ext'].is_optimized"),
    ("file", {"extensions": {"archive-ext": {"comment": "a"}}}, "$.extensions['archive-ext'].contains_refs"),
    (
        "file",
        {"extensions": {"windows-pebinary-ext": {"pe_type": "exe", "time_date_stamp": "2026-03-01T08:00:00.5Z"}}},
        "$.extensions['windows-pebinary-ext'].time_date_stamp",
    ),
    ("ipv4-addr", {"value": "198.18.0.256"}, "$.value"),
    ("ipv4-addr", {"value": "198.18.0.1/33"}, "$.value"),
    ("ipv4-addr", {"value": "198.18.0.1/255.255.0.0"}, "$.value"),
    ("ipv4-addr", {"value": "2001:db8::1"}, "$.value"),
    ("ipv6-addr", {"value": "2001:db8::1::"}, "$.value"),
    ("ipv6-addr", {"value": "2001:db8::1/129"}, "$.value"),
    ("mac-addr", {"value": "02-00-5e-10-00-01"}, "$.value"),
    ("mac-addr", {"value": "02:00:5E:10:00:01"}, "$.value"),
    ("network-traffic", {"src_ref": GONE}, "$"),
    ("network-traffic", {"src_ref": FILE}, "$.src_ref"),
    ("network-traffic", {"protocols": GONE}, "$.protocols"),
    ("network-traffic", {"src_port": 65536}, "$.src_port"),
    ("network-traffic", {"is_active": True, "end": TIME}, "$.end"),
    ("network-traffic", {"start": TIME, "end": "2026-02-01T00:00:00Z"}, "$.end"),
    (
        "network-traffic",
        {"extensions": {"socket-ext": {"address_family": "AF_INET", "options": {"SO_TYPE": "1"}}}},
        "$.extensions['socket-ext'].options.SO_TYPE",
    ),
    ("network-traffic", {"extensions": {"tcp-ext": {"abc": 1}}}, "$.extensions['tcp-ext']"),
    ("process", {"pid": GONE}, "$"),
    (
        "process",
        {"extensions": {"windows-process-ext": {"startup_info": {"cb": "1"}}}},
        "$.extensions['windows-process-ext'].startup_info.cb",
    ),
    ("software", {"cpe": "cpe:/a:some:thing"}, "$.cpe"),
    ("software", {"languages": ["klingon"]}, "$.languages[0]"),
    ("url", {"value": "bad.example/a"}, "$.value"),
    ("url", {"value": "https://bad.example/a b"}, "$.value"),
    ("url", {"value": "https://bad.example/%zz"}, "$.value"),
    ("url", {"value": "https://bad.example/ä"}, "$.value"),
    ("user-account", {"user_id": GONE}, "$"),
    ("windows-registry-key", {"key": "HKLM\\System"}, "$.key"),
    ("windows-registry-key", {"values": [{"data_type": "REG_TEXT"}]}, "$.values[0].data_type"),
    ("x509-certificate", {"serial_number": 1}, "$.serial_number"),
    ("x509-certificate", {"x509_v3_extensions": {"key_usage": 1}}, "$.x509_v3_extensions.key_usage"),
]


@pytest.mark.parametrize(("kind", "change", "place"), REFUSED, ids=[f"{k} {next(iter(c))} {p}" for k, c, p in REFUSED])
def test_what_breaks_a_must_is_refused_where_it_stands(kind: str, change: dict[str, Any], place: str) -> None:
    checked = check_object(made(kind, **change))
    assert not checked.valid
    assert place in [problem.place for problem in checked.errors], checked.errors
    assert all(problem.check is None for problem in checked.errors)


# Each line: type, what is changed, what is recommended otherwise.
WARNED: list[tuple[str, dict[str, Any], str]] = [
    ("campaign", {"id": f"campaign--{NUMBER_5}"}, "$.id uuid-check"),
    ("file", {"id": f"file--{NUMBER}"}, "$.id uuid-check"),
    ("campaign", {"spec_version": GONE}, "$.spec_version spec-version"),
    ("campaign", {"x_foo": 1}, "$.x_foo extensions-use"),
    ("campaign", {"a" * 251: 1}, "$." + "a" * 251 + " name-length"),
    (
        "campaign",
        {"external_references": [{"source_name": "a", "url": "https://a.example"}]},
        "$.external_references[0] extref-hashes",
    ),
    (
        "tool",
        {"kill_chain_phases": [{"kill_chain_name": "ours", "phase_name": "Some Phase"}]},
        "$.kill_chain_phases[0].phase_name kill-chain-names",
    ),
    ("identity", {"sectors": ["magic"]}, "$.sectors[0] industry-sector"),
    ("identity", {"sectors": ["Magic"]}, "$.sectors[0] open-vocab-format"),
    ("indicator", {"description": GONE}, "$ indicator-properties"),
    ("indicator", {"pattern_type": "spl"}, "$.pattern_type indicator-pattern-types"),
    ("location", {"country": "Atlantis"}, "$.country countries"),
    ("malware-analysis", {"product": "Some Engine"}, "$.product malware-analysis-product"),
    ("relationship", {"relationship_type": "eats"}, "$ relationship-types"),
    ("extension-definition", {"description": GONE}, "$ extension-description"),
    ("extension-definition", {"extension_types": ["toplevel-property-extension"]}, "$ extension-properties"),
    (
        "marking-definition",
        {"definition_type": "ours", "definition": {"abc": 1}},
        "$.definition_type marking-definition-type",
    ),
    ("file", {"hashes": {"CRC32": "12345678"}}, "$.hashes.CRC32 hash-algo"),
    ("file", {"hashes": {"x_" + "a" * 30: "1"}}, "$.hashes.x_" + "a" * 30 + " hash-length"),
    ("file", {"mime_type": "application/x-ours"}, "$.mime_type mime-type"),
    (
        "file",
        {"extensions": {"pdf-ext": {"document_info_dict": {"Colour": "red"}}}},
        "$.extensions['pdf-ext'].document_info_dict.Colour pdf-doc-info",
    ),
    ("file", {"extensions": {"x-ours-ext": {"abc": 1}}}, "$.extensions['x-ours-ext'] extensions-use"),
    ("network-traffic", {"src_port": GONE}, "$ network-traffic-ports"),
    ("network-traffic", {"protocols": ["klingon"]}, "$.protocols[0] protocols"),
    ("network-traffic", {"ipfix": {"klingons": 1}}, "$.ipfix.klingons ipfix"),
    ("network-traffic", {"src_ref": "ipv4-addr--1"}, "$.src_ref observable-references"),
    ("software", {"languages": ["eng"]}, "$.languages[0] language-tag"),
    ("user-account", {"account_type": "ours"}, "$.account_type account-type"),
    ("windows-registry-key", {"values": [{"name": "a", "colour": 1}]}, "$.values[0].colour extensions-use"),
]


@pytest.mark.parametrize(("kind", "change", "told"), WARNED, ids=[f"{k} {t}"[:80] for k, _, t in WARNED])
def test_what_breaks_a_recommendation_is_told_and_kept(kind: str, change: dict[str, Any], told: str) -> None:
    value = made(kind, **change)
    assert errors(value) == []
    assert told in warnings(value)


ALLOWED: list[tuple[str, dict[str, Any]]] = [
    ("campaign", {"created": "2026-03-01T08:00:00.000000000Z"}),
    ("campaign", {"first_seen": "2024-02-29T23:59:60Z"}),
    ("campaign", {"first_seen": TIME, "last_seen": "2026-03-01T08:00:00Z"}),
    ("campaign", {"confidence": 50.0}),
    ("campaign", {"description": ""}),
    *(
        ("campaign", {"lang": tag})
        for tag in ("ur", "ur-PK", "zh-Hant-TW", "sl-rozaj-biske", "x-ours", "i-klingon", "prs", "skr")
    ),
    (
        "campaign",
        {"labels": ["a"], "granular_markings": [{"selectors": ["labels.[0]", "id", "name"], "lang": "en"}]},
    ),
    ("campaign", {"external_references": [{"source_name": "cve", "external_id": "CVE-2014-0160"}]}),
    ("location", {"country": GONE, "latitude": -90, "longitude": 180.0, "precision": 10}),
    ("indicator", {"pattern_type": "yara", "pattern": "rule a {}"}),
    ("observed-data", {"object_refs": [f"x-ours--{NUMBER}", f"relationship--{NUMBER}"]}),
    ("artifact", {"payload_bin": "ZWNobyAiREFOR0VST1VTIE1BTFdBUkUiIAoK"}),
    ("domain-name", {"value": "_dmarc.bad.example."}),
    ("domain-name", {"value": "bücher.example"}),
    ("email-addr", {"value": '"some body"@bad.example'}),
    ("ipv4-addr", {"value": "198.18.0.0/15"}),
    ("ipv6-addr", {"value": "2001:DB8::/32"}),
    ("ipv6-addr", {"value": "::ffff:198.18.0.1"}),
    ("file", {"hashes": {"TLSH": "T1" + "0" * 70, "SSDEEP": "3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C"}}),
    ("url", {"value": "http://[2001:db8::1]:8080/a;b=c/(d)?e=/f?#g?h"}),
    ("url", {"value": "mailto:somebody@bad.example"}),
    ("software", {"cpe": r"cpe:2.3:a:some\:thing:word:2000:sp1:*:*:*:*:*:*"}),
    (
        "marking-definition",
        {
            "id": "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da",
            "created": "2017-01-20T00:00:00.000Z",
            "definition_type": "tlp",
            "name": "TLP:GREEN",
            "definition": {"tlp": "green"},
        },
    ),
    (
        "marking-definition",
        {
            "definition_type": GONE,
            "definition": GONE,
            "extensions": {
                "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d": {
                    "extension_type": "property-extension",
                    "tlp_2_0": "amber+strict",
                }
            },
        },
    ),
    (
        "campaign",
        {
            "rank": 5,
            "extensions": {f"extension-definition--{NUMBER}": {"extension_type": "toplevel-property-extension"}},
        },
    ),
]


@pytest.mark.parametrize(
    ("kind", "change"), ALLOWED, ids=[f"{k} {list(c)[-1]} {i}" for i, (k, c) in enumerate(ALLOWED)]
)
def test_what_looks_odd_but_is_right_draws_no_word(kind: str, change: dict[str, Any]) -> None:
    value = made(kind, **change)
    assert (errors(value), warnings(value)) == ([], [])


@pytest.mark.parametrize("changed", ["created", "name", "definition"])
def test_there_are_four_tlp_markings_and_no_other_like_them(changed: str) -> None:
    green = made(
        "marking-definition",
        id="marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da",
        created="2017-01-20T00:00:00.000Z",
        definition_type="tlp",
        name="TLP:GREEN",
        definition={"tlp": "green"},
    )
    assert errors(green) == []
    other = {
        **green,
        changed: {"created": "2017-01-21T00:00:00.000Z", "name": "TLP:WHITE", "definition": {"tlp": "red"}}[changed],
    }
    assert errors(other) == [f"$: is not the TLP marking of the specification: {changed} must not differ from it"]
    assert "x_foo must not differ" in errors({**green, "x_foo": 1})[0]


def test_an_object_without_version_is_read_as_one_of_stix_2_0() -> None:
    old = made("identity", spec_version=GONE, identity_class="organization")
    assert (errors(old), warnings(old)) == ([], ["$.spec_version spec-version"])
    assert errors(made("identity", spec_version=GONE)) == ["$.identity_class: is missing"]
    assert errors(made("indicator", spec_version=GONE, labels=["a"], pattern_type=GONE)) == []
    assert errors(made("location", spec_version=GONE)) == ["$.spec_version: is missing"]
    assert errors(made("identity"), Rules("2.0")) == [
        "$.spec_version: must be '2.0', not '2.1'",
        "$.identity_class: is missing",
    ]


def test_patterns_of_stix_2_0_may_write_times_as_text() -> None:
    pattern = "[a-b:abc = 1] START '2026-03-01T00:00:00Z' STOP '2026-03-02T00:00:00Z'"
    assert errors(made("indicator", spec_version=GONE, labels=["a"], pattern_type=GONE, pattern=pattern)) == []
    assert errors(made("indicator", pattern=pattern))


def test_observables_in_a_container_refer_to_its_keys() -> None:
    def observed(**held: Any) -> dict[str, Any]:
        return made("observed-data", spec_version=GONE, object_refs=GONE, objects=held)

    host = {"type": "ipv4-addr", "value": "198.18.0.1"}
    name = {"type": "domain-name", "value": "bad.example", "resolves_to_refs": ["0"]}
    assert errors(observed(**{"0": host, "1": name})) == []
    assert errors(observed(**{"1": name})) == [
        "$.objects['1'].resolves_to_refs[0]: refers to '0', which the container does not have".replace(
            "_refs[0]", "_refs"
        )
    ]
    assert (
        "must refer to ipv4-addr or ipv6-addr or domain-name, not to file"
        in errors(observed(**{"0": {"type": "file", "name": "a"}, "1": name}))[0]
    )
    assert errors(observed(**{"0": {"type": "ipv4-addr", "value": "?"}})) == [
        "$.objects['0'].value: must be an IPv4 address or network (CIDR), not '?'"
    ]
    assert errors(observed(**{"0": "file"})) == ["$.objects['0']: must be an object, not text"]
    newer = made("observed-data", object_refs=GONE, objects={"0": {**host, "id": f"ipv4-addr--{NUMBER_5}"}})
    assert (errors(newer), warnings(newer)) == ([], ["$.objects deprecated-properties"])


def test_custom_types_need_the_common_properties_and_a_fair_name() -> None:
    custom = {"type": "x-ours", "spec_version": "2.1", "id": f"x-ours--{NUMBER}", "created": TIME, "modified": TIME}
    assert (errors(custom), warnings(custom)) == ([], ["$.type extensions-use"])
    brought = {**custom, "extensions": {f"extension-definition--{NUMBER}": {"extension_type": "new-sdo"}}}
    assert (errors(brought), warnings(brought)) == ([], [])
    assert errors({"type": "x-ours", "id": f"x-ours--{NUMBER_5}"}) == []
    for name in ("x_ours", "X-ours", "xy", "x--ours", "-ours", "9ours", "action"):
        assert any(
            error.startswith("$.type") for error in errors({**custom, "type": name, "id": f"{name}--{NUMBER}"})
        ), name


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b'{"type": NaN}', "not JSON"),
        (b'{"type": Infinity}', "not JSON"),
        (b'{"type": "\xff"}', "not JSON"),
        (b'{"type": "\\ud800"}', "not JSON"),
        (b'{"type": "file", "type": "file"}', "'type' stands twice"),
        (b'{"type": "file", "x_a": {"b\\u0061": 1, "ba" : 2}}', "'ba' stands twice"),
        (b"[" * 10_000 + b"]" * 10_000, "not JSON"),
        (b'{"a":' * 100 + b"1" + b"}" * 100, "nested deeper than 64"),
        (b'"text"', "must be an object, not text"),
        (b"null", "must be an object, not null"),
        (b"[]", "must be an object, not a list"),
    ],
)
def test_what_is_no_object_is_refused_with_a_reason(raw: bytes, reason: str) -> None:
    checked = check_object(raw)
    assert (checked.id, checked.type, checked.valid) == (None, None, False)
    assert reason in checked.errors[0].reason


def test_numbers_beyond_what_json_carries_are_refused_and_never_rounded_into_range() -> None:
    for number in (b"18446744073709551617", b"1e400", b"123456789012345678901234567890"):
        raw = json.dumps(made("autonomous-system")).encode().replace(b"64500", number)
        assert not check_object(raw).valid


def test_decoded_values_that_no_json_can_mean_are_refused() -> None:
    for value in (
        made("campaign", x_foo={1: 2}),
        made("campaign", x_foo="\ud800"),
        made("campaign", name={1, 2}),
        7,
        None,
    ):
        assert not check_object(value).valid  # type: ignore[arg-type]
    assert not check_object(made("location", latitude=float("nan"), longitude=0.0)).valid


def test_bundles_in_memory_are_checked_with_all_that_is_in_them() -> None:
    bundle = {"type": "bundle", "id": f"bundle--{NUMBER}", "objects": [made("file"), made("campaign", name=5)]}
    assert errors(bundle) == ["$.objects[1].name: must be text, not a number"]
    assert errors({**bundle, "objects": []}) == ["$.objects: must not be an empty list: leave the property out"]
    assert errors({**bundle, "objects": [bundle]}) == ["$.objects[0]: must not be a bundle"]
    assert errors({"type": "bundle"}) == ["$.id: is missing"]


def test_markings_must_not_mark_themselves_by_way_of_others() -> None:
    def marking(number: int, marked_by: int) -> dict[str, Any]:
        ids = [f"marking-definition--5d6f1a2b-3c4d-4e5f-8a9b-00000000000{i}" for i in (number, marked_by)]
        return made("marking-definition", id=ids[0], object_marking_refs=[ids[1]])

    def bundle(*objects: dict[str, Any]) -> dict[str, Any]:
        return {"type": "bundle", "id": f"bundle--{NUMBER}", "objects": list(objects)}

    assert errors(bundle(marking(1, 2), marking(2, 3))) == []
    assert len(errors(bundle(marking(1, 2), marking(2, 3), marking(3, 1)))) == 3


def test_the_same_version_twice_in_a_bundle_is_worth_a_word() -> None:
    twice = {"type": "bundle", "id": f"bundle--{NUMBER}", "objects": [made("campaign"), made("campaign")]}
    assert (errors(twice), warnings(twice)) == ([], ["$.objects[1].id duplicate-ids"])


def test_the_interoperability_profile_asks_who_created_what() -> None:
    interop = Rules(is_interop=True)
    author = made("identity", created_by_ref=f"identity--{NUMBER}")
    campaign = made("campaign", created_by_ref=author["id"])

    def bundle(*objects: dict[str, Any]) -> dict[str, Any]:
        return {"type": "bundle", "id": f"bundle--{NUMBER}", "objects": list(objects)}

    assert errors(made("campaign"), interop) == [
        "$.created_by_ref: is missing: the interoperability profile asks for it"
    ]
    assert errors(bundle(author, campaign), interop) == []
    assert "must be in the bundle" in errors(bundle(campaign), interop)[0]
    assert "must itself have created_by_ref" in errors(bundle(made("identity"), campaign), interop)[0]


def test_recommendations_can_be_switched_off_and_on_by_name_and_by_group() -> None:
    odd = made("identity", sectors=["Magic"], x_foo=1)
    assert warnings(odd) == ["$.sectors[0] industry-sector", "$.sectors[0] open-vocab-format", "$.x_foo extensions-use"]
    assert warnings(odd, Rules(disabled=frozenset({"all-vocabs"}))) == [
        "$.sectors[0] open-vocab-format",
        "$.x_foo extensions-use",
    ]
    assert warnings(odd, Rules(disabled=frozenset({"all"}))) == []
    assert warnings(odd, Rules(disabled=frozenset({"all"}), enabled=frozenset({"strict-properties"}))) == [
        "$.x_foo strict-properties"
    ]
    with pytest.raises(UnknownName, match="'no-such' is no check"):
        Rules(disabled=frozenset({"no-such"}))


def test_deterministic_identifiers_are_made_of_contributing_properties() -> None:
    # The identifier stands in the specification (§2.9).
    host = {"type": "ipv4-addr", "id": "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4", "value": "198.51.100.3"}
    assert deterministic_id(host) == host["id"]
    asked = Rules(enabled=frozenset({"deterministic-id"}))
    assert warnings(host, asked) == []
    assert warnings({**host, "value": "198.51.100.4"}, asked) == ["$.id deterministic-id"]


TIMES = st.builds(
    lambda second, fraction: f"2026-03-01T08:00:{second:02}{'.' + fraction if fraction else ''}Z",
    st.integers(0, 3),
    st.text("0129", max_size=7),
)


@given(TIMES, TIMES)
def test_times_of_any_precision_are_put_in_order(one: str, other: str) -> None:
    def exact(text: str) -> float:
        return float(text[17:-1])

    assert is_before(one, other) is (None if exact(one) == exact(other) else exact(one) < exact(other))
    assert (order_of(one) == order_of(other)) == (exact(one) == exact(other))


KEYS = st.sampled_from(["a", "b", "", ":", '":', "\\", '\\":', "é", "\n:", 'a" :'])
SCALARS = st.none() | st.booleans() | st.integers(-5, 5) | KEYS
PAIRS: st.SearchStrategy[Any] = st.deferred(
    lambda: st.lists(st.tuples(KEYS, VALUES), max_size=3).map(lambda pairs: ("object", pairs))
)
VALUES: st.SearchStrategy[Any] = st.deferred(
    lambda: SCALARS | st.lists(VALUES, max_size=2).map(lambda items: ("list", items)) | PAIRS
)


def written(value: Any, draw: Callable[[st.SearchStrategy[str]], str]) -> str:
    """JSON text in which keys may stand twice, with white space and escapes anywhere."""
    space = draw(st.sampled_from(["", "", " ", "\n", "\t "]))
    match value:
        case ("object", pairs):
            inside = ",".join(f"{written(key, draw)}{space}:{written(item, draw)}" for key, item in pairs)
            return "{" + inside + space + "}"
        case ("list", items):
            return "[" + ",".join(written(item, draw) for item in items) + "]"
        case str():
            escaped = "".join(f"\\u{ord(sign):04x}" for sign in value)
            return draw(st.sampled_from([json.dumps(value), json.dumps(value, ensure_ascii=False), f'"{escaped}"']))
        case _:
            return space + json.dumps(value)


@given(st.data())
def test_counting_keys_finds_every_key_that_stands_twice(data: st.DataObject) -> None:
    raw = written(data.draw(PAIRS), data.draw).encode()
    try:
        expected = decode_strictly(raw)
    except ValueError:
        with pytest.raises(ValueError, match="stands twice"):
            read_strictly(raw)
    else:
        assert read_strictly(raw) == expected


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from([TIME, FILE, "x_foo"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5) | st.sampled_from(["hashes", "lang"]), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(st.sampled_from(sorted(BASES)), st.data())
def test_nothing_put_into_an_object_can_break_the_check(kind: str, data: st.DataObject) -> None:
    value = copy.deepcopy(made(kind))
    names = st.sampled_from(
        [*value, "extensions", "external_references", "granular_markings", "objects", "hashes", "lang", "definition"]
    )
    for name in data.draw(st.lists(names, min_size=1, max_size=3)):
        value[name] = data.draw(JUNK)
    checked = check_object(value)
    assert checked.valid == (not checked.errors)
    json.dumps(checked.as_json(), ensure_ascii=False)
