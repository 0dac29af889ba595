"""Every step of a decision under one agreement, in its order, with its clause (``docs/why/decisions.md``)."""

from typing import Any

import pytest
from tests.agreements.written import AT, GONE, agreement_with, asked, signal

from tocsin.agreements.rules.decision import Decision, Exit, Result

DENY, HOLD = Result.DENY, Result.HOLD
POLICY = {"permitted_actions": "externally-visible-direct-actions", "attribution": "may"}
EVIDENCE = {"type": "x-evidence", "category": "evidence", "tlp": "GREEN"}
VICTIM = {"type": "x-victim", "category": "victims", "tlp": "RED", "originator": "beacon"}
FLAW = {"type": "vulnerability", "category": "flaws", "tlp": "GREEN", "embargo_until": "2026-12-01T00:00:00Z"}
COUNT = {"type": "sighting", "category": "counts", "tlp": "GREEN"}


def test_what_is_in_order_may_go_with_what_the_agreement_asks() -> None:
    assert asked(signal()) == Decision(Result.ALLOW, ("categories.signals",), ("delete_after 200d",))
    assert asked(signal(tlp="AMBER")).obligations == ("encrypt", "delete_after 200d")


REFUSALS: list[tuple[str, dict[str, Any], str, str | None, Result, str]] = [
    ("2 excluded", signal(exclude=["beacon"]), "harbour>beacon", None, DENY, "third_party.originator_exclusions"),
    ("2 its circle", signal(exclude=["beacon"]), "harbour>customers", None, DENY, "third_party.originator_exclusions"),
    ("2 one name", signal(exclude="beacon"), "harbour>beacon", None, DENY, "third_party.originator_exclusions"),
    ("2 beside noise", signal(exclude=["beacon", 7]), "harbour>beacon", None, DENY, "third_party.originator_exclusions"),
    ("2 not readable", signal(exclude=[{"name": "beacon"}]), "harbour>beacon", None, HOLD, "ambiguity:exclude"),
    ("3 own label", signal(tlp="AMB3R"), "harbour>beacon", None, HOLD, "ambiguity:tlp"),
    ("3 a number", signal(tlp=3), "harbour>beacon", None, HOLD, "ambiguity:tlp"),
    ("3 Cyrillic", signal(tlp="АMBER"), "harbour>beacon", None, HOLD, "ambiguity:tlp"),
    ("3 full width", signal(tlp="ＡＭＢＥＲ"), "harbour>beacon", None, HOLD, "ambiguity:tlp"),
    ("3 Greek", signal(tlp="GRΕΕN"), "harbour>beacon", None, HOLD, "ambiguity:tlp"),
    ("3 dotted I", signal(tlp="WHİTE"), "harbour>beacon", None, HOLD, "ambiguity:tlp"),
    ("3 hidden sign", signal(tlp="AMBER\u200b"), "harbour>beacon", None, HOLD, "ambiguity:tlp"),
    ("3 of record", signal(tlp_of_record="?"), "harbour>beacon", None, HOLD, "ambiguity:tlp"),
    ("3 of its parts", signal(derived_from_tlp=["RED", None]), "harbour>beacon", None, HOLD, "ambiguity:tlp"),
    ("6", signal(tlp_of_record="AMBER"), "harbour>beacon", None, DENY, "marking.downgrade"),
    ("7", signal(originator="stranger"), "harbour>beacon", None, HOLD, "third_party.default"),
    ("7 odd", signal(originator=["harbour"]), "harbour>beacon", None, HOLD, "third_party.default"),
    ("8 prohibited", signal(purpose="resale"), "harbour>beacon", None, DENY, "prohibited_purposes"),
    ("8 unknown", signal(purpose="fun"), "harbour>beacon", None, HOLD, "ambiguity:purpose"),
    ("8 odd", signal(purpose=["detection"]), "harbour>beacon", None, HOLD, "ambiguity:purpose"),
    ("9", signal(category="rumours"), "harbour>beacon", None, HOLD, "ambiguity:category"),
    ("9 odd", signal(category=["signals"]), "harbour>beacon", None, HOLD, "ambiguity:category"),
    ("10", signal(type="malware"), "harbour>beacon", None, HOLD, "ambiguity:type"),
    ("11 no rule", VICTIM | {"tlp": "GREEN", "originator": "harbour"}, "beacon>customers", None, DENY,
     "categories.victims.onward.customers"),
    ("11 deny", {"type": "malware", "category": "samples", "originator": "beacon"}, "harbour>ports", None, DENY,
     "categories.samples.onward.ports"),
    ("11 rule's ceiling", signal(tlp="AMBER", originator="harbour"), "beacon>customers", None, DENY,
     "categories.signals.onward.customers.tlp_max"),
    ("11 circle's ceiling", signal(tlp="RED", originator="beacon"), "harbour>ports", None, DENY,
     "communities.ports.tlp_max_in"),
    ("11 only", VICTIM, "harbour>ports", None, DENY, "categories.victims.onward.ports.only"),
    ("11 embargo", FLAW | {"originator": "beacon"}, "harbour>ports", None, DENY, "categories.flaws.embargo"),
    ("11 no embargo known", signal(originator="beacon", embargo_until="2026-12-01T00:00:00Z"), "harbour>ports", None, HOLD,
     "ambiguity:embargo"),
    ("11 embargo odd", FLAW | {"embargo_until": "soon"}, "harbour>beacon", None, HOLD, "ambiguity:embargo"),
    ("11 direction", signal(), "quay>harbour", None, DENY, "categories.signals.directions"),
    ("11 to itself", signal(), "harbour>harbour", None, DENY, "categories.signals.directions"),
    ("11 category", signal(tlp="RED"), "harbour>beacon", None, DENY, "categories.signals.tlp_max"),
    ("11 clearance", FLAW | {"tlp": "RED"}, "harbour>beacon", None, DENY, "parties.beacon.clearance_tlp"),
    ("11 first in the file", EVIDENCE, "harbour>beacon", None, HOLD, "categories.evidence.requires.case_id"),
    ("11 then", EVIDENCE | {"case_id": "C-7"}, "harbour>beacon", None, HOLD, "categories.evidence.requires.approval"),
    ("11 then", EVIDENCE | {"case_id": 7, "approval": True}, "harbour>beacon", None, HOLD,
     "categories.evidence.requires.owner_consent"),
    ("11 k unknown", COUNT, "harbour>beacon", None, HOLD, "ambiguity:cell_size"),
    ("11 k a word", COUNT | {"cell_size": "12"}, "harbour>beacon", None, HOLD, "ambiguity:cell_size"),
    ("11 k true", COUNT | {"cell_size": True}, "harbour>beacon", None, HOLD, "ambiguity:cell_size"),
    ("11 k", COUNT | {"cell_size": 4}, "harbour>beacon", None, DENY, "categories.counts.k_anonymity"),
    ("11 channel", signal(), "harbour>beacon", "misp", DENY, "transport.channels"),
    ("11 channel", signal(), "harbour>beacon", "api", DENY, "transport.channels"),
    ("11 nobody we know", signal(), "harbour>stranger", None, HOLD, "ambiguity:party"),
    ("11 too old", signal(obtained_at="2026-05-08T12:00:00Z"), "harbour>beacon", None, DENY,
     "categories.signals.retention_days"),
    ("11 too old by default", COUNT | {"cell_size": 9, "obtained_at": "2025-10-20T12:00:00Z"}, "harbour>beacon", None, DENY,
     "defaults.retention_days"),
    ("11 ahead", signal(obtained_at="2026-11-24T12:01:01Z"), "harbour>beacon", None, HOLD, "transport.clock_skew_max_s"),
    ("11 age odd", signal(obtained_at="yesterday"), "harbour>beacon", None, HOLD, "ambiguity:obtained_at"),
    ("11 pap", signal(pap="MAUVE"), "harbour>beacon", None, HOLD, "ambiguity:pap"),
    ("11 iep", signal(iep={"permitted_actions": "anything"}), "harbour>beacon", None, HOLD, "ambiguity:iep"),
    ("11 iep empty", signal(iep={}), "harbour>beacon", None, HOLD, "ambiguity:iep"),
    ("11 iep a word", signal(iep="amber"), "harbour>beacon", None, HOLD, "ambiguity:iep"),
    ("11 iep 1.0", signal(iep=POLICY | {"iep_version": 1.0}), "harbour>beacon", None, HOLD, "ambiguity:iep"),
    ("11 iep not yet", signal(iep=POLICY | {"start_date": "2026-12-01T00:00:00Z"}), "harbour>beacon", None, HOLD,
     "object.iep.start_date"),
    ("11 iep over", signal(iep=POLICY | {"end_date": "2026-11-01T00:00:00Z"}), "harbour>beacon", None, HOLD,
     "object.iep.end_date"),
    ("11 block list", signal(), "harbour>beacon", "block_list", DENY, "defaults.pap"),
    ("11 block list", signal(pap="AMBER"), "harbour>beacon", "block_list", DENY, "object.pap"),
    ("11 block list", signal(pap="GREEN", iep={"permitted_actions": "externally-visible-indirect-actions"}),
     "harbour>beacon", "block_list", DENY, "object.iep.permitted_actions"),
    ("11 look up", signal(pap="RED"), "harbour>beacon", "lookup", DENY, "object.pap"),
    ("11 look up", signal(pap="AMBER", iep={"permitted_actions": "internally-visible-actions"}),
     "harbour>beacon", "lookup", DENY, "object.iep.permitted_actions"),
    ("11 look up by default", signal(tlp=None), "harbour>beacon", "lookup", DENY, "defaults.iep.permitted_actions"),
    ("11 notice by default", signal(tlp=None), "harbour>beacon", "notice", DENY,
     "defaults.iep.affected_party_notifications"),
    ("11 notice", signal(iep={"affected_party_notifications": "must-not"}), "harbour>beacon", "notice", DENY,
     "object.iep.affected_party_notifications"),
    ("12", signal(state_attribution=True), "harbour>beacon", None, DENY, "actor_attribution.to_state"),
    ("12 odd", signal(state_attribution="perhaps"), "harbour>beacon", None, DENY, "actor_attribution.to_state"),
    ("13 a name", signal(personal_data=["free_text_name"]), "harbour>beacon", None, HOLD,
     "personal_data.outbound:free_text_name"),
    ("13 odd kinds", signal(personal_data=[7]), "harbour>beacon", None, HOLD, "ambiguity:personal_data"),
    ("13 odd text", signal(text=["CNIC"]), "harbour>beacon", None, HOLD, "ambiguity:text"),
]  # fmt: skip


