"""Two revisions beside each other: every clause that differs, its lines, and whether it widens."""

from typing import Any

import pytest
from tests.agreements.written import GONE, reading_with, sample_text

from tocsin.agreements.rules.changes import Change, Effect, differences
from tocsin.agreements.rules.document import read_agreement

W, N, O = Effect.WIDENS, Effect.NARROWS, Effect.NEITHER  # noqa: E741 - a table with narrow columns

CHANGES: list[tuple[dict[str, Any], str, Effect]] = [
    ({"status": "suspended"}, "status", N),
    ({"revision": "5"}, "revision", O),
    ({"legal__effective__until": "2028-12-31T23:59:59Z"}, "legal.effective.until", W),
    ({"legal__effective__until": GONE}, "legal.effective.until", W),
    ({"legal__effective__from": "2026-03-01T00:00:00Z"}, "legal.effective.from", N),
    ({"legal__governing_law": "XB"}, "legal.governing_law", W),
    ({"legal__review": GONE}, "legal.review", O),
    ({"parties__quay": GONE}, "parties.quay", N),
    ({"parties__beacon__clearance_tlp": "RED"}, "parties.beacon.clearance_tlp", W),
    ({"parties__beacon__name": "B"}, "parties.beacon.name", O),
    ({"communities__ports__tlp_max_in": "GREEN"}, "communities.ports.tlp_max_in", N),
    ({"communities__ports__members": ["sector:ports", "sector:rail"]}, "communities.ports.members", W),
    ({"transport__channels": ["taxii21_mtls"]}, "transport.channels", N),
    ({"transport__encrypt_at_or_above": "RED"}, "transport.encrypt_at_or_above", W),
    ({"transport__clock_skew_max_s": "5"}, "transport.clock_skew_max_s", N),
    ({"purposes": ["detection", "incident_response", "training"]}, "purposes", W),
    ({"prohibited_purposes": ["resale"]}, "prohibited_purposes", W),
    ({"prohibited_purposes": ["resale", "profiling", "more"]}, "prohibited_purposes", N),
    ({"defaults__tlp": "RED"}, "defaults.tlp", N),
    ({"defaults__pap": "GREEN"}, "defaults.pap", W),
    ({"defaults__retention_days": "500"}, "defaults.retention_days", W),
    ({"defaults__iep__permitted_actions": "none"}, "defaults.iep.permitted_actions", N),
    ({"defaults__iep__encrypt_in_transit": "may"}, "defaults.iep.encrypt_in_transit", W),
    ({"defaults__iep__affected_party_notifications": "may"}, "defaults.iep.affected_party_notifications", W),
    ({"defaults__iep": GONE}, "defaults.iep", W),
    ({"categories__flaws": GONE}, "categories.flaws", N),
    ({"categories__signals__directions": ["harbour>beacon"]}, "categories.signals.directions", N),
    ({"categories__signals__stix": ["indicator", "url", "file", "tool"]}, "categories.signals.stix", W),
    ({"categories__signals__tlp_max": "RED"}, "categories.signals.tlp_max", W),
    ({"categories__signals__retention_days": "100"}, "categories.signals.retention_days", N),
    ({"categories__signals__retention_days": GONE}, "categories.signals.retention_days", W),
    ({"categories__counts__k_anonymity": "3"}, "categories.counts.k_anonymity", W),
    ({"categories__counts__k_anonymity": GONE}, "categories.counts.k_anonymity", W),
    ({"categories__evidence__requires__case_id": GONE}, "categories.evidence.requires.case_id", W),
    ({"categories__evidence__requires__case_id": "false"}, "categories.evidence.requires.case_id", W),
    ({"categories__evidence__requires": GONE}, "categories.evidence.requires", W),
    ({"categories__signals__requires": {"case_id": "true"}}, "categories.signals.requires", N),
    ({"categories__flaws__embargo": GONE}, "categories.flaws.embargo", W),
    ({"categories__signals__onward__customers": "deny"}, "categories.signals.onward.customers", N),
    ({"categories__samples__onward__ports": {"tlp_max": "GREEN"}}, "categories.samples.onward.ports", W),
    ({"categories__samples__onward__customers": "deny"}, "categories.samples.onward.customers", O),
    ({"categories__signals__onward__customers__delay_hours": "12"}, "categories.signals.onward.customers.delay_hours", W),
    ({"categories__victims__onward__ports__only": GONE}, "categories.victims.onward.ports.only", W),
    ({"categories__signals__sla": GONE}, "categories.signals.sla", O),
    ({"third_party__default": "deny"}, "third_party.default", N),
    ({"third_party__allow_if": ["tlp_clear_public"]}, "third_party.allow_if", N),
    ({"personal_data__detectors": ["cnic"]}, "personal_data.detectors", W),
    ({"personal_data__outbound__action": "hold"}, "personal_data.outbound.action", N),
    ({"personal_data__outbound__keep_if": GONE}, "personal_data.outbound.keep_if", N),
    ({"personal_data__inbound__retention_days": "10"}, "personal_data.inbound.retention_days", N),
    ({"actor_attribution__to_state__action": "hold"}, "actor_attribution.to_state.action", W),
    ({"provider_credit": GONE}, "provider_credit", O),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "path", "effect"), CHANGES, ids=[one[1] for one in CHANGES])
def test_a_change_is_found_with_its_effect_and_taking_it_back_is_the_reverse(
    changed: dict[str, Any], path: str, effect: Effect
) -> None:
    old, new = reading_with(), reading_with(**changed)
    assert [(one.path, one.effect) for one in differences(old, new)] == [(path, effect)]
    back = differences(new, old)
    assert [one.path for one in back] == [path]
    unclear = {"legal.governing_law", "categories.signals.retention_days"}
    assert path in unclear or back[0].effect == effect.reversed


def test_a_change_carries_both_values_and_both_lines() -> None:
    old = read_agreement(sample_text(), "old")
    new = read_agreement(sample_text().replace(b"k_anonymity: 5", b"\n    k_anonymity: 3"), "new")
    assert differences(old, new) == (Change("categories.counts.k_anonymity", "5", "3", 53, 54, Effect.WIDENS),)


def test_layout_comments_and_the_order_of_lists_are_no_difference() -> None:
    text = sample_text().replace(
        b"[indicator, url, file]", b'\n      - file  # words\n      - "url"\n      - indicator'
    )
    assert differences(read_agreement(sample_text(), "old"), read_agreement(text, "new")) == ()


def test_a_contact_that_changed_is_one_change() -> None:
    old = read_agreement(sample_text(), "old")
    new = read_agreement(sample_text().replace(b"liaison@beacon", b"desk@beacon"), "new")
    assert [(one.path, one.new, one.effect) for one in differences(old, new)] == [
        ("contacts[1].email", "desk@beacon.example", Effect.NEITHER)
    ]
