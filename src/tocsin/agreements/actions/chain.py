"""Appending to the ledger: one writer at a time, on both databases, so that the chain never forks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db import connection

from tocsin import __version__
from tocsin.agreements.models import Basis, LedgerEntry
from tocsin.agreements.rules.chain import BEGINNING, Entry, Kind, canonical
from tocsin.vocab import clock
from tocsin.vocab.errors import InputError

ENGINE = f"tocsin {__version__}"
#: Any number that nobody else uses for an advisory lock of this database.
_LOCK = 0x746F6373696E_01
_ROWS = 1000
_LONGEST_ID = 400
_LONGEST_NAME = 200

_COLUMNS = tuple(field.column or field.name for field in LedgerEntry._meta.concrete_fields)
_INSERT = (
    f"INSERT INTO agreements_ledgerentry ({', '.join(_COLUMNS)})"  # noqa: S608 (column names of our own model)
    f" VALUES ({', '.join(['%s'] * len(_COLUMNS))})"
)


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry before it has its place. ``subject``, ``clauses``, ``obligations`` and ``basis`` are canonical JSON texts."""

    kind: Kind
    at: datetime
    object_id: str
    object_hash: str
    basis: str
    sender: str = ""
    recipient: str = ""
    exit: str = ""
    subject: str = "{}"
    result: str = ""
    clauses: str = "[]"
    obligations: str = "[]"
    hold: str = ""


class Chain:
    """The end of the ledger, held until the transaction ends: whoever comes next waits. Make it inside ``durable()``.

    Take it before any other lock, and read what is decided by after it: a suspension that was committed before counts.
    """

    def __init__(self, actor_name: str) -> None:
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        last = LedgerEntry.objects.order_by("-number").values_list("number", "hash").first()
        self.number, self._head = last or (0, BEGINNING)
        self._actor = actor_name[:_LONGEST_NAME]
        self._recorded_at = clock.now()
        self._rows: list[tuple[Any, ...]] = []
        self._bases: dict[str, int] = {}

    def add(self, draft: Draft) -> int:
        """Give the draft its place at the end; gives its number. It is written by :meth:`write`."""
        entry = Entry(
            number=self.number + 1,
            at=draft.at,
            recorded_at=self._recorded_at,
            kind=draft.kind.value,
            object_id=draft.object_id,
            object_hash=draft.object_hash,
            agreements=draft.basis,
            engine=ENGINE,
            subject=draft.subject,
            sender=draft.sender,
            recipient=draft.recipient,
            exit=draft.exit,
            result=draft.result,
            clauses=draft.clauses,
            obligations=draft.obligations,
            actor=self._actor,
            hold=draft.hold,
            previous=self._head,
        )
        digest = entry.digest()
        self._rows.append(self._row(entry, digest))
        self.number, self._head = entry.number, digest
        return self.number

    def write(self) -> None:
        """Write what was added, in the caller's transaction."""
        with connection.cursor() as cursor:
            for start in range(0, len(self._rows), _ROWS):
                cursor.executemany(_INSERT, self._rows[start : start + _ROWS])
        self._rows.clear()

    def basis(self, text: str) -> int:
        """The row of the agreements that a decision rested on."""
        if text not in self._bases:
            digest = sha256(text.encode()).hexdigest()
            self._bases[text] = Basis.objects.get_or_create(digest=digest, defaults={"text": text})[0].pk
        return self._bases[text]

    def _row(self, entry: Entry, digest: str) -> tuple[Any, ...]:
        moment = connection.ops.adapt_datetimefield_value
        return (
            entry.number,
            moment(entry.at),
            moment(entry.recorded_at),
            entry.kind,
            entry.object_id,
            entry.object_hash,
            self.basis(entry.agreements),
            entry.engine,
            entry.subject,
            entry.sender,
            entry.recipient,
            entry.exit,
            entry.result,
            entry.clauses,
            entry.obligations,
            entry.actor,
            entry.hold,
            entry.previous,
            digest,
        )


def check_names(names: Iterable[tuple[str, str]]) -> None:
    """Raises :class:`InputError` for a name, given as (what it is, the name), that no database keeps or that is none."""
    for what, name in names:
        longest = _LONGEST_ID if what == "object id" else _LONGEST_NAME
        if not name or len(name) > longest or "\x00" in name or not name.isprintable():
            raise InputError(f"The {what} {name[:40]!r} is empty, longer than {longest} characters or not printable.")


def texts(words: Sequence[str]) -> str:
    """Clauses or obligations as an entry keeps them."""
    return canonical(list(words))
