"""The ledger: chained, append-only, verifiable, and every decision in it can be asked again."""

import os
import stat
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.db import DatabaseError, connection, transaction
from tests.agreements.stored import HARBOUR, about, decide, exits, store, unguarded
from tests.agreements.written import AT
from tests.cast import cast

from tocsin.agreements import actions, queries
from tocsin.agreements.models import Checkpoint as CheckpointRow
from tocsin.agreements.models import LedgerEntry
from tocsin.agreements.queries.entries import stored_entries
from tocsin.agreements.rules.chain import BEGINNING, Entry
from tocsin.agreements.rules.checkpoints import Checkpoint, read_checkpoints, read_key
from tocsin.constituency.access import OPERATOR, Viewer
from tocsin.vocab.errors import Conflict, InputError, NotFound

__all__ = ["cast"]
pytestmark = pytest.mark.django_db

_NAMES = ("ayesha", "luqman", "parveen", "asad", "adeel", "sana")


@pytest.fixture
def ten() -> None:
    """The agreement's own entry and nine exits."""
    store()
    exits(9)


def _verdict(*checkpoints: Checkpoint) -> Any:
    return queries.verify_ledger(OPERATOR, checkpoints).verdict


def _rewrite(cursor: Any, first: int, change: Callable[[Entry], Entry]) -> None:
    """Change entry ``first`` and compute all that follow anew, as somebody would who knows how."""
    previous: str | None = None
    for stored in list(stored_entries(first)):
        entry = change(stored.entry) if stored.entry.number == first else stored.entry
        if previous is not None:
            entry = replace(entry, previous=previous)
        previous = entry.digest()
        cursor.execute(
            "UPDATE agreements_ledgerentry SET recipient = %s, previous = %s, hash = %s WHERE number = %s",
            [entry.recipient, entry.previous, previous, entry.number],
        )


@pytest.mark.usefixtures("ten")
def test_every_entry_hangs_on_the_one_before_and_anybody_can_compute_it() -> None:
    previous = BEGINNING
    for number in range(1, 11):
        view = queries.entry(OPERATOR, number)
        assert sha256(view.told).hexdigest() == view.hash
        told = orjson.loads(view.told)
        assert (told["number"], told["previous"]) == (number, previous)
        previous = view.hash
    assert told["subject"] == {"category": "signals", "tlp": "green", "type": "indicator"}
    assert (told["sender"], told["recipient"], told["exit"], told["result"]) == ("harbour", "beacon", "taxii", "allow")
    assert told["clauses"] == ["categories.signals"]
    assert told["obligations"] == ["delete_after 200d"]
    assert told["agreements"] == [
        {"id": HARBOUR, "revision": 4, "sha256": queries.entry(OPERATOR, 1).object_hash, "status": "in_force"}
    ]
    assert told["actor"] == "operator"
    assert told["at"] == "2026-11-24T12:00:00.000000Z"


@pytest.mark.usefixtures("ten")
def test_without_a_checkpoint_it_is_consistent_and_not_anchored() -> None:
    found = _verdict()
    assert found.is_sound
    assert "10 entries: consistent, not anchored" in found.said


def test_an_empty_ledger_is_consistent_and_cannot_be_vouched_for() -> None:
    assert _verdict().is_sound
    with pytest.raises(Conflict, match="empty"):
        actions.make_checkpoint(actor=OPERATOR)


@pytest.mark.usefixtures("ten")
def test_with_checkpoints_it_is_sound() -> None:
    actions.make_checkpoint(actor=OPERATOR)
    exits(3, first=100)
    last = actions.make_checkpoint(actor=OPERATOR)
    assert last.entry == 13
    found = _verdict()
    assert found.said == "13 entries: sound; 2 checkpoints hold, the last at entry 13."


@pytest.mark.usefixtures("ten")
def test_the_same_end_is_vouched_for_once() -> None:
    assert actions.make_checkpoint(actor=OPERATOR) == actions.make_checkpoint(actor=OPERATOR)
    assert CheckpointRow.objects.count() == 1
    assert queries.last_checkpoint(OPERATOR) == actions.make_checkpoint(actor=OPERATOR)


_EDITS = {
    "number": None,
    "at": "2026-11-24 12:00:00.000001",
    "recorded_at": "2026-11-24 12:00:00",
    "kind": "released",
    "object_id": "indicator--else",
    "object_hash": "00",
    "engine": "tocsin 0",
    "subject": '{"type":"indicator"}',
    "sender": "beacon",
    "recipient": "quay",
    "exit": "api",
    "result": "hold",
    "clauses": '["categories.samples"]',
    "obligations": "[]",
    "actor": "somebody",
    "hold": "x",
    "previous": "0" * 64,
    "hash": "0" * 64,
}


