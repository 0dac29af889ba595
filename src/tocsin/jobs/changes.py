"""The change log: how a lower room tells upper rooms that something happened, without knowing them.

Writers append inside their own transaction and never wait for each other. An id is drawn when a row is written, but
rows become visible when their transactions commit, in any order: a reader that remembered an id would skip a row that
was drawn earlier and committed later. So readers do not use ids. Before reading, whoever comes first gives each visible
row its *position*, one reader at a time; what commits later gets a later position. A cursor is a position, and nothing
is ever skipped.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from tocsin.jobs.models import ChangeEntry, Cursor
from tocsin.vocab.clock import now

_OWN = ""
BATCH = 1000

#: One statement on both databases: number the rows without a position, in the order of their ids, after the last one
#: given.
_PLACE = """
UPDATE jobs_changeentry SET position = placed.position
FROM (
    SELECT id, %s + row_number() OVER (ORDER BY id) AS position FROM jobs_changeentry WHERE position IS NULL
) AS placed
WHERE jobs_changeentry.id = placed.id
"""


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of the log as its readers see it."""

    position: int
    at: datetime
    room: str
    kind: str
    subject: str
    detail: Mapping[str, Any]


def append(room: str, kind: str, subject: str, detail: Mapping[str, Any] | None = None) -> None:
    """Say that ``kind`` happened to ``subject`` (``append("intel", "indicators-retracted", delivery_id)``).

    It becomes known if and when the caller's transaction commits. ``detail`` is small and JSON: a change names a batch,
    it does not carry it. Raises ``TransactionManagementError`` outside a transaction.
    """
    append_many(room, kind, [(subject, detail or {})])


def append_many(room: str, kind: str, subjects: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Like :func:`append` for many subjects with their details, in that order."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("A change is appended inside the transaction that makes it.")
    at = now()
    ChangeEntry.objects.bulk_create(
        [
            ChangeEntry(at=at, room=room, kind=kind, subject=subject, detail=dict(detail))
            for subject, detail in subjects
        ],
        batch_size=BATCH,
    )


def since(cursor: str, limit: int = BATCH, kinds: Sequence[str] = ()) -> list[Change]:
    """The next changes after the cursor called ``cursor`` (from the very first if it is new), oldest first; of these
    ``kinds``, or of all."""
    _place()
    reached = Cursor.objects.filter(name=cursor).values_list("position", flat=True).first() or 0
    return _after(reached, limit, kinds)


def advance(cursor: str, position: int) -> None:
    """Move the cursor forward to ``position``; never back. Do this in the transaction of the work that the changes
    caused."""
    with transaction.atomic():
        held = _held(cursor)
        if position > held.position:
            held.position, held.moved_at = position, now()
            held.save(update_fields=["position", "moved_at"])


@contextmanager
def reading(cursor: str, limit: int = BATCH, kinds: Sequence[str] = ()) -> Iterator[list[Change]]:
    """The next changes, read in one transaction that holds the cursor: two workers never get the same ones.

    Work done inside is committed together with the cursor's move, or not at all if the block raises.
    """
    _place()
    with transaction.atomic():
        held = _held(cursor)
        last = Cursor.objects.filter(name=_OWN).values_list("position", flat=True).first() or 0
        found = _after(held.position, limit, kinds)
        yield found
        # a full batch may have more behind it; otherwise everything up to the last position given has been looked at
        reached = found[-1].position if found else 0
        advance(cursor, reached if len(found) == limit else max(reached, last))


def latest() -> int:
    """The position of the newest change: where a reader starts that does not care about the past."""
    _place()
    return Cursor.objects.filter(name=_OWN).values_list("position", flat=True).first() or 0


def _after(position: int, limit: int, kinds: Sequence[str]) -> list[Change]:
    entries = ChangeEntry.objects.filter(position__gt=position).order_by("position")
    if kinds:
        entries = entries.filter(kind__in=kinds)
    return [_change(entry) for entry in entries[:limit]]


def _change(entry: ChangeEntry) -> Change:
    return Change(entry.position or 0, entry.at, entry.room, entry.kind, entry.subject, entry.detail)


def _held(name: str) -> Cursor:
    Cursor.objects.get_or_create(name=name)
    return Cursor.objects.select_for_update().get(name=name)


def _place() -> None:
    """Give every visible change that has none its position. If another reader is at it, what it has already committed
    is enough."""
    if not ChangeEntry.objects.filter(position__isnull=True).exists():
        return
    Cursor.objects.get_or_create(name=_OWN)
    with transaction.atomic():
        own = Cursor.objects.select_for_update(skip_locked=True).filter(name=_OWN).first()
        if own is None:
            return
        with connection.cursor() as database:
            database.execute(_PLACE, [own.position])
            placed = database.rowcount
        own.position, own.moved_at = own.position + placed, now()
        own.save(update_fields=["position", "moved_at"])
