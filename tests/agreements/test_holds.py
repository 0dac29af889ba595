"""What is held waits for a named person, once; what the person says is asked about again, and stays written down."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.agreements.stored import HARBOUR, SOON, about, decide, exits, store
from tests.agreements.written import AT
from tests.cast import cast, email_of

from tocsin.agreements import actions, queries
from tocsin.agreements.models import Hold, LedgerEntry
from tocsin.agreements.rules.decision import Exit, Result
from tocsin.constituency.access import OPERATOR, SYSTEM, Viewer
from tocsin.constituency.models import AuditEntry
from tocsin.jobs.models import ChangeEntry
from tocsin.vocab.errors import Conflict, InputError, NotFound

__all__ = ["cast"]
pytestmark = pytest.mark.django_db

DIRECTOR = "role--director"


@pytest.fixture
def luqman(cast: dict[str, Viewer]) -> Viewer:
    """The lead, with the agreement stored."""
    store()
    return cast["luqman"]


def _held(*asked: Any) -> UUID:
    uid = decide(*asked)[0].hold_uid
    assert uid is not None
    return uid


def test_asked_again_it_is_the_same_hold_and_no_other_entry(luqman: Viewer) -> None:
    first, second = (decide(about(1, tlp="AMB3R"))[0] for _ in range(2))
    assert first == second
    assert LedgerEntry.objects.count() == 2
    assert Hold.objects.count() == 1
    both = decide(about(2, tlp="AMB3R"), about(2, tlp="AMB3R"))
    assert both[0] == both[1]
    assert Hold.objects.count() == 2


def test_other_bytes_recipients_and_exits_are_held_apart(luqman: Viewer) -> None:
    decide(about(1, tlp="x"), about(2, tlp="x"), about(1, "harbour>quay", tlp="x"), about(1, by=Exit.MAIL, tlp="x"))
    assert Hold.objects.count() == 4


def test_a_release_says_what_was_unknown_and_is_decided_again(luqman: Viewer) -> None:
    uid = _held(about(1, tlp="AMB3R"))
    released = actions.approve_hold(
        actor=luqman, uid=uid, reason="the sender wrote amber", said={"tlp": "AMBER"}, at=SOON
    )
    assert released.decision.result is Result.ALLOW
    assert released.decision.obligations == ("encrypt", "delete_after 200d")
    entry = queries.entry(OPERATOR, released.ledger_number or 0)
    assert (entry.kind, entry.result, entry.hold, entry.actor) == ("released", "allow", str(uid), luqman.name)
    assert entry.subject["tlp"] == "amber"
    (again,) = decide(about(1, tlp="AMB3R"))
    assert (again.decision, again.hold_uid) == (released.decision, uid)
    assert all(one.is_same for one in queries.replay_all(OPERATOR))
    assert queries.verify_ledger(OPERATOR).verdict.is_sound
    assert queries.decisions(OPERATOR, [about(1, tlp="AMB3R")], AT) == [released.decision]


def test_a_release_holds_for_these_bytes_as_they_were_known(luqman: Viewer) -> None:
    uid = _held(about(1, tlp="AMB3R"))
    actions.approve_hold(actor=luqman, uid=uid, reason="amber", said={"tlp": "AMBER"}, at=SOON)
    assert decide(about(2, tlp="AMB3R"))[0].decision.result is Result.HOLD
    (other,) = decide(about(1, tlp="AMB3R", tlp_of_record="RED"))
    assert other.decision.result is Result.HOLD
    assert other.hold_uid != uid
    with pytest.raises(Conflict, match="newer hold"):
        actions.refuse_hold(actor=luqman, uid=uid, reason="too late")


def test_a_release_never_outlives_the_agreement(luqman: Viewer) -> None:
    uid = _held(about(1, tlp="AMB3R"))
    actions.approve_hold(actor=luqman, uid=uid, reason="amber", said={"tlp": "AMBER"}, at=SOON)
    actions.suspend_agreement(actor=OPERATOR, agreement=HARBOUR, reason="an incident", at=SOON)
    (again,) = decide(about(1, tlp="AMB3R"))
    assert (again.decision.result, again.ledger_number) == (Result.DENY, None)


def test_what_is_denied_cannot_be_released(luqman: Viewer) -> None:
    uid = _held(about(1, tlp="AMB3R"))
    with pytest.raises(Conflict, match=r"categories\.signals\.tlp_max denies it"):
        actions.approve_hold(actor=luqman, uid=uid, reason="red", said={"tlp": "RED"})
    actions.suspend_agreement(actor=OPERATOR, agreement=HARBOUR, reason="an incident")
    with pytest.raises(Conflict, match="status denies it"):
        actions.approve_hold(actor=luqman, uid=uid, reason="amber")
    assert Hold.objects.get(uid=uid).state == "open"


@pytest.mark.parametrize(
    ("said", "error", "words"),
    [
        ({}, Conflict, "say tlp or tlp_of_record or derived_from_tlp"),
        ({"tlp": "nonsense"}, Conflict, "still held for ambiguity:tlp"),
        ({"category": "signals"}, InputError, "does not answer ambiguity:tlp"),
        ({"attacker_controlled": True}, InputError, "does not answer"),
        ({"tlp": {1, 2}}, InputError, "plain JSON"),
        ({"tlp": "x" * 10_001}, InputError, "10,000"),
    ],
)
def test_only_what_is_asked_can_be_said(luqman: Viewer, said: dict[str, Any], error: Any, words: str) -> None:
    uid = _held(about(1, tlp="AMB3R"))
    before = LedgerEntry.objects.count()
    with pytest.raises(error, match=words):
        actions.approve_hold(actor=luqman, uid=uid, reason="because", said=said)
    assert LedgerEntry.objects.count() == before


def test_a_refused_object_stays_and_asks_nobody_again(luqman: Viewer) -> None:
    uid = _held(about(1, tlp="AMB3R"))
    actions.refuse_hold(actor=luqman, uid=uid, reason="nobody knows what it is", at=SOON)
    before = LedgerEntry.objects.count()
    (again,) = decide(about(1, tlp="AMB3R"))
    assert (again.decision.result, again.hold_uid, again.ledger_number) == (Result.HOLD, uid, before)
    assert LedgerEntry.objects.count() == before
    assert queries.entry(OPERATOR, before).kind == "refused"


def test_a_person_may_think_again_both_ways(luqman: Viewer) -> None:
    uid = _held(about(1, tlp="AMB3R"))
    actions.refuse_hold(actor=luqman, uid=uid, reason="unclear", at=SOON)
    with pytest.raises(Conflict, match="refused by"):
        actions.refuse_hold(actor=luqman, uid=uid, reason="unclear")
    actions.approve_hold(actor=luqman, uid=uid, reason="clear now", said={"tlp": "GREEN"}, at=SOON)
    with pytest.raises(Conflict, match="released by"):
        actions.approve_hold(actor=luqman, uid=uid, reason="clear now", said={"tlp": "GREEN"})
    assert decide(about(1, tlp="AMB3R"))[0].decision.result is Result.ALLOW
    actions.refuse_hold(actor=luqman, uid=uid, reason="no, after all", at=SOON)
    assert decide(about(1, tlp="AMB3R"))[0].decision.result is Result.HOLD
    assert [row.kind for row in queries.ledger(OPERATOR, queries.LedgerSearch(hold=str(uid))).rows] == [
        "refused",
        "exit",
        "released",
        "refused",
        "exit",
    ]


def test_facts_that_change_while_it_waits_change_the_question(luqman: Viewer) -> None:
    uid = _held(about(1, tlp="AMB3R"))
    (again,) = decide(about(1, category="no-such"))
    assert (again.hold_uid, again.decision.clauses) == (uid, ("ambiguity:category",))
    with pytest.raises(InputError, match="ambiguity:category"):
        actions.approve_hold(actor=luqman, uid=uid, reason="green", said={"tlp": "GREEN"})
    released = actions.approve_hold(actor=luqman, uid=uid, reason="a signal", said={"category": "signals"})
    assert released.decision.result is Result.ALLOW


def test_only_the_approvers_that_the_agreement_names_release_it(luqman: Viewer, cast: dict[str, Viewer]) -> None:
    known: dict[str, Any] = {
        "type": "x-evidence",
        "category": "evidence",
        "owner_consent": True,
        "case_id": "C-1",
        "tlp": "AMBER",
    }
    uid = _held(about(1, **known))
    assert Hold.objects.get(uid=uid).clauses == '["categories.evidence.requires.approval"]'
    for decision in (actions.approve_hold, actions.refuse_hold):
        with pytest.raises(Conflict, match="role--director"):
            decision(actor=luqman, uid=uid, reason="because")
    actions.appoint_approver(actor=cast["adeel"], role=DIRECTOR, person=email_of("luqman"))
    actions.appoint_approver(actor=cast["adeel"], role=DIRECTOR, person=email_of("luqman"))
    released = actions.approve_hold(actor=luqman, uid=uid, reason="the court asked for it", at=SOON)
    assert released.decision.result is Result.ALLOW
    entry = queries.entry(OPERATOR, released.ledger_number or 0)
    assert entry.subject["approval"] == DIRECTOR
    assert AuditEntry.objects.filter(action="agreements.approver-appointed").count() == 1


def test_one_answer_may_lead_to_the_next_question(luqman: Viewer, cast: dict[str, Viewer]) -> None:
    actions.appoint_approver(actor=cast["adeel"], role=DIRECTOR, person=email_of("luqman"))
    uid = _held(about(1, type="x-evidence", category="evidence", tlp="AMBER"))
    with pytest.raises(Conflict, match=r"requires\.case_id: say case_id"):
        actions.approve_hold(actor=luqman, uid=uid, reason="because")
    with pytest.raises(Conflict, match=r"requires\.owner_consent"):
        actions.approve_hold(actor=luqman, uid=uid, reason="because", said={"case_id": "C-2"})


def test_an_approver_who_was_dismissed_releases_nothing(luqman: Viewer, cast: dict[str, Viewer]) -> None:
    actions.appoint_approver(actor=cast["adeel"], role=DIRECTOR, person=email_of("luqman"))
    actions.dismiss_approver(actor=cast["adeel"], role=DIRECTOR, person=email_of("luqman"))
    with pytest.raises(NotFound):
        actions.dismiss_approver(actor=cast["adeel"], role=DIRECTOR, person=email_of("luqman"))
    known: dict[str, Any] = {
        "type": "x-evidence",
        "category": "evidence",
        "owner_consent": True,
        "case_id": "C-1",
        "tlp": "AMBER",
    }
    with pytest.raises(Conflict, match="role--director"):
        actions.approve_hold(actor=luqman, uid=_held(about(1, **known)), reason="because")


def test_who_appoints_whom(luqman: Viewer, cast: dict[str, Viewer]) -> None:
    for name in ("ayesha", "luqman", "parveen", "asad", "sana"):
        with pytest.raises(NotFound):
            actions.appoint_approver(actor=cast[name], role=DIRECTOR, person=email_of("luqman"))
    with pytest.raises(Conflict, match="may not decide holds"):
        actions.appoint_approver(actor=cast["adeel"], role=DIRECTOR, person=email_of("ayesha"))
    with pytest.raises(InputError):
        actions.appoint_approver(actor=cast["adeel"], role="The Director!", person=email_of("luqman"))


def test_state_actors_are_let_go_by_the_roles_that_the_agreement_names(cast: dict[str, Viewer]) -> None:
    store("{action: deny, approver: [role--director]}", "{action: hold, approver: [role--director]}")
    uid = _held(about(1, state_attribution=True))
    with pytest.raises(Conflict, match="role--director"):
        actions.approve_hold(actor=cast["luqman"], uid=uid, reason="because")
    actions.appoint_approver(actor=OPERATOR, role=DIRECTOR, person=email_of("luqman"))
    assert actions.approve_hold(actor=cast["luqman"], uid=uid, reason="public anyway").decision.result is Result.ALLOW


def test_a_name_in_free_text_is_waved_through_and_a_number_is_still_taken_out(luqman: Viewer) -> None:
    known: dict[str, Any] = {"personal_data": ["free_text_name"], "text": "his CNIC is 35202-1234567-1"}
    uid = _held(about(1, **known))
    released = actions.approve_hold(actor=luqman, uid=uid, reason="the name is a ship's")
    assert released.decision.result is Result.TRANSFORM
    assert released.decision.obligations[0] == "redact cnic"


def test_a_third_partys_information_goes_with_its_consent(luqman: Viewer) -> None:
    uid = _held(about(1, originator="stranger"))
    with pytest.raises(Conflict, match="say originator_consent or originator"):
        actions.approve_hold(actor=luqman, uid=uid, reason="they will not mind")
    released = actions.approve_hold(actor=luqman, uid=uid, reason="letter of today", said={"originator_consent": True})
    assert released.decision.result is Result.ALLOW


def test_a_clock_that_is_ahead_is_answered_by_the_approval_itself(luqman: Viewer) -> None:
    uid = _held(about(1, obtained_at="2026-11-24T13:30:00Z"))
    assert actions.approve_hold(actor=luqman, uid=uid, reason="their clock", at=AT).decision.result is Result.ALLOW


def test_decisions_wake_the_rooms_above_and_stand_in_the_audit_log(luqman: Viewer) -> None:
    released, refused = (_held(about(number, tlp="x")) for number in (1, 2))
    done = actions.approve_hold(actor=luqman, uid=released, reason="green", said={"tlp": "GREEN"})
    actions.refuse_hold(actor=luqman, uid=refused, reason="unknown")
    changes = {row.kind: row for row in ChangeEntry.objects.filter(room="agreements", kind__startswith="hold-")}
    assert (changes["hold-released"].subject, changes["hold-refused"].subject) == (str(released), str(refused))
    assert changes["hold-released"].detail["entry"] == done.ledger_number
    assert changes["hold-released"].detail["recipient"] == "beacon"
    lines = AuditEntry.objects.filter(action__startswith="agreements.hold-").order_by("pk")
    assert [(line.actor_name, line.action) for line in lines] == [
        (luqman.name, "agreements.hold-released"),
        (luqman.name, "agreements.hold-refused"),
    ]
    assert Hold.objects.get(uid=refused).reason == "unknown"


@pytest.mark.parametrize("reason", ["", "  ", "x" * 2001, "a\x00b"])
def test_a_reason_is_written_down(luqman: Viewer, reason: str) -> None:
    uid = _held(about(1, tlp="x"))
    with pytest.raises(InputError, match="reason"):
        actions.approve_hold(actor=luqman, uid=uid, reason=reason)
    with pytest.raises(InputError, match="reason"):
        actions.refuse_hold(actor=luqman, uid=uid, reason=reason)


def test_who_may_decide_a_hold(luqman: Viewer, cast: dict[str, Viewer]) -> None:
    uid = _held(about(1, tlp="x"))
    for name in ("ayesha", "parveen", "asad", "adeel", "sana"):
        with pytest.raises(NotFound):
            actions.approve_hold(actor=cast[name], uid=uid, reason="because", said={"tlp": "GREEN"})
        with pytest.raises(NotFound):
            actions.refuse_hold(actor=cast[name], uid=uid, reason="because")
    for nobody in (OPERATOR, SYSTEM):
        with pytest.raises(Conflict, match="named person"):
            actions.approve_hold(actor=nobody, uid=uid, reason="because", said={"tlp": "GREEN"})
    with pytest.raises(NotFound):
        actions.approve_hold(actor=luqman, uid=uuid4(), reason="because")


def test_a_hold_is_decided_by_the_revision_of_the_day(luqman: Viewer) -> None:
    uid = _held(about(1, tlp="AMB3R"))
    store("tlp_max: AMBER\n    retention_days: 200", "tlp_max: CLEAR\n    retention_days: 200", revision=5)
    assert exits(1, first=5)[0].decision.result is Result.DENY
    with pytest.raises(Conflict, match="tlp_max"):
        actions.approve_hold(actor=luqman, uid=uid, reason="green", said={"tlp": "GREEN"}, at=AT + timedelta(days=1))
