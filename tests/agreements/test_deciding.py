"""Every exit is decided as agreements stand, written down once, and counted where it is denied."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from tests.agreements.stored import HARBOUR, about, decide, exits, store
from tests.agreements.written import AT
from tests.cast import cast

from tocsin.agreements import actions, queries
from tocsin.agreements.models import DenialTally, DeniedSubject, Hold, LedgerEntry
from tocsin.agreements.rules.asked import Asked
from tocsin.agreements.rules.decision import Exit, Result, Subject
from tocsin.constituency.access import OPERATOR, Viewer
from tocsin.vocab.errors import InputError, NotFound

__all__ = ["cast"]
pytestmark = pytest.mark.django_db

OTHER = "agr--jetty"


def test_without_an_agreement_nothing_leaves() -> None:
    (decided,) = exits(1)
    assert (decided.decision.result, decided.decision.clauses) == (Result.DENY, ("agreements",))
    assert (decided.ledger_number, decided.hold_uid) == (None, None)
    assert LedgerEntry.objects.count() == 0


def test_what_goes_or_is_held_is_written_down_in_the_order_asked() -> None:
    store()
    found = decide(
        about(1),
        about(2, tlp="RED"),
        about(3, type="url", text="write to somebody@example.org"),
        about(4, tlp="AMB3R"),
        about(5, "harbour>ports"),
    )
    assert [one.decision.result.value for one in found] == ["allow", "deny", "transform", "hold", "out_of_scope"]
    assert [one.ledger_number for one in found] == [2, None, 3, 4, 5]
    assert [one.hold_uid is not None for one in found] == [False, False, False, True, False]


def test_a_category_that_nobody_named_is_the_one_that_lists_the_type() -> None:
    store()
    found = decide(about(1), about(2, type="artifact"), about(3, type="x-unheard"), about(4, category="no-such"))
    assert [one.decision.clauses for one in found] == [
        ("categories.signals",),
        # two categories list it: a person says which
        ("ambiguity:category",),
        ("ambiguity:category",),
        ("ambiguity:category",),
    ]
    assert queries.entry(OPERATOR, 2).subject["category"] == "signals"


def test_words_are_looked_through_and_not_kept() -> None:
    store()
    (decided,) = decide(about(1, text="write to somebody@example.org, CNIC 35202-1234567-1"))
    assert decided.decision.result is Result.TRANSFORM
    assert decided.decision.obligations[:2] == ("redact email_local_part", "redact cnic")
    told = queries.entry(OPERATOR, 2).told
    assert b"somebody" not in told
    assert b"35202" not in told
    assert queries.entry(OPERATOR, 2).subject["personal_data"] == ["cnic", "email_local_part"]
    assert queries.replay(OPERATOR, 2).is_same


def test_a_suspension_stops_the_next_decision_and_a_resumption_lets_it_go() -> None:
    store()
    assert exits(1)[0].decision.result is Result.ALLOW
    actions.suspend_agreement(actor=OPERATOR, agreement=HARBOUR, reason="an incident", at=AT)
    assert exits(1)[0].decision.clauses == ("status",)
    actions.resume_agreement(actor=OPERATOR, agreement=HARBOUR, reason="it is over", at=AT)
    assert exits(1)[0].decision.result is Result.ALLOW
    actions.terminate_agreement(actor=OPERATOR, agreement=HARBOUR, reason="it has ended", at=AT)
    assert exits(1)[0].decision.clauses == ("agreements",)


def test_two_agreements_govern_together_and_the_strictest_wins() -> None:
    store()
    store(f"id: {HARBOUR}", f"id: {OTHER}")
    (decided,) = exits(1)
    assert decided.decision.result is Result.ALLOW
    assert [one["id"] for one in map(_basis, queries.entry(OPERATOR, 3).agreements)] == [HARBOUR, OTHER]
    actions.suspend_agreement(actor=OPERATOR, agreement=OTHER, reason="one is enough", at=AT)
    assert exits(1)[0].decision.clauses == ("status",)


def _basis(one: Any) -> dict[str, Any]:
    return {"id": one.id, "revision": one.revision}


def test_the_newest_revision_decides() -> None:
    store()
    store("tlp_max: AMBER\n    retention_days: 200", "tlp_max: CLEAR\n    retention_days: 200", revision=5)
    assert exits(1)[0].decision.clauses == ("categories.signals.tlp_max",)


def test_only_those_under_whom_both_stand_govern() -> None:
    store()
    assert [one.id for one in queries.governing(OPERATOR, "harbour", "customers", AT)] == [HARBOUR]
    assert queries.governing(OPERATOR, "harbour", "stranger", AT) == ()
    assert queries.governing(OPERATOR, "stranger", "harbour", AT) == ()
    assert decide(about(1, "harbour>stranger"))[0].decision.clauses == ("agreements",)


def test_looking_writes_nothing_and_says_the_same() -> None:
    store()
    asked = [about(1), about(2, tlp="RED"), about(3, tlp="AMB3R")]
    looked = queries.decisions(OPERATOR, asked, AT)
    assert LedgerEntry.objects.count() == 1
    assert looked == [one.decision for one in decide(*asked)]


def test_standing_is_asked_in_one_query_while_nothing_changes() -> None:
    store()
    queries.governing(OPERATOR, "harbour", "beacon", AT)
    with CaptureQueriesContext(connection) as asked:
        queries.governing(OPERATOR, "harbour", "beacon", AT)
        queries.decisions(OPERATOR, [about(1), about(2)], AT)
    assert len(asked) == 2


def test_denials_are_counted_by_day_with_times_to_the_day() -> None:
    store()
    for hour in (8, 9):
        known: dict[str, Any] = {"tlp": "RED", "obtained_at": f"2026-11-20T0{hour}:00:00Z"}
        actions.decide_exits(actor=OPERATOR, asked=[about(n, **known) for n in range(3)], at=AT + timedelta(hours=hour))
    decide(about(9, tlp="RED"), about(10, "harbour>quay", tlp="RED"))
    counts = {
        (t.recipient, t.subject.text): (t.count, t.example) for t in DenialTally.objects.select_related("subject")
    }
    dated = '{"category":"signals","obtained_at":"2026-11-20T00:00:00Z","tlp":"red","type":"indicator"}'
    plain = '{"category":"signals","tlp":"red","type":"indicator"}'
    assert counts == {
        ("beacon", dated): (6, "indicator--00000002-0000-4000-8000-000000000000"),
        ("beacon", plain): (1, "indicator--00000009-0000-4000-8000-000000000000"),
        ("quay", plain): (1, "indicator--00000010-0000-4000-8000-000000000000"),
    }


def test_counts_of_long_ago_are_forgotten() -> None:
    store()
    decide(about(1, tlp="RED"))
    assert actions.forget_denials(actor=OPERATOR, at=AT + timedelta(days=400)) == 0
    assert actions.forget_denials(actor=OPERATOR, at=AT + timedelta(days=401)) == 1
    assert DeniedSubject.objects.count() == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"object_id": ""},
        {"object_id": "x" * 401},
        {"object_id": "a\x00b"},
        {"object_hash": ""},
        {"sender": "x" * 201},
        {"recipient": ""},
    ],
)
def test_names_that_no_ledger_keeps_are_refused(wrong: dict[str, str]) -> None:
    named = {"object_id": "indicator--1", "object_hash": "00", "sender": "harbour", "recipient": "beacon", **wrong}
    with pytest.raises(InputError):
        actions.decide_exits(actor=OPERATOR, asked=[Asked(Subject.of({}), exit=Exit.TAXII, **named)])


def test_nothing_asked_is_nothing_decided() -> None:
    assert actions.decide_exits(actor=OPERATOR, asked=[]) == []


def test_what_fails_half_way_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    store()

    def fail(*_arguments: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("tocsin.agreements.actions.deciding.tally", fail)
    with pytest.raises(ZeroDivisionError):
        decide(about(1), about(2, tlp="AMB3R"))
    assert LedgerEntry.objects.count() == 1
    assert Hold.objects.count() == 0


def test_a_transaction_that_a_power_cut_can_take_back_is_refused() -> None:
    store()
    with transaction.atomic(), pytest.raises(transaction.TransactionManagementError):
        exits(1)


def test_who_may_look_at_decisions(cast: dict[str, Viewer]) -> None:
    store()
    for name in ("ayesha", "luqman", "parveen", "asad"):
        assert queries.decisions(cast[name], [about(1)], AT)[0].result is Result.ALLOW
        assert queries.governing(cast[name], "harbour", "beacon", AT)
    for name in ("adeel", "sana"):
        with pytest.raises(NotFound):
            queries.decisions(cast[name], [about(1)], AT)
        with pytest.raises(NotFound):
            queries.governing(cast[name], "harbour", "beacon", AT)
