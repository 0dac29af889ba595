"""What another text would have done with what left, was held or was denied."""

from datetime import timedelta
from typing import Any

import pytest
from tests.agreements.stored import HARBOUR, about, decide, store
from tests.agreements.written import AT, sample_text
from tests.cast import cast

from tocsin.agreements import actions, queries
from tocsin.agreements.models import LedgerEntry
from tocsin.agreements.queries import Outcome
from tocsin.agreements.rules.decision import Result
from tocsin.constituency.access import OPERATOR, Viewer
from tocsin.vocab import clock
from tocsin.vocab.errors import InputError, NotFound

__all__ = ["cast"]
pytestmark = pytest.mark.django_db

_CEILING = "    tlp_max: AMBER\n    retention_days: 200"


@pytest.fixture(autouse=True)
def decided() -> None:
    """Three greens, two ambers, one red and one that nobody can read, to the beacon; one to the customers."""
    store()
    decide(
        *(about(n) for n in range(3)),
        *(about(n, tlp="AMBER") for n in (10, 11)),
        about(20, tlp="RED"),
        about(30, tlp="AMB3R"),
        about(40, "harbour>customers"),
    )


def _changed(old: str, new: str) -> bytes:
    text = sample_text().decode()
    assert old in text
    return text.replace(old, new).replace("revision: 4", "revision: 5").encode()


def _what_if(text: bytes, days: int = 30) -> queries.WhatIf:
    return queries.what_if(OPERATOR, text, days, at=clock.now())


def _counts(found: queries.WhatIf) -> dict[str, int]:
    return {outcome.value: found.count(outcome) for outcome in Outcome if found.count(outcome)}


def test_the_same_text_changes_nothing() -> None:
    found = _what_if(sample_text())
    assert (found.agreement, found.asked) == (HARBOUR, 8)
    assert _counts(found) == {"same": 8}


def test_a_lower_ceiling_keeps_what_left() -> None:
    found = _what_if(_changed(_CEILING, _CEILING.replace("AMBER", "GREEN")))
    assert _counts(found) == {"stays": 2, "same": 6}
    (shift,) = (one for one in found.shifts if one.outcome is Outcome.STAYS)
    assert shift.recipient == "beacon"
    assert shift.before.clauses == ("categories.signals",)
    assert shift.after.clauses == ("categories.signals.tlp_max",)
    assert [one.object_id for one in shift.examples] == ["indicator--00000010-0000-4000-8000-000000000000"]


def test_a_higher_ceiling_lets_out_what_was_denied() -> None:
    text = _changed(_CEILING, _CEILING.replace("AMBER", "RED")).replace(
        b"clearance_tlp: AMBER+STRICT", b"clearance_tlp: RED"
    )
    found = _what_if(text)
    assert _counts(found) == {"leaves": 1, "same": 7}
    assert found.shifts[0].outcome is Outcome.LEAVES
    assert found.shifts[0].before.clauses == ("categories.signals.tlp_max",)


def test_another_delay_is_another_obligation() -> None:
    found = _what_if(_changed("delay_hours: 48", "delay_hours: 72"))
    assert _counts(found) == {"duties": 1, "same": 7}


def test_what_would_have_been_held_is_told_apart() -> None:
    found = _what_if(_changed("    stix: [indicator, url, file]", "    stix: [url, file]"))
    # the type is listed nowhere now; the category that the ledger names does not hold it
    assert _counts(found) == {"held": 7, "same": 1}


def test_a_text_that_suspends_keeps_everything() -> None:
    assert _counts(_what_if(_changed("status: in_force", "status: suspended"))) == {"stays": 7, "same": 1}


def test_a_draft_and_a_later_beginning_are_taken_to_hold_already() -> None:
    text = _changed("status: in_force", "status: draft").replace(
        b"from: 2026-02-01T00:00:00Z", b"from: 2027-02-01T00:00:00Z"
    )
    assert _counts(_what_if(text)) == {"same": 8}