@pytest.mark.parametrize(("_", "subject", "way", "by", "result", "clause"), REFUSALS)
def test_the_first_step_that_refuses_is_named(
    _: str, subject: dict[str, Any], way: str, by: str | None, result: Result, clause: str
) -> None:
    assert asked(subject, way, AT, Exit(by) if by else None) == Decision(result, (clause,))


PERMISSIONS: list[tuple[str, dict[str, Any], str, str | None, tuple[str, ...]]] = [
    ("exclusions reach the circle of others only", signal(exclude=["harbour"], originator="beacon"), "harbour>ports", None,
     ("delete_after 200d",)),
    ("TLP 1", signal(tlp="TLP:WHITE"), "harbour>beacon", None, ("delete_after 200d",)),
    ("blanks and small letters", signal(tlp=" tlp:amber "), "harbour>beacon", None, ("encrypt", "delete_after 200d")),
    ("as the originator marked it", signal(tlp_of_record="GREEN"), "harbour>beacon", None, ("delete_after 200d",)),
    ("consent", signal(originator="stranger", originator_consent=True), "harbour>beacon", None, ("delete_after 200d",)),
    ("public", signal(originator="stranger", tlp="CLEAR"), "harbour>beacon", None, ("delete_after 200d",)),
    ("a purpose", signal(purpose="detection"), "harbour>beacon", None, ("delete_after 200d",)),
    ("a delay", signal(originator="harbour"), "beacon>customers", None, ("delay 48h", "delete_after 200d")),
    ("to the victim", VICTIM | {"recipient_is_victim": True}, "harbour>ports", None, ("encrypt", "delete_after 90d")),
    ("embargo to a party", FLAW, "harbour>beacon", None, ("embargo 2026-12-01T00:00:00Z", "delete_after 400d")),
    ("embargo is over", FLAW | {"originator": "beacon", "embargo_until": "2026-11-24T12:00:00Z"}, "harbour>ports", None,
     ("delete_after 400d",)),
    ("all that is required", EVIDENCE | {"case_id": "C-7", "approval": 1, "owner_consent": 1}, "harbour>beacon", None,
     ("delete_after 400d",)),
    ("k", COUNT | {"cell_size": 5}, "harbour>beacon", None, ("delete_after 400d",)),
    ("by TAXII", signal(), "harbour>beacon", "taxii", ("delete_after 200d",)),
    ("by mail", signal(), "harbour>beacon", "mail", ("delete_after 200d",)),
    ("a download is a portal's", signal(), "harbour>beacon", "download", ("delete_after 200d",)),
    ("an export is bound to nothing", signal(), "harbour>beacon", "export", ("delete_after 200d",)),
    ("a second before it is too old", signal(obtained_at="2026-05-08T12:00:01Z"), "harbour>beacon", None,
     ("delete_after 200d",)),
    ("a clock within the skew", signal(obtained_at="2026-11-24T12:01:00Z"), "harbour>beacon", None, ("delete_after 200d",)),
    ("on its last moment", signal(iep=POLICY | {"end_date": "2026-11-24T12:00:00Z"}), "harbour>beacon", None,
     ("delete_after 200d",)),
    ("to be blocked", signal(pap="GREEN", iep=POLICY), "harbour>beacon", "block_list", ("delete_after 200d",)),
    ("to be looked up", signal(pap="AMBER", iep=POLICY), "harbour>beacon", "lookup", ("delete_after 200d",)),
    ("encrypted by IEP", signal(iep={"encrypt_in_transit": "must"}), "harbour>beacon", None, ("encrypt", "delete_after 200d")),
    ("no default where marked", signal(), "harbour>beacon", "notice", ("delete_after 200d",)),
    ("the attacker's own", signal(text="drop someone@evil.example", attacker_controlled=True), "harbour>beacon", None,
     ("delete_after 200d",)),
    ("inward it is kept for less", signal(text="for someone@victim.example"), "beacon>harbour", None, ("delete_after 30d",)),
    ("kinds nobody asked for", signal(personal_data=["shoe_size"]), "harbour>beacon", None, ("delete_after 200d",)),
    ("odd words inward", signal(text=7, personal_data=7), "beacon>harbour", None, ("delete_after 200d",)),
    ("credit", signal(originator="quay", iep=POLICY), "harbour>beacon", None,
     ("delete_after 200d", "credit Thanks to Quay Exchange")),
    ("credit to nobody we know", signal(originator="stranger", originator_consent=1, iep=POLICY), "harbour>beacon", None,
     ("delete_after 200d", "credit Thanks to stranger")),
    ("no credit for one's own", signal(iep=POLICY), "harbour>beacon", None, ("delete_after 200d",)),
    ("none may be given", signal(originator="quay", iep={"attribution": "must-not"}), "harbour>beacon", None,
     ("delete_after 200d", "no_credit")),
    ("a file without words", signal(text=""), "harbour>beacon", None, ("delete_after 200d",)),
]  # fmt: skip


