"""What if an agreement said something else: the decisions of the last days, asked again with the other text.

Everything that left or was held is asked exactly as it was, by the ledger's own words. What was denied was only counted, by day; it is
asked as it would be today, so that a text that opens something shows what would have come through. Nothing is written.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import chain, islice
from typing import Any

import orjson
from django.db.models import Count, Min

from tocsin.agreements.models import Basis as BasisRow
from tocsin.agreements.models import DenialTally, LedgerEntry
from tocsin.agreements.queries.deciding import categorised
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
_MOST_KEPT = 20_000
#: What is equal in exits that differ by their object alone.
_ALIKE = ("basis_id", "subject", "sender", "recipient", "exit", "result", "clauses", "obligations", "at")


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


@dataclass(frozen=True, slots=True)
class ShiftedRow:
    """One exit that would be decided otherwise. What was denied was counted and not written down: then ``entry`` is ``None``, ``count``
    says how often and ``object_id`` is the last of them.
    """

    outcome: Outcome
    entry: int | None
    object_id: str
    sender: str
    recipient: str
    exit: Exit
    at: datetime
    before: Decision
    after: Decision
    count: int


@dataclass(frozen=True, slots=True)
class _Exits:
    """Exits that were the same but for the object, and what would become of them."""

    sender: str
    recipient: str
    exit: Exit
    at: datetime
    before: Decision
    after: Decision
    outcome: Outcome
    count: int
    example: str

    def row(self, entry: int | None, object_id: str) -> ShiftedRow:
        """One of them."""
        return ShiftedRow(
            self.outcome,
            entry,
            object_id,
            self.sender,
            self.recipient,
            self.exit,
            self.at,
            self.before,
            self.after,
            1 if entry else self.count,
        )


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
    candidate, since = _candidate(viewer, text, days, name, at)
    counting = _Counting()
    for exits in chain(_left_or_held(candidate, since), _denied(candidate, since)):
        counting.add(exits)
        advance(exits.count)
    return WhatIf(candidate.id, since, counting.asked, counting.shifts())


def what_if_rows(
    viewer: Viewer,
    text: bytes,
    days: int = 30,
    *,
    name: str = "the candidate",
    at: datetime | None = None,
    most: int | None = None,
) -> Iterator[ShiftedRow]:
    """Every exit that :func:`what_if` counts and would be decided otherwise: those of the ledger in its order, then what was denied, up to
    ``most`` of them. Raises as :func:`what_if` does, when it is called.
    """
    candidate, since = _candidate(viewer, text, days, name, at)
    return islice(_shifted(candidate, since), most)


def _shifted(candidate: Agreement, since: datetime) -> Iterator[ShiftedRow]:
    answers: dict[tuple[Any, ...], _Exits] = {}
    rows = _concerned_entries(candidate, since).order_by("number").values_list("number", "object_id", *_ALIKE)
    bases = _Bases(candidate)
    for number, object_id, *alike in rows.iterator(2000):
        key = tuple(alike)
        if key not in answers:
            if len(answers) >= _MOST_KEPT:
                answers.clear()
            answers[key] = _exits(bases, alike, 1, object_id)
        exits = answers[key]
        if exits.outcome is not Outcome.SAME:
            yield exits.row(number, object_id)
    for exits in _denied(candidate, since):
        if exits.outcome is not Outcome.SAME:
            yield exits.row(None, exits.example)


def _candidate(viewer: Viewer, text: bytes, days: int, name: str, at: datetime | None) -> tuple[Agreement, datetime]:
    require(viewer, Permission.AGREEMENTS_READ, Permission.LEDGER_READ)
    if not 1 <= days <= LONGEST_DAYS:
        raise InputError(f"A what-if looks back 1 to {LONGEST_DAYS:,} days, not {days}.")
    reading = read_agreement(text, name)
    if reading.agreement is None:
        first = reading.errors[0]
        raise InputError(f"{name}:{first.line}:{first.column}: {first.path}: {first.message}")
    since = (at or clock.now()) - timedelta(days=days)
    return _in_force(reading.agreement, since), since


def _in_force(candidate: Agreement, since: datetime) -> Agreement:
    """As if it had been so from before the first exit on; a text that ends or suspends the agreement does just that."""
    status = Status.IN_FORCE if candidate.status is Status.DRAFT else candidate.status
    beginning = min(candidate.legal.effective_from, since)
    return replace(candidate, status=status, legal=replace(candidate.legal, effective_from=beginning))


def _with(candidate: Agreement, agreements: Sequence[Agreement]) -> tuple[Agreement, ...]:
    return (*(one for one in agreements if one.id != candidate.id), candidate)


class _Bases:
    """The agreements of ledger entries, as they were and with the candidate."""

    def __init__(self, candidate: Agreement) -> None:
        self._candidate = candidate
        self._found: dict[int, tuple[tuple[Agreement, ...], tuple[Agreement, ...]]] = {}

    def of(self, basis: int) -> tuple[tuple[Agreement, ...], tuple[Agreement, ...]]:
        """Raises :class:`Conflict` if a revision is not as it was."""
        if basis not in self._found:
            old = tuple(with_basis(read_basis(BasisRow.objects.get(pk=basis).text)))
            self._found[basis] = old, _with(self._candidate, old)
        return self._found[basis]


def _concerned(candidate: Agreement) -> dict[str, list[str]]:
    names = sorted({*candidate.parties, *candidate.communities})
    return {"sender__in": names, "recipient__in": names}


def _concerned_entries(candidate: Agreement, since: datetime) -> Any:
    return LedgerEntry.objects.filter(kind=Kind.EXIT, recorded_at__gte=since, **_concerned(candidate))


def _left_or_held(candidate: Agreement, since: datetime) -> Iterator[_Exits]:
    bases = _Bases(candidate)
    grouped = _concerned_entries(candidate, since).order_by().values_list(*_ALIKE)
    for *alike, count, example in grouped.annotate(count=Count("number"), example=Min("object_id")).iterator(2000):
        yield _exits(bases, alike, count, example)


def _exits(bases: _Bases, alike: Sequence[Any], count: int, example: str) -> _Exits:
    basis, text, sender, recipient, way, result, said, duties, at = alike
    old, new = bases.of(basis)
    before = Decision(Result(result), tuple(orjson.loads(said)), tuple(orjson.loads(duties)))
    subject = _recategorised(Subject.of(orjson.loads(text)), old, new)
    return _asked(subject, sender, recipient, Exit(way), at, before, new, count, example)


def _denied(candidate: Agreement, since: datetime) -> Iterator[_Exits]:
    how = standing()
    rows = DenialTally.objects.filter(last_at__gte=since, **_concerned(candidate)).select_related("subject")
    for row in rows.order_by("pk").iterator(2000):
        old = how.governing(row.sender, row.recipient)
        new = _with(candidate, old)
        subject = _recategorised(Subject.of(orjson.loads(row.subject.text)), old, new)
        before = Decision(Result.DENY, tuple(orjson.loads(row.clauses)))
        yield _asked(
            subject, row.sender, row.recipient, Exit(row.exit), row.last_at, before, new, row.count, row.example
        )


def _recategorised(subject: Subject, old: Sequence[Agreement], new: Sequence[Agreement]) -> Subject:
    """In the category that the other text has for its type, where the one that was written down was the old text's for it."""
    bare = replace(subject, category=None)
    return categorised(bare, new) if categorised(bare, old).category == subject.category else subject


def _asked(
    subject: Subject,
    sender: str,
    recipient: str,
    way: Exit,
    at: datetime,
    before: Decision,
    agreements: tuple[Agreement, ...],
    count: int,
    example: str,
) -> _Exits:
    after = decide(subject, sender, recipient, agreements, at, way)
    return _Exits(sender, recipient, way, at, before, after, _outcome(before, after), count, example)


_Key = tuple[Outcome, str, Decision, Decision]
_ORDER = {outcome: place for place, outcome in enumerate(Outcome)}


class _Counting:
    """Adds up what would have been."""

    def __init__(self) -> None:
        self.asked = 0
        self._counts: dict[_Key, int] = {}
        self._examples: dict[_Key, list[Example]] = {}

    def add(self, exits: _Exits) -> None:
        key = exits.outcome, exits.recipient, exits.before, exits.after
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
