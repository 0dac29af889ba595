"""The audit log is append-only, in the model and below it."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from tests.cast import email_of

from tocsin.constituency import actions, queries
from tocsin.constituency.access import OPERATOR, Viewer
from tocsin.constituency.audit import AuditAction, record
from tocsin.constituency.models import AuditEntry
from tocsin.vocab import clock
from tocsin.vocab.errors import Conflict, NotFound

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry() -> AuditEntry:
    record(OPERATOR, AuditAction.PERSON_ADDED, "x@team.example", {"roles": ["lead"]})
    return AuditEntry.objects.get()


def test_a_line_says_who_did_what_to_what_and_when(entry: AuditEntry) -> None:
    assert (entry.actor_name, entry.actor_kind, entry.action, entry.subject, entry.detail) == (
        "operator",
        "operator",
        "constituency.person-added",
        "x@team.example",
        {"roles": ["lead"]},
    )
    assert clock.now() - entry.at < timedelta(minutes=1)


def test_the_model_refuses_to_change_or_remove_lines(entry: AuditEntry) -> None:
    entry.subject = "y"
    for refused in (
        entry.save,
        entry.delete,
        lambda: AuditEntry.objects.update(subject="y"),
        lambda: AuditEntry.objects.all().delete(),
        lambda: AuditEntry.objects.bulk_update([entry], ["subject"]),
    ):
        with pytest.raises(Conflict, match="append-only"):
            refused()
    assert AuditEntry.objects.get().subject == "x@team.example"


@pytest.mark.parametrize(
    "statement", ["UPDATE constituency_auditentry SET subject = 'y'", "DELETE FROM constituency_auditentry"]
)
def test_the_database_refuses_it_too(entry: AuditEntry, statement: str) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AuditEntry.objects.get().subject == "x@team.example"


@pytest.mark.django_db(transaction=True)
def test_tests_that_commit_still_begin_with_an_empty_log(entry: AuditEntry) -> None:
    assert AuditEntry.objects.count() == 1


def test_every_change_of_a_person_leaves_a_line(cast: dict[str, Viewer]) -> None:
    before = AuditEntry.objects.count()
    adeel = cast["adeel"]
    actions.change_person(actor=adeel, email=email_of("ayesha"), roles=["analyst", "lead"])
    actions.change_person(actor=adeel, email=email_of("ayesha"), roles=["lead", "analyst"])
    actions.set_language(actor=cast["ayesha"], language="ur")
    actions.set_language(actor=cast["ayesha"], language="ur")
    actions.make_sign_in_link(actor=adeel, person=email_of("ayesha"))
    lines = AuditEntry.objects.order_by("pk")[before:]
    assert [(line.actor_name, line.action) for line in lines] == [
        ("adeel@team.example", "constituency.person-changed"),
        ("ayesha@team.example", "constituency.person-changed"),
        ("adeel@team.example", "constituency.sign-in-link-made"),
    ]
    assert lines[0].detail == {"roles": [["analyst"], ["analyst", "lead"]]}


def test_the_log_is_read_by_filters_and_pages_and_only_by_those_who_may(cast: dict[str, Viewer]) -> None:
    page = queries.audit_entries(cast["asad"], limit=2)
    assert (len(page.rows), page.total, page.next_offset) == (2, 7, 2)
    assert page.rows[0].number > page.rows[1].number
    assert queries.audit_entries(cast["asad"], action="constituency").total == 7
    assert queries.audit_entries(cast["asad"], action="constituency.person-changed").total == 1
    assert queries.audit_entries(cast["asad"], subject="AYESHA").total == 1
    assert queries.audit_entries(cast["asad"], actor="nobody").total == 0
    assert queries.audit_entries(cast["asad"], since=clock.now()).total == 0
    assert queries.audit_entries(cast["asad"], until=clock.now(), offset=6).next_offset is None
    for name in ("ayesha", "parveen", "adeel", "sana"):
        with pytest.raises(NotFound):
            queries.audit_entries(cast[name])
