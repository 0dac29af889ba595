"""Asking the one decision for many exits at once: equal questions are asked once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import orjson

from tocsin.agreements.models import Hold, HoldState
from tocsin.agreements.queries.standing import Standing, standing
from tocsin.agreements.rules.asked import Asked, without_text
from tocsin.agreements.rules.categories import category_of
from tocsin.agreements.rules.chain import basis_text
from tocsin.agreements.rules.decision import Decision, Exit, Result, decide
from tocsin.agreements.rules.subject import Subject
from tocsin.agreements.rules.terms import Agreement
from tocsin.constituency.access import Permission, Viewer, require

_MOST_KEPT = 20_000
_CHUNK = 500

#: What one hold is about: object hash, sender, recipient, exit.
HoldKey = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """A decision with what it rests on: ``subject`` is what was asked with, ``text`` its canonical JSON, ``basis`` the agreements'."""

    subject: Subject
    text: str
    agreements: tuple[Agreement, ...]
    basis: str
    decision: Decision


class Deciding:
    """Decisions at one moment, as agreements stand."""

    def __init__(self, how: Standing, at: datetime) -> None:
        self._standing, self._at = how, at
        self._answers: dict[tuple[Subject, str, str, Exit], Answer] = {}
        self._bases: dict[tuple[int, ...], str] = {}

    def answer(self, asked: Asked) -> Answer:
        """The answer to one question."""
        return self.again(asked, asked.subject)

    def again(self, asked: Asked, subject: Subject) -> Answer:
        """The answer, had this been the subject."""
        key = (subject, asked.sender, asked.recipient, asked.exit)
        known = self._answers.get(key)
        if known is None:
            if len(self._answers) >= _MOST_KEPT:
                self._answers.clear()
            known = self._answers[key] = self._ask(asked, subject)
        return known

    def _ask(self, asked: Asked, subject: Subject) -> Answer:
        agreements = self._standing.governing(asked.sender, asked.recipient)
        known = categorised(without_text(subject), agreements)
        decision = decide(known, asked.sender, asked.recipient, agreements, self._at, asked.exit)
        return Answer(known, known.canonical().decode(), agreements, self._basis(agreements), decision)

    def _basis(self, agreements: tuple[Agreement, ...]) -> str:
        # the standing keeps them alive, so that their ids stay theirs
        key = tuple(map(id, agreements))
        if key not in self._bases:
            self._bases[key] = basis_text(agreements)
        return self._bases[key]


def categorised(subject: Subject, agreements: Sequence[Agreement]) -> Subject:
    """With the category that the type falls into, where the subject names none and the agreements do not disagree."""
    if subject.category is not None or subject.type is None:
        return subject
    found = {key for one in agreements if (key := category_of(one, subject.type)) is not None}
    return replace(subject, category=found.pop()) if len(found) == 1 else subject


def hold_key(asked: Asked) -> HoldKey:
    """What a hold of this exit is about."""
    return asked.object_hash, asked.sender, asked.recipient, asked.exit.value


def holds_about(asked: Sequence[Asked]) -> dict[HoldKey, Hold]:
    """The last hold of each of these exits that has had one."""
    found: dict[HoldKey, Hold] = {}
    hashes = sorted({one.object_hash for one in asked})
    for start in range(0, len(hashes), _CHUNK):
        rows = Hold.objects.filter(object_hash__in=hashes[start : start + _CHUNK])
        for hold in rows.select_related("basis", "decision_entry").order_by("pk"):
            found[hold.object_hash, hold.sender, hold.recipient, hold.exit] = hold
    return found


def answered_with(hold: Hold | None, deciding: Deciding, asked: Asked, answer: Answer) -> Answer:
    """The answer with what a person has said about these very bytes; the answer itself if nobody released them as they are."""
    if hold is None or hold.state != HoldState.RELEASED or hold.subject != answer.text or hold.decision_entry is None:
        return answer
    return deciding.again(asked, Subject.of(orjson.loads(hold.decision_entry.subject)))


def governing(viewer: Viewer, sender: str, recipient: str, at: datetime) -> tuple[Agreement, ...]:
    """The agreements that govern an exit: the newest revision, as it stands, of each that has not been terminated and under which
    both stand.

    Status and revision are those of this moment, for any ``at``: what was suspended is suspended for every question. Whether an
    agreement is in effect at ``at`` is for the decision to say.
    """
    del at
    require(viewer, Permission.AGREEMENTS_READ)
    return standing().governing(sender, recipient)


def decisions(viewer: Viewer, asked: Sequence[Asked], at: datetime) -> list[Decision]:
    """What would be decided, in the order asked; nothing is written down. For looking, and for filtering what is listed."""
    require(viewer, Permission.AGREEMENTS_READ)
    deciding = Deciding(standing(), at)
    answers = [deciding.answer(one) for one in asked]
    held = [one for one, answer in zip(asked, answers, strict=True) if answer.decision.result is Result.HOLD]
    holds = holds_about([one for one in held if one.object_hash])
    return [
        answered_with(holds.get(hold_key(one)), deciding, one, answer).decision
        if answer.decision.result is Result.HOLD
        else answer.decision
        for one, answer in zip(asked, answers, strict=True)
    ]