def test_an_agreement_more_never_widens() -> None:
    found = _what_if(_changed(f"id: {HARBOUR}", "id: agr--jetty"))
    assert found.count(Outcome.LEAVES) == 0
    assert found.asked == 8


def test_only_the_days_asked_for_are_looked_at() -> None:
    found = queries.what_if(OPERATOR, sample_text(), 1, at=clock.now() + timedelta(days=2))
    assert found.asked == 0


def test_nothing_is_written() -> None:
    before = LedgerEntry.objects.count()
    _what_if(_changed("status: in_force", "status: suspended"))
    assert LedgerEntry.objects.count() == before


@pytest.mark.parametrize(("text", "days"), [(b"nonsense", 30), (b"", 30), (None, 0), (None, 3661)])
def test_what_cannot_be_asked_is_refused(text: Any, days: int) -> None:
    with pytest.raises(InputError):
        _what_if(sample_text() if text is None else text, days)


def test_who_may_ask(cast: dict[str, Viewer]) -> None:
    for name in ("luqman", "parveen", "asad"):
        assert queries.what_if(cast[name], sample_text()).asked
    for name in ("ayesha", "adeel", "sana"):
        with pytest.raises(NotFound):
            queries.what_if(cast[name], sample_text())


def test_a_basis_that_is_no_longer_as_it_was_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    actions.suspend_agreement(actor=OPERATOR, agreement=HARBOUR, reason="an incident", at=AT)
    assert _counts(_what_if(sample_text())) == {"same": 8}


def test_every_row_that_shifts_is_told_with_its_entry() -> None:
    text = _changed(_CEILING, _CEILING.replace("AMBER", "GREEN"))
    rows = list(queries.what_if_rows(OPERATOR, text))
    assert [(row.outcome.value, row.entry, row.object_id[:19], row.exit.value) for row in rows] == [
        ("stays", 5, "indicator--00000010", "taxii"),
        ("stays", 6, "indicator--00000011", "taxii"),
    ]
    assert {row.after.clauses for row in rows} == {("categories.signals.tlp_max",)}
    assert len(list(queries.what_if_rows(OPERATOR, text, most=1))) == 1


def test_rows_that_were_denied_are_told_with_their_count() -> None:
    decide(about(20, tlp="RED"))
    text = _changed(_CEILING, _CEILING.replace("AMBER", "RED")).replace(
        b"clearance_tlp: AMBER+STRICT", b"clearance_tlp: RED"
    )
    (row,) = queries.what_if_rows(OPERATOR, text)
    assert (row.outcome, row.entry, row.count) == (Outcome.LEAVES, None, 2)
    assert (row.before.result, row.after.result) == (Result.DENY, Result.ALLOW)


def test_rows_and_counts_agree() -> None:
    for old, new in (
        (_CEILING, _CEILING.replace("AMBER", "GREEN")),
        ("delay_hours: 48", "delay_hours: 72"),
        ("    stix: [indicator, url, file]", "    stix: [url, file]"),
        ("status: in_force", "status: suspended"),
    ):
        text = _changed(old, new)
        counted = {name: count for name, count in _counts(_what_if(text)).items() if name != "same"}
        rows: dict[str, int] = {}
        for row in queries.what_if_rows(OPERATOR, text):
            rows[row.outcome.value] = rows.get(row.outcome.value, 0) + row.count
        assert rows == counted


def test_a_type_that_moves_to_another_category_is_asked_in_that_one() -> None:
    text = sample_text().decode()
    moved = text.replace("    stix: [indicator, url, file]", "    stix: [url, file]", 1)
    other = next(line for line in moved.splitlines() if "stix: [x-evidence" in line)
    moved = moved.replace(other, other.replace("[x-evidence", "[indicator, x-evidence"), 1)
    found = _what_if(moved.encode())
    assert all("ambiguity:type" not in shift.after.clauses for shift in found.shifts)
    assert any("categories.evidence" in " ".join(shift.after.clauses) for shift in found.shifts)
