"""What matters about an object: read from anything without raising, written canonically, read back the same."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.agreements.written import AT, agreement_with, signal

from tocsin.agreements.rules.decision import Exit, Subject, decide
from tocsin.agreements.rules.subject import UNKNOWN
from tocsin.vocab.markings import Tlp

KEYS = sorted(
    {
        "type", "category", "tlp", "pap", "iep", "originator", "originator_consent", "exclude", "tlp_of_record", "derived_from_tlp",
        "text", "personal_data", "attacker_controlled", "recipient_is_victim", "approval", "owner_consent", "case_id", "cell_size",
        "state_attribution", "purpose", "embargo_until", "obtained_at", "no_such_key",
    }
)  # fmt: skip
WORDS = st.sampled_from(
    [
        "indicator",
        "signals",
        "AMBER",
        "red",
        "harbour",
        "beacon",
        "cnic",
        "must",
        "must-not",
        "2026-11-24T12:00:00Z",
        "",
        "\ud800",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | WORDS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["tlp", "attribution", "id_ref", "a"]), inner, max_size=3)
    ),
    max_leaves=6,
)
OBJECTS = st.dictionaries(st.sampled_from(KEYS), JSON | WORDS, max_size=10)


@given(OBJECTS)
def test_nothing_that_stands_in_a_request_can_raise_and_the_canonical_form_reads_back(value: dict[str, Any]) -> None:
    subject = Subject.of(value)
    written = subject.canonical()
    again = Subject.of(json.loads(written))
    assert again == subject
    assert hash(again) == hash(subject)
    assert again.canonical() == written


@given(OBJECTS, st.sampled_from([None, *Exit]), st.sampled_from(["beacon", "customers", "nobody"]))
def test_every_subject_is_decided_and_its_canonical_form_is_decided_alike(
    value: dict[str, Any], by: Exit | None, recipient: str
) -> None:
    subject = Subject.of(value)
    agreement = agreement_with()
    once = decide(subject, "harbour", recipient, [agreement], AT, by)
    assert once == decide(Subject.of(json.loads(subject.canonical())), "harbour", recipient, [agreement], AT, by)
    assert once.clauses


def test_equal_subjects_are_equal_however_they_are_written() -> None:
    one = Subject.of(
        {"tlp": "TLP:AMBER", "exclude": ["b", "a", "a"], "obtained_at": "2026-11-24T17:00:00+05:00", "cell_size": 5.0}
    )
    two = Subject.of(
        {"cell_size": 5, "obtained_at": "2026-11-24T12:00:00Z", "exclude": ["a", "b"], "tlp": " amber ", "why": 1}
    )
    assert one == two
    assert one.canonical() == two.canonical()
    assert one.canonical() == b'{"cell_size":5,"exclude":["a","b"],"obtained_at":"2026-11-24T12:00:00Z","tlp":"amber"}'


def test_a_policy_is_the_same_whatever_it_is_called() -> None:
    statements = {"tlp": "amber", "attribution": "must"}
    one = Subject.of({"iep": statements | {"id": "x", "name": "y", "iep_version": 2.0}})
    assert one == Subject.of({"iep": statements | {"iep_version": "2.0", "end_date": None}})


@pytest.mark.parametrize(
    "at", ["2026-11-24T12:00:00", "2026-11-24", "2026-11-24T12:00Z", "24.11.2026", 1795000000, "2026-02-30T00:00:00Z"]
)
def test_a_time_that_is_not_rfc_3339_is_unknown(at: object) -> None:
    assert Subject.of({"obtained_at": at}).obtained_at is UNKNOWN


@pytest.mark.parametrize("value", ["yes", "true", 2, [True], {"a": 1}, "1"])
def test_only_a_plain_yes_widens(value: object) -> None:
    subject = Subject.of(dict.fromkeys(("originator_consent", "attacker_controlled", "recipient_is_victim"), value))
    assert not subject.originator_consent
    assert not subject.attacker_controlled
    assert not subject.recipient_is_victim


def test_what_was_readable_of_a_list_is_kept() -> None:
    subject = Subject.of(signal(derived_from_tlp=["RED", 7], exclude=["beacon", {}]))
    assert subject.derived is Tlp.RED
    assert subject.exclude == ("beacon",)
    assert subject.is_derived_odd
    assert subject.is_exclude_odd