@pytest.mark.parametrize(("_", "subject", "way", "by", "obligations"), PERMISSIONS)
def test_what_may_go_carries_its_obligations_in_order(
    _: str, subject: dict[str, Any], way: str, by: str | None, obligations: tuple[str, ...]
) -> None:
    decision = asked(subject, way, AT, Exit(by) if by else None)
    assert decision == Decision(Result.ALLOW, (f"categories.{subject['category']}",), obligations)


def test_personal_data_is_taken_out_in_the_order_of_the_agreement() -> None:
    decision = asked(signal(text="CNIC 35202-1234567-1 of someone@victim.example", personal_data=["passport_pk"]))
    assert decision == Decision(
        Result.TRANSFORM,
        (
            "personal_data.outbound:email_local_part",
            "personal_data.outbound:cnic",
            "personal_data.outbound:passport_pk",
        ),
        ("redact email_local_part", "redact cnic", "redact passport_pk", "delete_after 200d"),
    )


@pytest.mark.parametrize("action", ["hold", "deny"])
def test_personal_data_is_held_or_denied_where_the_agreement_says_so(action: str) -> None:
    agreement = agreement_with(personal_data__outbound__action=action)
    decision = asked(signal(personal_data=["cnic", "free_text_name"]), "harbour>beacon", AT, None, agreement)
    assert decision.result == action
    assert decision.clauses == ("personal_data.outbound:cnic", "personal_data.outbound:free_text_name")