@pytest.mark.usefixtures("ten")
@pytest.mark.parametrize("column", [name for name, value in _EDITS.items() if value is not None])
def test_an_edit_of_any_column_is_found_and_named(column: str) -> None:
    with unguarded() as cursor:
        statement = f"UPDATE agreements_ledgerentry SET {column} = %s WHERE number = 5"  # noqa: S608 (a column of ours)
        cursor.execute(statement, [_EDITS[column]])
    found = _verdict()
    assert not found.is_sound
    assert found.first_bad == 5
    assert "5" in found.said


def test_every_column_is_edited_above() -> None:
    columns = {field.column for field in LedgerEntry._meta.concrete_fields}
    assert columns - set(_EDITS) == {"basis_id"}


@pytest.mark.usefixtures("ten")
@pytest.mark.parametrize(
    "spelled", ['["categories.signals"] ', '["categories.signals"],"clauses":[]', "", "nonsense", "[", "\ud7ff"]
)
def test_a_text_that_only_looks_the_same_is_an_edit(spelled: str) -> None:
    with unguarded() as cursor:
        cursor.execute("UPDATE agreements_ledgerentry SET clauses = %s WHERE number = 7", [spelled])
    assert _verdict().first_bad == 7


@pytest.mark.usefixtures("ten")
def test_an_edit_of_what_decisions_rested_on_is_found() -> None:
    with unguarded() as cursor:
        cursor.execute("UPDATE agreements_basis SET text = replace(text, 'in_force', 'suspended')")
    assert _verdict().first_bad == 1


@pytest.mark.usefixtures("ten")
def test_a_removed_entry_is_found_and_named() -> None:
    with unguarded() as cursor:
        cursor.execute("DELETE FROM agreements_ledgerentry WHERE number = 4")
    found = _verdict()
    assert found.first_bad == 4
    assert found.said == "Entry 4 is missing: entry 5 stands in its place."


@pytest.mark.usefixtures("ten")
def test_an_inserted_entry_is_found() -> None:
    with unguarded() as cursor:
        columns = ", ".join(str(field.column) for field in LedgerEntry._meta.concrete_fields if field.name != "number")
        cursor.execute("UPDATE agreements_ledgerentry SET number = number + 100 WHERE number > 6")
        copied = f"SELECT 7, {columns} FROM agreements_ledgerentry WHERE number = 3"  # noqa: S608 (columns of ours)
        cursor.execute(f"INSERT INTO agreements_ledgerentry (number, {columns}) {copied}")
        cursor.execute("UPDATE agreements_ledgerentry SET number = number - 99 WHERE number > 100")
    assert _verdict().first_bad == 7


@pytest.mark.usefixtures("ten")
def test_two_entries_in_each_others_place_are_found() -> None:
    with unguarded() as cursor:
        for before, after in ((5, 99), (6, 5), (99, 6)):
            cursor.execute("UPDATE agreements_ledgerentry SET number = %s WHERE number = %s", [after, before])
    assert _verdict().first_bad == 5


@pytest.mark.usefixtures("ten")
def test_an_entry_changed_with_its_own_hash_is_named_by_the_one_that_follows() -> None:
    with unguarded() as cursor:
        stored = next(stored_entries(5))
        changed = replace(stored.entry, recipient="quay")
        cursor.execute(
            "UPDATE agreements_ledgerentry SET recipient = 'quay', hash = %s WHERE number = 5", [changed.digest()]
        )
    assert _verdict().first_bad == 5


@pytest.mark.usefixtures("ten")
def test_a_chain_rewritten_from_an_entry_on_fits_itself_and_no_checkpoint() -> None:
    exits(5, first=100)
    early = actions.make_checkpoint(actor=OPERATOR)
    assert early.entry == 15
    exits(5, first=200)
    late = actions.make_checkpoint(actor=OPERATOR)
    with unguarded() as cursor:
        _rewrite(cursor, 18, lambda entry: replace(entry, recipient="quay"))
        cursor.execute("DELETE FROM agreements_checkpoint")
    assert _verdict().said.startswith("20 entries: consistent, not anchored")
    assert _verdict(early).is_sound
    found = _verdict(late, early)
    assert (found.is_sound, found.first_bad, found.last_bad) == (False, 16, 20)
    assert "between entries 16 and 20" in found.said
    assert "entry 15 still is" in found.said


