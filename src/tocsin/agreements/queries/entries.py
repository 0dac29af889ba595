"""The ledger as it is read: entry by entry in order, and by what is sought."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from tocsin.agreements.models import Basis as BasisRow
from tocsin.agreements.models import LedgerEntry
from tocsin.agreements.queries.standing import with_basis
from tocsin.agreements.rules.chain import Basis, Entry, Kind, read_basis
from tocsin.agreements.rules.decision import Decision, Exit, Result, decide
from tocsin.agreements.rules.subject import Subject
from tocsin.agreements.rules.verification import Stored
from tocsin.constituency.access import Permission, Viewer, require
from tocsin.vocab.errors import Conflict, InputError, NotFound

_CHUNK = 2000
LARGEST_PAGE = 1000
_FIELDS = (
    "number",
    "at",
    "recorded_at",
    "kind",
    "object_id",
    "object_hash",
    "basis_id",
    "engine",
    "subject",
    "sender",
    "recipient",
    "exit",
    "result",
    "clauses",
    "obligations",
    "actor",
    "hold",
    "previous",
    "hash",
)


@dataclass(frozen=True, slots=True)
class LedgerSearch:
    """What to look for; everything given must hold. ``since`` and ``until`` (excluded) are about when it was written, aware."""

    object_id: str = ""
    recipient: str = ""
    sender: str = ""
    agreement: str = ""
    result: str = ""
    exit: str = ""
    kind: str = ""
    hold: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class EntryView:
    """An entry for people and programs. ``told`` are the very bytes that were hashed."""

    number: int
    at: datetime
    recorded_at: datetime
    kind: Kind
    object_id: str
    object_hash: str
    agreements: tuple[Basis, ...]
    engine: str
    subject: dict[str, Any]
    sender: str
    recipient: str
    exit: str
    result: str
    clauses: tuple[str, ...]
    obligations: tuple[str, ...]
    actor: str
    hold: str
    previous: str
    hash: str
    told: bytes


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """Some entries, newest first; hand ``next`` in as ``after`` for those that follow, ``None`` at the end."""

    rows: tuple[EntryView, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Replayed:
    """An old decision, asked once more with the revision it names. ``problem`` says why it could not be, or what differs."""

    number: int
    before: Decision
    after: Decision | None
    problem: str

    @property
    def is_same(self) -> bool:
        """Whether the answer is the same."""
        return not self.problem


def ledger(
    viewer: Viewer, search: LedgerSearch | None = None, *, after: str | None = None, size: int = 50
) -> LedgerPage:
    """A page of the ledger, newest first."""
    require(viewer, Permission.LEDGER_READ)
    rows = _found(search or LedgerSearch())
    if after is not None:
        rows = rows.filter(number__lt=page_mark(after))
    size = min(max(size, 1), LARGEST_PAGE)
    found = [_view(stored) for stored in _stored(list(rows.order_by("-number").values_list(*_FIELDS)[: size + 1]))]
    return LedgerPage(tuple(found[:size]), str(found[size - 1].number) if len(found) > size else None)


def entry(viewer: Viewer, number: int) -> EntryView:
    """One entry. Raises :class:`NotFound`."""
    require(viewer, Permission.LEDGER_READ)
    return _view(_one(number))


def replay(viewer: Viewer, number: int) -> Replayed:
    """Decide an entry again, with the revisions that it names and the status they had."""
    require(viewer, Permission.LEDGER_READ)
    return _replayed(_one(number))


def replay_all(viewer: Viewer, first: int = 1) -> Iterator[Replayed]:
    """Every decision from entry ``first`` on, decided again. Entries that are about agreements themselves are left out."""
    require(viewer, Permission.LEDGER_READ)
    for stored in stored_entries(first):
        if Kind(stored.entry.kind).is_decision:
            yield _replayed(stored)


def stored_entries(first: int = 1) -> Iterator[Stored]:
    """All entries in order, in constant memory, however many are written meanwhile."""
    after = first - 1
    while batch := list(LedgerEntry.objects.filter(number__gt=after).order_by("number").values_list(*_FIELDS)[:_CHUNK]):
        yield from _stored(batch)
        after = batch[-1][0]


def _stored(rows: Sequence[tuple[Any, ...]]) -> list[Stored]:
    texts = dict(BasisRow.objects.filter(pk__in={row[6] for row in rows}).values_list("pk", "text"))
    return [Stored(_entry(row, texts.get(row[6], "")), row[-1]) for row in rows]


def _entry(row: tuple[Any, ...], basis: str) -> Entry:
    """A row as it was hashed. Where its basis is gone, the empty text is no JSON, so that it does not verify."""
    values: list[Any] = [*row[:6], basis, *row[7:-1]]
    return Entry(*values)


def _one(number: int) -> Stored:
    found = _stored(list(LedgerEntry.objects.filter(number=number).values_list(*_FIELDS)))
    if not found:
        raise NotFound(f"The ledger has no entry {number:,}.")
    return found[0]


def _found(search: LedgerSearch) -> Any:
    rows = LedgerEntry.objects.all()
    for name in ("object_id", "recipient", "sender", "result", "exit", "kind", "hold"):
        if sought := getattr(search, name):
            rows = rows.filter(**{name: sought})
    if search.agreement:
        named = f'"id":{orjson.dumps(search.agreement).decode()},'
        rows = rows.filter(basis__in=list(BasisRow.objects.filter(text__contains=named).values_list("pk", flat=True)))
    if search.since:
        rows = rows.filter(recorded_at__gte=search.since)
    if search.until:
        rows = rows.filter(recorded_at__lt=search.until)
    return rows


def page_mark(text: str) -> int:
    """What a page gave as ``next``. Raises :class:`InputError` for anything else."""
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise InputError(f"{text[:40]!r} is no mark of a page; take the one that the page before gave.")
    return int(text)


def _view(stored: Stored) -> EntryView:
    found = stored.entry
    return EntryView(
        found.number,
        found.at,
        found.recorded_at,
        Kind(found.kind),
        found.object_id,
        found.object_hash,
        read_basis(found.agreements),
        found.engine,
        orjson.loads(found.subject),
        found.sender,
        found.recipient,
        found.exit,
        found.result,
        tuple(orjson.loads(found.clauses)),
        tuple(orjson.loads(found.obligations)),
        found.actor,
        found.hold,
        found.previous,
        stored.hash,
        found.told(),
    )


def _replayed(stored: Stored) -> Replayed:
    found = stored.entry
    try:
        before = Decision(
            Result(found.result), tuple(orjson.loads(found.clauses)), tuple(orjson.loads(found.obligations))
        )
        agreements = with_basis(read_basis(found.agreements))
        subject, way = Subject.of(orjson.loads(found.subject)), Exit(found.exit)
    except Conflict as conflict:
        return Replayed(found.number, before, None, str(conflict))
    except ValueError:
        nothing = Decision(Result.DENY, ())
        return Replayed(
            found.number, nothing, None, f"Entry {found.number:,} is no decision that could be asked again."
        )
    after = decide(subject, found.sender, found.recipient, agreements, found.at, way)
    problem = "" if after == before else f"Entry {found.number:,} said {_said(before)}; now it is {_said(after)}."
    return Replayed(found.number, before, after, problem)


def _said(decision: Decision) -> str:
    more = f", {'; '.join(decision.obligations)}" if decision.obligations else ""
    return f"{decision.result.value} ({', '.join(decision.clauses)}{more})"
