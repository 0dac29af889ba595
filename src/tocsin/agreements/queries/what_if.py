"""What if an agreement said something else: the decisions of the last days, asked again with the other text.

Everything that left or was held is asked exactly as it was, by the ledger's own words. What was denied was only counted, by day; it is
asked as it would be today, so that a text that opens something shows what would have come through. Nothing is written.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

import orjson
from django.db.models import Count, Min

from tocsin.agreements.models import Basis as BasisRow
from tocsin.agreements.models import DenialTally, LedgerEntry
from tocsin.agreements.queries.standing import standing, with_basis
from tocsin.agreements.rules.chain import Kind, read_basis
from tocsin.agreements.rules.decision import Decision, Exit, Result, decide
from tocsin.agreements.rules.document import read_agreement
from tocsin.agreements.rules.subject import Subject
from tocsin.agreements.rules.terms import Agreement, Status
from tocsin.constituency.access import Permission, Viewer, require
from tocsin.vocab import clock
from tocsin.vocab.errors import InputError

LONGEST_DAYS = 3660
_EXAMPLES = 3


class Outcome(StrEnum):
    """What the other text would have done."""

    LEAVES = "leaves"
    STAYS = "stays"
    HELD = "held"
    DUTIES = "duties"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Example:
    """One object that it would have concerned."""

    object_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Shift:
    """Exits to one recipient that were decided alike and would be decided alike."""

    outcome: Outcome
    recipient: str
    before: Decision
    after: Decision
    count: int
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class WhatIf:
    """All shifts, those that let more out first, the most frequent first. ``asked`` counts every exit that was looked at."""

    agreement: str
    since: datetime
    asked: int
    shifts: tuple[Shift, ...]

    def count(self, outcome: Outcome) -> int:
        """How many exits would have gone so."""
        return sum(shift.count for shift in self.shifts if shift.outcome is outcome)


def what_if(
    viewer: Viewer,
    text: bytes,
    days: int = 30,
    *,
    name: str = "the candidate",
    at: datetime | None = None,
    advance: Callable[[int], None] = lambda _count: None,
) -> WhatIf:
    """Ask the exits of the last ``days`` again with ``text`` in place of the agreement of its id, or beside the others if it is new.

    The text is taken to be in force for the whole time, whatever its status and beginning say. Raises :class:`InputError` for a text that
    is no agreement.
    """
    require(viewer, Permission.AGREEMENTS_READ, Permission.LEDGER_READ)
    if not 1 <= days <= LONGEST_DAYS:
        raise InputError(f"A what-if looks back 1 to {LONGEST_DAYS:,} days, not {days}.")
    reading = read_agreement(text, name)
    if reading.agreement is None:
        first = reading.errors[0]
        raise InputError(f"{name}:{first.line}:{first.column}: {first.path}: {first.message}")
    since = (at or clock.now()) - timedelta(days=days)
    candidate = _in_force(reading.agreement, since)
    counting = _Counting()
    for exits, old in (*_left_or_held(candidate, since), *_denied(candidate, since)):
        counting.add(exits, old)
        advance(exits.count)
    return WhatIf(candidate.id, since, counting.asked, counting.shifts())


@dataclass(frozen=True, slots=True)
class _Exits:
    """Exits that were the same but for the object."""

    subject: Subject
    sender: str
    recipient: str
    exit: Exit
    at: datetime
    count: int
    example: str
    agreements: tuple[Agreement, ...]


def _in_force(candidate: Agreement, since: datetime) -> Agreement:
    """As if it had been so from before the first exit on; a text that ends or suspends the agreement does just that."""
    status = Status.IN_FORCE if candidate.status is Status.DRAFT else candidate.status
    beginning = min(candidate.legal.effective_from, since)
    return replace(candidate, status=status, legal=replace(candidate.legal, effective_from=beginning))


def _with(candidate: Agreement, agreements: Sequence[Agreement]) -> tuple[Agreement, ...]:
    return (*(one for one in agreements if one.id != candidate.id), candidate)


def _concerned(candidate: Agreement) -> dict[str, list[str]]:
    names = sorted({*candidate.parties, *candidate.communities})
    return {"sender__in": names, "recipient__in": names}


def _left_or_held(candidate: Agreement, since: datetime) -> Iterator[tuple[_Exits, Decision]]:
    bases: dict[int, tuple[Agreement, ...]] = {}
    rows = LedgerEntry.objects.filter(kind=Kind.EXIT, recorded_at__gte=since, **_concerned(candidate))
    alike = ("basis_id", "subject", "sender", "recipient", "exit", "result", "clauses", "obligations", "at")
    grouped = rows.order_by().values_list(*alike).annotate(count=Count("number"), example=Min("object_id"))
    for basis, subject, sender, recipient, way, result, said, duties, moment, count, example in grouped.iterator(2000):
        if basis not in bases:
            bases[basis] = _with(candidate, with_basis(read_basis(BasisRow.objects.get(pk=basis).text)))
        exits = _Exits(
            Subject.of(orjson.loads(subject)), sender, recipient, Exit(way), moment, count, example, bases[basis]
        )
        yield exits, Decision(Result(result), tuple(orjson.loads(said)), tuple(orjson.loads(duties)))


def _denied(candidate: Agreement, since: datetime) -> Iterator[tuple[_Exits, Decision]]:
    how = standing()
    rows = DenialTally.objects.filter(last_at__gte=since, **_concerned(candidate)).select_related("subject")
    for row in rows.iterator(2000):
        exits = _Exits(
            Subject.of(orjson.loads(row.subject.text)),
            row.sender,
            row.recipient,
            Exit(row.exit),
            row.last_at,
            row.count,
            row.example,
            _with(candidate, how.governing(row.sender, row.recipient)),
        )
        yield exits, Decision(Result.DENY, tuple(orjson.loads(row.clauses)))


_Key = tuple[Outcome, str, Decision, Decision]
_ORDER = {outcome: place for place, outcome in enumerate(Outcome)}


class _Counting:
    """Adds up what would have been."""

    def __init__(self) -> None:
        self.asked = 0
        self._counts: dict[_Key, int] = {}
        self._examples: dict[_Key, list[Example]] = {}

    def add(self, exits: _Exits, before: Decision) -> None:
        after = decide(exits.subject, exits.sender, exits.recipient, exits.agreements, exits.at, exits.exit)
        key = _outcome(before, after), exits.recipient, before, after
        self.asked += exits.count
        self._counts[key] = self._counts.get(key, 0) + exits.count
        examples = self._examples.setdefault(key, [])
        if len(examples) < _EXAMPLES:
            examples.append(Example(exits.example, exits.at))

    def shifts(self) -> tuple[Shift, ...]:
        found = [Shift(*key, count, tuple(self._examples[key])) for key, count in self._counts.items()]
        return tuple(sorted(found, key=lambda one: (_ORDER[one.outcome], -one.count, one.recipient, one.after.clauses)))


def _outcome(before: Decision, after: Decision) -> Outcome:
    if before.result.lets_go and after.result.lets_go:
        same = (before.result, before.obligations) == (after.result, after.obligations)
        return Outcome.SAME if same else Outcome.DUTIES
    if after.result.lets_go:
        return Outcome.LEAVES
    if before.result is after.result:
        return Outcome.SAME
    return Outcome.HELD if after.result is Result.HOLD else Outcome.STAYS
