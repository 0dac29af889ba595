"""Agreements are taken in byte for byte, never changed, and stopped at once."""

from pathlib import Path
from typing import Any

import pytest
from tests.agreements.stored import HARBOUR, exits, store
from tests.agreements.written import AT, sample_text
from tests.cast import cast

from tocsin.agreements import actions, queries
from tocsin.agreements.models import AgreementRevision, LedgerEntry
from tocsin.agreements.rules.decision import Result
from tocsin.constituency.access import OPERATOR, Viewer
from tocsin.constituency.models import AuditEntry
from tocsin.jobs.models import ChangeEntry
from tocsin.vocab.errors import Conflict, InputError, NotFound

__all__ = ["cast"]
pytestmark = pytest.mark.django_db


def _import(text: bytes, **more: Any) -> actions.Imported:
    return actions.import_agreement(actor=OPERATOR, text=text, name="a.yaml", at=AT, **more)


def _sample(old: str, new: str, revision: int = 5) -> bytes:
    text = sample_text().decode()
    assert old in text
    return text.replace(old, new).replace("revision: 4", f"revision: {revision}").encode()


def test_the_bytes_are_kept_as_they_came() -> None:
    found = _import(sample_text())
    assert (found.agreement, found.revision, found.is_stored) == (HARBOUR, 4, True)
    row = AgreementRevision.objects.get()
    assert bytes(row.text) == sample_text()
    assert row.imported_by == "operator"


def test_the_same_bytes_again_change_nothing() -> None:
    store()
    assert not _import(sample_text()).is_stored
    assert LedgerEntry.objects.count() == 1
    assert ChangeEntry.objects.filter(room="agreements").count() == 1


def test_the_same_revision_with_other_bytes_is_refused() -> None:
    store()
    with pytest.raises(Conflict, match="never changed"):
        _import(sample_text() + b"# one more line\n")
    assert bytes(AgreementRevision.objects.get().text) == sample_text()


def test_an_older_revision_after_a_newer_one_is_refused() -> None:
    store()
    with pytest.raises(Conflict, match="higher number"):
        _import(_sample("revision: 4", "revision: 4", revision=3))


def test_a_file_with_errors_is_refused_with_their_places(samples: Path) -> None:
    with pytest.raises(InputError, match=r"a\.yaml:\d+:\d+: "):
        _import((samples / "agreements" / "broken.yaml").read_bytes())
    assert AgreementRevision.objects.count() == 0


def test_placeholders_are_refused_but_for_a_demonstration() -> None:
    text = _sample("email: duty@harbour.example", "email: TODO")
    with pytest.raises(InputError, match="TODO"):
        _import(text)
    assert _import(text, is_demo=True).is_stored
    assert AgreementRevision.objects.get().is_demo


def test_a_draft_does_not_end_what_is_in_force() -> None:
    store()
    with pytest.raises(Conflict, match="draft"):
        _import(_sample("status: in_force", "status: draft"))
    assert exits(1)[0].decision.result is Result.ALLOW


def test_a_draft_becomes_what_is_in_force() -> None:
    _import(_sample("status: in_force", "status: draft", revision=3))
    assert exits(1)[0].decision.clauses == ("status",)
    store()
    assert exits(1)[0].decision.result is Result.ALLOW


def test_a_new_revision_does_not_lift_a_suspension() -> None:
    store()
    actions.suspend_agreement(actor=OPERATOR, agreement=HARBOUR, reason="an incident", at=AT)
    _import(_sample("revision: 4", "revision: 4"))
    assert exits(1)[0].decision.clauses == ("status",)
    actions.resume_agreement(actor=OPERATOR, agreement=HARBOUR, reason="over", at=AT)
    assert exits(1)[0].decision.result is Result.ALLOW


def test_what_is_terminated_stays_so() -> None:
    store()
    actions.terminate_agreement(actor=OPERATOR, agreement=HARBOUR, reason="the end", at=AT)
    for change in (actions.suspend_agreement, actions.resume_agreement, actions.terminate_agreement):
        with pytest.raises(Conflict, match="for good"):
            change(actor=OPERATOR, agreement=HARBOUR, reason="again")
    with pytest.raises(Conflict, match="for good"):
        _import(_sample("revision: 4", "revision: 4"))


def test_a_text_that_says_terminated_ends_it_too() -> None:
    store()
    _import(_sample("status: in_force", "status: terminated"))
    assert exits(1)[0].decision.clauses == ("agreements",)
    with pytest.raises(Conflict, match="for good"):
        _import(_sample("revision: 4", "revision: 4", revision=6))


def test_changes_that_change_nothing_are_refused() -> None:
    store()
    with pytest.raises(Conflict, match="not suspended"):
        actions.resume_agreement(actor=OPERATOR, agreement=HARBOUR, reason="over")
    actions.suspend_agreement(actor=OPERATOR, agreement=HARBOUR, reason="an incident")
    with pytest.raises(Conflict, match="already"):
        actions.suspend_agreement(actor=OPERATOR, agreement=HARBOUR, reason="an incident")
    with pytest.raises(NotFound):
        actions.suspend_agreement(actor=OPERATOR, agreement="agr--other", reason="an incident")
    with pytest.raises(InputError, match="reason"):
        actions.resume_agreement(actor=OPERATOR, agreement=HARBOUR, reason=" ")


def test_a_text_that_suspends_itself_is_resumed_by_a_text() -> None:
    _import(_sample("status: in_force", "status: suspended", revision=3))
    with pytest.raises(Conflict, match="its own text"):
        actions.resume_agreement(actor=OPERATOR, agreement=HARBOUR, reason="over")


def test_every_change_stands_in_ledger_audit_log_and_change_log() -> None:
    store()
    actions.suspend_agreement(actor=OPERATOR, agreement=HARBOUR, reason="an incident", at=AT)
    actions.resume_agreement(actor=OPERATOR, agreement=HARBOUR, reason="over", at=AT)
    actions.terminate_agreement(actor=OPERATOR, agreement=HARBOUR, reason="the end", at=AT)
    kinds = ["imported", "suspended", "resumed", "terminated"]
    rows = queries.ledger(OPERATOR).rows[::-1]
    assert [row.kind for row in rows] == kinds
    assert [row.agreements[0].status for row in rows] == ["in_force", "suspended", "in_force", "terminated"]
    assert queries.verify_ledger(OPERATOR).verdict.is_sound
    lines = AuditEntry.objects.filter(action__startswith="agreements.").order_by("pk")
    assert [line.action for line in lines] == [f"agreements.{kind}" for kind in kinds]
    changes = ChangeEntry.objects.filter(room="agreements", kind="agreement-changed").order_by("pk")
    assert [(one.subject, one.detail["status"]) for one in changes] == [
        (HARBOUR, "in_force"),
        (HARBOUR, "suspended"),
        (HARBOUR, "in_force"),
        (HARBOUR, "terminated"),
    ]
    assert changes[0].detail["parties"] == ["beacon", "harbour", "quay"]


def test_who_may_change_agreements(cast: dict[str, Viewer]) -> None:
    for name in ("ayesha", "asad", "adeel", "sana"):
        with pytest.raises(NotFound):
            actions.import_agreement(actor=cast[name], text=sample_text(), name="a.yaml")
    store()
    for name in ("ayesha", "asad", "adeel", "sana"):
        with pytest.raises(NotFound):
            actions.suspend_agreement(actor=cast[name], agreement=HARBOUR, reason="because")
    actions.suspend_agreement(actor=cast["parveen"], agreement=HARBOUR, reason="because")
    actions.resume_agreement(actor=cast["luqman"], agreement=HARBOUR, reason="because")