def test_the_attackers_own_data_is_excused_only_where_the_agreement_says_so() -> None:
    strict = agreement_with(personal_data__outbound={"action": "redact_or_hold"})
    subject = signal(text="drop someone@evil.example", attacker_controlled=True)
    assert asked(subject, "harbour>beacon", AT, None, strict).result is Result.TRANSFORM


def test_what_it_derives_from_is_named_before_every_clause() -> None:
    raised = signal(derived_from_tlp=["CLEAR", "RED"])
    assert asked(raised) == Decision(DENY, ("marking.derived", "categories.signals.tlp_max"))
    assert asked(signal(derived_from_tlp=["AMBER"])).clauses == ("marking.derived", "categories.signals")
    assert asked(signal(derived_from_tlp=["CLEAR"])).clauses == ("categories.signals",)
    # A policy had raised it already, so its parts did not.
    assert asked(signal(derived_from_tlp=["AMBER"], iep={"tlp": "amber"})).clauses == ("categories.signals",)


def test_a_policy_raises_the_label() -> None:
    assert asked(signal(tlp="CLEAR", iep={"tlp": "red"})).clauses == ("categories.signals.tlp_max",)


@pytest.mark.parametrize("status", ["draft", "suspended", "terminated"])
def test_only_an_agreement_in_force_lets_anything_go(status: str) -> None:
    assert asked(signal(), "harbour>beacon", AT, None, agreement_with(status=status)) == Decision(DENY, ("status",))