@pytest.mark.usefixtures("ten")
def test_entries_cut_off_at_the_end_are_missed_by_a_checkpoint() -> None:
    kept = actions.make_checkpoint(actor=OPERATOR)
    with unguarded() as cursor:
        cursor.execute("DELETE FROM agreements_ledgerentry WHERE number > 8")
        cursor.execute("DELETE FROM agreements_checkpoint")
    assert _verdict().is_sound
    found = _verdict(kept)
    assert (found.first_bad, found.last_bad) == (9, 10)


@pytest.mark.usefixtures("ten")
def test_a_stored_checkpoint_that_was_changed_is_found() -> None:
    actions.make_checkpoint(actor=OPERATOR)
    with unguarded() as cursor:
        cursor.execute("UPDATE agreements_checkpoint SET hash = %s", ["0" * 64])
    found = _verdict()
    assert not found.is_sound
    assert "not as it was signed" in found.said


@pytest.mark.usefixtures("ten")
def test_a_partner_verifies_with_a_file_and_the_public_key_alone(storage: Path, tmp_path: Path) -> None:
    made = actions.make_checkpoint(actor=OPERATOR)
    key = read_key(actions.public_key(actor=OPERATOR).encode(), "key.pem")
    (storage / "ledger.key").unlink()
    (read,) = read_checkpoints([made.written().encode()], "checkpoint.json")
    assert read == made
    with pytest.raises(InputError, match="--public-key"):
        queries.verify_ledger(OPERATOR, [read])
    assert queries.verify_ledger(OPERATOR).strangers == 1
    assert queries.verify_ledger(OPERATOR, [read], [key]).verdict.checkpoints == 2
    with pytest.raises(InputError, match="somebody changed it"):
        queries.verify_ledger(OPERATOR, [replace(read, entry=9)], [key])


