"""The one door through which anything is downloaded.

To our own staff a download is a matter of permission and the audit log. Meant for somebody else, every row is decided by the agreements
with them; what may not go is left out and counted. It stands in the lowest room that knows agreements: every room above has downloads.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Generic, TypeVar

from django.conf import settings
from django.db import transaction

from tocsin.agreements.actions.deciding import decide_exits
from tocsin.agreements.rules.asked import Asked, Decided
from tocsin.agreements.rules.decision import Exit, Result
from tocsin.agreements.rules.obligations import delay_of, redactions_of
from tocsin.agreements.rules.subject import Subject
from tocsin.constituency.access import Actor, Permission, require
from tocsin.constituency.audit import AuditAction, record
from tocsin.vocab import clock

T = TypeVar("T")

_BATCH = 500
#: Why a row was left out, beside the clauses of decisions.
DELAYED, UNREDACTED = "delay", "redaction"


class Released(Generic[T]):
    """The rows that may go, and what was left out of them.

    ``left_out`` counts rows by the clause that kept them (``delay``: not yet; ``redaction``: nobody can take out what must be taken out);
    ``obligations`` are those of the rows that went, and complete like it once all rows were read.
    """

    def __init__(self, rows: Iterator[T]) -> None:
        self._rows = rows
        self.left_out: Counter[str] = Counter()
        self.obligations: set[str] = set()

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        return next(self._rows)


def release(
    *,
    actor: Actor,
    what: str,
    permission: Permission,
    rows: Iterable[T],
    to: str | None = None,
    subject_of: Callable[[T], Subject] | None = None,
    id_of: Callable[[T], str] | None = None,
    hash_of: Callable[[T], str] | None = None,
    exit: Exit = Exit.DOWNLOAD,
    redacted: Callable[[T, tuple[str, ...]], T | None] | None = None,
) -> Released[T]:
    """The rows, on their way out: nothing is downloaded but what this gives.

    The permission is checked and the audit log written when it is called, before the first row leaves. ``what`` names the download
    for the log (``indicators source=maltrail``). Raises ``NotFound`` without the permission.

    ``to`` is the party or community that the download is meant for; ``None`` is our own staff. For others ``subject_of``, ``id_of`` and
    ``hash_of`` say what the agreements have to know of a row, and ``redacted`` gives a row without these kinds of personal data (``None``
    if that cannot be); where it is missing such rows are left out. At the end the audit log says how many were left out, and why.
    """
    require(actor, permission)
    detail = {"permission": permission.value} if to is None else {"permission": permission.value, "to": to}
    with transaction.atomic():
        record(actor, AuditAction.RELEASED, what, detail)
    if to is None:
        return Released(iter(rows))
    if subject_of is None or id_of is None or hash_of is None:
        raise TypeError("Rows for somebody outside need subject_of, id_of and hash_of.")
    door = _Door(actor, what, to, exit, subject_of, id_of, hash_of, redacted)
    return door.open(iter(rows))


class _Door(Generic[T]):
    """A download for somebody outside."""

    def __init__(
        self,
        actor: Actor,
        what: str,
        to: str,
        exit: Exit,
        subject_of: Callable[[T], Subject],
        id_of: Callable[[T], str],
        hash_of: Callable[[T], str],
        redacted: Callable[[T, tuple[str, ...]], T | None] | None,
    ) -> None:
        self._actor, self._what, self._to, self._exit = actor, what, to, exit
        self._subject_of, self._id_of, self._hash_of, self._redacted = subject_of, id_of, hash_of, redacted

    def open(self, rows: Iterator[T]) -> Released[T]:
        released: Released[T] = Released(iter(()))
        released._rows = self._going(rows, released)
        return released

    def _going(self, rows: Iterator[T], released: Released[T]) -> Iterator[T]:
        gone = 0
        try:
            while batch := list(islice(rows, _BATCH)):
                at = clock.now()
                asked = [self._asked(row) for row in batch]
                for row, question, decided in zip(
                    batch, asked, decide_exits(actor=self._actor, asked=asked, at=at), strict=True
                ):
                    going = self._out(row, question.subject, decided, at, released)
                    if going is not None:
                        gone += 1
                        yield going
        finally:
            self._account(gone, released.left_out)

    def _asked(self, row: T) -> Asked:
        return Asked(
            self._subject_of(row),
            self._id_of(row),
            self._hash_of(row),
            settings.TOCSIN.nation.party,
            self._to,
            self._exit,
        )

    def _out(self, row: T, subject: Subject, decided: Decided, at: datetime, released: Released[T]) -> T | None:
        decision = decided.decision
        if not decision.result.lets_go:
            released.left_out[decision.clauses[-1]] += 1
            return None
        delay = delay_of(decision.obligations)
        if delay and not (isinstance(subject.obtained_at, datetime) and subject.obtained_at + delay <= at):
            released.left_out[DELAYED] += 1
            return None
        going: T | None = row
        if decision.result is Result.TRANSFORM:
            going = self._redacted(row, redactions_of(decision.obligations)) if self._redacted else None
            if going is None:
                released.left_out[UNREDACTED] += 1
                return None
        released.obligations.update(decision.obligations)
        return going

    def _account(self, gone: int, left_out: Mapping[str, int]) -> None:
        detail = {"to": self._to, "gone": gone, "left_out": dict(left_out)}
        with transaction.atomic():
            record(self._actor, AuditAction.RELEASED, self._what, detail)