@pytest.mark.parametrize(
    ("at", "is_in_force"),
    [
        ("2026-01-31T23:59:59Z", False),
        ("2026-02-01T00:00:00Z", True),
        ("2027-12-31T23:59:59Z", True),
        ("2027-12-31T23:59:59.000001Z", False),
    ],
)
def test_both_ends_of_its_time_belong_to_it(at: str, is_in_force: bool) -> None:
    assert (asked(signal(), at=at).clauses != ("legal.effective",)) == is_in_force


def test_an_agreement_without_an_end_does_not_end() -> None:
    endless = agreement_with(legal__effective={"from": "2026-02-01T00:00:00Z"})
    assert asked(signal(), "harbour>beacon", "2999-01-01T00:00:00Z", None, endless).result is Result.ALLOW


def test_ones_own_data_to_ones_own_circle_is_nobody_elses_business() -> None:
    assert asked(signal(tlp="RED"), "beacon>customers") == Decision(Result.OUT_OF_SCOPE, ("communities.customers.of",))
    assert asked(signal(tlp="?"), "beacon>customers").clauses == ("ambiguity:tlp",)
    assert asked(signal(originator="harbour"), "beacon>customers").result is Result.ALLOW


def test_defaults_stand_only_for_what_carries_no_marking_at_all() -> None:
    bare = signal(tlp=None)
    assert asked(bare).obligations == ("encrypt", "delete_after 200d")
    assert asked(bare, by=Exit.NOTICE).clauses == ("defaults.iep.affected_party_notifications",)
    assert asked(bare | {"pap": "CLEAR"}, by=Exit.NOTICE).result is Result.ALLOW
    assert asked(bare | {"originator": "quay"}).obligations[-1] == "credit Thanks to Quay Exchange"


def test_a_third_party_is_denied_where_the_agreement_denies() -> None:
    closed = agreement_with(third_party={"default": "deny", "originator_exclusions": "honour"})
    for more in ({"originator_consent": True}, {"tlp": "CLEAR"}):
        decision = asked(signal(originator="stranger", **more), "harbour>beacon", AT, None, closed)
        assert decision == Decision(DENY, ("third_party.default",))


def test_without_a_period_nothing_is_too_old() -> None:
    endless = agreement_with(defaults__retention_days=GONE, categories__signals__retention_days=GONE)
    assert asked(signal(obtained_at="1990-01-01T00:00:00Z"), "harbour>beacon", AT, None, endless) == Decision(
        Result.ALLOW, ("categories.signals",)
    )