@pytest.mark.parametrize(
    "line",
    [
        b"nonsense",
        b"[]",
        b"{}",
        b'{"schema":"tocsin-checkpoint/1"}',
        b'{"at":"yesterday","entry":1,"hash":"","key":"","node":"","schema":"tocsin-checkpoint/1","signature":""}',
        b'{"at":"2026-11-24T12:00:00Z","entry":"1","hash":"","key":"","node":"","schema":"tocsin-checkpoint/1","signature":""}',
        b'{"at":"2026-11-24T12:00:00Z","entry":true,"hash":"","key":"","node":"","schema":"tocsin-checkpoint/1","signature":""}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_checkpoint_is_refused_with_its_place(line: bytes) -> None:
    with pytest.raises(InputError, match=r"partner\.json, line 2"):
        read_checkpoints([b"", line], "partner.json")


@pytest.mark.parametrize("text", [b"", b"nonsense", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_what_is_no_key_is_refused(text: bytes) -> None:
    with pytest.raises(InputError, match=r"key\.pem"):
        read_key(text, "key.pem")


@pytest.mark.usefixtures("ten")
def test_the_private_key_is_made_once_and_for_its_owner_alone(storage: Path) -> None:
    actions.make_checkpoint(actor=OPERATOR)
    path = storage / "ledger.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_bytes()
    exits(1, first=50)
    actions.make_checkpoint(actor=OPERATOR)
    assert path.read_bytes() == before
    assert not list(storage.glob(".ledger*"))
    path.chmod(0o644)
    with pytest.raises(Conflict, match="chmod 600"):
        actions.make_checkpoint(actor=OPERATOR)
    path.chmod(0o600)
    path.write_bytes(b"nonsense")
    with pytest.raises(Conflict, match="put back"):
        actions.public_key(actor=OPERATOR)


@pytest.mark.usefixtures("ten")
@pytest.mark.parametrize("table", ["ledgerentry", "basis", "agreementrevision"])
@pytest.mark.parametrize("statement", ["UPDATE agreements_{} SET {} = {}", "DELETE FROM agreements_{}"])
def test_the_database_refuses_changes(table: str, statement: str) -> None:
    column = {"ledgerentry": "sender", "basis": "text", "agreementrevision": "status"}[table]
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table, column, "'x'"))
    assert LedgerEntry.objects.count() == 10


@pytest.mark.usefixtures("ten")
def test_the_model_refuses_changes_too() -> None:
    entry = LedgerEntry.objects.get(number=3)
    for refused in (
        entry.save,
        entry.delete,
        lambda: LedgerEntry.objects.update(sender="x"),
        lambda: LedgerEntry.objects.all().delete(),
        lambda: LedgerEntry.objects.bulk_update([entry], ["sender"]),
    ):
        with pytest.raises(Conflict, match="never changed"):
            refused()


@pytest.mark.usefixtures("ten")
def test_every_decision_asked_again_is_the_same() -> None:
    decide(
        about(40, type="x-evidence", category="evidence"),
        about(41, type="url", text="write to somebody@example.org"),
        about(42, "harbour>ports"),
        about(43, "harbour>customers"),
        about(44, originator="beacon", iep={"attribution": "must"}),
        about(45, tlp="AMB3R"),
    )
    actions.suspend_agreement(actor=OPERATOR, agreement=HARBOUR, reason="they asked", at=AT)
    store("tlp_max: AMBER\n    retention_days: 200", "tlp_max: CLEAR\n    retention_days: 200", revision=5)
    again = list(queries.replay_all(OPERATOR))
    assert len(again) == 15
    assert [one for one in again if not one.is_same] == []
    assert {one.before.result.value for one in again} == {"allow", "hold", "transform", "out_of_scope"}
    assert not queries.replay(OPERATOR, 1).is_same
    assert "no decision" in queries.replay(OPERATOR, 1).problem


@pytest.mark.usefixtures("ten")
def test_a_decision_that_would_be_another_now_says_so() -> None:
    with unguarded() as cursor:
        cursor.execute(
            """UPDATE agreements_ledgerentry SET subject = '{"type":"indicator","tlp":"red"}' WHERE number = 5"""
        )
        cursor.execute(
            "UPDATE agreements_agreementrevision SET sha256 = 'x', text = %s", [b"schema: tocsin-agreement/1\n"]
        )
    assert "cannot be read" in queries.replay(OPERATOR, 4).problem
    assert "cannot be read" in queries.replay(OPERATOR, 5).problem


@pytest.mark.usefixtures("ten")
def test_another_answer_is_shown_beside_the_old_one() -> None:
    with unguarded() as cursor:
        cursor.execute(
            """UPDATE agreements_ledgerentry SET subject = '{"category":"signals","tlp":"red","type":"indicator"}' WHERE number = 5"""
        )
    found = queries.replay(OPERATOR, 5)
    assert not found.is_same
    assert found.problem == (
        "Entry 5 said allow (categories.signals, delete_after 200d); now it is deny (categories.signals.tlp_max)."
    )


@pytest.mark.usefixtures("ten")
def test_the_ledger_is_searched_and_read_by_pages() -> None:
    decide(about(60, "harbour>quay"), about(61, "harbour>ports"))
    page = queries.ledger(OPERATOR, size=5)
    assert [row.number for row in page.rows] == [12, 11, 10, 9, 8]
    page = queries.ledger(OPERATOR, size=50, after=page.next)
    assert [row.number for row in page.rows] == [7, 6, 5, 4, 3, 2, 1]
    assert page.next is None

    def numbers(**sought: Any) -> list[int]:
        return [row.number for row in queries.ledger(OPERATOR, queries.LedgerSearch(**sought)).rows]

    assert numbers(recipient="quay") == [11]
    assert numbers(result="out_of_scope") == [12]
    assert numbers(agreement=HARBOUR, kind="imported") == [1]
    assert len(numbers(agreement=HARBOUR)) == 12
    assert numbers(agreement="agr--other") == []
    assert numbers(object_id=queries.entry(OPERATOR, 4).object_id) == [4]
    assert numbers(since=queries.entry(OPERATOR, 11).recorded_at) == [12, 11]
    assert numbers(until=queries.entry(OPERATOR, 2).recorded_at) == [1]
    with pytest.raises(InputError):
        queries.ledger(OPERATOR, after="x")
    with pytest.raises(NotFound):
        queries.entry(OPERATOR, 13)


@pytest.mark.usefixtures("ten")
def test_who_may_read_the_ledger(cast: dict[str, Viewer]) -> None:
    reads = (
        lambda viewer: queries.ledger(viewer),
        lambda viewer: queries.entry(viewer, 1),
        lambda viewer: queries.replay(viewer, 2),
        lambda viewer: list(queries.replay_all(viewer)),
        lambda viewer: queries.verify_ledger(viewer),
        lambda viewer: queries.last_checkpoint(viewer),
        lambda viewer: queries.ledger_size(viewer),
        lambda viewer: actions.make_checkpoint(actor=viewer),
        lambda viewer: actions.public_key(actor=viewer),
    )
    for read in reads:
        for name in _NAMES:
            if name in {"luqman", "parveen", "asad"}:
                read(cast[name])
            else:
                with pytest.raises(NotFound):
                    read(cast[name])


def test_the_key_of_somebody_else_is_not_ours(storage: Path) -> None:
    other = storage / "other"
    os.mkdir(other)
    store()
    made = actions.make_checkpoint(actor=OPERATOR)
    (storage / "ledger.key").rename(other / "ledger.key")
    again = actions.make_checkpoint(actor=OPERATOR)
    assert (made.entry, made.hash) == (again.entry, again.hash)
    assert made.key != again.key
