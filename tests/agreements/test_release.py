"""The one door for downloads: our own staff by permission, everybody else row by row."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import pytest
from msgspec.structs import replace
from tests.agreements.stored import HARBOUR, store
from tests.cast import cast

from tocsin.agreements import actions, queries
from tocsin.agreements.models import LedgerEntry
from tocsin.agreements.release import release
from tocsin.agreements.rules.decision import Exit, Subject
from tocsin.agreements.rules.times import shown_time
from tocsin.constituency import queries as constituency
from tocsin.constituency.access import OPERATOR, Permission, Viewer
from tocsin.vocab import clock
from tocsin.vocab.errors import NotFound

__all__ = ["cast"]
pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Row:
    """Something to download."""

    name: str
    known: dict[str, Any]


@pytest.fixture(autouse=True)
def harbour(settings: Any) -> None:
    """We are the harbour."""
    settings.TOCSIN = replace(settings.TOCSIN, nation=replace(settings.TOCSIN.nation, party="harbour"))


def _rows(*known: dict[str, Any]) -> list[Row]:
    return [Row(f"indicator--{n}", {"type": "indicator", "tlp": "GREEN", **one}) for n, one in enumerate(known)]


def _out(rows: list[Row], to: str = "beacon", **more: Any) -> Any:
    return release(
        actor=OPERATOR,
        what="indicators",
        permission=Permission.INTEL_READ,
        rows=rows,
        to=to,
        subject_of=lambda row: Subject.of(row.known),
        id_of=lambda row: row.name,
        hash_of=lambda row: sha256(row.name.encode()).hexdigest(),
        **more,
    )


def test_our_own_staff_is_asked_for_its_permission_only(cast: dict[str, Viewer]) -> None:
    rows = _rows({"tlp": "RED"})
    told: dict[str, Any] = {"what": "indicators", "permission": Permission.INTEL_READ, "rows": rows}
    assert list(release(actor=cast["ayesha"], **told)) == rows
    with pytest.raises(NotFound):
        release(actor=cast["adeel"], **told)
    assert LedgerEntry.objects.count() == 0


def test_what_may_not_go_is_left_out_and_counted() -> None:
    store()
    rows = _rows({}, {"tlp": "RED"}, {"tlp": "AMB3R"}, {"text": "to a@example.org"}, {"tlp": "AMBER"}, {"tlp": "RED"})
    released = _out(rows)
    assert [row.name for row in released] == ["indicator--0", "indicator--4"]
    assert released.left_out == {"categories.signals.tlp_max": 2, "ambiguity:tlp": 1, "redaction": 1}
    assert released.obligations == {"encrypt", "delete_after 200d"}
    after, before = constituency.audit_entries(OPERATOR, action="intel.released").rows
    assert before.detail == {"permission": "intel:read", "to": "beacon"}
    assert after.detail == {
        "to": "beacon",
        "gone": 2,
        "left_out": {"categories.signals.tlp_max": 2, "ambiguity:tlp": 1, "redaction": 1},
    }
    assert [row.exit for row in queries.ledger(OPERATOR).rows] == ["download"] * 4 + [""]


def test_personal_data_is_taken_out_by_who_can() -> None:
    store()
    released = _out(
        _rows({"text": "to a@example.org"}, {"text": "to b@example.org"}),
        redacted=lambda row, kinds: Row(f"{row.name} without {kinds}", {}) if row.name.endswith("0") else None,
    )
    assert [row.name for row in released] == ["indicator--0 without ('email_local_part',)"]
    assert released.left_out == {"redaction": 1}


def test_a_delay_is_waited_for_from_when_it_was_obtained() -> None:
    store()
    now = shown_time(clock.now())
    released = _out(
        _rows({"obtained_at": "2026-11-01T00:00:00Z"}, {"obtained_at": now}, {}), to="customers", exit=Exit.EXPORT
    )
    assert [row.name for row in released] == ["indicator--0"]
    assert released.left_out == {"delay": 2}


def test_a_suspension_in_the_middle_of_a_download_stops_it() -> None:
    store()
    released = _out(_rows(*({} for _ in range(1200))))
    first = [next(released).name for _ in range(3)]
    assert len(first) == 3
    actions.suspend_agreement(actor=OPERATOR, agreement=HARBOUR, reason="an incident")
    assert len(list(released)) == 497
    assert released.left_out == {"status": 700}


def test_without_an_agreement_nothing_goes() -> None:
    released = _out(_rows({}, {}), to="stranger")
    assert list(released) == []
    assert released.left_out == {"agreements": 2}


def test_rows_for_others_must_be_described() -> None:
    with pytest.raises(TypeError):
        release(actor=OPERATOR, what="x", permission=Permission.INTEL_READ, rows=[1], to="beacon")
