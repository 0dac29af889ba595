"""IEP policies in and out: 2.0, 1.0, references, and AMBER+STRICT that nothing widens."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.agreements.written import agreement_with

from tocsin.agreements.rules.iep import Actions, Attribution, Must, MustNot, Policy, read_policy
from tocsin.agreements.rules.iep_files import policy_of, read_policies, written_policies
from tocsin.agreements.rules.times import read_time
from tocsin.vocab.markings import Tlp

SAMPLES = Path(__file__).parents[1] / "samples" / "agreements"
TIMES = st.sampled_from([None, read_time("2026-01-01T00:00:00Z"), read_time("2026-06-01T12:30:00.5+05:00")])
POLICIES = st.builds(
    Policy,
    encrypt_in_transit=st.sampled_from([None, *Must]),
    permitted_actions=st.sampled_from([None, *Actions]),
    affected_party_notifications=st.sampled_from([None, *MustNot]),
    tlp=st.sampled_from(list(Tlp)),
    attribution=st.sampled_from([None, *Attribution]),
    unmodified_resale=st.sampled_from([None, *MustNot]),
    start_date=TIMES,
    end_date=TIMES,
    restrictions=st.lists(st.sampled_from(["encrypt-at-rest: must", "commercial-use: must-not"]), unique=True).map(
        tuple
    ),
    id=st.none() | st.uuids().map(str),
    name=st.none() | st.text(max_size=5).filter(lambda text: not any("\ud800" <= sign <= "\udfff" for sign in text)),
    external_references=st.lists(st.just("https://a.example/"), max_size=1).map(tuple),
)


@given(st.lists(POLICIES, max_size=3))
def test_policies_that_are_written_read_back_the_same(policies: list[Policy]) -> None:
    again = read_policies(written_policies(policies))
    assert [one.policy for one in again] == policies
    assert {one.problem for one in again} <= {None}


def test_amber_strict_is_written_red_for_those_who_do_not_know_it() -> None:
    written = json.loads(written_policies([Policy(tlp=Tlp.AMBER_STRICT)]))
    assert written[0]["tlp"] == "red"
    assert written[0]["x_tocsin_tlp"] == "amber+strict"
    # The key of ours never lowers anything but the red that we wrote ourselves.
    assert read_policy({"tlp": "green", "x_tocsin_tlp": "clear"}).tlp is Tlp.GREEN
    assert read_policy({"tlp": "red", "x_tocsin_tlp": "green"}).tlp is Tlp.RED
    assert read_policy({"tlp": "amber", "x_tocsin_tlp": "amber+strict"}).tlp is Tlp.AMBER


@pytest.mark.parametrize("version", [2, 2.0, "2.0"])
def test_every_way_to_write_the_version_is_read_and_one_is_written(version: object) -> None:
    policy = read_policy({"iep_version": version, "tlp": "white", "end_date": None})
    assert policy == Policy(tlp=Tlp.CLEAR)
    assert json.loads(written_policies([policy])) == [
        {"iep_version": "2.0", "end_date": None, "tlp": "white", "external_references": []}
    ]


OLD: dict[str, Any] = {
    "id": "01234567-89ab-4cde-8f01-23456789abcd",
    "name": "An old policy",
    "version": 1.0,
    "reference": "https://policy.example/old",
    "start-date": "2017-01-01",
    "encrypt-in-transit": "MUST",
    "encrypt-at-rest": "MUST",
    "permitted-actions": "EXTERNALLY VISIBLE INDIRECT ACTIONS",
    "affected-party-notifications": "MUST NOT",
    "traffic-light-protocol": "AMBER",
    "provider-attribution": "MUST NOT",
    "obfuscate-affected-parties": "MUST",
    "commercial-use": "MAY",
    "unmodified-resale": "MUST NOT",
}


def test_a_policy_of_1_0_is_translated_and_keeps_what_2_0_has_no_word_for() -> None:
    read = read_policies(json.dumps(OLD).encode())
    assert [one.from_version for one in read] == ["1.0"]
    assert read[0].policy == Policy(
        encrypt_in_transit=Must.MUST,
        permitted_actions=Actions.INDIRECT,
        affected_party_notifications=MustNot.MUST_NOT,
        tlp=Tlp.AMBER,
        attribution=Attribution.MUST_NOT,
        unmodified_resale=MustNot.MUST_NOT,
        start_date=read_time("2017-01-01T00:00:00Z"),
        restrictions=("encrypt-at-rest: must", "obfuscate-affected-parties: must"),
        id=OLD["id"],
        name=OLD["name"],
        external_references=("https://policy.example/old",),
    )
    unsaid = {key: value for key, value in OLD.items() if key != "version"}
    assert read_policies(json.dumps(unsaid).encode())[0].policy == read[0].policy


def test_a_reference_is_resolved_to_the_standard_policies_alone() -> None:
    known, unknown = read_policies(
        json.dumps(
            {
                "policies": [
                    {"id_ref": "01bc4353-4829-4d55-8d52-0ab7e0790df9"},
                    {"id_ref": "00000000-0000-4000-8000-000000000000"},
                ]
            }
        ).encode()
    )
    assert known.policy is not None
    assert (known.policy.tlp, known.policy.attribution) == (Tlp.AMBER, Attribution.MUST_NOT)
    assert unknown.policy is None
    assert unknown.problem is not None
    assert "not at hand" in unknown.problem


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ([], "a policy is a JSON object"),
        ({"iep_version": 3.0, "tlp": "red"}, "iep_version is 2.0"),
        ({"tlp": "purple"}, "tlp is red, amber, green or white"),
        ({"tlp": 7}, "tlp is red, amber, green or white"),
        ({"permitted_actions": "all"}, "permitted_actions is one of"),
        ({"attribution": ["may"]}, "attribution is one of"),
        ({"tlp": "red", "start_date": "tomorrow"}, "is not a time"),
        ({"tlp": "red", "external_references": "here"}, "lists of texts"),
        ({"name": "of nothing"}, "states nothing"),
        ({"id_ref": "01bc4353-4829-4d55-8d52-0ab7e0790df9"}, "refers to a policy"),
    ],
)  # fmt: skip
def test_what_is_no_policy_says_why(value: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_policy(value)


@pytest.mark.parametrize(
    "data", [b"", b"{", b"7", b'"x"', b"[" * 100_000, b'{"tlp": "red", "tlp": "white"}', b"\xff", b" " * 2_000_000]
)
def test_bytes_that_are_no_policy_file_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"JSON|policy file"):
        read_policies(data)


def test_the_defaults_of_an_agreement_are_a_policy_with_a_lasting_id() -> None:
    policy = policy_of(agreement_with())
    assert policy.tlp is Tlp.AMBER
    assert policy.permitted_actions is Actions.INTERNAL
    assert policy.end_date == read_time("2027-12-31T23:59:59Z")
    assert policy.id == policy_of(agreement_with(status="suspended")).id
    assert policy.id != policy_of(agreement_with(revision="5")).id
