"""STIX: the pattern language against OASIS' own cases, indicators, markings, accounts."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.formats.feed import Options, find_feed
from tocsin.formats.reading import Reading
from tocsin.formats.stix.alternatives import alternatives, simple_alternative
from tocsin.formats.stix.grammar import read_pattern
from tocsin.formats.stix.markings import TLP_MARKINGS
from tocsin.text.streams import Member
from tocsin.vocab.errors import Unreadable
from tocsin.vocab.markings import Tlp
from tocsin.vocab.records import IndicatorRecord, Row

FEED = "stix/bundle"


def _rows(document: Any) -> list[Row]:
    return list(find_feed(FEED).parse(Member.of("bundle.json", json.dumps(document).encode()), Options()))


def _indicator(pattern: str = "[domain-name:value = 'bad.example']", **more: Any) -> dict[str, Any]:
    return {"type": "indicator", "id": "indicator--1", "pattern": pattern, "pattern_type": "stix", **more}


def _one(document: Any) -> IndicatorRecord:
    (row,) = _rows(document)
    assert row.problem is None, row.problem
    record = row.records[0]
    assert isinstance(record, IndicatorRecord)
    return record


def _plain(pattern: str) -> tuple[list[tuple[str, str]], bool]:
    found = alternatives(read_pattern(pattern))
    return [(str(kind), value) for kind, value in (one.read(one.given) for one in found.observables)], found.rest


# The pattern language -----------------------------------------------------------------------------------------------


@pytest.mark.real
def test_the_grammar_agrees_with_every_case_of_the_oasis_pattern_validator(real_data: Path) -> None:
    cases = json.loads((real_data / "stix" / "pattern-cases" / "pattern_syntax_cases.json").read_text())
    assert len(cases) == 39
    assert [case["pattern"] for case in cases if _is_well_formed(case["pattern"]) != case["valid"]] == []


@pytest.mark.real
def test_every_pattern_that_the_oasis_matcher_takes_is_well_formed(real_data: Path) -> None:
    cases = json.loads((real_data / "stix" / "pattern-cases" / "pattern_match_cases.json").read_text())["cases"]
    refused = {case["pattern"] for case in cases if not case.get("raises") and not _is_well_formed(case["pattern"])}
    # The matcher lets a qualifier stand twice; the validator, and we, do not.
    assert all(pattern.count("REPEATS") == 2 for pattern in refused)


def _is_well_formed(pattern: str) -> bool:
    try:
        read_pattern(pattern)
    except ValueError:
        return False
    return True


@given(st.text(alphabet="[]()'\\ abAND OR:=.value*%_t'12<>"))
def test_no_text_makes_the_grammar_do_anything_but_read_or_refuse(text: str) -> None:
    _is_well_formed(text)


def test_nesting_has_a_bound() -> None:
    with pytest.raises(ValueError, match="no more than 32 parentheses"):
        read_pattern("(" * 5000 + "[a:b = 1]" + ")" * 5000)
    with pytest.raises(ValueError, match="no more than 32 parentheses"):
        read_pattern("[" + "(" * 5000 + "a:b = 1" + ")" * 5000 + "]")


@pytest.mark.parametrize(
    ("pattern", "expected", "rest"),
    [
        ("[domain-name:value = 'Bad.Example']", [("domain-name", "bad.example")], False),
        ("[url:value = 'http://bad.example/it\\'s']", [("url", "bad.example/it's")], False),
        ("[url:value LIKE 'bad.example/kit/%']", [("url", "bad.example/kit/*")], False),
        ("[url:value LIKE '%.bad.example']", [("url", "*.bad.example")], False),
        ("[ipv4-addr:value ISSUBSET '198.18.0.0/24']", [("ipv4-addr", "198.18.0.0/24")], False),
        ("[ipv6-addr:value = '2001:DB8::1']", [("ipv6-addr", "2001:db8::1")], False),
        ("[email-message:from_ref.value = 'A@bad.example']", [("email-addr", "a@bad.example")], False),
        ("[x509-certificate:hashes.'SHA-1' = '" + "AB" * 20 + "']", [("x509-certificate", "ab" * 20)], False),
        (
            "[domain-name:value IN ('a.example', 'b.example')]",
            [("domain-name", "a.example"), ("domain-name", "b.example")],
            False,
        ),
        (
            "[ipv4-addr:value = '198.18.0.1'] OR [domain-name:value = 'a.example']",
            [("ipv4-addr", "198.18.0.1"), ("domain-name", "a.example")],
            False,
        ),
        (
            "[network-traffic:dst_ref.value = '198.18.0.1' AND network-traffic:dst_port = 443]",
            [("ip-port", "198.18.0.1:443")],
            False,
        ),
        ("[file:name = 'a' AND file:hashes.MD5 = '" + "1" * 32 + "']", [("file", "1" * 32)], False),
        ("[domain-name:value = 'a.example' OR process:name = 'x']", [("domain-name", "a.example")], True),
        ("[domain-name:value != 'a.example']", [], True),
        ("[NOT EXISTS domain-name:value]", [], True),
        ("[domain-name:value NOT IN ('a.example')]", [], True),
        ("[domain-name:value MATCHES 'a.*']", [], True),
        ("[domain-name:value = 'a.example'] WITHIN 5 SECONDS", [], True),
        ("[domain-name:value = 'a.example'] AND [url:value = 'b.example/c']", [], True),
        ("[domain-name:value = 'a.example' AND domain-name:resolves_to_refs[*].value = '198.18.0.1']", [], True),
        ("[network-traffic:dst_ref.value = '198.18.0.1' AND network-traffic:src_port = 443]", [], True),
    ],
)
def test_a_pattern_comes_down_to_its_alternatives(pattern: str, expected: list[tuple[str, str]], rest: bool) -> None:
    assert _plain(pattern) == (expected, rest)


@given(st.sampled_from(["domain-name:value", "url:value", "file:hashes.MD5", "process:name"]), st.text())
def test_the_short_way_for_simple_patterns_says_what_the_grammar_says(path: str, value: str) -> None:
    pattern = f"[{path} = '{value}']"
    short = simple_alternative(pattern)
    if short is not None:
        whole = alternatives(read_pattern(pattern))
        assert [one.given for one in short.observables] == [one.given for one in whole.observables]
        assert short.rest == whole.rest


# The object ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", ["bundle", "envelope", "array", "object"])
def test_every_wrapping_of_objects_is_read(shape: str) -> None:
    found = _indicator()
    document: Any = {
        "bundle": {"type": "bundle", "id": "bundle--1", "objects": [found]},
        "envelope": {"more": False, "objects": [found]},
        "array": [found],
        "object": found,
    }[shape]
    assert _one(document).value == "bad.example"


def test_lines_of_objects_and_of_bundles_are_read() -> None:
    lines = [_indicator(), {"type": "bundle", "objects": [_indicator("[url:value = 'b.example/c']")]}]
    text = "\n".join(json.dumps(line) for line in lines).encode()
    rows = list(find_feed(FEED).parse(Member.of("lines.json", text), Options()))
    assert [record.value for row in rows for record in row.records] == ["bad.example", "b.example/c"]  # type: ignore[union-attr]


def test_other_kinds_of_objects_are_no_rows() -> None:
    seen = {"type": "domain-name", "id": "domain-name--1", "value": "only-seen.example"}
    assert _rows({"objects": [seen, {"type": "report", "id": "report--1"}]}) == []


def test_an_object_that_could_have_been_an_indicator_is_a_rejected_row() -> None:
    rows = _rows({"objects": [7, {}, {"type": "indicator"}]})
    assert [row.problem for row in rows] == [
        "this is no STIX object",
        "the object names no type",
        "the indicator has no pattern",
    ]


@pytest.mark.parametrize(("ref", "tlp"), list(TLP_MARKINGS.items()))
def test_the_fixed_markings_of_both_tlp_versions_are_known(ref: str, tlp: Tlp) -> None:
    assert _one([_indicator(object_marking_refs=[ref])]).tlp is tlp


def test_the_strictest_of_object_and_granular_markings_counts() -> None:
    green, red = (
        "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
        "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed",
    )
    granular = [{"marking_ref": red, "selectors": ["description"]}]
    assert _one([_indicator(object_marking_refs=[green], granular_markings=granular)]).tlp is Tlp.RED


def test_a_marking_that_the_bundle_defines_after_its_use_counts() -> None:
    definition = {
        "type": "marking-definition",
        "id": "marking-definition--9",
        "extensions": {
            "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d": {
                "extension_type": "property-extension",
                "tlp_2_0": "amber+strict",
            }
        },
    }
    assert _one([_indicator(object_marking_refs=["marking-definition--9"]), definition]).tlp is Tlp.AMBER_STRICT


def test_malware_comes_from_a_relationship_that_stands_behind() -> None:
    malware = {"type": "malware", "id": "malware--1", "name": "PaperCat"}
    relation = {"type": "relationship", "id": "r", "source_ref": "indicator--1", "target_ref": "malware--1"}
    assert _one([_indicator(), relation, malware]).malware == "PaperCat"


def test_the_context_of_kasperskys_taxii_server_is_read_from_the_description() -> None:
    found = _one(
        [
            _indicator(
                description="threat=HEUR:Trojan.Win32.Emotet.gen;threat_score=72;geo=pk, in",
                valid_until="2100-01-01T00:00:00Z",
                valid_from="2026-01-01T00:00:00Z",
            )
        ]
    )
    assert (found.malware, found.confidence, found.valid_until) == ("Emotet", 72, None)
    assert found.details is not None
    assert found.details["context"]["geo"] == "pk, in"


def test_every_version_of_a_revoked_indicator_is_revoked() -> None:
    first, second = _rows([_indicator(), _indicator(revoked=True, modified="2026-10-02T00:00:00Z")])
    for row in (first, second):
        (record,) = row.records
        assert isinstance(record, IndicatorRecord)
        assert record.is_revoked


def test_a_sentence_with_an_equals_sign_is_no_context() -> None:
    assert _one([_indicator(description="Beacons with x=1; threat actors like it")]).malware is None


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"valid_from": "2026-02-30T00:00:00Z"}, "valid_from"),
        ({"valid_from": "2026-02-02T00:00:00Z", "valid_until": "2026-02-02T00:00:00Z"}, "is not after"),
        ({"pattern": 7}, "no pattern"),
    ],
)
def test_what_breaks_a_must_is_refused_with_its_reason(more: dict[str, Any], reason: str) -> None:
    (row,) = _rows([_indicator() | more])
    assert row.problem is not None
    assert reason in row.problem


def test_a_confidence_out_of_range_costs_only_itself() -> None:
    found = _one([_indicator(confidence=150)])
    assert found.confidence is None
    assert found.details is not None
    assert found.details["ignored"] == {"confidence": 150}


def test_a_document_that_is_not_stix_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="is not STIX"):
        _rows({"Event": {"info": "x"}})


@pytest.mark.real
def test_real_bundles_are_read_with_balanced_books(real_data: Path) -> None:
    kept = {}
    for path in sorted((real_data / "stix").glob("examples-*/*.json")):
        reading = Reading(find_feed(FEED), [path])
        list(reading)
        assert reading.accounts.is_balanced
        assert reading.accounts.rejected == 0, path.name
        kept[path.name] = reading.accounts.kept
    assert kept["apt1.json"] == 12
    assert sum(kept.values()) == 19
